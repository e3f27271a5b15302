"""A tiny course that nbgrader can release and grade, what students write into it, and the commands that people type."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat
from nbgrader.api import Gradebook

from autograder.build import build
from autograder.source import parse_script, render_notebook

PROJECT: Final = Path(__file__).parents[2]
ASSIGNMENT: Final = "01-tiny"
SECRET: Final = "the same secret in every copy of this course"
FULL: Final = {"linear": 60.0, "square": 40.0}
NOTHING: Final = {"linear": 0.0, "square": 0.0}
UNGRADABLE: Final = {"linear": None, "square": None}

SCRIPT: Final = '''\
# %% [markdown]
# # A tiny lesson

# %%
import numpy as np

# %% [markdown]
# ## Exercise 1 · `linear` (60 points)

# %% exercise="linear"
def linear(x, w, b):
    """x @ w + b, without changing x."""
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION

# %% test="linear" points=60
assert linear(np.ones((2, 3)), np.ones((3, 4)), 1).shape == (2, 4), "one row for each example"

# %% [markdown]
# ## Exercise 2 · `square` (40 points)

# %% exercise="square"
def square(x):
    """x times x."""
    ### BEGIN SOLUTION
    return x * x
    ### END SOLUTION

# %% test="square" points=40
assert square(3) == 9, "three times three"

# %%
def product(x, y, z):
    """The lesson goes on, with a function that students may have called a helper of theirs by."""
    return x * y * z

# %% tags=["capstone"]
raise SystemExit("the long run, which grading leaves out")
'''

LINEAR_SUITE: Final = '''\
"""Hidden tests of the exercise `linear`."""
import numpy as np
from autograder.suite import assert_close, assert_unchanged, graded


@graded(stage="value", weight=2, hint="Each row of x is one example.")
def test_forward(student, rng):
    """The output is the product plus the bias."""
    left_hidden, right_hidden = rng.normal(size=(3, 4)), rng.normal(size=(4, 7))
    assert_close(student.linear(left_hidden, right_hidden, 0.31), left_hidden @ right_hidden + 0.31)


@graded(stage="contract", hint="Work on a copy.")
def test_unchanged(student, rng):
    """The argument x is not changed."""
    before_hidden = rng.normal(size=(2, 3))
    call = student.run("linear", before_hidden, np.ones((3, 5)), 0.0)
    assert_unchanged(call.arguments[:1], (before_hidden,), names=("x",))
'''

SQUARE_SUITE: Final = '''\
"""Hidden tests of the exercise `square`."""
from autograder.suite import assert_close, graded


@graded(stage="value", hint="Multiply, don't add.")
def test_value(student, rng):
    """The square of a vector is right."""
    vector_hidden = rng.normal(size=5)
    assert_close(student.square(vector_hidden), vector_hidden**2)
'''

RIGHT: Final = {
    "linear": "def linear(x, w, b):\n    return x @ w + b\n",
    "square": "def square(x):\n    return x * x\n",
}
#: Right values, but the argument is changed: two of three weights, 40 of 60 points.
CHANGES_ITS_ARGUMENT: Final = "def linear(x, w, b):\n    x += 1\n    return (x - 1) @ w + b\n"

Notebook = dict[str, Any]


@dataclass(frozen=True)
class TinyCourse:
    """A course folder with everything around it that nbgrader wants: an exchange, a home, a student's folder."""

    root: Path

    @property
    def around(self) -> Path:
        """The folder that holds the course and what belongs to it."""
        return self.root.parent

    def environment(self) -> dict[str, str]:
        """The environment of a person who sits before this course, out of reach of the machine's own configuration."""
        ours = {
            "HOME": self.around / "home",
            "JUPYTER_CONFIG_DIR": self.around / "jupyter-config",
            "JUPYTER_DATA_DIR": self.around / "jupyter-data",
            "IPYTHONDIR": self.around / "ipython",
            "NBGRADER_EXCHANGE_ROOT": self.around / "exchange",
            "OMP_NUM_THREADS": 1,
        }
        (self.around / "home").mkdir(exist_ok=True)
        return {**os.environ, **{name: str(value) for name, value in ours.items()}}

    def nbgrader(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """`nbgrader …` in the course folder, or in another."""
        return self._run("nbgrader", *arguments, folder=folder)

    def autograder(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """`autograder …` in the course folder, or in another."""
        return self._run("autograder", *arguments, folder=folder)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`autograder …` in a session of its own, not waited for."""
        command = [sys.executable, "-m", "autograder", *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=self.root, env=self.environment(), start_new_session=True, **quiet)  # type: ignore[call-overload,no-any-return]

    def grade(self, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
        """The lines of `autograder grade --json`, which must end with `status`."""
        done = self.autograder("grade", "--json", "-", *arguments)
        assert done.returncode == status, done.stderr
        return [json.loads(line) for line in done.stdout.split("\n")[:-1]]

    def released(self) -> Notebook:
        """The notebook that students get."""
        return read_notebook(self.root / "assignments" / ASSIGNMENT / "tiny.ipynb")

    def submitted(self, student: str) -> Path:
        """The folder that a student hands in, made if there is none."""
        folder = self.root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def hand_in(self, student: str, answers: Mapping[str, str]) -> None:
        """Writes a submission with `answers` in the stubs."""
        write_notebook(self.submitted(student) / "tiny.ipynb", filled(self.released(), answers))

    def autograded(self, student: str) -> Path:
        """The notebook that grading leaves for staff."""
        return self.root / "autograded" / student / ASSIGNMENT / "tiny.ipynb"

    def page(self, student: str) -> Path:
        """The feedback page of a student."""
        return self.root / "feedback" / student / ASSIGNMENT / "tiny.html"

    def scores(self, student: str) -> dict[str, float | None]:
        """The automatic points in the grade book, by exercise."""
        with self.gradebook() as gradebook:
            grades = gradebook.find_submission_notebook("tiny", ASSIGNMENT, student).grades
            return {grade.name.removeprefix("test_"): grade.auto_score for grade in grades}

    def needs_a_person(self, student: str) -> set[bool]:
        """Whether the grade book asks for a person: one value if all exercises agree."""
        with self.gradebook() as gradebook:
            return {grade.needs_manual_grade for grade in gradebook.find_submission_notebook("tiny", ASSIGNMENT, student).grades}

    def gradebook(self) -> Gradebook:
        """The grade book, to be used as a context manager."""
        return Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", "transformer")

    def _run(self, module: str, *arguments: str, folder: Path | None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=folder or self.root, env=self.environment(), capture_output=True, text=True, timeout=300, check=False
        )


def write_course(root: Path) -> TinyCourse:
    """The source, the hidden suites, the project's own nbgrader_config.py and a fixed secret; nothing is built yet."""
    course = TinyCourse(root)
    source, suite = root / "source" / ASSIGNMENT, root / "autograder" / "suites" / ASSIGNMENT
    source.mkdir(parents=True)
    suite.mkdir(parents=True)
    (source / "tiny.py").write_text(SCRIPT)
    (source / "tiny.ipynb").write_text(render_notebook(parse_script(SCRIPT)))
    (source / "words.csv").write_text("a,b\n")
    (source / "LICENCES.md").write_text("| words.csv | made by hand | CC0 |\n")
    (suite / "suite.toml").write_text('modules = ["numpy"]\ncell_seconds = 5\ncall_seconds = 3\n')
    (suite / "test_linear.py").write_text(LINEAR_SUITE)
    (suite / "test_square.py").write_text(SQUARE_SUITE)
    (root / "nbgrader_config.py").write_text((PROJECT / "nbgrader_config.py").read_text())
    (root / ".course-secret").write_text(f"{SECRET}\n")
    return course


def build_course(root: Path) -> TinyCourse:
    """The same course, built, with its grade book."""
    course = write_course(root)
    build(root)
    return course


def filled(notebook: Notebook, answers: Mapping[str, str]) -> Notebook:
    """A copy of the notebook with `answers` in its stubs."""
    notebook = copy.deepcopy(notebook)
    for name, source in answers.items():
        cell_of(notebook, name)["source"] = source
    return notebook


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell with a grade_id."""
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def read_notebook(path: Path) -> Notebook:
    """A notebook as plain JSON."""
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def write_notebook(path: Path, notebook: Notebook) -> None:
    """A notebook as Jupyter writes it."""
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def is_valid(path: Path) -> bool:
    """Whether nbformat accepts the file as it stands."""
    try:
        nbformat.validate(read_notebook(path))
    except nbformat.ValidationError:
        return False
    return True


def without_seconds(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Report lines without what no two runs share."""
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def points_of(lines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Student → exercise → points."""
    points: dict[str, dict[str, float | None]] = {}
    for line in lines:
        points.setdefault(line["student"], {})[line["exercise"]] = line["points"]
    return points

"""A tiny course in a temporary folder, with everything that a real one has, for the tests of the build."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.build import Built, build
from autograder.places import Places

PROJECT = Path(__file__).parents[2]

SCRIPT = '''\
# %% [markdown]
# # A tiny lesson
#
# Rows are examples: $y = x w + b$.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np


# %% [markdown]
# ## Exercise 1 · `linear` (60 points)

# %% exercise="linear"
def linear_forward(x, w, b):
    """x @ w + b."""
    ### BEGIN SOLUTION
    product_of_rows = x @ w
    return product_of_rows + b
    ### END SOLUTION


# %% test="linear" points=60
assert linear_forward(np.ones((2, 3)), np.ones((3, 4)), 1).shape == (2, 4), "one row for each example"
print("a print", object())

# %%
plt.plot([1, 2, 3])
plt.show()


# %% [markdown]
# ## Exercise 2 · `square` (40 points)

# %% exercise="square"
def square(x):
    """x times x."""
    ### BEGIN SOLUTION
    return x * x + 0 * np.pi
    ### END SOLUTION


# %% test="square" points=40
square(3)

# %% tags=["capstone"]
raise SystemExit("the long run, which neither the build nor the grader does")
'''

SUITE = '''\
"""Hidden tests of the exercise."""
import matplotlib.pyplot as plt

def test_forward(student, rng):
    """The output is right."""
    y = 1
    secret_expected_value = student.compare(rng)
'''


@dataclass(frozen=True)
class SampleCourse:
    """A course folder that can be changed, built and read."""

    root: Path

    def places(self, assignment: str = "01-tiny") -> Places:
        """Where the files of an assignment stand."""
        return Places(self.root, assignment)

    def add(self, assignment: str, script: str, exercises: tuple[str, ...]) -> None:
        """Writes a lesson and a suite for each of its exercises."""
        places = self.places(assignment)
        (self.root / "autograder" / "suites" / assignment).mkdir(parents=True)
        places.source.mkdir(parents=True)
        places.script.write_text(script)
        for name in exercises:
            (places.suite / f"test_{name}.py").write_text(SUITE)

    def change(self, old: str, new: str) -> None:
        """Changes the script in one place."""
        text = self.places().script.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the script"
        self.places().script.write_text(text.replace(old, new))

    def build(self, *assignments: str, **options: Any) -> list[Built]:
        """Builds the course."""
        return build(self.root, assignments, **options)

    def read_results(self) -> dict[str, bytes]:
        """Every file that the build made, with its bytes."""
        files = [path for step in ("assignments", "solutions") for path in (self.root / step).rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in sorted(files)}


def make_course(root: Path) -> SampleCourse:
    """A course with one assignment of two exercises, a data file and the project's own nbgrader_config.py."""
    course = SampleCourse(root)
    course.add("01-tiny", SCRIPT, ("linear", "square"))
    (course.places().source / "words.csv").write_text("a,b\n")
    (course.places().source / "make_words.py").write_text("# product_of_rows = x @ w\n")
    (course.places().source / "LICENCES.md").write_text("| words.csv | made by hand | CC0 |\n")
    shutil.copy(PROJECT / "nbgrader_config.py", root)
    return course


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleCourse:
    """A fresh course, out of reach of the machine's own Jupyter configuration."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    (tmp_path / "course").mkdir()
    return make_course(tmp_path / "course")


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCourse]:
    """The same course, built once for all tests that only read it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter")))
        course = make_course(tmp_path_factory.mktemp("course"))
        course.build()
        yield course

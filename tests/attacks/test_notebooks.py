"""Hostile notebook files: what a file says of itself is worth nothing, and nothing in it runs in a reader's browser."""

import copy
import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.nbgrader.tiny import RIGHT, Notebook, TinyCourse, build_course, cell_of, filled, points_of, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks-notebooks")]

#: `linear` is not written, `square` is right: no file may earn more, and none but those that say so less.
DUE = {"linear": 0.0, "square": 40.0}
SCRIPT = "<script>alert('hostile')</script>"
IMAGE = "<img src=x onerror=alert('hostile')>"
ATTACKS: list["Attack"] = []

Build = Callable[[Path, Notebook], None]


@dataclass(frozen=True)
class Attack:
    """A builder of a submission, and the points that it is due."""

    build: Build
    points: dict[str, float] | dict[str, None]

    @property
    def name(self) -> str:
        """What it tries, and the student who hands it in."""
        return self.build.__name__


def attack(build: Build) -> Build:
    """Adds a builder to the class."""
    ATTACKS.append(Attack(build, DUE))
    return build


def code(source: str, **metadata: Any) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "id": "added", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def graded_cells(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """The cells with a grade_id."""
    return (cell for cell in notebook["cells"] if "nbgrader" in cell["metadata"])


@attack
def tags_skip_every_cell(folder: Path, notebook: Notebook) -> None:
    """Tags for leaving cells out, on the stubs and the grade cells."""
    for cell in graded_cells(notebook):
        cell["metadata"]["tags"] = ["capstone", "skip-execution", "remove-cell", "raises-exception", "nbgrader-skip"]
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def tags_skip_the_tests_only(folder: Path, notebook: Notebook) -> None:
    """Our own mark for cells that are not run, on the grade cells."""
    for cell in graded_cells(notebook):
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["metadata"] |= {"autograder": "left out", "tags": ["capstone"]}
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def points_are_raised(folder: Path, notebook: Notebook) -> None:
    """A thousand points for each grade cell, negative ones, and none that is a number."""
    for cell, points in zip(graded_cells(notebook), (1000, 1e308, -5, float("nan")), strict=False):
        cell["metadata"]["nbgrader"] |= {"points": points, "max_score": points, "score": points, "auto_score": points}
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def grade_ids_are_swapped(folder: Path, notebook: Notebook) -> None:
    """The right answer carries the name of the other exercise."""
    ids = {"linear": "square", "square": "linear", "test_linear": "test_square", "test_square": "test_linear"}
    for cell in graded_cells(notebook):
        cell["metadata"]["nbgrader"]["grade_id"] = ids[cell["metadata"]["nbgrader"]["grade_id"]]
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def the_right_exercise_is_doubled(folder: Path, notebook: Notebook) -> None:
    """Ten copies of the exercise that is right, grade cell and all."""
    copies = [copy.deepcopy(cell_of(notebook, name)) for _ in range(10) for name in ("square", "test_square")]
    notebook["cells"] += copies
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def new_grade_cells_are_invented(folder: Path, notebook: Notebook) -> None:
    """Grade cells of the student's own, worth a hundred points each."""
    for number in range(5):
        metadata = {
            "grade_id": f"test_bonus_{number}",
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 100,
            "schema_version": 3,
        }
        notebook["cells"].append(code("print('passed')", nbgrader={**metadata, "cell_type": "code"}))
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def grade_cells_are_emptied(folder: Path, notebook: Notebook) -> None:
    """Grade cells that pass, unlocked, with an output that says so."""
    for cell in graded_cells(notebook):
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["source"] = "pass"
            cell["metadata"]["nbgrader"] |= {"locked": False, "solution": True, "task": True, "checksum": "0" * 32}
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "100 of 100 points"}]
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def grade_cells_are_swallowed_by_magics(folder: Path, notebook: Notebook) -> None:
    """Magics in and around the grade cells that would keep them from running."""
    for cell in list(graded_cells(notebook)):
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["source"] = "%%script true\n" + "".join(cell["source"])
            notebook["cells"].insert(notebook["cells"].index(cell), code("%%capture\n%config Application.verbose_crash=False"))
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def a_report_is_brought_along(folder: Path, notebook: Notebook) -> None:
    """The metadata of a notebook that has been graded already, with full marks."""
    lines = [{"student": "x", "assignment": "01-tiny", "exercise": name, "points": 100.0, "outcome": "passed"} for name in DUE]
    notebook["metadata"] |= {"autograder": {"fingerprint": "0" * 64, "report": lines, "problem": None, "notes": [SCRIPT]}}
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def ten_thousand_cells(folder: Path, notebook: Notebook) -> None:
    """Ten thousand cells more than were asked for."""
    notebook["cells"] += [{"cell_type": "markdown", "id": f"m{n}", "metadata": {}, "source": "x"} for n in range(10_000)]
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def ids_are_paths(folder: Path, notebook: Notebook) -> None:
    """Ids that lead out of every folder, are thousands of characters long, or no text at all."""
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = ["../../../../tmp/hostile-id", "x" * 5000, "/etc/passwd", "a\x00b", None, {"id": 1}, "mended"][number % 7]
    notebook["cells"].append(code("x = 1", nbgrader={"grade_id": "../../../gradebook", "grade": True, "points": 5}))
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def ids_and_texts_hold_scripts(folder: Path, notebook: Notebook) -> None:
    """Scripts in ids, tags, markdown, raw cells, attachments, the kernel's name and the title."""
    source = f"{SCRIPT}\n\n{IMAGE}\n\n[x](javascript:alert(1))"
    for kind in ("markdown", "raw"):
        notebook["cells"].append({"cell_type": kind, "id": f'"><{SCRIPT}', "metadata": {"tags": [SCRIPT]}, "source": source})
    notebook["metadata"] |= {"title": SCRIPT, "kernelspec": {"name": SCRIPT, "display_name": SCRIPT, "language": SCRIPT}}
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def outputs_hold_scripts(folder: Path, notebook: Notebook) -> None:
    """Cells that show HTML, JavaScript, SVG and Markdown with scripts in them, and print terminal codes."""
    lines = [
        f"from IPython.display import *\ns = {SCRIPT!r} + {IMAGE!r}",
        "display(HTML(s)); display(Javascript('alert(1)')); display(Markdown(s)); display(Latex(s))",
        "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\">' + s + '</svg>'))",
        "display({'text/plain': s, 'text/html': s}, raw=True); print(s); print('\\x1b]0;hostile\\x07')",
        "raise ValueError(s)",
    ]
    notebook["cells"].append(code("\n".join(lines)))
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def an_answer_speaks_in_html(folder: Path, notebook: Notebook) -> None:
    """Errors, names and values that end up in the feedback, with scripts in them."""
    cell_of(notebook, "linear")["source"] = f"def linear(x, w, b):\n    raise type({SCRIPT!r}, (Exception,), {{}})({IMAGE!r})"
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def files_come_along(folder: Path, notebook: Notebook) -> None:
    """Modules, tests and configuration of the student's beside the notebook."""
    for name in ("numpy.py", "conftest.py", "sitecustomize.py", "test_linear.py", "nbgrader_config.py", "suite.toml", "autograder.py"):
        (folder / name).write_text("raise SystemExit('hostile')\n")
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def another_s_notebook_is_linked(folder: Path, notebook: Notebook) -> None:
    """A symbolic link to the right answers of somebody else."""
    (folder / "tiny.ipynb").symlink_to(folder.parents[1] / "an_honest_student" / "01-tiny" / "tiny.ipynb")


@attack
def stubs_are_markdown(folder: Path, notebook: Notebook) -> None:
    """Cells of another kind than they were: the grade cells are text, and an answer is in a raw cell."""
    for cell in graded_cells(notebook):
        if cell["metadata"]["nbgrader"]["grade"]:
            cell["cell_type"] = "markdown"
    notebook["cells"].append({"cell_type": "raw", "id": "r", "metadata": {"nbgrader": {"grade_id": "linear"}}, "source": "linear = 100"})
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def texts_are_not_text(folder: Path, notebook: Notebook) -> None:
    """Sources that are lists of lists, numbers, half characters; nests of a hundred levels."""
    nest: Any = "x"
    for _ in range(100):
        nest = [nest]
    notebook["cells"] += [code("x")] * 3
    for cell, source in zip(notebook["cells"][-3:], (nest, 5, "\ud800 = '\x00'"), strict=True):
        cell["source"] = source
    text = json.dumps(notebook)
    (folder / "tiny.ipynb").write_text(text)


@attack
def lines_of_nothing(folder: Path, notebook: Notebook) -> None:
    """A hundred thousand lines of one space, which a highlighter reads again from each of them."""
    notebook["cells"].append(code("x = 1\n" + " \n" * 100_000 + "y = 2"))
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def links_that_never_end(folder: Path, notebook: Notebook) -> None:
    """Beginnings of links to files, whose ends are looked for in every combination."""
    notebook["cells"].append({"cell_type": "markdown", "id": "added", "metadata": {}, "source": "[](files/" * 5000})
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def text_full_of_escapes(folder: Path, notebook: Notebook) -> None:
    """A million escape sequences beside the outputs that were recorded, for a page that looks at each of them."""
    output = "{'output_type': 'stream', 'name': 'stdout', 'text': '\\x1b[m' * 1_000_000}"
    notebook["cells"].append(code(f"get_ipython().recorder.outputs.append({output})"))
    write_notebook(folder / "tiny.ipynb", notebook)


@attack
def a_million_notebooks_in_a_row(folder: Path, notebook: Notebook) -> None:
    """A file of a million empty notebooks, one after the other."""
    (folder / "tiny.ipynb").write_text("{} " * 1_000_000)


@attack
def forty_million_cells_of_nothing(folder: Path, notebook: Notebook) -> None:
    """A zip archive of some hundred kilobytes, with a notebook that would take gigabytes of memory."""
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny.ipynb", '{"cells":[' + "[]," * 40_000_000 + "0]}")


def an_honest_student(folder: Path, notebook: Notebook) -> None:
    """Everything is right; the others sit around."""
    write_notebook(folder / "tiny.ipynb", filled(notebook, RIGHT))


ATTACKS.append(Attack(an_honest_student, {"linear": 60.0, "square": 40.0}))
#: A link is not followed, and these files hold no notebook: there is nothing to grade, so a person has to look.
UNGRADABLE = {"another_s_notebook_is_linked", "a_million_notebooks_in_a_row", "forty_million_cells_of_nothing"}
ATTACKS[:] = [Attack(a.build, dict.fromkeys(DUE)) if a.name in UNGRADABLE else a for a in ATTACKS]


@dataclass(frozen=True)
class GradedClass:
    """The course after grading, the points, and what the files of the course were before."""

    course: TinyCourse
    points: dict[str, dict[str, float | None]]
    before: str


def fingerprint(course: TinyCourse) -> str:
    """Changes when a file of the source, the suites or the submissions does."""
    paths = [p for name in ("source", "autograder", "submitted", "assignments") for p in sorted((course.root / name).rglob("*"))]
    return hashlib.sha256(b"".join(str(p).encode() + (p.read_bytes() if p.is_file() else b"") for p in paths)).hexdigest()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> GradedClass:
    """The class in which everybody is hostile but one, graded once."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter")))
        course = build_course(tmp_path_factory.mktemp("hostile") / "course")
    for entry in ATTACKS:
        entry.build(course.submitted(entry.name), filled(course.released(), {"square": RIGHT["square"]}))
    before = fingerprint(course)
    done = course.autograder("grade", "--json", "-")
    assert done.returncode in (0, 1), done.stderr
    return GradedClass(course, points_of(map(json.loads, done.stdout.split("\n")[:-1])), before)


@pytest.mark.parametrize("entry", ATTACKS, ids=lambda entry: entry.name)
def test_points(graded: GradedClass, entry: Attack) -> None:
    """Each submission earns what its answers are worth, in the report and in the grade book."""
    assert graded.points[entry.name] == entry.points
    assert graded.course.scores(entry.name) == entry.points


@pytest.mark.parametrize("entry", ATTACKS, ids=lambda entry: entry.name)
def test_page_is_harmless(graded: GradedClass, entry: Attack) -> None:
    """The feedback page holds no element that a student wrote."""
    page = graded.course.page(entry.name).read_text()
    assert "<script>alert" not in page
    assert not re.search(r"<[^>]*(onerror|javascript:alert)", page)


def test_nothing_else_has_changed(graded: GradedClass) -> None:
    """Source, suites and submissions are what they were, and no file lies where an id pointed."""
    assert fingerprint(graded.course) == graded.before
    assert not list(Path("/tmp").glob("hostile-*"))


def test_the_largest_sum(graded: GradedClass) -> None:
    """Nobody's maximum is other than the released points."""
    with graded.course.gradebook() as gradebook:
        found = {s.student.id: s.max_score for s in gradebook.find_assignment("01-tiny").submissions}
    assert set(found.values()) == {100.0}

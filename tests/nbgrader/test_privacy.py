"""What a student may read after grading holds nothing of this machine, of the course folder or of the hidden suite."""

import json
import re
import sys
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from .conftest import CopyOf
from .tiny import LINEAR_SUITE, PROJECT, RIGHT, SECRET, SQUARE_SUITE, TinyCourse, filled, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader-privacy")]

CURIOUS = """\
import os, sys, traceback
print(sys.prefix, sys.path, np.__file__, os.getcwd(), __file__ if "__file__" in globals() else "", dict(os.environ))
sys.path
"""
RAISING = "raise RuntimeError(np.__file__)"
DEEP_ERROR = "np.linalg.inv(np.zeros((2, 2)))"
SHOWING = "from IPython.display import HTML, display\ndisplay(HTML(np.__file__))\nHTML(np.__file__)"

STUDENTS: Mapping[str, Mapping[str, str]] = {
    "right": RIGHT,
    "untouched": {},
    "wrong_values": {"linear": "def linear(x, w, b):\n    return x @ w\n", "square": "def square(x):\n    return x\n"},
    "wrong_shapes": {"linear": "def linear(x, w, b):\n    return x\n", "square": "def square(x):\n    return x[:1]\n"},
    "wrong_types": {"linear": "def linear(x, w, b):\n    return None\n", "square": "def square(x):\n    return object\n"},
    "changes": {"linear": "def linear(x, w, b):\n    x += 1\n    return (x - 1) @ w + b\n"},
    "wrong_arity": {"linear": "def linear(x):\n    return x\n", "square": "square = 3\n"},
    "raising_paths": {"linear": f"def linear(x, w, b):\n    {RAISING}\n", "square": f"def square(x):\n    {DEEP_ERROR}\n"},
    "returning_paths": {"linear": "def linear(x, w, b):\n    return np.__file__\n", "square": "def square(x):\n    return [np.__file__]\n"},
}
CELLS: Mapping[str, str] = {"curious": CURIOUS, "raising": RAISING, "deep_error": DEEP_ERROR, "showing": SHOWING}


@pytest.fixture(scope="module")
def graded(fresh_course: CopyOf) -> TinyCourse:
    """A class that fails in every way a test can tell of, and asks for paths in every way a cell can."""
    course = fresh_course("privacy")
    for student, answers in STUDENTS.items():
        course.hand_in(student, answers)
    for student, source in CELLS.items():
        notebook = filled(course.released(), RIGHT)
        added = {"cell_type": "code", "execution_count": None, "id": "added", "metadata": {}, "outputs": [], "source": source}
        notebook["cells"].insert(2, added)
        write_notebook(course.submitted(student) / "tiny.ipynb", notebook)
    (course.submitted("unreadable") / "tiny.ipynb").write_text("no notebook")
    course.grade(status=1)
    return course


EVERYBODY = (*STUDENTS, *CELLS, "unreadable")
each_student = pytest.mark.parametrize("student", EVERYBODY)
each_text = pytest.mark.parametrize("kind", ["page", "notebook", "messages"])


def _text(course: TinyCourse, student: str, kind: str) -> str:
    """All the text of a page, a notebook or the report's messages, without escapes."""
    if kind == "page":
        return unescape(re.sub(r"<(style|script).*?</\1>", "", course.page(student).read_text(), flags=re.DOTALL))
    notebook = json.loads(course.autograded(student).read_text())
    if kind == "messages":
        notebook = notebook["metadata"]["autograder"]["report"]
    return "\n".join(_strings(notebook))


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in _strings(part)]
    if isinstance(value, list):
        whole = ["".join(value)] if value and all(isinstance(item, str) for item in value) else []
        return whole + [text for item in value for text in _strings(item)]
    return [str(value)]


def _places(course: TinyCourse) -> set[str]:
    """Folders of this machine that no student needs to know."""
    folders = {course.root, course.around, PROJECT, Path(sys.prefix), Path(sys.base_prefix), Path.home()}
    return {str(folder) for path in folders for folder in (path, path.resolve())} | {"site-packages/", "/autograder/"} - {"/"}


def _secret_lines() -> set[str]:
    """Every line of the suite's code that is neither a sentence nor a hint, without its indentation."""
    lines = {line.strip() for line in f"{LINEAR_SUITE}\n{SQUARE_SUITE}".splitlines() if '"' not in line}
    return {line for line in lines if len(line) > 12 and line != "import numpy as np"}


def test_the_oracle_sees_a_leak() -> None:
    """The lines that are looked for are those that compute what is expected."""
    assert {"vector_hidden = rng.normal(size=5)", "assert_close(student.square(vector_hidden), vector_hidden**2)"} <= _secret_lines()


@each_text
@each_student
def test_no_path_of_this_machine(graded: TinyCourse, student: str, kind: str) -> None:
    """Neither the course folder nor the interpreter's, not even where a student's code printed or raised it."""
    text = _text(graded, student, kind)
    assert [place for place in _places(graded) if place in text] == []


@each_text
@each_student
def test_no_line_of_the_hidden_suite(graded: TinyCourse, student: str, kind: str) -> None:
    """Only the sentences and hints of the hidden tests are told, no code and no name from it."""
    text = _text(graded, student, kind)
    assert [line for line in _secret_lines() if line in text] == []
    assert not re.search(r"\w+_hidden\b", text)


@each_text
@each_student
def test_no_secret_of_the_course(graded: TinyCourse, student: str, kind: str) -> None:
    """The secret that the hidden inputs are drawn from stays in its file."""
    text = _text(graded, student, kind)
    assert SECRET not in text


@each_student
def test_page_holds_no_seed(graded: TinyCourse, student: str) -> None:
    """The seed of the hidden inputs stands in the report for staff, and not on the page."""
    seeds = json.loads(graded.autograded(student).read_text())["metadata"]["autograder"]["provenance"].get("seeds", "")
    page = graded.page(student).read_text()
    assert bool(seeds) == (student != "unreadable")
    assert [seed for seed in re.findall(r"\d{6,}", seeds) if seed in page] == []


def test_page_tells_sentences_and_hints(graded: TinyCourse) -> None:
    """What students may read of a hidden test is there: its sentence and its hint."""
    page = _text(graded, "wrong_values", "page")
    assert "The output is the product plus the bias." in page
    assert "Multiply, don't add." in page

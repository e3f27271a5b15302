"""What is committed in assignments/ and solutions/ is what source/ gives, runs from top to bottom, and leaks nothing."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.build import audit, build
from autograder.lesson import topic_of
from tests.course.conftest import ASSIGNMENTS, ROOT

pytestmark = pytest.mark.slow


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_rebuilt_is_built(assignment: str, tmp_path: Path) -> None:
    """Building from the script alone gives the committed notebooks, byte for byte."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(ROOT / "source" / assignment, tmp_path / "source" / assignment, ignore=shutil.ignore_patterns("*.ipynb"))
    shutil.copytree(ROOT / "autograder" / "suites" / assignment, tmp_path / "autograder" / "suites" / assignment)
    build(tmp_path, [assignment])
    for kind in ("source", "assignments", "solutions"):
        notebook = Path(kind) / assignment / f"{topic_of(assignment)}.ipynb"
        assert (tmp_path / notebook).read_bytes() == (ROOT / notebook).read_bytes(), (
            f"{notebook} is not what the script gives: `make build`"
        )
    assert contents(tmp_path / "assignments" / assignment) == contents(ROOT / "assignments" / assignment)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_release_leaks_nothing(assignment: str) -> None:
    """No solution, hidden test or staff path stands in any file that students get."""
    assert audit(ROOT, assignment, ROOT / "assignments" / assignment) == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_solution_runs_from_top_to_bottom(assignment: str, tmp_path: Path) -> None:
    """Every cell of the solution runs, the capstone's long training included, and draws its figures."""
    shutil.copytree(ROOT / "solutions" / assignment, tmp_path / assignment)
    path = tmp_path / assignment / f"{topic_of(assignment)}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    figures = json.dumps([cell.get("outputs", []) for cell in notebook.cells]).count('"image/png"')
    assert figures >= 3, "a lesson shows at least two figures, and its capstone one"

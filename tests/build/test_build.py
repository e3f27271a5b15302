"""The build of a whole assignment with the real nbgrader: what lands where, that it is the same everywhere, and what stops it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.errors import CourseError
from autograder.nbgrader.generate import Generator
from autograder.sync import Keep

from .conftest import PROJECT, make_course

SOLUTION = "solutions/01-tiny/tiny.ipynb"
RELEASE = "assignments/01-tiny/tiny.ipynb"


def read_cells(course, path):
    """The cells of a built notebook, by id."""
    return {cell["id"]: cell for cell in json.loads((course.root / path).read_text())["cells"]}


def run_nbgrader(folder, *arguments):
    """The plain command in a folder, with the package importable as if it were installed."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "JUPYTER_CONFIG_DIR": str(folder / "no-config")}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_results_land_where_the_course_keeps_them(built_course):
    """Students get the notebook, the data and the licences; scripts stay in source/."""
    names = {"LICENCES.md", "tiny.ipynb", "words.csv"}
    expected = {f"{step}/01-tiny/{name}" for step in ("assignments", "solutions") for name in names}
    assert set(built_course.read_results()) == expected


def test_release_holds_stubs(built_course):
    """In the release each solution and each fail-closed line has given way to nbgrader's stub."""
    cells = read_cells(built_course, RELEASE)
    assert "".join(cells["linear"]["source"]).endswith("raise NotImplementedError()")
    assert "RuntimeError" not in "".join(cells["test_linear"]["source"])
    assert cells["test_linear"]["metadata"]["editable"] is False


def test_solution_is_executed(built_course):
    """The solution shows what its cells print and return, without the fail-closed line, and skips the capstone."""
    cells = read_cells(built_course, SOLUTION)
    assert cells["test_square"]["outputs"][0]["data"] == {"text/plain": ["9.0"]}
    assert "return product_of_rows + b" in "".join(cells["linear"]["source"])
    assert [cell["execution_count"] for cell in cells.values() if "capstone" in cell["metadata"].get("tags", [])] == [None]


def test_solution_holds_nothing_of_the_machine(built_course):
    """No picture, address, time or version: only what is the same on every machine."""
    text = (built_course.root / SOLUTION).read_text()
    assert json.loads(text)["metadata"]["language_info"] == {"name": "python"}
    assert not any(word in text for word in ("image/png", " at 0x", "iopub", sys.version.split()[0]))
    assert "a print <object object>" in text
    assert "<Figure size 640x480 with 1 Axes>" in text


def test_build_is_silent(course, capfd):
    """Nothing of nbgrader's and the kernel's chatter reaches the terminal, where the progress bar is."""
    course.build()
    assert capfd.readouterr() == ("", "")


def test_second_build_writes_nothing(course, built_course):
    """Without a change nothing is run and no file is touched."""
    shutil.copytree(built_course.root, course.root, dirs_exist_ok=True)
    times = {path: path.stat().st_mtime_ns for step in ("assignments", "solutions") for path in (course.root / step).rglob("*")}
    assert [(built.changed, built.executed) for built in course.build()] == [((), False)]
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_build_elsewhere_gives_the_same_bytes(course, built_course):
    """Another folder, another day: the same bytes; and the same again when the solution is rerun."""
    first = built_course.read_results()
    course.build()
    assert course.read_results() == first
    assert [(built.changed, built.executed) for built in course.build(rerun=True)] == [((), True)]


@pytest.mark.slow
def test_plain_nbgrader_gives_the_same_bytes(course, built_course):
    """`nbgrader generate_assignment` and `generate_solution` do what the build does: all of it is configuration."""
    shutil.copy(built_course.places().notebook, course.places().notebook)
    course.places().release.mkdir(parents=True)
    (course.places().release / "stale.txt").write_text("from an earlier build, which a new one replaces without --force")
    for command in ("generate_assignment", "generate_solution"):
        done = run_nbgrader(course.root, command, "01-tiny")
        assert done.returncode == 0, done.stderr
    assert course.read_results() == built_course.read_results()


@pytest.mark.slow
def test_nobody_earns_points_without_our_configuration(built_course, tmp_path):
    """A right answer graded by an nbgrader that lacks nbgrader_config.py earns zero, not everything."""
    for step in ("source", "submitted/ada"):
        (tmp_path / step / "01-tiny").mkdir(parents=True)
        shutil.copy(built_course.places().notebook, tmp_path / step / "01-tiny")
    (tmp_path / "nbgrader_config.py").write_text("import os, sys\nos.environ['PATH'] += ':' + os.path.dirname(sys.executable)\n")
    for command in (["generate_assignment", "01-tiny"], ["autograde", "01-tiny", "--create"]):
        done = run_nbgrader(tmp_path, *command)
        assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        submission = gradebook.find_submission("01-tiny", "ada")
        assert (submission.score, submission.max_score) == (0, 100)


def test_assignment_is_in_the_grade_book(built_course):
    """The build registers exercises and points, which nbgrader needs to grade."""
    with Gradebook(f"sqlite:///{built_course.root}/gradebook.db", "transformer") as gradebook:
        notebook = gradebook.find_notebook("tiny", "01-tiny")
        assert {cell.name: cell.max_score for cell in notebook.grade_cells} == {"test_linear": 60, "test_square": 40}


@pytest.mark.parametrize("change", ["script", "data"])
def test_changed_lesson_is_run_again(course, change):
    """A change in the cells or in the data runs the solution again."""
    course.build()
    if change == "script":
        course.change("square(3)", "square(4)")
    else:
        (course.places().source / "words.csv").write_text("c,d\n")
    (built,) = course.build()
    assert built.executed
    assert (b"16.0" if change == "script" else b"c,d") in b"".join(course.read_results().values())


def test_file_that_left_the_lesson_leaves_the_release(course):
    """assignments/ holds what the lesson holds now, and no more."""
    course.build()
    (course.places().source / "words.csv").unlink()
    course.build()
    assert not any("words.csv" in name for name in course.read_results())


def test_failing_solution_names_its_cell(course):
    """A solution that raises is no solution: the build stops at the cell and touches nothing."""
    course.change("return x * x + 0 * np.pi", "return x / 0")
    with pytest.raises(CourseError, match=r"01-tiny: the solution fails at cell 9 \(id test_square, «square\(3\)»\): ZeroDivisionError"):
        course.build()
    assert course.read_results() == {}


def test_dying_kernel_names_its_cell(course):
    """A kernel that dies is reported like any other failure, and promptly."""
    course.change("return x * x + 0 * np.pi", "__import__('os')._exit(1)")
    with pytest.raises(CourseError, match=r"id test_square.*the kernel did not survive it"):
        course.build()


def test_endless_cell_is_stopped_and_named(course):
    """A cell that does not end is stopped at the time limit of nbgrader_config.py."""
    course.change("# %matplotlib inline", "while True: pass")
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("\nc.ExecuteSolution.timeout = 1\n")
    with pytest.raises(CourseError, match=r"«while True: pass».*CellTimeoutError: it ran longer than ExecuteSolution.timeout allows"):
        course.build()


def test_leak_stops_the_release(course):
    """If nbgrader were told to release scripts, the audit would stop the build before students get anything."""
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write("\nc.CourseDirectory.ignore = []\n")
    with pytest.raises(CourseError, match=r"nothing was released(.|\n)*tiny.py: Python files are never released"):
        course.build()
    assert course.read_results() == {}


@pytest.mark.parametrize("remove", ["source", "nbgrader_config.py"])
def test_folder_that_is_no_course_is_refused(course, remove):
    """Outside a course folder the build says so."""
    path = course.root / remove
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    with pytest.raises(CourseError, match=r"holds no assignment|is no course folder"):
        course.build()


def test_edited_notebook_reaches_students_only_when_asked(course):
    """The build passes the instructor's choice on: with --from-notebook the edit is in script and release."""
    course.build()
    notebook = course.places().notebook
    notebook.write_text(notebook.read_text().replace("A tiny lesson", "A small lesson"))
    with pytest.raises(CourseError, match="--from-notebook"):
        course.build()
    course.build(keep=Keep.NOTEBOOK)
    assert "A small lesson" in course.places().script.read_text()
    assert b"A small lesson" in course.read_results()[RELEASE]


def test_help_stays_fast():
    """Importing the build imports neither nbgrader nor jupytext, which take seconds."""
    code = "import sys, autograder.build; print([name for name in ('nbgrader', 'jupytext', 'nbformat') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_generator_leaves_the_working_folder_alone(course, tmp_path, monkeypatch):
    """The build can be called from anywhere, and leaves its caller there."""
    monkeypatch.chdir(tmp_path)
    Generator(course.root)
    assert Path.cwd() == tmp_path


def test_samples_are_equal(tmp_path, built_course):
    """The two sample courses of these tests start from the same bytes."""
    assert make_course(tmp_path).places().script.read_text() == built_course.places().script.read_text()

"""A lesson's script and notebook: each is made from the other, and no edit of either is lost."""

import json
import os
from contextlib import suppress
from itertools import pairwise

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator

from autograder.errors import CourseError
from autograder.lesson import Cell, Lesson
from autograder.source import FAIL_CLOSED, parse_notebook, parse_script, render_notebook, render_script
from autograder.sync import Keep, sync


@pytest.fixture
def script(course):
    """The text of the sample lesson's script."""
    return course.places().script.read_text()


@pytest.fixture
def pair(course):
    """The sample lesson's script and notebook, in step."""
    places = course.places()
    sync(places.script, places.notebook)
    return places.script, places.notebook


def edit_notebook(notebook, old, new):
    """What JupyterLab does: the cell's text changes, its id stays."""
    text = notebook.read_text()
    assert old in text
    notebook.write_text(text.replace(old, new))


def age(path, seconds):
    """Makes a file older than it is."""
    before = path.stat().st_mtime - seconds
    os.utime(path, (before, before))


def test_script_comes_back(script):
    """Script to notebook to script is the identity, byte for byte."""
    assert render_script(parse_notebook(render_notebook(parse_script(script)))) == script


def test_notebook_comes_back(script):
    """Notebook to script to notebook is the identity, byte for byte."""
    notebook = render_notebook(parse_script(script))
    assert render_notebook(parse_script(render_script(parse_notebook(notebook)))) == notebook


def test_notebook_is_what_nbformat_writes(script):
    """A notebook that Jupyter opens and saves without a change keeps its bytes."""
    notebook = render_notebook(parse_script(script))
    parsed = nbformat.reads(notebook, as_version=nbformat.NO_CONVERT)
    nbformat.validate(parsed)
    assert nbformat.writes(parsed) + "\n" == notebook


def test_compact_metadata_become_nbgrader_metadata(script):
    """A stub is an nbgrader solution cell and its test a locked grade cell with the points."""
    notebook = nbformat.reads(render_notebook(parse_script(script)), as_version=4)
    MetadataValidator().validate_nb(notebook)
    cells = {cell.id: cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata}
    assert list(cells) == ["linear", "test_linear", "square", "test_square"]
    assert (cells["linear"].solution, cells["linear"].grade) == (True, False)
    assert (cells["test_linear"].locked, cells["test_linear"].points) == (True, 60)


def test_grade_cell_fails_closed(script):
    """The last lines of each grade cell raise, so that an nbgrader without our configuration gives no points."""
    notebook = json.loads(render_notebook(parse_script(script)))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["id"].startswith("test_")]
    assert all(cell.endswith(FAIL_CLOSED) for cell in cells)
    with pytest.raises(RuntimeError, match="graded by the course's autograder"):
        exec(FAIL_CLOSED)


def test_editing_one_cell_changes_one_id(script):
    """Cell ids are names or hashes of the content, so a diff of the notebook shows what changed and no more."""
    before, after = (
        [cell["id"] for cell in json.loads(render_notebook(parse_script(text)))["cells"]]
        for text in (script, script.replace("A tiny lesson", "A small lesson"))
    )
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_equal_cells_have_different_ids():
    """Two cells with the same text are told apart."""
    ids = [cell["id"] for cell in json.loads(render_notebook(Lesson((Cell("code", "x"),) * 3)))["cells"]]
    assert all(one != other for one, other in pairwise(sorted(ids)))


def test_layout_of_the_script_is_free():
    """Blank lines between cells and a text cell in triple quotes make the same lesson."""
    usual = "# %% [markdown]\n# text\n\n# %%\nx = 1\n"
    assert parse_script('# %% [markdown]\n"""\ntext\n"""\n\n\n\n# %%\nx = 1\n') == parse_script(usual)


def test_magics_survive(script):
    """A magic is a comment in the script, so that Python tools can read it, and a magic in the notebook."""
    assert "%matplotlib inline" in parse_script(script).cells[1].source.split("\n")


PIECES = [*"ab #%!?\"'\\·é\n", "\n\n", "# %%", "%%time", "%matplotlib inline", "# +", "    ", "import a", "def f(): 1", "---"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=20).map(lambda pieces: "".join(pieces).rstrip("\n"))
CELLS = st.builds(Cell, kind=st.sampled_from(["code", "markdown", "raw"]), source=TEXTS)


@given(st.lists(CELLS, max_size=5))
def test_any_lesson_comes_back_or_is_refused(cells):
    """Whatever is in the cells, a script either gives them back as they were or is not written."""
    lesson = Lesson(tuple(cells))
    assert parse_notebook(render_notebook(lesson)) == lesson
    text = ""
    with suppress(CourseError):
        text = render_script(lesson)
    if text:
        assert parse_script(text) == lesson
        assert render_script(parse_script(text)) == text


@pytest.mark.parametrize("source", ["x = 1\n# %% a new cell\ny = 2", "# %%"])
def test_cell_that_no_script_can_hold_is_named(source):
    """A cell that would fall apart in the script is refused by its first line."""
    with pytest.raises(CourseError, match=r"The cell «(x = 1|# %%)» cannot be written as a script"):
        render_script(Lesson((Cell("code", "a = 1"), Cell("code", source))))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('# %% excercise="linear"', "unknown metadata excercise"),
        ('# %% exercise="linear" test="linear"', "is marked exercise, test. A stub has exercise="),
        ('# %% tags=["capstone"] points=3', "is marked points, tags. A stub has exercise="),
        ('# %% test="linear" points=1.5', "points=1.5: give a whole number"),
        ('# %% test="linear" points="ten"', "points='ten': give a whole number"),
    ],
)
def test_meaningless_metadata_are_refused(line, message):
    """A slip of the pen in a cell's metadata is an error, not a cell that silently isn't graded."""
    with pytest.raises(CourseError, match=message):
        parse_script(f"{line}\nx = 1\n")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({"attachments": {"a.png": {}}, "metadata": {}}, "holds a pasted picture"),
        ({"metadata": {"nbgrader": {"grade_id": "essay", "grade": True, "solution": True}}}, "a kind that this course does not use"),
        ({"metadata": {"nbgrader": {"grade_id": "cell-9f", "grade": True}}}, "its id test_ and the exercise's name"),
    ],
)
def test_cells_without_a_script_form_are_refused(cell, message):
    """What a notebook can hold and a script cannot is an error, so that nothing is lost on the way."""
    with pytest.raises(CourseError, match=message):
        parse_notebook(json.dumps({"cells": [{"cell_type": "markdown", "source": "text", **cell}]}))


def test_broken_notebook_is_refused():
    """A file that is not a notebook is an error in words, not a traceback."""
    with pytest.raises(CourseError, match="This is no notebook"):
        parse_notebook("<<<<<<< ours")


def test_nothing_is_written_when_in_step(pair):
    """A pair in step keeps its times, so that nothing that watches them runs again."""
    before = [path.stat().st_mtime_ns for path in pair]
    assert all(sync(*pair, keep) == () for keep in Keep)
    assert [path.stat().st_mtime_ns for path in pair] == before


def test_edited_script_makes_the_notebook_anew(pair):
    """The usual way: the script was edited, the notebook follows."""
    script, notebook = pair
    age(notebook, 10)
    script.write_text(script.read_text().replace("A tiny lesson", "A small lesson"))
    assert sync(script, notebook) == (notebook,)
    assert "A small lesson" in notebook.read_text()


@pytest.mark.parametrize("cell", ["A tiny lesson", "return product_of_rows + b"])
def test_edited_notebook_is_not_overwritten(pair, cell):
    """A notebook edited after the script stops the build, which names both files and both ways out."""
    script, notebook = pair
    age(script, 10)
    edit_notebook(notebook, cell, "edited in Jupyter")
    with pytest.raises(CourseError) as caught:
        sync(script, notebook)
    assert all(part in str(caught.value) for part in (str(script), str(notebook), "--from-notebook", "--from-script"))
    assert "edited in Jupyter" in notebook.read_text()


def test_notebook_edited_before_the_script_is_not_overwritten(pair):
    """If both were edited, a newer script does not wipe out the edit of the notebook."""
    script, notebook = pair
    edit_notebook(notebook, "A tiny lesson", "edited in Jupyter")
    age(notebook, 10)
    script.write_text(script.read_text().replace("x times x", "x squared"))
    with pytest.raises(CourseError, match="was edited"):
        sync(script, notebook)


def test_running_a_notebook_is_no_edit(pair):
    """Outputs and the metadata that Jupyter adds are no reason to stop the build."""
    script, notebook = pair
    ran = json.loads(notebook.read_text())
    ran["cells"][1].update(execution_count=7, outputs=[{"name": "stdout", "output_type": "stream", "text": "x"}])
    ran["metadata"]["language_info"]["version"] = "3.12.1"
    notebook.write_text(json.dumps(ran))
    age(script, 10)
    assert sync(script, notebook) == (notebook,)
    assert "3.12.1" not in notebook.read_text()


def test_earlier_wording_of_the_last_lines_is_no_edit(pair):
    """A notebook from before the fail-closed text was reworded follows the script like any other."""
    script, notebook = pair
    edit_notebook(notebook, "is graded by the course's autograder", "is marked by a machine")
    age(script, 10)
    assert sync(script, notebook) == (notebook,)
    assert "marked by a machine" not in notebook.read_text()


def test_from_notebook_writes_the_script(pair):
    """--from-notebook carries the edit into the script, and the pair is in step again."""
    script, notebook = pair
    edit_notebook(notebook, "A tiny lesson", "edited in Jupyter")
    assert set(sync(script, notebook, Keep.NOTEBOOK)) == {script, notebook}
    assert "# # edited in Jupyter\n" in script.read_text()
    assert sync(script, notebook) == ()


def test_from_script_writes_the_notebook(pair):
    """--from-script gives the notebook's edit up, because it was asked to."""
    script, notebook = pair
    edit_notebook(notebook, "A tiny lesson", "edited in Jupyter")
    assert sync(script, notebook, Keep.SCRIPT) == (notebook,)
    assert "edited in Jupyter" not in notebook.read_text()


@pytest.mark.parametrize(("present", "advice"), [(True, "--from-notebook"), (False, "Write the lesson there")])
def test_missing_script_is_named(pair, present, advice):
    """A missing script is an error with the way to make it."""
    script, notebook = pair
    script.unlink()
    if not present:
        notebook.unlink()
    with pytest.raises(CourseError, match=f"tiny.py is missing.*{advice}"):
        sync(script, notebook)

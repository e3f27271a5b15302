"""The submission reader: each kind of damage is mended or named, and nothing of a student's file is believed but its text."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.submission import Reference, ReferenceCell, Submission, cells_to_run, find_notebook, read_submission
from tests.engine.conftest import make_reference

REFERENCE = replace(make_reference(), codes=frozenset({"import numpy as np\nprint(np.pi)"}))
ANSWER = "def linear(x):\n    return x"
STUB = REFERENCE.cells[0].source
Reader = Callable[..., Submission]


def code(source: Any = "1", grade_id: str | None = None, **metadata: Any) -> dict[str, Any]:
    """A code cell of a student's notebook."""
    nbgrader = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {
        "cell_type": "code",
        "id": grade_id or "x",
        "source": source,
        "metadata": {**nbgrader, **metadata},
        "outputs": [],
        "execution_count": 1,
    }


GOOD = [code("import numpy", None), code(ANSWER, "linear"), code("assert linear(1)", "test_linear")]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Reads what is handed in: cells, any JSON value, text or bytes."""

    def read(what: Any, reference: Reference = REFERENCE) -> Submission:
        data = {"cells": what, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} if isinstance(what, list) else what
        raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
        (tmp_path / "tiny.ipynb").write_bytes(raw)
        submission = read_submission(tmp_path / "tiny.ipynb", reference)
        nbformat.validate(nbformat.from_dict(submission.notebook))
        return submission

    return read


def untouched(submission: Submission) -> list[str]:
    """The cells that run and stand as they were released, by name."""
    return [cell.name for cell in cells_to_run(submission.notebook) if cell.untouched]


def sources(submission: Submission) -> dict[str, str]:
    """What runs, by the names of the cells."""
    return {cell.name: cell.source for cell in cells_to_run(submission.notebook)}


def test_an_untouched_file(read: Reader) -> None:
    """A good notebook is read without a note, and its grade cell does not run."""
    submission = read(GOOD)
    assert (submission.notes, submission.problem) == ([], None)
    assert sources(submission) == {"x": "import numpy", "linear": ANSWER}


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        pytest.param(b"", "the file is empty.", id="empty"),
        pytest.param(b" \n\t ", "the file is empty.", id="blank"),
        pytest.param(
            b"Dear team, my laptop broke", "it is not JSON. Was it saved completely, and is it the .ipynb file itself?", id="a-letter"
        ),
        pytest.param(b'{"cells": [{"cell_ty', "it is not JSON. Was it saved completely, and is it the .ipynb file itself?", id="cut-off"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "it is not JSON. Was it saved completely, and is it the .ipynb file itself?", id="a-picture"),
        pytest.param(b"[" * 100_000, "it is nested too deeply to be a notebook.", id="endless-nesting"),
        pytest.param(b"1" * 10_000, "it is not JSON. Was it saved completely, and is it the .ipynb file itself?", id="endless-number"),
        pytest.param(b"[1, 2]", "it is JSON, but not a notebook: it has no cells.", id="json-list"),
        pytest.param(b'{"cells": {"a": 1}}', "it is JSON, but not a notebook: it has no cells.", id="cells-are-a-dict"),
        pytest.param(b"null", "it is JSON, but not a notebook: it has no cells.", id="null"),
    ],
)
def test_unreadable_files(read: Reader, damage: bytes, problem: str) -> None:
    """A file that holds no notebook is named as such; its grade cells are there for a person."""
    submission = read(damage)
    assert submission.problem == f"`tiny.ipynb` can't be read as a notebook: {problem}"
    assert submission.notebook["cells"][0]["source"].startswith("**This submission could not be graded by machine.** `tiny.ipynb` can't")
    assert "test_linear" in [cell["id"] for cell in submission.notebook["cells"]]
    assert sources(submission) == {}


def test_a_file_beyond_the_limit(tmp_path: Path) -> None:
    """A file of more than 128 MiB is not read into memory."""
    file = tmp_path / "tiny.ipynb"
    with file.open("wb") as out:
        out.truncate((128 << 20) + 1)
    assert read_submission(file, REFERENCE).problem == (
        "`tiny.ipynb` can't be read as a notebook: it is larger than 128 MiB. Clear its outputs and hand it in again."
    )


def test_no_file(tmp_path: Path) -> None:
    """Nothing handed in is a problem with a sentence."""
    path, notes = find_notebook(tmp_path, "tiny")
    assert (path, notes) == (None, [])
    assert (
        read_submission(path, REFERENCE).problem
        == "The submission holds no tiny.ipynb with answers, and no other single notebook to take for it."
    )


@pytest.mark.parametrize(
    ("names", "found", "notes"),
    [
        (["tiny.ipynb", "copy.ipynb"], "tiny.ipynb", []),
        (
            ["my tiny.ipynb"],
            "my tiny.ipynb",
            ["tiny.ipynb is missing; `my tiny.ipynb`, the only notebook in the submission, was taken in its place."],
        ),
        (["a.ipynb", "b.ipynb"], None, []),
        (["tiny.txt"], None, ["Found only `tiny.txt`: hand in the .ipynb file itself."]),
        (["tiny.ipynb/"], None, []),
    ],
)
def test_renamed_files(tmp_path: Path, names: list[str], found: str | None, notes: list[str]) -> None:
    """The only notebook is taken for the one that was asked for; of two nobody guesses."""
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    path, said = find_notebook(tmp_path, "tiny")
    assert (path.name if path else None, said) == (found, notes)


def test_byte_order_mark(read: Reader) -> None:
    """What Windows editors put before the first byte does no harm."""
    assert read(b"\xef\xbb\xbf" + json.dumps({"cells": GOOD}).encode()).problem is None


def test_old_format(read: Reader) -> None:
    """A notebook of format 3 is converted, and the student reads so."""
    old = {
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\n", "linear = 2"]}, {"cell_type": "heading", "source": "Hi"}]}, 5]
    }
    submission = read(old)
    assert submission.notes[0] == "The notebook is in the old format 3; it was converted."
    assert sources(submission) == {"cell-1": "a = 1\nlinear = 2"}


def test_missing_cells(read: Reader) -> None:
    """A deleted stub is searched for elsewhere; a deleted grade cell is put back; both are said."""
    submission = read([code(ANSWER)])
    assert submission.notes == [
        "The cell `linear` is missing; its functions were looked for in the other cells.",
        "The test cell of `linear` was missing; it was put back.",
    ]
    assert sources(submission) == {"x": ANSWER}


def test_a_grade_cell_is_put_back_after_its_stub(read: Reader) -> None:
    """The cell stands where the student will look for it."""
    submission = read([code("1"), code(ANSWER, "linear"), code("2")])
    assert [cell["id"] for cell in submission.notebook["cells"]] == ["x", "linear", "test_linear", "cell-4"]


@pytest.mark.parametrize(
    ("first", "second", "runs"),
    [(ANSWER, STUB, [ANSWER]), (STUB, ANSWER, [ANSWER]), ("a = 1", ANSWER, ["a = 1", ANSWER]), (STUB, STUB, [STUB])],
)
def test_duplicated_stubs(read: Reader, first: str, second: str, runs: list[str]) -> None:
    """Of two copies the last that was filled in is the answer; an empty copy does not run after it."""
    submission = read([code(first, "linear"), code(second, "linear"), GOOD[2]])
    assert submission.notes == ["The cell `linear` occurs more than once; the last one that was filled in is the answer."]
    assert list(sources(submission).values()) == runs
    assert sources(submission)["linear"] == runs[-1]


def test_cells_left_as_they_were_released(read: Reader) -> None:
    """A stub, or code of the lesson's, that differs in white space at most is known for it; what the file says of itself is not believed."""
    given = [code("import numpy as np\n\nprint(np.pi)\n"), code(STUB + "\n", "linear")]
    assert untouched(read([*given, code("1", autograder="untouched"), GOOD[2]])) == ["x", "linear"]
    assert untouched(read([code("import numpy as np\nprint(np.e)"), code(ANSWER, "linear"), GOOD[2]])) == []


def test_alike_notes_are_one(read: Reader) -> None:
    """What is true of several cells is said once: a note that matters is not the last of twenty."""
    names = ["linear", "square", "cube"]
    cells = [ReferenceCell(name, STUB.replace("linear", name), REFERENCE.cells[0].metadata) for name in names]
    tests = [ReferenceCell(f"test_{name}", "assert 1", REFERENCE.cells[1].metadata) for name in names]
    submission = read([code(ANSWER)], Reference("tiny", REFERENCE.kernelspec, [*cells, *tests]))
    assert submission.notes == [
        "The cells `linear`, `square`, `cube` are missing; their functions were looked for in the other cells.",
        "The test cells of `linear`, `square`, `cube` were missing; they were put back.",
    ]


@pytest.mark.parametrize(
    ("cells", "runs"),
    [
        pytest.param([code(ANSWER + "\nassert linear(1)", "test_linear")], [ANSWER + "\nassert linear(1)"], id="merged"),
        pytest.param([code(STUB, "linear"), code(ANSWER, "test_linear")], [STUB, ANSWER], id="stub-untouched"),
        pytest.param([code("a = 1", "test_linear"), *GOOD[1:]], ["a = 1", ANSWER], id="copy-above"),
        pytest.param(
            [*GOOD[1:], code("a = 1", "test_linear"), code("b = 2", "test_linear")], [ANSWER, "a = 1", "b = 2"], id="copies-below"
        ),
    ],
)
def test_what_stood_in_a_locked_cell_runs(read: Reader, cells: list[dict[str, Any]], runs: list[str]) -> None:
    """A student's text in a locked cell becomes a cell of the student's own, and the grade cell is the released one."""
    submission = read(cells)
    assert (
        "The test cell of `linear` was changed; what stood in it was run as a cell of your own, and the test cell put back."
        in submission.notes
    )
    assert list(sources(submission).values()) == runs
    graded = [cell for cell in submission.notebook["cells"] if "nbgrader" in cell["metadata"] and cell["metadata"]["nbgrader"]["grade"]]
    assert [cell["source"] for cell in graded] == [REFERENCE.cells[1].source]


@pytest.mark.parametrize(
    "source", ["assert linear(1)", "assert  linear(1)\n", "assert linear(1)\n### BEGIN HIDDEN TESTS\nx\n### END HIDDEN TESTS", ""]
)
def test_a_released_grade_cell_does_not_run(read: Reader, source: str) -> None:
    """A grade cell is no cell of the student's own if it says what it was released with, or what staff see in it, or nothing."""
    hidden = ReferenceCell("test_linear", "assert linear(1)\n### BEGIN HIDDEN TESTS\nx\n### END HIDDEN TESTS", REFERENCE.cells[1].metadata)
    submission = read(
        [code(ANSWER, "linear"), code(source, "test_linear")], Reference("tiny", REFERENCE.kernelspec, [REFERENCE.cells[0], hidden])
    )
    assert (submission.notes, sources(submission)) == ([], {"linear": ANSWER})


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([], id="none"),
        pytest.param([code("def other(x): return x", "other"), code("x", "test_other")], id="other-cells"),
        pytest.param([code("class A:\n    def linear(self): pass\nprint(linear == 1)")], id="only-mentioned"),
        pytest.param([{**code(ANSWER), "cell_type": "markdown"}], id="in-a-text"),
    ],
)
def test_another_lessons_notebook(read: Reader, cells: list[dict[str, Any]]) -> None:
    """A notebook with no cell and no function of the assignment is not worth nothing: a person looks at it."""
    submission = read(cells)
    assert submission.problem == "`tiny.ipynb` holds no cell and no function of this assignment: is it another lesson's, or empty?"
    assert sources(submission) == {}


@pytest.mark.parametrize(
    "source", [ANSWER, "async def linear(x): pass", "class linear:\n    pass", "linear = print", "linear: object = print"]
)
def test_a_function_without_its_cell(read: Reader, source: str) -> None:
    """One name that the assignment asks for is enough to know it by."""
    assert read([code(source)]).problem is None


@pytest.mark.parametrize("second", [json.dumps({"cells": [code(STUB, "linear"), GOOD[2]]}), "{}", '{"cells": []}', "5", '{"cells": [{'])
def test_a_save_with_answers_before_one_without(read: Reader, second: str) -> None:
    """Of several notebooks in a file the last that holds an answer is read, whatever follows it."""
    submission = read(json.dumps({"cells": GOOD}) + "\n" + second)
    assert sources(submission)["linear"] == ANSWER
    assert len(submission.notes) == 1


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([code(STUB, "linear"), GOOD[2]], id="untouched"),
        pytest.param([code(STUB)], id="without-metadata"),
        pytest.param([code("\n", "linear"), GOOD[0]], id="emptied"),
    ],
)
def test_where_there_is_no_answer_it_is_looked_for(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    """The notebook that was asked for is passed over when it holds no answer, and exactly one other does."""
    (tmp_path / "tiny.ipynb").write_text(json.dumps({"cells": cells}))
    assert find_notebook(tmp_path, "tiny", REFERENCE.holds_answer) == (tmp_path / "tiny.ipynb", [])
    (tmp_path / "tiny (1).ipynb").write_text(json.dumps({"cells": GOOD}))
    found = find_notebook(tmp_path, "tiny", REFERENCE.holds_answer)
    assert found == (tmp_path / "tiny (1).ipynb", ["tiny.ipynb holds no answer; `tiny (1).ipynb` was taken in its place."])
    (tmp_path / "tiny (2).ipynb").write_text(json.dumps({"cells": [*GOOD, GOOD[0]]}))
    note = "More than one notebook in the submission holds answers: `tiny (1).ipynb`, `tiny (2).ipynb`. Which one is meant?"
    assert find_notebook(tmp_path, "tiny", REFERENCE.holds_answer) == (None, [note])


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([code(ANSWER, "linear"), code("print('no test')", "test_linear")], id="edited"),
        pytest.param([code(ANSWER, "linear"), code("a", "test_linear"), code("b", "test_linear")], id="twice"),
        pytest.param([code("mine", "test_linear"), code(ANSWER, "linear")], id="moved"),
        pytest.param([code(ANSWER, "linear"), {**code("x", "test_linear"), "cell_type": "markdown"}], id="turned-into-text"),
        pytest.param([code(ANSWER, "linear"), code("", "test_linear", tags=["capstone"])], id="tagged"),
        pytest.param(
            [code(ANSWER, "linear"), {**GOOD[2], "metadata": {"nbgrader": {"grade_id": "test_linear", "points": 500, "grade": False}}}],
            id="forged",
        ),
        pytest.param([], id="deleted"),
    ],
)
def test_grade_cells_are_those_that_were_released(read: Reader, cells: list[dict[str, Any]]) -> None:
    """Whatever was done to a grade cell: there is one, with the released source, kind, points and lock, and no output."""
    released = REFERENCE.cells[1]
    found = [cell for cell in read(cells).notebook["cells"] if cell["id"] == "test_linear"]
    nbgrader = {"nbgrader": dict(released.metadata)}
    assert found == [
        {"cell_type": "code", "id": "test_linear", "metadata": nbgrader, "source": released.source, "execution_count": None, "outputs": []}
    ]


def test_nothing_of_the_metadata_survives(read: Reader) -> None:
    """Of what a student's file says of itself only plain tags are kept: no forged points, kernels, outputs, links or scripts."""
    forged = {
        "trusted": True,
        "nbgrader": {"grade_id": "free_points", "points": 100, "grade": True},
        "autograder": "left out",
        "tags": ["mine", 5, ["x"]],
    }
    cell = code("1", None, **forged) | {
        "attachments": {"a.svg": {}},
        "outputs": [{"output_type": "display_data", "data": {"text/html": "<script>"}}],
    }
    notebook = {
        "cells": [cell, *GOOD[1:]],
        "metadata": {"kernelspec": {"name": "bash"}, "autograder": {"fingerprint": "f"}},
        "nbformat": 3,
        "evil": 1,
    }
    result = read(notebook).notebook
    assert result["cells"][0] == {
        "cell_type": "code",
        "id": "x",
        "metadata": {"tags": ["mine"]},
        "source": "1",
        "execution_count": None,
        "outputs": [],
    }
    assert result["metadata"] == {"kernelspec": dict(REFERENCE.kernelspec), "language_info": {"name": "python"}}
    assert (set(result), result["nbformat"]) == ({"cells", "metadata", "nbformat", "nbformat_minor"}, 4)


def test_a_stub_cannot_be_tagged_away(read: Reader) -> None:
    """A stub runs even if it is tagged like the long training or turned into text; another cell with that tag does not."""
    stub = {**code(ANSWER, "linear", tags=["capstone"]), "cell_type": "markdown"}
    assert sources(read([stub, code("train()", None, tags=["capstone"]), GOOD[2]])) == {"linear": ANSWER}


@pytest.mark.parametrize("identity", ["x", "linear", "test_linear", "mended", "ungradable", "a b", "ö", "", None, 5, "y" * 65, "<script>"])
def test_names_are_unique_and_plain(read: Reader, identity: Any) -> None:
    """Cell ids that are doubled, invalid or ours are replaced."""
    names = [cell["id"] for cell in read([{**code("1"), "id": identity}, {**code("2"), "id": identity}, *GOOD[1:]]).notebook["cells"]]
    assert len(set(names)) == 4
    assert not {"mended", "ungradable", "a b", "ö", "", "<script>"} & set(names)
    assert names.index("linear") == 2


@pytest.mark.parametrize(
    ("source", "text"),
    [(["a\n", "b"], "a\nb"), (5, "5"), ([1, None], "1None"), ({"a": 1}, "{'a': 1}"), ("a\ud800", "a?")],
)
def test_sources_of_any_kind(read: Reader, source: Any, text: str) -> None:
    """A source is text that can be written to a file, whatever stood in its place."""
    submission = read([code(source), *GOOD[1:]])
    assert submission.notebook["cells"][0]["source"] == text
    json.dumps(submission.notebook, ensure_ascii=False).encode()


def test_thousands_of_cells(read: Reader) -> None:
    """A notebook of a hundred thousand cells is cut, and the grade cell is still there."""
    notebook = read([{"cell_type": "markdown", "source": "x"}] * 100_000).notebook
    assert len(notebook["cells"]) < 2100
    assert notebook["cells"][-1]["id"] == "test_linear"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
GRADE_IDS = st.sampled_from(["linear", "test_linear", "other"]) | JSON
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": st.lists(st.text(max_size=5)) | JSON,
        "id": st.sampled_from(["linear", "cell-1", "mended"]) | JSON,
        "metadata": st.fixed_dictionaries(
            {}, optional={"nbgrader": st.fixed_dictionaries({"grade_id": GRADE_IDS}) | JSON, "tags": st.lists(JSON) | JSON}
        )
        | JSON,
    },
)
NOTEBOOKS = st.fixed_dictionaries(
    {"cells": st.lists(CELLS | JSON, max_size=6)}, optional={"metadata": JSON, "nbformat": JSON, "worksheets": JSON}
)


@given(st.one_of(JSON, NOTEBOOKS, st.fixed_dictionaries({"worksheets": st.lists(NOTEBOOKS | JSON, max_size=3)})))
@example({"cells": [{"metadata": {"nbgrader": {"grade_id": "linear"}, "tags": ["\ud800"]}, "source": "\ud800"}]})
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json(read: Reader, value: Any) -> None:
    """Any JSON value as a file gives a valid notebook with the grade cell, that can be written, and never an exception."""
    submission = read(json.dumps(value))
    json.dumps(submission.notebook, ensure_ascii=False).encode()
    assert [cell["source"] for cell in submission.notebook["cells"] if cell["id"] == "test_linear"] == ["assert linear(1)"]


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(read: Reader, data: bytes) -> None:
    """Any bytes as a file give a valid notebook, and never an exception."""
    assert read(data).notebook["cells"]

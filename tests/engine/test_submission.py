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

LONG_RUN = "for epoch in range(10**9):\n    pass"
REFERENCE = replace(make_reference(), codes={"import numpy as np\nprint(np.pi)": (), LONG_RUN: ("capstone",)})
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


def text(source: str, kind: str = "markdown", grade_id: str | None = None) -> dict[str, Any]:
    """A cell that is not run."""
    return {**code(source, grade_id), "cell_type": kind}


def lesson(*names: str) -> Reference:
    """An assignment with an exercise for each name."""
    stubs = [ReferenceCell(name, STUB.replace("linear", name), {**REFERENCE.cells[0].metadata, "grade_id": name}) for name in names]
    tests = [ReferenceCell(f"test_{name}", "assert 1", {**REFERENCE.cells[1].metadata, "grade_id": f"test_{name}"}) for name in names]
    return replace(REFERENCE, cells=[*stubs, *tests])


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
    assert sources(submission) == {"linear": "a = 1\nlinear = 2"}


def test_missing_cells(read: Reader) -> None:
    """A deleted stub is searched for elsewhere; a deleted grade cell is put back; both are said."""
    notes = [
        "The cells `linear`, `square` are missing; their functions were looked for in the other cells.",
        "The test cell of `square` was missing; it was put back.",
    ]
    assert read([code("exec('def linear(x): return x')"), code("", "test_linear")], lesson("linear", "square")).notes == notes


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


SCRATCH = ["print(linear(1))", "# scratch", "", "linear == 3"]


@pytest.mark.parametrize("scratch", SCRATCH)
@pytest.mark.parametrize("first", [ANSWER, "def linear(x): return x  # ", "class linear: pass"])
def test_a_copy_for_scratch_is_not_the_answer(read: Reader, first: str, scratch: str) -> None:
    """Of a stub's copies the last that defines what the stub asks for is the answer, whatever stands below it."""
    submission = read([code(first, "linear"), code(STUB, "linear"), code(scratch, "linear"), GOOD[2]])
    assert sources(submission)["linear"] == first
    assert list(sources(submission).values()) == [first, *([scratch] if scratch else [])]


def test_copies_without_an_answer(read: Reader) -> None:
    """Where no copy defines what the stub asks for, the last that was written in stands for it."""
    submission = read([code("import m", "linear"), code("from m import *", "linear"), code(" ", "linear"), code(STUB, "linear"), GOOD[2]])
    assert sources(submission)["linear"] == "from m import *"


def test_a_cell_split_in_the_middle(read: Reader) -> None:
    """Two halves of a function with one grade_id are one cell again; where that gives no Python they stay two."""
    first, second = "def linear(x):\n    y = x", "    return y"
    submission = read([code(first, "linear"), code(second, "linear"), GOOD[2]])
    assert sources(submission) == {"linear": f"{first}\n{second}"}
    assert submission.notes == ["The cell `linear` was split in the middle of a function; its parts were put together again."]
    for cells in ([first, "return y ("], [first, "z = 1", second], [ANSWER, "print(1)"]):
        assert sources(read([*(code(cell, "linear") for cell in cells), GOOD[2]]))["linear"] in (first, ANSWER)


def test_cells_left_as_they_were_released(read: Reader) -> None:
    """A stub, or code of the lesson's, that differs in white space at most is known for it; what the file says of itself is not believed."""
    given = [code("import numpy as np\n\nprint(np.pi)\n"), code(STUB + "\n", "linear")]
    assert untouched(read([*given, code("1", autograder="untouched"), GOOD[2]])) == ["x", "linear"]
    assert untouched(read([code("import numpy as np\nprint(np.e)"), code(ANSWER, "linear"), GOOD[2]])) == []


def test_alike_notes_are_one(read: Reader) -> None:
    """What is true of several cells is said once: a note that matters is not the last of twenty."""
    submission = read([code("import numpy", "cube")], lesson("linear", "square", "cube", "root"))
    assert submission.notes == [
        "The cells `linear`, `square`, `root` are missing; their functions were looked for in the other cells.",
        "The test cells of `linear`, `square`, `cube`, `root` were missing; they were put back.",
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


TWO = lesson("linear", "square")
SQUARE = "def square(x):\n    return x * x"


def answering(submission: Submission) -> dict[str, tuple[str, ...]]:
    """The cells with what they answer for, besides what they are named after."""
    return {cell.source: (cell.name, *cell.answers) for cell in cells_to_run(submission.notebook) if cell.asked}


def test_cells_are_known_by_what_they_define(read: Reader) -> None:
    """Without nbgrader's metadata the first cell that defines what a stub asks for is its cell; the others are second tries."""
    submission = read([code("from numpy import *"), code(ANSWER), code(SQUARE), code(ANSWER + " + 1")], TWO)
    assert answering(submission) == {ANSWER: ("linear",), SQUARE: ("square",)}
    assert (
        submission.notes[0]
        == "The cells `linear`, `square` are missing; in place of each, the first cell that defines its functions was taken."
    )
    submission = read([code(STUB), code(ANSWER), code(SQUARE, "square")], TWO)
    assert (answering(submission), untouched(submission)) == ({STUB: ("linear",), SQUARE: ("square",)}, ["linear"])


def test_an_untouched_copy_takes_nothing_from_an_answer(read: Reader) -> None:
    """Below a cell that defines all that a stub asks for, a copy of the stub without its metadata does not run."""
    submission = read([code(ANSWER), code(STUB), code(SQUARE)], TWO)
    assert list(sources(submission).values()) == [ANSWER, SQUARE]


@pytest.mark.parametrize("grade_id", [None, "linear", "square", "test_linear"])
def test_merged_cells_answer_for_both(read: Reader, grade_id: str | None) -> None:
    """A cell that defines what two stubs ask for is the cell of both, under the name of one."""
    both = f"{ANSWER}\n{SQUARE}"
    submission = read([code("helper = 1"), code(both, grade_id)], TWO)
    assert {name: set(names) for name, names in answering(submission).items()} == {both: {"linear", "square"}}
    assert cells_to_run(submission.notebook)[1].asked == ("linear", "square")


def test_a_lessons_cell_answers_for_nothing(read: Reader) -> None:
    """Neither a cell that stands as it was released, nor an untouched stub of another exercise, nor text is taken for a stub's."""
    given = "def linear(x):\n    return 5"
    reference = replace(TWO, codes={given: ()})
    assert answering(read([code(given), text(ANSWER), code(SQUARE, "square")], reference)) == {SQUARE: ("square",)}


@pytest.mark.parametrize("stub", [[code(STUB, "linear")], [], [code("", "linear")]], ids=["untouched", "missing", "emptied"])
def test_an_answer_in_a_raw_cell(read: Reader, stub: list[dict[str, Any]]) -> None:
    """It is run as code where no other cell answers; the student reads so."""
    submission = read([*stub, text(ANSWER, "raw"), text("linear = x (", "raw"), text("other = 1", "raw"), GOOD[2]])
    assert [source for source in sources(submission).values() if source != STUB] == [ANSWER]
    assert "The answer to `linear` stood in a raw cell, which is not run; it was run as code." in submission.notes
    assert not untouched(submission) or untouched(submission) == ["linear"]


@pytest.mark.parametrize("answer", [[code(ANSWER, "linear")], [code(STUB, "linear"), code(ANSWER)], [code(ANSWER)]])
def test_a_raw_cell_beside_an_answer(read: Reader, answer: list[dict[str, Any]]) -> None:
    """What was put aside in a raw cell stays there when the answer is in a cell of code."""
    submission = read([*answer, text("def linear(x):\n    return 0", "raw"), text("def linear(x):\n    return 0"), GOOD[2]])
    assert set(sources(submission).values()) <= {ANSWER, STUB}
    assert not any("raw" in note or "text" in note for note in submission.notes)


def test_a_raw_copy_of_a_stub(read: Reader) -> None:
    """A copy that was put aside as raw text is not the answer while one of code is."""
    submission = read([code(ANSWER, "linear"), text("def linear(x): return 0", "raw", "linear"), GOOD[2]])
    assert sources(submission) == {"linear": ANSWER}


@pytest.mark.parametrize("fence", ["```python\n{}\n```", "\n```\n{}\n```\n", "``` py \n{}\n ```"])
def test_a_stub_that_became_text_with_a_fence(read: Reader, fence: str) -> None:
    """The code in it runs."""
    submission = read([text(fence.format(ANSWER), grade_id="linear"), GOOD[2]])
    assert sources(submission) == {"linear": ANSWER}
    assert submission.notes == ["The cell `linear` had been made a text cell; the code in it was run."]
    assert untouched(read([text(fence.format(STUB), grade_id="linear"), GOOD[2]])) == ["linear"]


@pytest.mark.parametrize("source", [ANSWER, f"My answer:\n```python\n{ANSWER}\n```\n"])
def test_an_answer_in_a_text_cell(read: Reader, source: str) -> None:
    """It is not run, and the student reads where it stands and what to do."""
    submission = read([code(STUB, "linear"), text(source), GOOD[2]])
    assert sources(submission) == {"linear": STUB}
    assert submission.notes == ["The answer to `linear` seems to stand in a text cell, which is not run: change it to a code cell."]
    reference = replace(REFERENCE, texts=frozenset({source}))
    assert read([code(STUB, "linear"), text(source), GOOD[2]], reference).notes == []


def test_tags_are_those_that_were_released(read: Reader) -> None:
    """The lesson's long run is left out without its tag, too, and no tag keeps a cell of the lesson's from running."""
    given = "import numpy as np\nprint(np.pi)"
    submission = read([code(LONG_RUN + "\n"), code(given, tags=["slow"]), code("1", tags=["slow"]), *GOOD[1:]])
    assert list(sources(submission).values()) == [given, ANSWER]
    assert list(sources(read([code(LONG_RUN.replace("9", "1")), *GOOD[1:]])).values()) == [LONG_RUN.replace("9", "1"), ANSWER]

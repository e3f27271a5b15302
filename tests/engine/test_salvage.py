"""A notebook is found where students leave it, and read as far as it is whole."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.finding import find_notebook
from autograder.names import as_code
from autograder.salvage import File, parse_cells, read_cells


def notebook(*sources: str) -> str:
    """A notebook with a code cell for each source."""
    return json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": source} for source in sources], "nbformat": 4})


def sources(file: File) -> list[str]:
    """The sources of the cells in a file."""
    return [cell["source"] for cell in read_cells(file)[0]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty submitted folder."""
    (tmp_path / "submitted").mkdir()
    return tmp_path / "submitted"


def test_a_file_cut_off_in_the_middle(folder: Path) -> None:
    """The whole cells before the cut are read, and a note says so."""
    text = notebook("a = 1", "b = 2", "c = 3")
    (folder / "x.ipynb").write_text(text[: text.index("c = 3")])
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["a = 1", "b = 2"]
    assert notes == ["The file is cut off or damaged; the 2 cells before the damage were read."]


def test_two_saves_in_one_file(folder: Path) -> None:
    """Of two notebooks one after the other the last whole one is read."""
    (folder / "x.ipynb").write_text(notebook("old = 1") + "\n" + notebook("new = 2") + '{"cells": [')
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["new = 2"]
    assert "one after the other" in notes[0]


def test_a_hundred_thousand_notebooks_in_one_file(folder: Path) -> None:
    """Notebooks of nothing, one after the other, are passed over in the time that it takes to read them."""
    (folder / "x.ipynb").write_text("{} " * 400_000)
    started = time.monotonic()
    with pytest.raises(ValueError, match="no cells"):
        read_cells(folder / "x.ipynb")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("part", ["[],", "{},", '"a",', "0,0,", '{"a":[0]},'])
def test_a_file_of_more_lists_than_memory_can_hold(folder: Path, part: str) -> None:
    """Kilobytes in an archive that would be gigabytes as JSON are refused before they are read."""
    (folder / "all.zip").write_bytes(zipped(x_ipynb='{"cells": [' + part * 4_100_000 + "0]}"))
    file, _ = find_notebook(folder, "x")
    assert file is not None
    with pytest.raises(ValueError, match="far more than any notebook"):
        read_cells(file)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("1, 2\n" * 9_000_000, id="text"),
        pytest.param(["0.25, 0.5, 0.75\n"] * 1_500_000, id="lines"),
        pytest.param([{"x": [0.123456789] * 1_000_000, "y": [1] * 1_000_000}], id="plot"),
    ],
)
def test_stray_outputs_do_not_stand_in_the_way(folder: Path, data: Any) -> None:
    """Outputs of fifty megabytes, and plots with a million points, come with a notebook that is read like any other."""
    cell = {"cell_type": "code", "source": "a = 1", "outputs": [{"output_type": "display_data", "data": {"application/json": data}}]}
    (folder / "x.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert sources(folder / "x.ipynb") == ["a = 1"]


def test_a_picture_in_a_text_costs_the_answers_nothing(folder: Path) -> None:
    """Where the cells together are too long, the longest is cut, wherever it stands, and a note gives its place."""
    cells = [
        {"cell_type": "code", "source": "a = 1"},
        {"cell_type": "markdown", "source": f"![](data:image/png;base64,{'A' * 5_000_000})"},
        {"cell_type": "code", "source": f"data = '{'0' * 3_000_000}'"},
        *[{"cell_type": kind, "source": "b = 2"} for kind in ("code", "markdown")],
    ]
    (folder / "x.ipynb").write_text(json.dumps({"cells": cells}))
    read, notes = read_cells(folder / "x.ipynb")
    assert [read[place]["source"] for place in (0, 3, 4)] == ["a = 1", "b = 2", "b = 2"]
    assert sum(len(cell["source"]) for cell in read) <= 2 << 20
    assert read[1]["source"].startswith("![](data:image/png;base64,A")
    assert notes == ["The cells together are too long to be graded whole; the longest were cut. Counted from the top: 2, 3."]


def test_cells_after_the_damage(folder: Path) -> None:
    """Damage costs the cells that it is in; the next that are whole are read."""
    text = notebook("a = 1", "b = 2", "c = 3", "d = 4").replace('"b = 2"', '"b = 2')
    (folder / "x.ipynb").write_text(text)
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["a = 1", "c = 3", "d = 4"]
    assert notes == ["The file is cut off or damaged; the 1 cells before the damage and the 2 after it were read."]


def test_damage_without_end() -> None:
    """Each damaged place costs a look at the whole file: from a hundred on nothing more is read."""
    cells, _ = parse_cells(b'{"cells": [' + b'{"cell_type": "code"},{"cell_type" 1},' * 1000)
    assert len(cells) == 101


def test_commas_that_stand_before_a_bracket(folder: Path) -> None:
    """A file that was mended by hand, or written by a tool that puts a comma after everything, is read whole; strings stay as they are."""
    cell = '{"cell_type": "code", "metadata": {"tags": [],}, "source": ["a = [1,]\\n", "b = \\",}\\"", ], }'
    text = f'{{"cells": [{cell}, {cell},\n],\n"nbformat": 4,}}'
    (folder / "x.ipynb").write_text(text)
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ['a = [1,]\nb = ",}"'] * 2
    assert notes == ["Commas stood before closing brackets in the file; they were dropped."]


def test_a_comma_before_a_bracket_beside_other_damage(folder: Path) -> None:
    """A damaged place is read once more without such commas, so that only what is lost is lost."""
    text = notebook("a = 1", "b = 2", "c = 3", "d = 4").replace('"b = 2"', '["b = 2",]')
    (folder / "x.ipynb").write_text(text[: text.index("d = 4")])
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["a = 1", "b = 2", "c = 3"]
    assert notes == ["The file is cut off or damaged; the 3 cells before the damage were read."]


@pytest.mark.parametrize("part", [", ", '\\"', '"\\', ",\n", '","'])
def test_commas_without_end(part: str) -> None:
    """Looking for such commas takes no longer than the text is long."""
    started = time.monotonic()
    with pytest.raises(ValueError, match="not JSON"):
        parse_cells(('{"cells": ["' + part * 1_000_000).encode())
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("tail", ["]}", ""])
def test_more_cells_than_are_read(folder: Path, tail: str) -> None:
    """What stands below the last cell that is read is left out, whole file or damaged one, and a note says so."""
    (folder / "x.ipynb").write_text(notebook(*["a = 1"] * 2001).removesuffix('], "nbformat": 4}') + tail)
    cells, notes = read_cells(folder / "x.ipynb")
    assert len(cells) == 2000
    assert "The notebook holds more than 2000 cells; those after were left out. Delete what is no part of your answers." in notes


@pytest.mark.parametrize("middle", ["a\tb", "a\nb", "a\x0cb"])
def test_control_characters_in_a_string(folder: Path, middle: str) -> None:
    """An editor that is none for JSON leaves them as they are."""
    (folder / "x.ipynb").write_bytes(notebook("# a_b").replace("a_b", middle).encode())
    assert sources(folder / "x.ipynb") == [f"# {middle}"]


def test_nulls_at_the_end(folder: Path) -> None:
    """What a crash left after the text is dropped, and said."""
    (folder / "x.ipynb").write_text(notebook("a = 1") + "\0" * 100)
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["a = 1"]
    assert notes == ["The file ended in NUL characters, as after a crash; they were dropped."]


def conflict(ours: str, theirs: str, base: str = "") -> str:
    """A notebook with one cell, in which two versions of a line stand."""
    base = f"||||||| 1a2b\n{base}\n" if base else ""
    lines = f"<<<<<<< HEAD\n{ours}\n{base}=======\n{theirs}\n>>>>>>> main\n"
    return f'{{"cells": [{{"cell_type": "code", "metadata": {{}},\n{lines}"outputs": []}}]}}\n'


@pytest.mark.parametrize("base", ["", '"execution_count": null, "source": "a = 0",'])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_conflict_about_counts(folder: Path, base: str, newline: str) -> None:
    """Where both sides of a conflict hold the same text, one of them is read."""
    text = conflict('"execution_count": 1, "source": "a = 1",', '"execution_count": 2, "source": "a = 1",', base)
    (folder / "x.ipynb").write_bytes(text.replace("\n", newline).encode())
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["a = 1"]
    assert notes == ["Git's conflict markers stood in the file; both sides hold the same code, and one was read."]


def test_a_conflict_about_an_answer(folder: Path) -> None:
    """Of two answers neither is taken."""
    (folder / "x.ipynb").write_text(conflict('"source": "a = 1",', '"source": "a = 2",'))
    with pytest.raises(ValueError, match="differs between the two sides"):
        read_cells(folder / "x.ipynb")


def in_cells(*cells: tuple[str | None, str]) -> str:
    """Cells with their grade_ids, a line each; text where the grade_id is `text`."""
    kinds = [("markdown" if name == "text" else "code", name, source) for name, source in cells]
    return ",\n".join(
        json.dumps({"cell_type": kind, "metadata": {"nbgrader": {"grade_id": name}} if name != "text" else {}, "source": source})
        for kind, name, source in kinds
    )


def read_conflict(ours: str, theirs: str) -> list[str]:
    """What is read of a file that holds two sides; a cell is an answer if it says so."""
    text = f'{{"cells": [{in_cells((None, "import numpy"))},\n<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> main\n]}}'
    cells, notes = parse_cells(text.encode(), lambda cells: any("answer" in cell["source"] for cell in cells))
    assert notes[0].startswith("Git's conflict markers stood in the file; ")
    return [cell["source"] for cell in cells][1:]


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(in_cells(("text", "# Another"), ("f", "def f(x):\n    return x * 1 # answer")), id="text"),
        pytest.param(in_cells(("f", "def f( x ):\n\n    return x*1  # answer\n")), id="white-space"),
        pytest.param(in_cells(("f", "def f(x):\n    raise NotImplementedError")), id="untouched"),
    ],
)
def test_a_conflict_about_nothing(theirs: str) -> None:
    """Text and white space make no two answers, nor does a stub that is untouched on one side: the answer is read from either side."""
    answer = "def f(x):\n    return x * 1 # answer"
    ours = in_cells(("text", "# A lesson"), ("f", answer))
    assert read_conflict(ours, theirs)[-1] == answer
    assert "".join(read_conflict(theirs, ours)[-1].split()) == "".join(answer.split())


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(in_cells(("f", "def f(x):\n    return 2 # answer")), id="another-answer"),
        pytest.param(in_cells(("f", "def f(x):\n  for y in x:\n    pass\n  return 1 # answer")), id="depth"),
        pytest.param(in_cells(("f", "pass"), (None, "one = 2")), id="another-helper"),
        pytest.param(in_cells(("f", "pass"), ("g", "def g(x):\n    return 1 # answer")), id="each-half"),
    ],
)
def test_a_conflict_about_two_answers(theirs: str) -> None:
    """Code that differs otherwise, where it says another thing or stands in another loop, is for a person to choose from."""
    ours = in_cells(("f", "def f(x):\n  for y in x:\n    pass\n    return 1 # answer"), ("g", "pass"))
    for sides in ((ours, theirs), (theirs, ours)):
        with pytest.raises(ValueError, match="differs between the two sides"):
            read_conflict(*sides)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(folder: Path, encoding: str) -> None:
    """Whatever an editor saved in is read."""
    (folder / "x.ipynb").write_bytes('{"cells": [{"cell_type": "code", "source": "# é"}]}'.encode(encoding))
    assert sources(folder / "x.ipynb") == ["# é"]


@pytest.mark.parametrize("place", ["week 1/x.ipynb", "a/b/X.ipynb", "renamed.ipynb"])
def test_a_notebook_elsewhere(folder: Path, place: str) -> None:
    """In a folder below, or under another name, the only notebook is found, and a note names it."""
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_text(notebook("a = 1"))
    file, notes = find_notebook(folder, "x")
    assert file == folder / place
    assert place in notes[0]


def test_a_notebook_in_a_zip(folder: Path) -> None:
    """An archive is looked into; what a Mac adds to it is passed over."""
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("mine/x.ipynb", notebook("a = 1"))
        archive.writestr("__MACOSX/mine/._x.ipynb", "rubbish")
    file, notes = find_notebook(folder, "x")
    assert file is not None
    assert read_cells(file)[0][0]["source"] == "a = 1"
    assert "all.zip/mine/x.ipynb" in notes[0]


def test_of_two_candidates_neither(folder: Path) -> None:
    """Two notebooks of other names: none is guessed."""
    for name in ("mine.ipynb", "yours.ipynb"):
        (folder / name).write_text(notebook(f"a = '{name}'"))
    note = "More than one notebook in the submission holds answers: `mine.ipynb`, `yours.ipynb`. Which one is meant?"
    assert find_notebook(folder, "x") == (None, [note])


def test_the_same_bytes_count_once(folder: Path) -> None:
    """A notebook and its copy are no two candidates, and an empty file is none."""
    for name in ("mine.ipynb", "yours.ipynb"):
        (folder / name).write_text(notebook("a = 1"))
    (folder / "x.ipynb").touch()
    assert find_notebook(folder, "x") == (folder / "mine.ipynb", ["x.ipynb holds no answer; `mine.ipynb` was taken in its place."])


@pytest.mark.parametrize("name", ["x.ipynb.txt", "x.ipynb.json", "x.json", "x", "x.ipynb ", "x.ipynb.download", "x.zip"])
def test_a_notebook_that_is_not_called_one(folder: Path, name: str) -> None:
    """Where no file is called a notebook, the only one that is one is taken."""
    (folder / name).write_text(notebook("a = 1"))
    (folder / "settings.json").write_text('{"a": 1}')
    file, notes = find_notebook(folder, "x")
    assert file == folder / name
    assert "x.ipynb is missing" in notes[0]
    (folder / "second").write_text(notebook("a = 2"))
    assert find_notebook(folder, "x")[0] is None


def test_an_archive_that_is_called_a_notebook(folder: Path) -> None:
    """The first bytes say that it is an archive."""
    (folder / "x.ipynb").write_bytes(zipped(x_ipynb=notebook("a = 1")))
    file, _ = find_notebook(folder, "x")
    assert file is not None
    assert sources(file) == ["a = 1"]


def test_what_a_mac_writes_beside_a_notebook(folder: Path) -> None:
    """A file of attributes is no notebook, though it is called one."""
    (folder / "mine.ipynb").write_text(notebook("a = 1"))
    (folder / "._mine.ipynb").write_bytes(b"\0\5\x16\7")
    assert find_notebook(folder, "x")[0] == folder / "mine.ipynb"


@pytest.mark.parametrize(("count", "size"), [(101, 0), (3, 100 << 20)], ids=["many", "large"])
def test_of_very_many_notebooks_none_is_read(folder: Path, count: int, size: int) -> None:
    """To look for answers in a hundred is enough, and in some hundred megabytes; beyond that a note asks for the one that is meant."""
    (folder / "x.ipynb").write_text(notebook())
    for number in range(count):
        with (folder / f"{number}.ipynb").open("wb") as file:
            file.truncate(size)
    assert find_notebook(folder, "x") == (
        None,
        ["The submission holds more notebooks than can be looked into for answers. Hand in x.ipynb without the others."],
    )
    (folder / "x.ipynb").write_text(notebook("a = 1"))
    assert find_notebook(folder, "x") == (folder / "x.ipynb", [])


def test_a_semester_of_notebooks(folder: Path) -> None:
    """Among dozens, in a folder or in an archive, the one that holds answers is found; if none does, it is the one of the right name."""
    members = {f"{number}_ipynb": notebook() + " " * number for number in range(40)}
    (folder / "all.zip").write_bytes(zipped(**members, x_ipynb=notebook()))
    file, _ = find_notebook(folder, "x")
    assert str(file) == str(folder / "all.zip" / "x.ipynb")
    (folder / "all.zip").write_bytes(zipped(**members, x_ipynb=notebook(), mine_ipynb=notebook("a = 1")))
    file, _ = find_notebook(folder, "x")
    assert str(file) == str(folder / "all.zip" / "mine.ipynb")


def test_another_notebook_that_holds_more(folder: Path) -> None:
    """The notebook of the right name is graded, and a note names the one beside it in which more is answered."""
    for name, source in (("x.ipynb", "a"), ("more.ipynb", "ab"), ("other.ipynb", "b")):
        (folder / name).write_text(notebook(source))
    file, notes = find_notebook(folder, "x", lambda cells: len({*"".join(cell["source"] for cell in cells)}))
    assert file == folder / "x.ipynb"
    assert notes == [
        "`more.ipynb` holds more answers than `x.ipynb`, which was graded for its name. If the other is meant, hand it in as x.ipynb."
    ]


@pytest.mark.parametrize("name", ["x.tar.gz", "x.ipynb.gz", "x.py", "x.pdf"])
def test_what_was_found_instead(folder: Path, name: str) -> None:
    """Where there is no notebook, a note names what there is."""
    (folder / name).write_bytes(b"\x1f\x8b...")
    (folder / "timestamp.txt").touch()
    assert find_notebook(folder, "x") == (None, [f"Found only `{name}`: hand in the .ipynb file itself."])
    for number in range(6):
        (folder / f"{number}.txt").touch()
    names = ", ".join(f"`{number}.txt`" for number in range(5))
    assert find_notebook(folder, "x") == (None, [f"Found only {names}, …: hand in the .ipynb file itself."])


def test_an_archive_from_windows(folder: Path) -> None:
    """Some programs there write folders' names with a backslash; copies that Jupyter made are passed over as ever."""
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("mine\\x.ipynb", notebook("a = 1"))
        archive.writestr("mine\\.ipynb_checkpoints\\x-checkpoint.ipynb", notebook("a = 2"))
    file, notes = find_notebook(folder, "x")
    assert file is not None
    assert (sources(file), file.name) == (["a = 1"], "x.ipynb")
    assert "`all.zip/mine/x.ipynb`" in notes[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_notebook_that_is_called_text(folder: Path, encoding: str) -> None:
    """Whatever it was saved in, its first bytes say that it may be one."""
    (folder / "x.txt").write_bytes(f"\n{notebook('a = 1')}".encode(encoding))
    assert find_notebook(folder, "x")[0] == folder / "x.txt"


@pytest.mark.parametrize("name", ["x.ipynb", "other.ipynb"])
def test_links_are_not_followed(folder: Path, name: str) -> None:
    """A link to another student's notebook is no submission."""
    (folder.parent / "ada.ipynb").write_text(notebook("a = 1"))
    (folder / name).symlink_to(folder.parent / "ada.ipynb")
    assert find_notebook(folder, "x") == (None, [])


def test_a_linked_folder_is_not_entered(folder: Path) -> None:
    """Nor is a folder that is a link."""
    (folder.parent / "ada").mkdir()
    (folder.parent / "ada" / "x.ipynb").write_text(notebook("a = 1"))
    (folder / "mine").symlink_to(folder.parent / "ada")
    assert find_notebook(folder, "x") == (None, [])


def test_a_zip_bomb_is_not_unpacked(folder: Path) -> None:
    """A member that unpacks to more than the limit is refused after the limit's bytes."""
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.ipynb", b" " * ((128 << 20) + 1))
    file, _ = find_notebook(folder, "x")
    assert file is not None
    with pytest.raises(ValueError, match="larger than 128 MiB"):
        read_cells(file)


def zipped(**members: bytes | str) -> bytes:
    """An archive of members; `_` in a name stands for its dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def test_an_archive_in_an_archive(folder: Path) -> None:
    """One level down is looked into, if there is nothing else to take."""
    (folder / "all.zip").write_bytes(zipped(inner_zip=zipped(x_ipynb=notebook("a = 1"))))
    file, notes = find_notebook(folder, "x")
    assert file is not None
    assert sources(file) == ["a = 1"]
    assert "`all.zip/inner.zip/x.ipynb`" in notes[0]


@pytest.mark.parametrize("depth", [2, 3])
def test_archives_deeper_down_are_not_opened(folder: Path, depth: int) -> None:
    """Two levels down is too deep."""
    data = zipped(x_ipynb=notebook("a = 1"))
    for _ in range(depth):
        data = zipped(inner_zip=data)
    (folder / "all.zip").write_bytes(data)
    assert find_notebook(folder, "x") == (None, ["Found only `all.zip`: hand in the .ipynb file itself."])


def test_of_two_archives_in_an_archive_neither(folder: Path) -> None:
    """Of two archives in an archive none is guessed."""
    inner = zipped(x_ipynb=notebook("a = 1"))
    (folder / "all.zip").write_bytes(zipped(a_zip=inner, b_zip=inner))
    assert find_notebook(folder, "x")[0] is None


@pytest.mark.parametrize(("members", "says"), [(10_001, "more than 10000 files"), (30_000, "too many files")])
def test_an_archive_of_too_many_files(folder: Path, members: int, says: str) -> None:
    """An archive with an endless directory is not looked into."""
    (folder / "all.zip").write_bytes(zipped(**{f"{number}_ipynb": "" for number in range(members)}))
    file, _ = find_notebook(folder, "x")
    assert file is not None
    with pytest.raises(ValueError, match=says):
        read_cells(file)


def test_an_archive_that_is_too_large(folder: Path) -> None:
    """An archive beyond the limit is not opened."""
    with (folder / "all.zip").open("wb") as file:
        file.truncate((128 << 20) + 1)
    found, _ = find_notebook(folder, "x")
    assert found is not None
    with pytest.raises(ValueError, match="larger than 128 MiB"):
        read_cells(found)


def test_a_bomb_of_bzip2_does_not_fill_the_memory(folder: Path) -> None:
    """bzip2 unpacks all it is given: it is given little at a time."""
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x.ipynb", b" " * (300 << 20))
    file, _ = find_notebook(folder, "x")
    assert file is not None
    with pytest.raises(ValueError, match="larger than 128 MiB"):
        read_cells(file)


def test_a_notebook_far_down_is_not_looked_for(folder: Path) -> None:
    """Twenty folders are looked into, one below the other."""
    deep = folder.joinpath(*["d"] * 20)
    deep.mkdir(parents=True)
    (deep / "x.ipynb").write_text(notebook("a = 1"))
    assert find_notebook(folder, "x") == (None, [])
    (deep / "x.ipynb").rename(deep.parent / "x.ipynb")
    assert find_notebook(folder, "x")[0] == deep.parent / "x.ipynb"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a b.ipynb", "`a b.ipynb`"),
        ("`<b>`", "`'<b>'`"),
        ("two\nlines\x1b[2J", "`two�lines�[2J`"),
        ("\u202egpj.exe", "`�gpj.exe`"),
        ("\udcff", "`�`"),
        ("x" * 300, f"`{'x' * 100}…`"),
        (" ", "(no name)"),
    ],
)
def test_names_are_shown_as_code(name: str, shown: str) -> None:
    """A name is one span of code, whatever it holds."""
    assert as_code(name) == shown

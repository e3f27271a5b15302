"""A notebook is found where students leave it, and read as far as it is whole."""

import json
import zipfile
from pathlib import Path

import pytest

from autograder.salvage import find_notebook, read_cells


def notebook(*sources: str) -> str:
    """A notebook with a code cell for each source."""
    return json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": source} for source in sources], "nbformat": 4})


def sources(file: Path) -> list[str]:
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
    assert notes == ["The file is cut off or damaged; the 2 cells before the damage were graded."]


def test_two_saves_in_one_file(folder: Path) -> None:
    """Of two notebooks one after the other the last whole one is read."""
    (folder / "x.ipynb").write_text(notebook("old = 1") + "\n" + notebook("new = 2") + '{"cells": [')
    cells, notes = read_cells(folder / "x.ipynb")
    assert [cell["source"] for cell in cells] == ["new = 2"]
    assert "one after the other" in notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
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
        (folder / name).write_text(notebook("a = 1"))
    assert find_notebook(folder, "x") == (None, [])


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

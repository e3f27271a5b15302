"""The Python files beside a notebook go with it: those in its own folder, as far as there is room."""

import os
import zipfile
from pathlib import Path

import pytest

from autograder.finding import find_notebook
from autograder.own_files import read_own_files

LEFT_OUT = (
    "Of the Python files beside the notebook these can't be imported: {}. At most 20 files of 256 KB together, in UTF-8, are taken along."
)


def write(folder: Path, **texts: str) -> Path:
    """A notebook, and modules beside it."""
    (folder / "x.ipynb").write_text('{"cells": []}')
    for name, text in texts.items():
        (folder / f"{name}.py").write_bytes(text.encode())
    return folder / "x.ipynb"


def test_modules_beside_the_notebook(tmp_path: Path) -> None:
    """Taken along are files that an import can name, letter by letter; no folder below, no link, nothing that is called otherwise."""
    notebook = write(tmp_path, helper="def f():\r\n    return 'é'\r\n", empty="")
    for name in ("my-helper.py", ".hidden.py", "helper.txt", "1.py", "ö.py"):
        (tmp_path / name).write_text("no")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "inner.py").write_text("no")
    (tmp_path / "linked.py").symlink_to(tmp_path / "helper.py")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    assert read_own_files(notebook) == ({"helper.py": "def f():\r\n    return 'é'\r\n", "empty.py": ""}, [])


@pytest.mark.parametrize("place", ["", "mine/", "mine\\"])
def test_modules_in_an_archive(tmp_path: Path, place: str) -> None:
    """Of an archive those that lie where the notebook lies."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(f"{place}x.ipynb", '{"cells": []}')
        archive.writestr(f"{place}helper.py", "a = 1")
        archive.writestr(f"{place}deeper/other.py", "a = 2")
        archive.writestr("elsewhere/helper.py", "a = 3")
        archive.writestr(f"{place}large.py", b" " * (256 << 10))
    (tmp_path / "beside.py").write_text("a = 4")
    texts, notes = read_own_files(find_notebook(tmp_path, "x")[0])
    assert texts == {"helper.py": "a = 1"}
    assert notes == [LEFT_OUT.format("`large.py`")]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Too much, too many, no text, another's: the rest is taken along all the same."""
    notebook = write(tmp_path, a="x" * (200 << 10), b="y" * (100 << 10), c="z = 1")
    (tmp_path / "d.py").write_bytes(b"# \xe9")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.py").write_text("secret")
    os.link(tmp_path / "elsewhere" / "x.py", tmp_path / "e.py")
    texts, notes = read_own_files(notebook)
    assert {name: len(text) for name, text in texts.items()} == {"a.py": 200 << 10, "c.py": 5}
    assert notes == [LEFT_OUT.format("`b.py`, `d.py`, `e.py`")]
    texts, notes = read_own_files(write(tmp_path, **{f"a{number:04}": "" for number in range(4900)}))
    assert len(texts) == 20
    assert notes == [LEFT_OUT.format("`a0019.py`, `a0020.py`, `a0021.py`, `a0022.py`, `a0023.py`, …")]


def test_where_there_is_no_notebook() -> None:
    """Nothing is taken along."""
    assert read_own_files(None) == ({}, [])

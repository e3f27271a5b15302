"""Submitted folders that bite: archives, links, names and depths that must cost nobody but their owner, and show nobody's secrets."""

import io
import json
import os
import re
import struct
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from autograder.salvage import find_notebook
from autograder.sandbox.tidy import remove_folder
from autograder.submission import Reference, read_submission
from tests.nbgrader.tiny import RIGHT, SECRET, TinyCourse, build_course, filled, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks-notebooks")]

NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": f"x = {n}"} for n in range(200)], "nbformat": 4})
BITE = "<img src=x onerror=alert(1)>"
still_open = pytest.mark.xfail


def archive(method: int = zipfile.ZIP_DEFLATED, name: str = "tiny.ipynb") -> bytearray:
    """A zip archive with one notebook in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        target.writestr(name, NOTEBOOK)
    return bytearray(buffer.getvalue())


def with_damaged_data(method: int) -> bytes:
    """The directory is whole, the compressed bytes are not."""
    data = archive(method)
    for place in range(60, 160):
        data[place] ^= 0xFF
    return bytes(data)


def with_a_broken_directory() -> bytes:
    """The end of the archive is right, the directory that it points to is not."""
    data = archive()
    data[data.rfind(b"PK\1\2")] = 0
    return bytes(data)


def with_a_name_that_is_no_text() -> bytes:
    """A name that says it is UTF-8 and isn't."""
    return bytes(archive(name="tinyéé.ipynb").replace("éé".encode(), b"\xff\xfe\xff\xfe"))


def with_an_extra_field_cut_off() -> bytes:
    """An extra field that says it is longer than it is."""
    data = archive()
    start = data.rfind(b"PK\1\2")
    struct.pack_into("<H", data, start + 30, 4)
    data[start + 46 + len("tiny.ipynb") : start + 46 + len("tiny.ipynb")] = struct.pack("<HH", 1, 900)
    end = data.rfind(b"PK\5\6")
    struct.pack_into("<I", data, end + 12, end - start)
    return bytes(data)


ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "deflate": (lambda: with_damaged_data(zipfile.ZIP_DEFLATED), "zlib.error"),
    "bzip2": (lambda: with_damaged_data(zipfile.ZIP_BZIP2), ""),
    "lzma": (lambda: with_damaged_data(zipfile.ZIP_LZMA), "LZMAError"),
    "directory": (with_a_broken_directory, "BadZipFile where the archive is opened"),
    "name": (with_a_name_that_is_no_text, "UnicodeDecodeError"),
    "extra-field": (with_an_extra_field_cut_off, "BadZipFile where the archive is opened"),
}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=[still_open(strict=True, reason=f"{error} ends the run of the whole class")] if error else [])
        for name, (make, error) in ARCHIVES.items()
    ],
)
def test_a_broken_archive_is_ungradable(make: Callable[[], bytes], tmp_path: Path) -> None:
    """Whatever is wrong with an archive is the submission's problem, not an exception."""
    (tmp_path / "all.zip").write_bytes(make())
    file, _ = find_notebook(tmp_path, "tiny")
    assert read_submission(file, Reference("tiny", {}, [])).problem


@still_open(strict=True, reason="each of the first 2,000 notebooks opens the archive again and reads its whole directory")
def test_an_archive_of_many_names_takes_no_time(tmp_path: Path) -> None:
    """The directory of an archive is read once."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as target:
        for number in range(4000):
            target.writestr(f"{number}.ipynb" if number < 60 else f"{number}", "")
    opened, init = [0], zipfile.ZipFile.__init__

    def counting(self: zipfile.ZipFile, *arguments: Any, **keywords: Any) -> None:
        opened[0] += 1
        init(self, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "__init__", counting)
        find_notebook(tmp_path, "tiny")
    assert opened[0] < 10


@still_open(
    strict=True, raises=RecursionError, reason="pathlib's rglob calls itself for each level: RecursionError ends the run of the whole class"
)
def test_folders_a_thousand_deep() -> None:
    """A notebook below more folders than Python's stack is deep is not found, and that is all."""
    folder = Path(tempfile.mkdtemp(prefix="attacks-"))  # not below pytest's: it could not remove it either
    try:
        with chdir(folder):
            for _ in range(1500):
                os.mkdir("d")
                os.chdir("d")
        find_notebook(folder, "tiny")
    finally:
        remove_folder(str(folder))


def links_of_files(course: TinyCourse, folder: Path) -> None:
    """Links to the course's secrets beside a right notebook."""
    (folder / "secret.txt").symlink_to(course.root / ".course-secret")
    (folder / "suite.txt").symlink_to(course.root / "autograder/suites/01-tiny/test_linear.py")
    (folder / "solution.html").symlink_to(course.root / "source/01-tiny/tiny.py")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCourse, str]:
    """A class with one student for each trick, graded once, and the table that was printed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter")))
        course = build_course(tmp_path_factory.mktemp("folders") / "course")
        right = filled(course.released(), RIGHT)
        write_notebook(course.submitted("linking") / "tiny.ipynb", right)
        links_of_files(course, course.submitted("linking"))
        write_notebook(course.submitted("naming") / f"{BITE}.ipynb", right)
        with zipfile.ZipFile(course.submitted("zipping") / "all.zip", "w") as target:
            target.writestr(f"{BITE}/tiny.ipynb", json.dumps(right))
        (course.submitted("unreadable") / f"{BITE}.ipynb").write_text("nothing")
        (course.root / "submitted" / "borrowing").mkdir()
        (course.root / "submitted" / "borrowing" / "01-tiny").symlink_to(course.root / "solutions" / "01-tiny")
        write_notebook(course.submitted("mal\x1b]0;hostile\x07lory") / "tiny.ipynb", right)
        return course, course.autograder("grade").stdout


@still_open(strict=True, raises=AssertionError, reason="nbgrader copies what a link points at into autograded/ and feedback/")
def test_links_are_not_followed(graded: tuple[TinyCourse, str]) -> None:
    """No secret of the course lies in a folder that goes back to the student."""
    files = [path for folder in ("autograded", "feedback") for path in (graded[0].root / folder / "linking").rglob("*") if path.is_file()]
    texts = [path.read_text(errors="replace") for path in files]
    assert not [text[:80] for text in texts if SECRET in text or "left_hidden" in text or "BEGIN SOLUTION" in text]


@still_open(strict=True, raises=AssertionError, reason="a note names the file, and notes are Markdown")
@pytest.mark.parametrize("student", ["naming", "zipping", "unreadable"])
def test_names_of_files_are_text(graded: tuple[TinyCourse, str], student: str) -> None:
    """The name of a file is shown letter by letter."""
    assert not re.search(r"<[^>]*onerror=", graded[0].page(student).read_text())


@still_open(strict=True, raises=AssertionError, reason="only links below the submitted folder are refused, not the folder itself")
def test_a_linked_folder_earns_nothing(graded: tuple[TinyCourse, str]) -> None:
    """A folder that is a link to the solutions is not a submission."""
    assert set(graded[0].scores("borrowing").values()) != {60.0, 40.0}


@still_open(strict=True, raises=AssertionError, reason="the names of students reach the terminal as they are")
def test_names_of_students_do_not_command_the_terminal(graded: tuple[TinyCourse, str]) -> None:
    """No control character of a name is printed."""
    assert "\x1b" not in graded[1]


@still_open(strict=True, reason="a folder of an unknown assignment ends the run of the whole class")
@pytest.mark.parametrize("name", [".ipynb_checkpoints", "99-other"])
def test_a_stray_folder_stops_nobody(tmp_path: Path, name: str) -> None:
    """A folder that Jupyter or a student left beside the assignments costs nobody else anything."""
    course = build_course(tmp_path / "course")
    course.hand_in("ada", RIGHT)
    (course.root / "submitted" / "ada" / name).mkdir()
    assert course.autograder("grade").returncode == 0


@still_open(strict=True, reason="nbgrader's own expression for folders does not match a line break, and stops there")
def test_a_line_break_in_a_name_stops_nobody(tmp_path: Path) -> None:
    """Who comes after a student with a strange name is graded."""
    course = build_course(tmp_path / "course")
    for student in ("ada\nlovelace", "bob"):
        course.hand_in(student, RIGHT)
    course.autograder("grade")
    assert course.page("bob").is_file()

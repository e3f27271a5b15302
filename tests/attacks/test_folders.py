"""Submitted folders that bite: archives, links, names and depths that must cost nobody but their owner, and show nobody's secrets."""

import io
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import chdir
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from autograder.finding import find_notebook
from autograder.nbgrader import handed_in
from autograder.sandbox.tidy import remove_folder
from autograder.submission import Reference, read_submission
from tests.nbgrader.tiny import FULL, RIGHT, SECRET, UNGRADABLE, TinyCourse, build_course, filled, write_notebook

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks-notebooks")]

NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": f"x = {n}"} for n in range(200)], "nbformat": 4})
BITE = "<img src=x onerror=alert(1)>"


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


def with_a_field(local: int, central: int, value: int) -> bytes:
    """A value in the header of the member, and in that of the directory."""
    data = archive()
    data[local] = data[data.rfind(b"PK\1\2") + central] = value
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
    "deflate": (lambda: with_damaged_data(zipfile.ZIP_DEFLATED), "(damaged data)"),
    "bzip2": (lambda: with_damaged_data(zipfile.ZIP_BZIP2), "(OSError)"),
    "lzma": (lambda: with_damaged_data(zipfile.ZIP_LZMA), "(LZMAError)"),
    "encrypted": (lambda: with_a_field(6, 8, 1), "(RuntimeError)"),
    "method": (lambda: with_a_field(8, 10, 99), "(NotImplementedError)"),
    "directory": (with_a_broken_directory, "(BadZipFile)"),
    "name": (with_a_name_that_is_no_text, "(UnicodeDecodeError)"),
    "extra-field": (with_an_extra_field_cut_off, "(BadZipFile)"),
    "no-archive": (lambda: b"Rar!", "(BadZipFile)"),
}


@pytest.mark.parametrize(("make", "error"), ARCHIVES.values(), ids=ARCHIVES)
def test_a_broken_archive_is_ungradable(make: Callable[[], bytes], error: str, tmp_path: Path) -> None:
    """Whatever is wrong with an archive is the submission's problem, not an exception."""
    (tmp_path / "all.zip").write_bytes(make())
    file, _ = find_notebook(tmp_path, "tiny")
    problem = read_submission(file, Reference("tiny", {}, [])).problem
    assert problem is not None
    assert problem.endswith(f"it can't be opened {error}.")


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


def linking(course: TinyCourse, folder: Path) -> None:
    """Links to the course's secrets beside a right notebook, and a page of the student's own."""
    (folder / "secret.txt").symlink_to(course.root / ".course-secret")
    (folder / "suite.txt").symlink_to(course.root / "autograder/suites/01-tiny/test_linear.py")
    (folder / "solution.html").symlink_to(course.root / "source/01-tiny/tiny.py")
    (folder / "suites").symlink_to(course.root / "autograder/suites")
    (folder / "data.bin").symlink_to("/dev/zero")
    (folder / "extra.html").write_text("<script>alert(1)</script>")
    (folder / "mine.txt").write_text("my own notes")
    (folder / "words.csv").mkdir()
    (folder / "words.csv" / "x.txt").write_text("where a file of the lesson goes")


def crowding(course: TinyCourse, folder: Path) -> None:
    """Honest clutter: a link to nothing, a pipe, a socket, a folder named like the page, a file with no bytes on the disk."""
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with chdir(folder), socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    (folder / "tiny.html").mkdir()
    (folder / "tiny.html" / "x.txt").write_text("x")
    with (folder / "huge.bin").open("wb") as file:
        file.truncate(10 << 30)


def with_timestamp(make: Callable[[Path], object]) -> Callable[[TinyCourse, Path], None]:
    """A timestamp.txt that is none."""
    return lambda course, folder: make(folder / "timestamp.txt") and None


#: A right notebook, and beside it:
BESIDE: dict[str, Callable[[TinyCourse, Path], None]] = {
    "linking": linking,
    "crowding": crowding,
    "time-pipe": with_timestamp(os.mkfifo),
    "time-folder": with_timestamp(Path.mkdir),
    "time-words": with_timestamp(lambda file: file.write_text("the day before yesterday")),
    "time-bytes": with_timestamp(lambda file: file.write_bytes(b"\xff\xfe\0" * 50)),
    "time-far": with_timestamp(lambda file: file.write_text("9999-12-31 23:59:59.999999 -1200")),
    "time-link": with_timestamp(lambda file: file.symlink_to("/dev/zero")),
}


def hand_in_all(course: TinyCourse) -> TinyCourse:
    """A student for each trick, and one who does nothing special."""
    right, submitted = filled(course.released(), RIGHT), course.root / "submitted"
    for student in ("ada", *BESIDE, "mal\x1b]0;hostile\x07lory", "line\nbreak", "zed"):
        course.hand_in(student, RIGHT)
    for student, put in BESIDE.items():
        put(course, course.submitted(student))
    for name in (".ipynb_checkpoints", "99-other"):
        (submitted / "ada" / name).mkdir()
    write_notebook(course.submitted("naming") / f"{BITE}.ipynb", right)
    write_notebook(course.submitted("pointing") / "[click](javascript:alert(1)) `$x$`\n<b>.ipynb", right)
    with zipfile.ZipFile(course.submitted("zipping") / "all.zip", "w") as target:
        target.writestr(f"{BITE}/tiny.ipynb", json.dumps(right))
    (course.submitted("unreadable") / f"{BITE}.ipynb").write_text("nothing")
    (course.submitted("unzipped") / "all.zip").write_bytes(with_damaged_data(zipfile.ZIP_DEFLATED))
    (submitted / "borrowing").mkdir()
    (submitted / "borrowing" / "01-tiny").symlink_to(course.root / "solutions" / "01-tiny")
    (submitted / "shadowing").symlink_to(submitted / "zed")
    os.link(course.submitted("zed") / "tiny.ipynb", course.submitted("sharing") / "tiny.ipynb")
    return course


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course without submissions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter")))
        return build_course(tmp_path_factory.mktemp("folders") / "course").root


@pytest.fixture(scope="module")
def by_autograder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCourse, subprocess.CompletedProcess[str]]:
    """The class, graded by `autograder grade`, and what it said."""
    course = hand_in_all(TinyCourse(shutil.copytree(built, tmp_path_factory.mktemp("ours") / "course")))
    return course, course.autograder("grade")


@pytest.fixture(scope="module")
def by_nbgrader(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCourse, subprocess.CompletedProcess[str]]:
    """The class, graded by `nbgrader autograde` and `nbgrader generate_feedback`."""
    course = hand_in_all(TinyCourse(shutil.copytree(built, tmp_path_factory.mktemp("theirs") / "course")))
    done = course.nbgrader("autograde", "01-tiny")
    course.nbgrader("generate_feedback", "01-tiny")
    return course, done


@pytest.fixture(params=["autograder", "nbgrader"])
def graded(request: pytest.FixtureRequest) -> TinyCourse:
    """The class, once graded by each of the two commands."""
    course: TinyCourse = request.getfixturevalue(f"by_{request.param}")[0]
    return course


def words(course: TinyCourse, student: str) -> str:
    """The words of a feedback page."""
    text = re.sub(r"<(style|script).*?</\1>|<[^>]+>", "", course.page(student).read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(text))


def test_links_are_not_followed(graded: TinyCourse) -> None:
    """No secret of the course lies in a folder that goes back to the student."""
    files = [path for folder in ("autograded", "feedback") for path in (graded.root / folder).rglob("*") if path.is_file()]
    texts = [path.read_text(errors="replace") for path in files]
    assert files
    assert not [text[:80] for text in texts if SECRET in text or "left_hidden" in text or "BEGIN SOLUTION" in text]


def test_plain_files_are_kept_for_staff(graded: TinyCourse) -> None:
    """Staff find a student's own files beside the graded notebook, the lesson's files as they are, and nothing else."""
    kept = {path.name for path in graded.autograded("linking").parent.iterdir()}
    assert kept == {"tiny.ipynb", "words.csv", "LICENCES.md", "extra.html", "mine.txt"}
    assert {path.name for path in graded.autograded("crowding").parent.iterdir()} >= {"tiny.ipynb", "tiny.html"}
    assert not (graded.autograded("crowding").parent / "huge.bin").exists()


def test_feedback_holds_nothing_of_the_students(graded: TinyCourse) -> None:
    """Beside a page lie the lesson's own files only, and two of ours for nbgrader: the time of the submission, and a name for the page."""
    folders = [graded.page(student).parent for student in BESIDE]
    beside = {path.name for folder in folders for path in folder.iterdir()}
    assert beside == {"tiny.html", "words.csv", "LICENCES.md", "timestamp.txt", "submission_secret.txt"}
    assert {(folder / "timestamp.txt").read_bytes() for folder in folders} == {b""}
    assert all(re.fullmatch("[0-9a-f]{64}", (folder / "submission_secret.txt").read_text()) for folder in folders)


@pytest.mark.parametrize("student", ["ada", "zed", *BESIDE, "naming", "pointing", "zipping", "sharing"])
def test_right_work_has_its_points(graded: TinyCourse, student: str) -> None:
    """Whatever lies beside a right notebook, or beside its folder, costs nothing."""
    assert graded.scores(student) == FULL
    assert graded.page(student).is_file()


@pytest.mark.parametrize("student", [student for student in BESIDE if student.startswith("time")])
def test_a_wrong_timestamp_is_ignored(graded: TinyCourse, student: str) -> None:
    """A time that can't be read is no time, and a note says so."""
    assert "timestamp.txt does not hold the time of a submission; it was ignored." in words(graded, student)
    with graded.gradebook() as gradebook:
        assert gradebook.find_submission("01-tiny", student).timestamp is None


@pytest.mark.parametrize("student", ["naming", "zipping", "unreadable", "pointing"])
def test_names_of_files_are_text(graded: TinyCourse, student: str) -> None:
    """The name of a file is shown letter by letter."""
    page = graded.page(student).read_text()
    assert not re.search(r"<[^>]*onerror=|href=.javascript:", page)
    assert ("onerror=alert(1)" if student != "pointing" else "[click](javascript:alert(1)) '$x$'�<b>") in words(graded, student)


@pytest.mark.parametrize(("student", "folder"), [("borrowing", "01-tiny"), ("shadowing", "shadowing")])
def test_a_linked_folder_earns_nothing(graded: TinyCourse, student: str, folder: str) -> None:
    """A folder that is a link, to the solutions or to another's, is for a person to look at."""
    assert graded.scores(student) == UNGRADABLE
    assert graded.needs_a_person(student) == {True}
    assert f"The folder {folder} is a symbolic link, and links are not followed." in words(graded, student)


def test_a_broken_archive_costs_nobody_else(graded: TinyCourse) -> None:
    """It is ungradable by itself, and its page says why."""
    assert graded.scores("unzipped") == UNGRADABLE
    assert "tiny.ipynb can't be read as a notebook: it can't be opened (damaged data)." in words(graded, "unzipped")


def test_a_hard_link_is_told_to_staff(graded: TinyCourse) -> None:
    """A notebook that is another's too is graded, and staff read of it."""
    notes = json.loads(graded.autograded("sharing").read_bytes())["metadata"]["autograder"]["notes"]
    assert notes == ["For staff: `tiny.ipynb` is a hard link, the same file stands elsewhere under another name. Whose work is it?"]


def test_what_is_left_out_is_told(by_autograder: tuple[TinyCourse, subprocess.CompletedProcess[str]]) -> None:
    """A name of control characters and an unknown assignment: one line each, status 1, and not a word about hidden folders."""
    done = by_autograder[1]
    reason = "was left out: The name of the student's folder holds characters that are no text."
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        "autograder: submitted/ada/99-other was left out: 99-other is not in the grade book."
        " Run `autograder build` or `nbgrader generate_assignment` first.",
        f"autograder: submitted/line�break/01-tiny {reason}",
        f"autograder: submitted/mal�]0;hostile�lory/01-tiny {reason}",
    ]


def test_names_of_students_do_not_command_the_terminal(by_autograder: tuple[TinyCourse, subprocess.CompletedProcess[str]]) -> None:
    """No control character of a name is printed, and the table has a line for it."""
    assert "\x1b" not in by_autograder[1].stdout
    assert re.search(r"^line�break +ungradable", by_autograder[1].stdout, re.MULTILINE)


def test_nbgrader_is_told_too(by_nbgrader: tuple[TinyCourse, subprocess.CompletedProcess[str]]) -> None:
    """`nbgrader autograde` names the folders that it leaves out, and succeeds with all others."""
    assert by_nbgrader[1].returncode == 0
    assert "Traceback" not in by_nbgrader[1].stderr
    assert re.search(r"Left out.*submitted/line�break/01-tiny", by_nbgrader[1].stderr)


def test_an_unknown_assignment_that_is_asked_for_is_wrong_usage(
    by_autograder: tuple[TinyCourse, subprocess.CompletedProcess[str]],
) -> None:
    """Named on the command line, it is a mistake of the person who types."""
    done = by_autograder[0].autograder("grade", "99-other")
    assert done.returncode == 2
    assert "99-other is not in the grade book" in done.stderr


def test_a_folder_left_out_stands_in_the_report(by_autograder: tuple[TinyCourse, subprocess.CompletedProcess[str]]) -> None:
    """A machine reads of it as of any work for a person, and work that has not changed is not graded again."""
    lines = by_autograder[0].grade("--student", "ada", status=1)
    assert [(line["assignment"], line["exercise"], line["points"], line["outcome"]) for line in lines] == [
        ("99-other", "", None, "ungradable"),
        ("01-tiny", "linear", 60, "passed"),
        ("01-tiny", "square", 40, "passed"),
    ]


def test_a_fault_nobody_foresaw_is_one_students(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any exception over a folder makes that submission ungradable, and staff read its name."""
    monkeypatch.setattr(handed_in, "find_notebook", lambda *arguments: 1 / 0)
    notebook = handed_in.read_handed_in(tmp_path, Reference("tiny", {}, []))
    assert notebook["metadata"]["autograder"]["problem"] == "The grader stumbled over its files (ZeroDivisionError)."

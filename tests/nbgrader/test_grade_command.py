"""`autograder grade` as people and machines type it: its lines, its exit statuses, what it skips, and what survives a SIGKILL."""

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from .conftest import CopyOf
from .tiny import ASSIGNMENT, CHANGES_ITS_ARGUMENT, FULL, NOTHING, RIGHT, UNGRADABLE, TinyCourse, points_of, without_seconds

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader-grade-command")]

LINE = {"student", "assignment", "exercise", "points", "max_points", "outcome", "mistake", "message", "seconds", "tests"}
CLASS = {
    "ada": RIGHT,
    "boris": {},
    "chen": {"linear": CHANGES_ITS_ARGUMENT},
    "dalia": {**RIGHT, "square": "def square(x):\n    return x + x\n"},
    "emeka": {**RIGHT, "linear": "def linear(x, w, b):\n    raise SystemExit\n"},
    "farid": {**RIGHT, "square": "import os\ndef square(x):\n    os._exit(0)\n"},
}


def _hand_in_all(course: TinyCourse) -> TinyCourse:
    for student, answers in CLASS.items():
        course.hand_in(student, answers)
    return course


@pytest.fixture(scope="module")
def undisturbed(fresh_course: CopyOf) -> tuple[TinyCourse, list[dict[str, Any]]]:
    """The class, graded in one go by one worker, and the lines of its report."""
    course = _hand_in_all(fresh_course("undisturbed"))
    return course, course.grade("--jobs", "1")


@pytest.fixture(scope="module")
def small(fresh_course: CopyOf) -> TinyCourse:
    """Two students, graded."""
    course = fresh_course("small")
    course.hand_in("ada", RIGHT)
    course.hand_in("boris", {})
    course.grade()
    return course


def test_lines_have_the_promised_fields(undisturbed: tuple[TinyCourse, list[dict[str, Any]]]) -> None:
    """Each line has exactly the fields of the design, and so has each of its tests."""
    _, lines = undisturbed
    assert {frozenset(line) for line in lines} == {frozenset(LINE)}
    assert {frozenset(test) for line in lines for test in line["tests"]} == {frozenset({"name", "outcome", "message"})}


def test_one_line_for_each_student_and_exercise(undisturbed: tuple[TinyCourse, list[dict[str, Any]]]) -> None:
    """Students in order, exercises in the lesson's order, none twice."""
    _, lines = undisturbed
    assert [(line["student"], line["exercise"]) for line in lines] == [(student, name) for student in CLASS for name in FULL]


def test_outcomes_say_what_became_of_the_work(undisturbed: tuple[TinyCourse, list[dict[str, Any]]]) -> None:
    """Points and outcome of each kind of answer."""
    _, lines = undisturbed
    outcomes = {(line["student"], line["exercise"]): (line["outcome"], line["points"]) for line in lines}
    assert outcomes["ada", "linear"] == ("passed", 60)
    assert outcomes["chen", "linear"] == ("partial", 40)
    assert outcomes["dalia", "square"] == ("failed", 0)
    assert outcomes["farid", "linear"] == ("passed", 60)
    assert outcomes["farid", "square"] == ("crashed", 0)


def test_number_of_workers_changes_nothing(undisturbed: tuple[TinyCourse, list[dict[str, Any]]], fresh_course: CopyOf) -> None:
    """The same class gives the same lines with three workers as with one."""
    course = _hand_in_all(fresh_course("jobs"))
    assert without_seconds(course.grade("--jobs", "3")) == without_seconds(undisturbed[1])


def test_order_of_students_changes_nothing(undisturbed: tuple[TinyCourse, list[dict[str, Any]]], fresh_course: CopyOf) -> None:
    """A student who is graded alone gets the same report as in the class."""
    course = _hand_in_all(fresh_course("alone"))
    alone = course.grade("--student", "chen")
    assert without_seconds(alone) == without_seconds(line for line in undisturbed[1] if line["student"] == "chen")


def test_json_goes_into_a_file(small: TinyCourse) -> None:
    """With a file name the lines go there, and the table for people to the terminal."""
    done = small.autograder("grade", "--json", "lines.json")
    lines = [json.loads(line) for line in (small.root / "lines.json").read_text().splitlines()]
    assert points_of(lines) == {"ada": FULL, "boris": NOTHING}
    assert "ada      100 / 100" in done.stdout


def test_second_run_grades_nothing(small: TinyCourse) -> None:
    """Work that has not changed is left alone: the files keep their bytes and times, and the lines are the same."""
    before = {path: path.stat().st_mtime_ns for path in (small.autograded("ada"), small.page("ada"))}
    first, second = small.grade(), small.grade()
    assert first == second
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_only_changed_work_is_graded_again(fresh_course: CopyOf, small: TinyCourse) -> None:
    """One student hands in again: one is graded, the others' notebooks stay untouched."""
    course = fresh_course("changed")
    course.hand_in("ada", RIGHT)
    course.hand_in("boris", {})
    course.grade()
    kept = course.autograded("ada").stat().st_mtime_ns
    course.hand_in("boris", {"square": RIGHT["square"]})
    assert "1 graded, 1 unchanged since the last run" in course.autograder("grade").stdout
    assert course.scores("boris") == {"linear": 0, "square": 40}
    assert course.autograded("ada").stat().st_mtime_ns == kept


@pytest.mark.parametrize("command", ["autograder", "nbgrader"])
def test_a_changed_file_beside_is_graded_again(fresh_course: CopyOf, command: str) -> None:
    """What the notebook imports from beside it is part of the work, for both commands alike."""
    course = fresh_course(f"beside-{command}")
    course.hand_in("ada", {**RIGHT, "square": "from helper import times\n\ndef square(x):\n    return times(x, x)\n"})
    helper = course.submitted("ada") / "helper.py"
    for sign, points in (("+", 0), ("*", 40)):
        helper.write_text(f"def times(x, y):\n    return x {sign} y\n")
        done = course.nbgrader("autograde", ASSIGNMENT, "--force") if command == "nbgrader" else course.autograder("grade")
        assert done.returncode == 0
        assert course.scores("ada") == {"linear": 60, "square": points}
    assert "0 graded, 1 unchanged" in course.autograder("grade").stdout
    assert "times" not in json.dumps(json.loads(course.autograded("ada").read_bytes())["metadata"])


STRAYS = {
    "anna/tiny.ipynb": "It lies in no assignment's folder. Put it into a folder called 01-tiny.",
    "bert/01-tiny.zip": "It lies in no assignment's folder. Put it into a folder called 01-tiny.",
    "carl/01-tiny": "It is a file where a folder should be. Put the notebook into a folder of this name.",
    "cora/work.zip": "It lies in no assignment's folder. Put it into the one of its assignment.",
    "dora/01-Tiny/tiny.ipynb": "No assignment is called so. If 01-tiny is meant, give the folder that name.",
    "emil/01_tiny/tiny.ipynb": "No assignment is called so. If 01-tiny is meant, give the folder that name.",
    "fritz/01-tiny (1)/tiny.ipynb": "No assignment is called so. If 01-tiny is meant, give the folder that name.",
    "gina/notes.txt": None,
}


@pytest.fixture(scope="module")
def strays(fresh_course: CopyOf) -> TinyCourse:
    """A right submission, and work that lies elsewhere than in its assignment's folder."""
    course = fresh_course("strays")
    course.hand_in("ada", RIGHT)
    for name in STRAYS:
        path = course.root / "submitted" / name
        path.parent.mkdir(parents=True)
        path.write_bytes((course.submitted("ada") / "tiny.ipynb").read_bytes())
    (course.root / "submitted" / "gina" / "loop").symlink_to("loop")
    return course


def test_work_in_no_assignments_folder_is_told(strays: TinyCourse) -> None:
    """Each is named, with what to do, and none is counted as graded."""
    done = strays.autograder("grade")
    assert done.returncode == 1
    places = {name.removesuffix("/tiny.ipynb") if name.count("/") == 2 else name: reason for name, reason in STRAYS.items() if reason}
    assert sorted(done.stderr.splitlines()) == [f"autograder: submitted/{place} was left out: {places[place]}" for place in sorted(places)]
    assert "1 graded, 0 unchanged since the last run, 7 left out" in done.stdout
    assert "dora, 01-tiny: 01-Tiny was left out: No assignment is called so." in done.stdout
    assert "gina" not in done.stdout


def test_left_out_work_is_picked_like_any_other(strays: TinyCourse) -> None:
    """By its student, and by the assignment that it seems to be for; it is for a person to look at."""
    lines = strays.grade(ASSIGNMENT, "--student", "anna", "--student", "cora", status=1)
    assert [(line["student"], line["assignment"], line["points"], line["outcome"]) for line in lines] == [
        ("anna", ASSIGNMENT, None, "ungradable")
    ]


def test_changed_suite_grades_everybody_again(fresh_course: CopyOf) -> None:
    """When the hidden tests change, yesterday's points no longer stand."""
    course = fresh_course("suite")
    course.hand_in("ada", RIGHT)
    course.grade()
    suite = course.root / "autograder" / "suites" / ASSIGNMENT / "test_square.py"
    suite.write_text(suite.read_text().replace("vector_hidden**2", "vector_hidden**3"))
    assert points_of(course.grade()) == {"ada": {"linear": 60, "square": 0}}


def _delete(page: Path, notebook: Path) -> None:
    page.unlink()


def _cut_off(page: Path, notebook: Path) -> None:
    page.write_bytes(page.read_bytes()[:5000])


def _from_an_earlier_grading(page: Path, notebook: Path) -> None:
    page.write_text("<html>an older page</html>")
    os.utime(page, ns=(0, notebook.stat().st_mtime_ns - 1))


@pytest.mark.parametrize("harm", [_delete, _cut_off, _from_an_earlier_grading])
def test_page_is_made_good(small: TinyCourse, harm: Callable[[Path, Path], None]) -> None:
    """A run killed after grading leaves a page missing, cut off or old: the next run writes it, and grades nothing anew."""
    whole = small.page("ada").read_text()
    harm(small.page("ada"), small.autograded("ada"))
    assert "0 graded, 2 unchanged" in small.autograder("grade").stdout
    assert small.page("ada").read_text() == whole


def test_student_option_picks(fresh_course: CopyOf) -> None:
    """`--student` grades the named students and nobody else."""
    course = _hand_in_all(fresh_course("picked"))
    assert points_of(course.grade(ASSIGNMENT, "--student", "ada", "--student", "boris")) == {"ada": FULL, "boris": NOTHING}
    assert {path.name for path in (course.root / "autograded").iterdir()} == {"ada", "boris"}


def test_work_for_a_person_is_status_1(fresh_course: CopyOf) -> None:
    """One unreadable file: status 1, its points are null, and the rest of the class is graded."""
    course = fresh_course("person")
    course.hand_in("ada", RIGHT)
    (course.submitted("ines") / "tiny.ipynb").write_text("no notebook")
    assert points_of(course.grade(status=1)) == {"ada": FULL, "ines": UNGRADABLE}


@pytest.mark.parametrize("folder", ["autograded", "feedback"])
def test_one_folder_in_the_way_stops_nobody_else(fresh_course: CopyOf, folder: str) -> None:
    """Where nbgrader cannot write one student's results, that student's are for a person, and the others have points and pages."""
    course = fresh_course(f"in-the-way-{folder}")
    for student in ("ada", "boris", "chen"):
        course.hand_in(student, RIGHT)
    (course.root / folder).mkdir()
    (course.root / folder / "boris").write_text("a file where a folder should be")
    lines = course.grade(status=1)
    assert points_of(lines) == {"ada": FULL, "boris": UNGRADABLE, "chen": FULL}
    assert all("nbgrader could not" in line["message"] for line in lines if line["student"] == "boris")
    assert sorted(path.parts[-3] for path in course.root.glob(f"feedback/*/{ASSIGNMENT}/*.html")) == ["ada", "chen"]


def test_broken_suite_costs_nobody_points(fresh_course: CopyOf) -> None:
    """A hidden test that fails by itself is the course's fault: status 1, no points taken, and the student reads no reason of ours."""
    course = fresh_course("broken-suite")
    course.hand_in("ada", RIGHT)
    suite = course.root / "autograder" / "suites" / ASSIGNMENT / "test_square.py"
    suite.write_text(suite.read_text().replace("vector_hidden**2", "vector_hidden @ secret_matrix"))
    assert points_of(course.grade(status=1)) == {"ada": {"linear": 60, "square": None}}
    assert course.needs_a_person("ada") == {True, False}
    assert "secret_matrix" not in course.page("ada").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["99-none"], "Nothing was submitted for the assignment 99-none. There is work for 01-tiny."),
        (["--student", "zoe"], "Nothing was submitted for the student zoe. There is work for ada, boris."),
        (["--jobs", "0"], "'--jobs'"),
        (["--colour"], "--colour"),
        (["--course", ".."], "has no nbgrader_config.py"),
    ],
    ids=["assignment", "student", "jobs", "option", "course"],
)
def test_wrong_usage_is_status_2(small: TinyCourse, arguments: list[str], says: str) -> None:
    """Wrong usage ends with status 2 and one message that says what there is, without a traceback."""
    done = small.autograder("grade", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_submitted_is_status_2(built: TinyCourse) -> None:
    """An empty course is no success: the message says how work gets there."""
    done = built.autograder("grade")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nbgrader collect" in done.stderr


def test_unreleased_assignment_is_status_2(fresh_course: CopyOf) -> None:
    """Work for an assignment that the grade book does not know names the command that is missing."""
    course = fresh_course("unreleased")
    (course.root / "gradebook.db").unlink()
    course.hand_in("ada", RIGHT)
    done = course.autograder("grade")
    assert done.returncode == 2
    assert "Run `autograder build` or `nbgrader generate_assignment` first." in done.stderr


@pytest.mark.parametrize("notebooks", [1, 3, len(CLASS)])
def test_killed_run_can_be_taken_up_again(
    undisturbed: tuple[TinyCourse, list[dict[str, Any]]], fresh_course: CopyOf, notebooks: int
) -> None:
    """SIGKILL when some notebooks are graded, and a second run: points, reports and pages equal those of an undisturbed run."""
    whole, lines = undisturbed
    course = _hand_in_all(fresh_course("killed"))
    started = _start_and_kill(course, notebooks)
    assert not course.page("farid").is_file(), "the run had finished before it was killed"
    assert _left_after(started, seconds=20) == []
    assert without_seconds(course.grade()) == without_seconds(lines)
    for student in CLASS:
        assert course.scores(student) == whole.scores(student)
        assert course.page(student).read_text() == whole.page(student).read_text()


def _start_and_kill(course: TinyCourse, notebooks: int) -> list[int]:
    """Kills a run once so many notebooks have their report; the ids of all its processes at that moment."""
    run = course.start("grade", "--jobs", "2")
    try:
        deadline = time.monotonic() + 120
        while len(_graded(course)) < notebooks and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        return [run.pid, *_descendants(run.pid)]
    finally:
        run.kill()
        run.wait()


def _graded(course: TinyCourse) -> list[Path]:
    """The autograded notebooks that hold a report; nbgrader writes each twice."""
    return [path for path in (course.root / "autograded").glob("*/*/tiny.ipynb") if b'"fingerprint"' in path.read_bytes()]


def _left_after(pids: Sequence[int], seconds: float) -> list[int]:
    """The processes that still run after so many seconds; they are ended."""
    assert len(pids) >= 2, "there was no worker that could be left behind"
    deadline = time.monotonic() + seconds
    while any(map(_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    left = [pid for pid in pids if _alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        # Workers are started by the pool's threads, and belong to these.
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split() if int(child) not in children]
    except OSError:
        return []
    return children + [grandchild for child in children for grandchild in _descendants(child)]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

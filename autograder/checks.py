"""The checks of the build: an assignment's lesson and files in, a sentence for each law of the course it breaks out."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.lesson import BEGIN_HIDDEN, BEGIN_SOLUTION, CAPSTONE, END_HIDDEN, END_SOLUTION, Cell, Lesson
from autograder.places import LICENCES, Places

__all__ = ["find_problems", "list_stubs"]

_POINTS = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{0,58}")
_HEADING = re.compile(r"^#+ Exercise.*$", re.MULTILINE)
_STUB_IN_SCRIPT = re.compile(r"""^# %%.*\bexercise=["'](\w+)["']""", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s\"')]*")


def find_problems(places: Places, lesson: Lesson, elsewhere: Mapping[str, str]) -> list[str]:
    """What must be put right before the assignment can be built, with where and how; an empty list if nothing.

    `elsewhere` maps the exercises of the course's other assignments to these assignments.
    """
    found = (
        *_check_names(lesson, elsewhere),
        *_check_pairs(lesson),
        *_check_points(lesson),
        *_check_markers(lesson),
        *_check_headings(lesson),
        *_check_code(lesson),
        *_check_suite(places, lesson),
        *_check_files(places),
    )
    return [f"{places.script.relative_to(places.course)}: {problem}" for problem in found]


def list_stubs(script: str) -> list[str]:
    """The names of the exercises in a script, read without judging the rest of it."""
    return _STUB_IN_SCRIPT.findall(script)


def _check_names(lesson: Lesson, elsewhere: Mapping[str, str]) -> Iterator[str]:
    for name in lesson.exercises:
        if not _NAME.fullmatch(name):
            yield f"the exercise «{name}» needs a name of small letters, digits and underscores, 59 at most"
        if name in elsewhere:
            yield f"the exercise `{name}` is also in {elsewhere[name]}: rename one of the two"
    for name in sorted({name for name in lesson.exercises if lesson.exercises.count(name) > 1}):
        yield f"the exercise `{name}` has {lesson.exercises.count(name)} stubs: leave one"


def _check_pairs(lesson: Lesson) -> Iterator[str]:
    """Each stub is followed by its own grade cell before the next stub."""
    waiting: str | None = None
    for cell in lesson.cells:
        if cell.name and cell.kind != "code":
            yield f"`{cell.name}` is a text cell, and no text is graded: make it code, without [{cell.kind}]"
        elif cell.exercise:
            if waiting:
                yield _no_grade_cell(waiting)
            waiting = cell.exercise
        elif cell.test:
            if cell.test != waiting:
                yield f'the grade cell of `{cell.test}` must come next after its stub: put it below # %% exercise="{cell.test}"'
            waiting = None if cell.test == waiting else waiting
    if waiting:
        yield _no_grade_cell(waiting)


def _no_grade_cell(name: str) -> str:
    return f'the exercise `{name}` has no grade cell after it: add a cell # %% test="{name}" points=… before the next stub'


def _check_points(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.cells:
        if cell.test and not (cell.points and cell.points > 0):
            yield f"the grade cell of `{cell.test}` has no points: write points=… into its # %% line"
    if lesson.points != _POINTS:
        yield f"the points add up to {lesson.points}, not {_POINTS}: change points= in the grade cells"


def _check_markers(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.cells:
        if BEGIN_HIDDEN in cell.source or END_HIDDEN in cell.source:
            yield f"the cell «{_title(cell)}» has a hidden-tests marker: hidden tests belong into the suite"
        markers = re.findall(f"{BEGIN_SOLUTION}|{END_SOLUTION}", cell.source)
        if markers and not cell.exercise:
            yield f"the cell «{_title(cell)}» has solution markers but is no stub: students would see what stands between"
        elif markers != [BEGIN_SOLUTION, END_SOLUTION] * (len(markers) // 2):
            yield f"the stub `{cell.exercise}` has unbalanced markers: each ### {BEGIN_SOLUTION} needs its ### {END_SOLUTION}"
        elif cell.exercise and not markers:
            yield f"the stub `{cell.exercise}` has no solution between ### {BEGIN_SOLUTION} and ### {END_SOLUTION}: mark it"


def _check_headings(lesson: Lesson) -> Iterator[str]:
    """The last exercise heading above each stub names it and its points."""
    points = {cell.test: cell.points for cell in lesson.cells}
    heading = ""
    for cell in lesson.cells:
        if cell.kind == "markdown":
            heading = (_HEADING.findall(cell.source) or [heading])[-1]
        elif cell.exercise:
            due = re.compile(rf"`{re.escape(cell.exercise)}`.*\({points.get(cell.exercise)} points?\)")
            if not due.search(heading):
                wanted = f"## Exercise … · `{cell.exercise}` ({points.get(cell.exercise)} points)"
                yield f"above the stub `{cell.exercise}` stands the heading «{heading}»: make it «{wanted}»"


def _check_code(lesson: Lesson) -> Iterator[str]:
    code = [cell for cell in lesson.cells if cell.kind == "code"]
    if not any(CAPSTONE in cell.tags for cell in code):
        yield f'no cell is tagged as the capstone: write # %% tags=["{CAPSTONE}"] above the long run'
    for cell in code:
        if CAPSTONE in cell.tags and (cell.exercise or cell.test):
            yield f"the cell `{cell.name}` is tagged {CAPSTONE}, so it would not be run: tag only the long run"
        for address in _ADDRESS.findall(cell.source):
            yield f"the code cell «{_title(cell)}» holds {address}: put links into text cells, a lesson downloads nothing"


def _check_suite(places: Places, lesson: Lesson) -> Iterator[str]:
    """Every exercise has its hidden suite and every suite its exercise."""
    folder = Path("autograder", "suites", places.assignment)
    tested = {path.stem.removeprefix("test_") for path in places.suite.glob("test_*.py")}
    for name in dict.fromkeys(lesson.exercises):
        if name not in tested:
            yield f"the exercise `{name}` has no hidden suite: write {folder / f'test_{name}.py'}"
    for name in sorted(tested - set(lesson.exercises)):
        yield f"{folder / f'test_{name}.py'} tests no exercise of this lesson: rename or remove it"


def _check_files(places: Places) -> Iterator[str]:
    """Each file that students get beside the notebook has a line in LICENCES.md."""
    licences = places.source / LICENCES
    lines = licences.read_text(encoding="utf-8") if licences.is_file() else ""
    for path in places.released_files():
        name = path.relative_to(places.source).as_posix()
        if path.suffix == ".ipynb":
            yield f"{name} stands beside {places.notebook.name} and would be released too: remove it"
        elif path != licences and not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", lines):
            yield f"{name} has no line in {LICENCES}: write there its source, licence and what was changed"


def _title(cell: Cell) -> str:
    return cell.name or cell.source.strip().split("\n", 1)[0][:60]

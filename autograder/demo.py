"""A small class of believable submissions, made from the lessons and their mistake catalogues, in a course folder of its own."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from autograder.catalogue import Mistake, read_catalogue
from autograder.errors import CourseError
from autograder.lesson import Lesson, topic_of
from autograder.places import PACKAGED_SUITES, Places, list_assignments
from autograder.source import parse_script

__all__ = ["make_demo"]

Progress = Callable[[str, str, str], None]
Answers = Mapping[str, str]
MARKER: Final = ".autograder-demo"

PEOPLE: Final = {
    "ada": "everything solved",
    "boris": "handed in untouched",
    "chen": "the first half solved",
    "dalia": "one typical mistake",
    "emeka": "another typical mistake",
    "farid": "a typical mistake in every exercise",
    "greta": "a syntax error in one cell",
    "hugo": "a loop that never ends",
    "ines": "not a notebook at all",
    "jonas": "solved, in another style",
    "kim": "tries to fool the grader",
}
#: In a course of more assignments than this not everybody hands in everything.
SHORT_COURSE: Final = 3
FOOLING: Final = """\
import numpy as np

class Right(np.ndarray):
    def __new__(cls):
        return np.zeros(()).view(cls)

    def __eq__(self, other):
        return True

    def __array_ufunc__(self, *arguments, **keywords):
        return self

np.testing.assert_allclose = np.allclose = lambda *arguments, **keywords: True
"""


def make_demo(course: Path, into: Path, *, progress: Progress = lambda assignment, student, step: None) -> dict[str, str]:
    """Makes the class in the folder `into` (replacing an earlier one) and returns what each student handed in.

    Raises `CourseError` rather than touch a folder that is not an earlier demo, or the course itself.
    """
    if not (course / "nbgrader_config.py").is_file():
        raise CourseError(f"{course.resolve()} has no nbgrader_config.py, so it is no course folder. Name the course's own with --course.")
    here, there = course.resolve(), into.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here / "source"):
        raise CourseError(f"{into} is the course itself, or stands in its source folder. Name another folder with --into.")
    if into.exists() and any(into.iterdir()) and not (into / MARKER).is_file():
        raise CourseError(f"{into} is not empty and not an earlier demo. Name another folder with --into, or remove it.")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    (into / MARKER).touch()
    shutil.copy(course / "nbgrader_config.py", into)
    shutil.copytree(course / "source", into / "source")
    suites = Path("autograder", "suites")
    if (course / suites).is_dir() and not (course / suites).samefile(PACKAGED_SUITES):
        shutil.copytree(course / suites, into / suites)
    assignments = list_assignments(into)
    from autograder.nbgrader.generate import Generator  # takes seconds

    generator = Generator(into)
    for number, assignment in enumerate(assignments):
        progress(assignment, "", "release")
        generator.write_assignment(assignment, into / "assignments")
        _hand_in(Places(into, assignment), _who_hands_in(number, len(assignments)))
    return dict(PEOPLE)


def _who_hands_in(number: int, assignments: int) -> set[str]:
    """Ada always, the others all in a short course, in a longer one by turns."""
    return {name for place, name in enumerate(PEOPLE) if place == 0 or assignments <= SHORT_COURSE or (place + number) % 2}


def _hand_in(places: Places, people: set[str]) -> None:
    lesson = parse_script(places.script.read_text(encoding="utf-8"))
    solutions = {cell.exercise: "\n".join(line for line, _ in cell.lines()) for cell in lesson.cells if cell.exercise}
    release = json.loads((places.release / places.notebook.name).read_text(encoding="utf-8"))
    for student, answers in _answers(places, lesson, solutions).items():
        if student not in people:
            continue
        folder = places.course / "submitted" / student / places.assignment
        folder.mkdir(parents=True)
        (folder / places.notebook.name).write_text(_filled(release, answers), encoding="utf-8")
    if "ines" in people:
        broken = places.course / "submitted" / "ines" / places.assignment
        broken.mkdir(parents=True)
        (broken / f"{topic_of(places.assignment)}.ipynb").write_text("Dear course team, my laptop broke. Here is a photo instead: (JFIF)\n")


def _answers(places: Places, lesson: Lesson, solutions: dict[str, str]) -> dict[str, Answers]:
    """What each student wrote into the stubs."""
    exercises = lesson.exercises
    mistakes, styles = read_catalogue(places.suite)
    first = {exercise: [m for m in mistakes if m.exercise == exercise] for exercise in exercises}
    wrong = [group[0] for group in first.values() if group]
    middle = exercises[len(exercises) // 2]
    return {
        "ada": solutions,
        "boris": {},
        "chen": {name: solutions[name] for name in exercises[: len(exercises) // 2]},
        "dalia": solutions | _made(wrong[1:2] or wrong[:1], solutions),
        "emeka": solutions | _made([group[1] for group in first.values() if len(group) > 1][-2:-1], solutions),
        "farid": solutions | _made(wrong, solutions),
        "greta": solutions | {middle: solutions[middle].rstrip() + "\n    return (\n"},
        "hugo": solutions | {middle: _endless(solutions[middle])},
        "jonas": solutions | {style.exercise: style.apply(solutions[style.exercise]) for style in reversed(styles)},
        "kim": {name: _fooling(solution) for name, solution in solutions.items()},
    }


def _made(mistakes: list[Mistake], solutions: dict[str, str]) -> dict[str, str]:
    return {mistake.exercise: mistake.apply(solutions[mistake.exercise]) for mistake in mistakes}


def _endless(solution: str) -> str:
    """The solution with a loop that never ends before its last return."""
    head, _, tail = solution.rpartition("return ")
    indent = head.rpartition("\n")[2]
    return f"{head}while True:\n{indent}    pass\n{indent}return {tail}"


def _fooling(solution: str) -> str:
    """The names that the exercise asks for, all of them an object that claims to equal whatever it is compared with."""
    names = re.findall(r"^(?:def|class) (\w+)", solution, re.MULTILINE)
    return FOOLING + "\n".join(f"{name} = lambda *arguments, **keywords: Right()" for name in names) + "\n"


def _filled(release: dict[str, object], answers: Answers) -> str:
    notebook = json.loads(json.dumps(release))
    for cell in notebook["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]]
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"

"""The build: the scripts of the course's assignments in; what students get, and its solutions, out."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from autograder.checks import find_problems, list_stubs
from autograder.errors import CourseError
from autograder.leaks import collect_secrets, find_leaks
from autograder.lesson import Lesson
from autograder.places import Places, list_assignments
from autograder.source import parse_notebook
from autograder.sync import Keep, sync

if TYPE_CHECKING:
    from autograder.nbgrader.generate import Generator

__all__ = ["Built", "audit", "build", "check"]

Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class Built:
    """What the build did for one assignment: the files that changed, and whether it had to run the solution."""

    assignment: str
    changed: tuple[Path, ...]
    executed: bool


def build(
    course: Path,
    assignments: Sequence[str] = (),
    *,
    keep: Keep = Keep.NEWER_SCRIPT,
    rerun: bool = False,
    progress: Progress = lambda assignment, step: None,
) -> list[Built]:
    """Builds the assignments (all of the course if none are named) and registers them in the grade book.

    A solution is run only if its cells or data changed, or with `rerun`. `progress` is told each assignment and step.
    Raises CourseError, with every problem found, before anything in assignments/ or solutions/ is touched.
    """
    names = tuple(assignments) or list_assignments(course)
    _refuse_unknown(course, names)
    synced = _sync_and_check(course, names, keep, progress)
    from autograder.nbgrader.generate import Generator  # takes seconds, so not before the checks have passed

    generator = Generator(course)
    return [_build_one(Places(course, name), generator, synced[name], rerun, progress) for name in names]


def check(course: Path, assignment: str) -> list[str]:
    """The problems of one assignment as its notebook stands; an empty list if it can be built."""
    scripts = {name: Places(course, name).script for name in list_assignments(course) if name != assignment}
    elsewhere = {
        stub: name for name, script in scripts.items() if script.is_file() for stub in list_stubs(script.read_text(encoding="utf-8"))
    }
    places = Places(course, assignment)
    return find_problems(places, _read_lesson(places), elsewhere)


def audit(course: Path, assignment: str, release: Path) -> list[str]:
    """The leaks in a folder that is meant for students; an empty list if it is clean."""
    places = Places(course, assignment)
    return find_leaks(release, collect_secrets(_read_lesson(places), places.suite_files(), (course.resolve(),)))


def _refuse_unknown(course: Path, names: Sequence[str]) -> None:
    known = list_assignments(course)
    if not known:
        raise CourseError(f"{course / 'source'} holds no assignment: make a folder there such as source/01-topic.")
    if unknown := [name for name in names if name not in known]:
        raise CourseError(f"There is no assignment {', '.join(unknown)} in source/. Choose from {', '.join(known)}.")


def _sync_and_check(course: Path, names: Sequence[str], keep: Keep, progress: Progress) -> dict[str, tuple[Path, ...]]:
    """The files that the scripts and notebooks needed; raises one CourseError with all problems of all assignments."""
    synced: dict[str, tuple[Path, ...]] = {}
    problems: list[str] = []
    for name in names:
        progress(name, "check")
        places = Places(course, name)
        try:
            synced[name] = sync(places.script, places.notebook, keep)
            problems += check(course, name)
        except CourseError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise CourseError("The course cannot be built.\n" + "\n".join(f"- {problem}" for problem in problems))
    return synced


def _build_one(places: Places, generator: "Generator", synced: tuple[Path, ...], rerun: bool, progress: Progress) -> Built:
    name = places.assignment
    with TemporaryDirectory() as folder:
        staging = Path(folder)
        progress(name, "release")
        generator.write_assignment(name, staging / "assignments")
        release = staging / "assignments" / name
        _refuse_leaks(places, release)
        progress(name, "solution")
        solution, executed = _solve(places, generator, staging, rerun)
        changed = (*synced, *_mirror(release, places.release), *_mirror(solution, places.solution))
    return Built(name, changed, executed)


def _refuse_leaks(places: Places, release: Path) -> None:
    if leaks := audit(places.course, places.assignment, release):
        listing = "\n".join(f"- {leak}" for leak in leaks)
        raise CourseError(f"{places.assignment}: students would see secrets; nothing was released.\n{listing}")


def _solve(places: Places, generator: "Generator", staging: Path, rerun: bool) -> tuple[Path, bool]:
    """The folder with the executed solution, and whether it was run; the present one is kept if nothing changed."""
    generator.write_solution(places.assignment, staging / "unexecuted", execute=False)
    unexecuted = staging / "unexecuted" / places.assignment
    if not rerun and places.solution.is_dir() and _contents(places.solution) == _contents(unexecuted):
        return places.solution, False
    generator.write_solution(places.assignment, staging / "solutions", execute=True)
    return staging / "solutions" / places.assignment, True


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file in the folder, notebooks as they are before they are run."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _without_outputs(path) for path in files}


def _without_outputs(path: Path) -> bytes:
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return json.dumps(notebook, sort_keys=True).encode()


def _mirror(staged: Path, target: Path) -> tuple[Path, ...]:
    """Makes `target` hold exactly the staged files, and returns those it had to write or remove."""
    wanted = {path.relative_to(staged) for path in staged.rglob("*") if path.is_file()}
    present = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    stale = present - wanted
    new = {name for name in wanted - present} | {
        name for name in wanted & present if (staged / name).read_bytes() != (target / name).read_bytes()
    }
    for name in stale:
        (target / name).unlink()
    for name in new:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(staged / name, target / name)
    return tuple(target / name for name in sorted(stale | new))


def _read_lesson(places: Places) -> Lesson:
    return parse_notebook(places.notebook.read_text(encoding="utf-8"))

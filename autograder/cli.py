"""The command line: words and options in, a call of the module that does the work, tables and exit statuses out."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from autograder.errors import AutograderError, MachineError

if TYPE_CHECKING:
    from autograder.nbgrader.class_run import Graded

__all__ = ["main"]

NEEDS_A_PERSON: Final = 1
WRONG_USAGE: Final = 2
COURSE = click.option(
    "--course", type=click.Path(path_type=Path, file_okay=False), default=Path(), show_default="this folder", help="The course folder."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="transformer-course-autograder")
def main() -> None:
    """Builds the assignments of the course, grades what students hand in, and says what it can promise on this machine."""


@main.command()
@click.argument("assignments", nargs=-1)
@click.option("--from-script", "keep", flag_value="SCRIPT", help="Where script and notebook differ, the script is right.")
@click.option("--from-notebook", "keep", flag_value="NOTEBOOK", help="Where script and notebook differ, the notebook is right.")
@click.option("--rerun", is_flag=True, help="Run the solutions again even if nothing changed.")
@COURSE
def build(assignments: Sequence[str], keep: str | None, rerun: bool, course: Path) -> None:
    """Makes assignments/ and solutions/ from source/, and refuses a course that breaks a law."""
    from autograder.build import build as build_course
    from autograder.sync import Keep

    with _faults(), _progress("building") as step:
        built = build_course(course, assignments, keep=Keep[keep] if keep else Keep.NEWER_SCRIPT, rerun=rerun, progress=step)
    for item in built:
        changes = f"{len(item.changed)} files written" if item.changed else "nothing to do"
        click.echo(f"{item.assignment}: {changes}{', solution run' if item.executed else ''}")


@main.command()
@click.argument("assignments", nargs=-1)
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this student; may be given more than once.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Worker processes.")
@click.option(
    "--json", "json_file", type=click.File("w"), help="One JSON object a line for each student and exercise; - for standard output."
)
@COURSE
def grade(assignments: Sequence[str], students: Sequence[str], jobs: int, json_file: Any, course: Path) -> None:
    """Grades the submissions into nbgrader's grade book, autograded notebooks and feedback pages.

    What has not changed since it was graded is left as it is. Safe to interrupt and to run again.
    """
    from autograder.nbgrader.class_run import grade_class

    with _faults(), _progress("grading") as step:
        graded = grade_class(course, assignments, students, workers=jobs, progress=step)
    if json_file:
        for line in (line for item in graded for line in item.lines):
            json_file.write(json.dumps(line, ensure_ascii=False) + "\n")
    if not _is_standard_output(json_file):
        _show_class(graded, course)
    sys.exit(_status(graded))


@main.command()
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Worker processes.")
@click.option("--json", "json_file", type=click.File("w"), help="As in `autograder grade`.")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"), show_default=True, help="The folder to make it in."
)
@COURSE
def demo(jobs: int, json_file: Any, into: Path, course: Path) -> None:
    """Makes a small class of believable submissions in a folder of its own, and grades it through nbgrader."""
    from autograder.demo import make_demo
    from autograder.nbgrader.class_run import grade_class

    with _faults(), _progress("demo") as step:
        people = make_demo(course, into, progress=step)
        graded = grade_class(into, workers=jobs, progress=step)
    if json_file:
        for line in (line for item in graded for line in item.lines):
            json_file.write(json.dumps(line, ensure_ascii=False) + "\n")
    if not _is_standard_output(json_file):
        _show_class(graded, into, people)
    # A demo has submissions that need a person on purpose: that is no failure of the command.


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each layer.")
def doctor(as_json: bool) -> None:
    """Tries out which isolation layers work on this machine, and says what is missing and how to get it."""
    from autograder.doctor import examine

    with _faults():
        findings = examine()
    for finding in findings:
        if as_json:
            click.echo(json.dumps({"layer": finding.layer, "active": finding.active, "detail": finding.detail}))
        else:
            click.echo(f"{'active ' if finding.active else 'MISSING'}  {finding.layer}: {finding.detail}")


@contextmanager
def _faults() -> Iterator[None]:
    """Turns this package's exceptions into one readable line and the exit status for it."""
    try:
        yield
    except AutograderError as error:
        click.echo(f"autograder: {error}", err=True)
        sys.exit(NEEDS_A_PERSON if isinstance(error, MachineError) else WRONG_USAGE)


@contextmanager
def _progress(verb: str) -> Iterator[Callable[..., None]]:
    """A spinner with the current step on a terminal; elsewhere nothing, for logs are read by people too."""
    if not sys.stderr.isatty():
        yield lambda *step: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(verb) as status:
        yield lambda *step: status.update(Text(f"{verb}: {' · '.join(map(str, step))}"))  # a name in brackets is no markup


def _is_standard_output(file: Any) -> bool:
    # click wraps standard output, so that it is not closed: it is not `sys.stdout` itself.
    return file is not None and file.name == "<stdout>"


def _show_class(graded: "Sequence[Graded]", course: Path, people: dict[str, str] | None = None) -> None:
    from autograder.overview import render_class, render_reasons

    click.echo(render_class(graded, people or {}))
    if reasons := render_reasons(graded):
        click.echo("\nfor a person to look at:")
    for reason in reasons:
        click.echo(f"  {reason}")
    click.echo(f"\ngrade book: {course / 'gradebook.db'}")
    pages = [item.feedback for item in graded if item.feedback.is_file()]
    if pages:
        telling = next(
            (item.feedback for item in graded if any(0 < (line["points"] or 0) < line["max_points"] for line in item.lines)), pages[0]
        )
        click.echo(f"a feedback page: {telling}")
    anew, left_out = sum(item.anew for item in graded), sum(item.left_out for item in graded)
    unchanged = f"{len(graded) - anew - left_out} unchanged since the last run"
    click.echo(f"{anew} graded, {unchanged}" + f", {left_out} left out" * bool(left_out))


def _status(graded: "Sequence[Graded]") -> int:
    return NEEDS_A_PERSON if any(line["outcome"] == "ungradable" for item in graded for line in item.lines) else 0

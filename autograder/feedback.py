"""Reports → what a student reads in a grade cell: HTML for the feedback page, plain text for everything else."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from autograder.model import ExerciseReport, Failure, Outcome, TestResult

__all__ = ["render_html", "render_output", "render_text"]

WORDS: Final = {
    Outcome.PASSED: ("✓", "passed"),
    Outcome.FAILED: ("✗", "failed"),
    Outcome.TIMEOUT: ("✗", "no answer in time"),
    Outcome.CRASHED: ("✗", "crashed"),
    Outcome.MISSING: ("✗", "not defined"),
    Outcome.UNGRADABLE: ("?", "a person will look at it"),
}
COLOURS: Final = {"✓": "#1b6e3c", "✗": "#a3231f", "?": "#6b5900"}
BOX: Final = (
    "border:1px solid #bbb;border-radius:4px;padding:.8em 1em;margin:.4em 0;max-width:60em;"
    "font:15px/1.5 system-ui,sans-serif;color:#111;background:#fff"
)
LEFT: Final = "padding:.1em 1em .1em 0;vertical-align:top;text-align:left;background:#fff"
RIGHT: Final = "padding:0 1.2em 0 0;text-align:right;background:#fff"
INDENT: Final = "margin:.1em 0 .5em 1.4em"
UNGRADABLE: Final = "This exercise could not be graded by machine. No points are lost: a person will look at it."
LIKELY: Final = "What happened:"
ADVICE: Final = "margin:.2em 0 .8em;padding:.5em .8em;border-left:4px solid #6b5900;background:#faf6e8"
AS_ABOVE: Final = "For the same reason as above."
#: Words between stars, and no product: nothing but spaces, brackets and punctuation stands outside of them.
STRESSED: Final = re.compile(r"(?<![^\s(«])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![^\s).,;:!?»])")
CODE: Final = "font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere"


def render_output(report: ExerciseReport) -> dict[str, Any]:
    """The report as the output of its grade cell."""
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": render_html(report), "text/plain": render_text(report)}}


def render_text(report: ExerciseReport) -> str:
    """The report in plain text, a line for each test and a few for each failure."""
    lines = [_headline(report)]
    if report.outcome is Outcome.UNGRADABLE:
        return "\n".join([*lines, UNGRADABLE])
    lines += [f"{LIKELY} {report.advice}"] if report.advice else []
    for test, repeated in _marked_repeats(report):
        mark, word = WORDS[test.outcome]
        lines.append(f"{mark} {test.sentence} ({word})")
        if repeated:
            lines.append(f"    {AS_ABOVE}")
        elif test.failure:
            lines += [f"    {line}" for line in test.failure.text().splitlines()]
    return "\n".join([*lines, *_closing(report)])


def render_html(report: ExerciseReport) -> str:
    """The report as one self-contained block: no script, no link, nothing of the student's unescaped."""
    if report.outcome is Outcome.UNGRADABLE:
        body = f"<p>{UNGRADABLE}</p>"
    else:
        body = f'<p style="{ADVICE}"><b>{LIKELY}</b> {_inline(report.advice)}</p>' if report.advice else ""
        body += "".join(_test_html(test, repeated) for test, repeated in _marked_repeats(report))
        body += "".join(f'<p style="margin:.6em 0 0">{escape(line)}</p>' for line in _closing(report))
    return f'<div style="{BOX}"><p style="margin:0 0 .5em;font-size:17px"><b>{escape(_headline(report))}</b></p>{body}</div>'


def _headline(report: ExerciseReport) -> str:
    points = "—" if report.points is None else f"{report.points:g}"
    return f"{report.exercise}: {points} of {report.max_points:g} points"


def _closing(report: ExerciseReport) -> list[str]:
    passed = [test for test in report.tests if test.outcome is Outcome.PASSED]
    if passed and report.points == 0:
        return ["The tests that passed count only once a value is right."]
    return []


def _marked_repeats(report: ExerciseReport) -> Iterator[tuple[TestResult, bool]]:
    """Each test, and whether an earlier one failed for the very same reason."""
    seen: set[str] = set()
    for test in report.tests:
        reason = test.failure.sentence if test.failure and not (test.failure.rows or test.failure.expected) else None
        yield test, reason in seen
        if reason:
            seen.add(reason)


def _test_html(test: TestResult, repeated: bool) -> str:
    mark, word = WORDS[test.outcome]
    title = f'<span style="color:{COLOURS[mark]};font-weight:bold">{mark}</span> {_inline(test.sentence)}'
    why = f'<div style="{INDENT}">{AS_ABOVE}</div>' if repeated else _failure_html(test)
    return f'<div style="margin:.35em 0">{title} <span style="color:#555">({word})</span>{why}</div>'


def _failure_html(test: TestResult) -> str:
    failure = test.failure
    if failure is None:
        return ""
    details = [(label, f'<span style="{CODE}">{escape(value)}</span>') for label, value in _details(failure) if value]
    if failure.rows:
        details.append(("values", _rows_html(failure)))
    if failure.hint:
        details.append(("hint", _inline(failure.hint)))
    rows = "".join(
        f'<tr><td style="{LEFT};color:#555;white-space:nowrap">{label}</td><td style="{LEFT}">{html}</td></tr>' for label, html in details
    )
    table = f'<table style="border:0;border-collapse:collapse;margin:.2em 0">{rows}</table>' if rows else ""
    return f'<div style="{INDENT}">{_inline(failure.sentence)}{table}</div>'


def _details(failure: Failure) -> Sequence[tuple[str, str | None]]:
    return (("called with", failure.called), ("expected", failure.expected), ("got", failure.got))


def _rows_html(failure: Failure) -> str:
    head = "".join(f'<th style="{RIGHT};color:#555;font-weight:normal">{name}</th>' for name in ("index", "expected", "got"))
    body = "".join("<tr>" + "".join(f'<td style="{RIGHT};{CODE}">{escape(value)}</td>' for value in row) + "</tr>" for row in failure.rows)
    return f'<table style="border:0;border-collapse:collapse">{head}{body}</table>'


def _inline(text: str) -> str:
    """Escaped text with `code` between backticks set as code, and *words* between stars stressed."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    stressed = [STRESSED.sub(r"<em>\1</em>", part) for part in parts]
    return "".join(f'<code style="font-size:90%">{parts[i]}</code>' if i % 2 else part for i, part in enumerate(stressed))

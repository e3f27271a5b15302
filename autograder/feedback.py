"""Reports → what a student reads in a grade cell: HTML for the feedback page, plain text for everything else."""

from html import escape
from typing import Any, Final

from autograder.model import ExerciseReport, Outcome, TestResult

__all__ = ["render_html", "render_output", "render_text"]

WORDS: Final = {
    Outcome.PASSED: ("✓", "passed"),
    Outcome.FAILED: ("✗", "failed"),
    Outcome.TIMEOUT: ("✗", "no answer in time"),
    Outcome.CRASHED: ("✗", "crashed"),
    Outcome.MISSING: ("✗", "not defined"),
    Outcome.UNGRADABLE: ("?", "a person will look at it"),
}
LABELS: Final = (("called", "called with"), ("expected", "expected"), ("got", "got"), ("hint", "hint"))
COLOURS: Final = {"✓": "#1b6e3c", "✗": "#a3231f", "?": "#6b5900"}
BOX: Final = "border:1px solid #bbb;border-radius:4px;padding:.8em 1em;margin:.4em 0;max-width:60em;font:15px/1.5 system-ui,sans-serif;color:#111;background:#fff"
CODE: Final = "font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere"


def render_output(report: ExerciseReport) -> dict[str, Any]:
    """The report as the output of its grade cell."""
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": render_html(report), "text/plain": render_text(report)}}


def render_text(report: ExerciseReport) -> str:
    """The report in plain text, a line for each test and four for each failure."""
    lines = [_headline(report)]
    if report.outcome is Outcome.UNGRADABLE:
        return "\n".join([*lines, "This exercise could not be graded by machine. No points are lost: a person will look at it."])
    for test in report.tests:
        mark, word = WORDS[test.outcome]
        lines.append(f"{mark} {test.sentence} ({word})")
        if test.failure:
            lines += [f"    {line}" for line in test.failure.text().splitlines()]
    return "\n".join([*lines, *_closing(report)])


def render_html(report: ExerciseReport) -> str:
    """The report as one self-contained block: no script, no link, nothing of the student's unescaped."""
    if report.outcome is Outcome.UNGRADABLE:
        body = "<p>This exercise could not be graded by machine. No points are lost: a person will look at it.</p>"
    else:
        body = "".join(map(_test_html, report.tests)) + "".join(f'<p style="margin:.6em 0 0">{escape(line)}</p>' for line in _closing(report))
    return f'<div style="{BOX}"><p style="margin:0 0 .5em;font-size:17px"><b>{escape(_headline(report))}</b></p>{body}</div>'


def _headline(report: ExerciseReport) -> str:
    points = "—" if report.points is None else f"{report.points:g}"
    return f"{report.exercise}: {points} of {report.max_points:g} points"


def _closing(report: ExerciseReport) -> list[str]:
    passed = [test for test in report.tests if test.outcome is Outcome.PASSED]
    if passed and report.points == 0:
        return ["The tests that passed count only once a value is right."]
    return []


def _test_html(test: TestResult) -> str:
    mark, word = WORDS[test.outcome]
    title = f'<span style="color:{COLOURS[mark]};font-weight:bold">{mark}</span> {_inline(test.sentence)}'
    side = f' <span style="color:#555">({word})</span>'
    return f'<div style="margin:.35em 0">{title}{side}{_failure_html(test)}</div>'


def _failure_html(test: TestResult) -> str:
    if test.failure is None:
        return ""
    rows = "".join(
        f'<tr><td style="padding:.1em 1em .1em 0;vertical-align:top;color:#555;text-align:left;white-space:nowrap">{label}</td>'
        f'<td style="padding:.1em 0;text-align:left;{"" if name == "hint" else CODE}">{_inline(value) if name == "hint" else escape(value)}</td></tr>'
        for name, label in LABELS
        if (value := getattr(test.failure, name))
    )
    table = f'<table style="border:0;border-collapse:collapse;margin:.2em 0">{rows}</table>' if rows else ""
    return f'<div style="margin:.1em 0 .5em 1.4em">{_inline(test.failure.sentence)}{table}</div>'


def _inline(text: str) -> str:
    """Escaped text with `code` between backticks set as code."""
    parts = escape(text).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f'<code style="font-size:90%">{part}</code>' if i % 2 else part for i, part in enumerate(parts))

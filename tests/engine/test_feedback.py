"""The feedback: readable in plain text and without colour, and nothing in it that a student wrote is executed."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.feedback import WORDS, render_html, render_output, render_text
from autograder.model import ExerciseReport, Failure, Outcome, TestResult
from autograder.points import score
from autograder.privacy import hide_paths

FAILURE = Failure("The result has the wrong value.", "twice(21)", "42", "21", "Add the number to itself.", (("[0]", "1", "2"),))
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>&lt;`<b>`"


def a_test(sentence: str, outcome: Outcome, failure: Failure | None = None, stage: str = "value") -> TestResult:
    """The result of a hidden test."""
    return TestResult("test_x", sentence, stage, 1, outcome, 0.1, failure)


def report(*tests: TestResult) -> ExerciseReport:
    """A scored exercise."""
    return score("linear", 10, tests)


class Page(HTMLParser):
    """The tags, attributes and text of a piece of HTML, as a browser would read them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects a tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Checks that tags are closed in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collects text."""
        self.text += data


def test_plain_text() -> None:
    """A line for each test with mark and word, the four parts below a failure, and the points above all."""
    failure = replace(FAILURE, rows=())
    text = render_text(report(a_test("It adds.", Outcome.PASSED), a_test("It doubles.", Outcome.FAILED, failure)))
    assert text == (
        "linear: 5 of 10 points\n"
        "✓ It adds. (passed)\n"
        "✗ It doubles. (failed)\n"
        "    The result has the wrong value.\n"
        "    called: twice(21)\n"
        "    expected: 42\n"
        "    got: 21\n"
        "    hint: Add the number to itself."
    )


def test_rows_in_plain_text() -> None:
    """Single entries are shown as index, expected and got."""
    assert "    at [0]: expected 1, got 2" in render_text(report(a_test("It doubles.", Outcome.FAILED, FAILURE))).splitlines()


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.PARTIAL, Outcome.UNGRADABLE}))
def test_readable_without_colour(outcome: Outcome) -> None:
    """Every outcome is told by a mark and a word, in text and in HTML, so that colour adds nothing."""
    one = report(a_test("It adds.", outcome, None if outcome == "passed" else FAILURE))
    mark, word = WORDS[outcome]
    assert f"{mark} It adds. ({word})" in render_text(one)
    assert f"{mark} It adds. ({word})" in re.sub(r"\s+", " ", Page(render_html(one)).text)
    assert (mark == "✓") == (outcome is Outcome.PASSED)


def test_html_has_the_four_parts() -> None:
    """Called, expected, got, hint and the entries stand in the HTML."""
    text = Page(render_html(report(a_test("It doubles.", Outcome.FAILED, FAILURE)))).text
    for part in ("called with", "twice(21)", "expected", "42", "got", "21", "hint", "Add the number to itself.", "[0]"):
        assert part in text


def test_ungradable_shows_no_reason_of_staff() -> None:
    """A reason that is for staff is not on the student's page."""
    one = ExerciseReport("linear", None, 10, Outcome.UNGRADABLE, "test_secret: AssertionError in the suite")
    for text in (render_text(one), render_html(one)):
        assert "linear: — of 10 points" in text
        assert "No points are lost: a person will look at it." in text
        assert "test_secret" not in text


def test_uncounted_tests_are_explained() -> None:
    """Where passed tests earned nothing, the page says why."""
    one = report(a_test("No change.", Outcome.PASSED, stage="contract"), a_test("It adds.", Outcome.FAILED, FAILURE))
    assert render_text(one).endswith("The tests that passed count only once a value is right.")
    assert "count only once a value is right" in render_html(one)


def test_a_repeated_reason_is_said_once() -> None:
    """The same sentence about a missing function is not read five times."""
    missing = Failure("`f` is not defined.")
    text = render_text(report(*[a_test(f"Test {i}.", Outcome.MISSING, missing) for i in range(5)]))
    assert text.count("`f` is not defined.") == 1
    assert text.count("For the same reason as above.") == 4


FIELDS = ["sentence", "called", "expected", "got", "hint"]
TAGS = {"div", "p", "b", "span", "table", "tr", "td", "th", "code", "em"}


@pytest.mark.parametrize("field", [*FIELDS, "rows", "test", "exercise"])
def test_html_escapes_every_field(field: str) -> None:
    """Hostile text in any field is shown as text: no tag, no attribute, no script comes of it."""
    failure = replace(FAILURE, **{field: HOSTILE}) if field in FIELDS else FAILURE
    failure = replace(failure, rows=((HOSTILE, HOSTILE, HOSTILE),)) if field == "rows" else failure
    one = report(a_test(HOSTILE if field == "test" else "It adds.", Outcome.FAILED, failure))
    page = Page(render_html(replace(one, exercise=HOSTILE) if field == "exercise" else one))
    assert page.tags <= TAGS
    assert page.attributes <= {"style"}
    assert "<script>alert(1)</script>" in page.text
    assert page.open == []


@given(st.fixed_dictionaries({field: st.text(st.sampled_from("<>&\"'`*/ab\n\x00 ="), max_size=30) for field in FIELDS}))
def test_any_text_is_only_text(fields: dict[str, str]) -> None:
    """No text opens a tag or an attribute, backticks or not."""
    page = Page(render_html(report(a_test(fields["hint"], Outcome.FAILED, Failure(**fields)))))
    assert page.tags <= TAGS
    assert page.attributes <= {"style"}
    assert page.open == []


def test_words_between_stars() -> None:
    """Stars around words stress them; those of a product or inside code are left as they are."""
    html = render_html(report(a_test("A.", Outcome.FAILED, Failure("Not *this one*, (*that*).", hint="2 *x* 3 is a * b * c and **2"))))
    assert "Not <em>this one</em>, (<em>that</em>)." in html
    assert "<em>x</em> 3 is a * b * c and **2" in html
    assert "<em>" not in render_html(report(a_test("`f(*a, *b)` and a*b*c", Outcome.PASSED)))


def test_code_between_backticks() -> None:
    """Backticks set code; a single one is left as it is."""
    html = render_html(report(a_test("`f` is `g`", Outcome.FAILED, Failure("a ` alone"))))
    assert html.count("<code") == 2
    assert "a ` alone" in html


def test_output_is_for_page_and_terminal() -> None:
    """A grade cell's output has an HTML form and a plain one."""
    data = render_output(report(a_test("It adds.", Outcome.PASSED)))
    assert data["output_type"] == "display_data"
    assert sorted(data["data"]) == ["text/html", "text/plain"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in /tmp/autograder-x1y2z3/work-abc/words.csv", "in ~/words.csv"),
        ("in /tmp/autograder-x1y2z3/words.csv", "in ~/words.csv"),
        ("/var/folders/zz/autograder-abc_1/work-q", "~"),
        ("nothing to hide: a/b", "nothing to hide: a/b"),
    ],
)
def test_paths_are_hidden(text: str, shown: str) -> None:
    """The sandbox's folder is shown as home."""
    assert hide_paths(text) == shown


def test_the_interpreter_is_hidden() -> None:
    """Where Python and its packages are installed is not shown."""
    import numpy

    assert hide_paths(f'File "{numpy.__file__}", line 1').startswith('File "<python>')

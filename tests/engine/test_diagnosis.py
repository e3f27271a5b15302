"""A mistake is named only when it is known for sure: it gives the student's very answers on every input, and the solution does not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from autograder.diagnosis import _same
from autograder.feedback import render_html, render_text
from autograder.model import ExerciseReport, Outcome, Report
from tests.engine.conftest import MANIFEST, SuiteWorker, by_exercise, make_job, make_suite

SCRIPT = """\
# %%
import numpy as np

# %% exercise="linear"
def linear(x, w):
    ### BEGIN SOLUTION
    return x @ w
    ### END SOLUTION

# %% test="linear" points=8
assert linear is not None

# %% exercise="twice"
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="twice" points=4
assert twice(1) == 2

# %%
figure = open("no such file")
"""

MISTAKES = """\
from autograder.catalogue import Mistake

MISTAKES = [
    Mistake("linear-elementwise", "linear", "taken entry by entry", "Look at the shapes.", code="def linear(x, w):\\n    return x * w"),
    Mistake("linear-changes", "linear", "x is changed", "Work on a copy.", change=[("return x @ w", "y = x @ w\\n    x += 1\\n    return y")]),
    Mistake("linear-negative", "linear", "the sign is wrong", "No minus here.", change=[("x @ w", "-x @ w")]),
    Mistake("twice-plus", "twice", "two is added", "Twice is a product.", change=[("2 * x", "x + 2")]),
    Mistake("twice-square", "twice", "the number is squared", "Twice is not the power two.", change=[("2 * x", "x * x")]),
    Mistake("twice-small-only", "twice", "nothing above 2", "All.", change=[("return", "assert x < 3, 'too large'\\n    return")]),
    Mistake("twice-text", "twice", "the number is read as text", "It is a number.", code="def twice(x):\\n    return x['a']"),
]
"""

TWICE = '''\
"""Hidden tests of `twice`."""
from autograder.suite import assert_close, graded


@graded(stage="value", hint="Add the number to itself.")
def test_two(student):
    """Twice 2 is 4."""
    assert_close(student.twice(2), 4)


@graded(stage="value")
def test_probe(student):
    """Twice 3, and twice that."""
    assert_close(student.probe.four_times(3), 12)
'''

LINEAR = '''\
"""Hidden tests of `linear`."""
import numpy as np
from autograder.suite import assert_close, assert_unchanged, graded


@graded(stage="value")
def test_forward(student, rng):
    """The output is x @ w."""
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    assert_close(student.linear(x, w), x @ w)


@graded(stage="contract")
def test_unchanged(student, rng):
    """The arguments are not changed."""
    x, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
    call = student.run("linear", x, w)
    assert_close(call.result, x @ w)
    assert_unchanged(call.arguments, (x, w), names=("x", "w"))
'''


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteWorker]:
    """A grading process that has a lesson and a mistake catalogue."""
    course = tmp_path_factory.mktemp("course")
    suite = make_suite(course / "01-tiny", {"linear": LINEAR, "twice": TWICE}, manifest=MANIFEST + 'independent = ["linear"]\n')
    (suite / "mistakes.py").write_text(MISTAKES)
    script = course / "tiny.py"
    script.write_text(SCRIPT)
    with SuiteWorker(suite, lesson=script) as worker:
        yield worker


def graded(worker: SuiteWorker, exercise: str, code: str) -> ExerciseReport:
    """The report of the exercise when it is answered with `code`."""
    return by_exercise(worker.grade(make_job({exercise: code})))[exercise]


NAMED = {
    "linear-negative": "def linear(x, w):\n    return -(w.T @ x.T).T",
    "linear-changes": "def linear(x, w):\n    result = np.dot(x, w)\n    x[...] = x + 1\n    return result",
    "linear-elementwise": "def linear(a, b):\n    return np.multiply(a, b)",
    "twice-plus": "def twice(x):\n    return 1 + x + 1",
    "twice-square": "def twice(x):\n    return x ** 2",
    "twice-text": "def twice(x):\n    return x[0] * 2",
}


@pytest.mark.parametrize("mistake", NAMED)
def test_the_mistake_is_named(knowing: SuiteWorker, mistake: str) -> None:
    """Written in other words, it is the same mistake: by its values, by what it does to its argument, by what it raises."""
    report = graded(knowing, mistake.split("-")[0], NAMED[mistake])
    assert report.mistake == mistake
    assert report.points < report.max_points


def test_equal_on_one_input_is_not_enough(knowing: SuiteWorker) -> None:
    """2 + 2 is 2 · 2: two mistakes that agree in the first test are told apart by the second."""
    reports = {mistake: graded(knowing, "twice", NAMED[mistake]) for mistake in ("twice-plus", "twice-square")}
    assert [str(test.outcome) for test in reports["twice-plus"].tests] == [str(test.outcome) for test in reports["twice-square"].tests]
    assert {key: report.mistake for key, report in reports.items()} == {"twice-plus": "twice-plus", "twice-square": "twice-square"}


@pytest.mark.parametrize(
    ("exercise", "code"),
    [
        pytest.param("linear", "def linear(x, w):\n    return np.einsum('ij,jk->ik', x, w)", id="another-style"),
        pytest.param(
            "linear", "def linear(x, w):\n    print('right')\n    return (x.astype('f4') @ w.astype('f4'))", id="single-precision"
        ),
        pytest.param("twice", "def twice(x):\n    return x + x", id="a-sum"),
    ],
)
def test_a_right_answer_is_not_accused(knowing: SuiteWorker, exercise: str, code: str) -> None:
    """What is right, and what is right within rounding, is no catalogued mistake."""
    report = graded(knowing, exercise, code)
    assert (report.mistake, report.advice) == (None, None)


def test_right_values_that_fail_otherwise_are_not_accused(knowing: SuiteWorker) -> None:
    """Right values in another dtype or type lose what they lose, but no mistake of the catalogue is read into them."""
    for code in ("def twice(x):\n    return str(2 * x)", "def twice(x):\n    import numpy\n    return numpy.array([2 * x])"):
        report = graded(knowing, "twice", code)
        assert report.points == 0
        assert report.mistake is None


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("def twice(x):\n    return 2 * x + 1", id="another-value"),
        pytest.param("def twice(x):\n    return x + 2 if x == 2 else 8", id="half-a-mistake"),
        pytest.param("def twice(x):\n    return x + 2 + 1e-3", id="nearly-a-mistake"),
        pytest.param("def twice(x):\n    raise ValueError('x')", id="another-exception"),
        pytest.param("def twice(x):\n    raise NotImplementedError()", id="not-written"),
        pytest.param("def twice(x, y):\n    return x + 2", id="another-signature"),
        pytest.param("def two(x):\n    return x + 2", id="renamed"),
        pytest.param("def twice(x):\n    while True: pass", id="hangs"),
        pytest.param("class N(int): pass\ndef twice(x):\n    return N(x + 2)", id="not-plain-data"),
        pytest.param("def twice(x):\n    return 2**70", id="an-integer-that-no-dtype-holds"),
    ],
)
def test_another_wrong_answer_has_no_name(knowing: SuiteWorker, code: str) -> None:
    """What no catalogued mistake gives on every input is left unnamed."""
    report = graded(knowing, "twice", code)
    assert report.points < report.max_points
    assert report.mistake is None


FORGED = """
import gc
child = next(type(thing) for thing in gc.get_objects() if type(thing).__name__ == "_Child")
answer = child.on_call
child.on_call = lambda self, **details: {"arguments": 5, **answer(self, **details)}
def linear(x, w):
    return x + 1
"""


def test_forged_arguments_are_none(knowing: SuiteWorker) -> None:
    """What a reply says of the arguments is believed only if it is a tuple: the others are graded, and so is this one."""
    reports = by_exercise(knowing.grade(make_job({"linear": FORGED})))
    assert {name: report.outcome for name, report in reports.items()} == {"linear": Outcome.FAILED, "twice": Outcome.PASSED}


def test_a_fault_in_the_diagnosis_costs_no_report(tmp_path: Path) -> None:
    """Points are known before anybody looks for the mistake's name."""
    suite = make_suite(tmp_path / "01-tiny", {"linear": LINEAR, "twice": TWICE})
    (suite / "mistakes.py").write_text(MISTAKES.replace('("2 * x", "x + 2")', '("2 * x", "x +")'))
    script = tmp_path / "tiny.py"
    script.write_text(SCRIPT)
    with SuiteWorker(suite, lesson=script) as worker:
        report = graded(worker, "twice", NAMED["twice-plus"])
    assert (report.outcome, report.mistake) == (Outcome.PARTIAL, None)


def test_page_and_line_carry_the_mistake(knowing: SuiteWorker) -> None:
    """The student's page has the name and the hint above the tests; the line for machines has the id and the name."""
    report = graded(knowing, "linear", NAMED["linear-negative"])
    for page in (render_text(report), render_html(report)):
        assert "the sign is wrong. No minus here." in page
        assert page.index("No minus here.") < page.index("The output is x @ w.")
        assert "linear-negative" not in page
    line = report.as_line("ada", "01-tiny")
    assert line["mistake"] == "linear-negative"
    assert line["message"].startswith("the sign is wrong. ")


def test_without_a_lesson_nothing_is_named(worker: SuiteWorker) -> None:
    """A suite that is graded without its lesson names nothing, and grades all the same."""
    report = graded(worker, "twice", NAMED["twice-plus"])
    assert (report.points, report.mistake) == (0, None)


def test_diagnosis_changes_no_points(knowing: SuiteWorker) -> None:
    """A named mistake in one exercise leaves the other as it is."""
    report: Report = knowing.grade(make_job({"linear": NAMED["linear-changes"]}))
    assert {name: e.points for name, e in by_exercise(report).items()} == {"linear": 4.0, "twice": 4.0}


SMALL = {
    "def linear(x, w):\n    return x @ w + 1": r"`linear\(array\(\[\[(\S+)\]\]\), array\(\[\[(\S+)\]\]\)\)` should have (\S+) at \[0, 0\], yours has (\S+)\.$",
    "def linear(x, w):\n    return x @ w + (x.size + w.size > 16)": None,
    "def linear(x, w):\n    return (x @ w)[:, ::-1]": r"`linear\(array\(.*\), array\(\[\[\S+, \S+\]\]\)\)` should have \S+ at \[0, 0\], yours has \S+\.$",
}


@pytest.mark.parametrize("code", SMALL)
def test_a_smaller_input_is_shown(knowing: SuiteWorker, code: str) -> None:
    """An unnamed mistake is shown on the smallest input on which it is wrong, with one number; none is shown where it is right in the small."""
    report = graded(knowing, "linear", code)
    assert report.mistake is None
    pattern = SMALL[code]
    if pattern is None:
        assert report.advice is None
        return
    assert report.advice is not None
    found = re.fullmatch(r"A small input shows it too: " + pattern, report.advice)
    assert found, report.advice
    if found.groups():
        x, w, expected, got = map(float, found.groups())
        assert expected == pytest.approx(x * w)
        assert got == pytest.approx(x * w + 1)


BOTH = {
    "def both(x):\n    return 2 * x, np.ones(x.shape)": r"should have (\S+) at \[0\] of its second result, yours has 1\.$",
    "def both(x):\n    return 3 * x, x + 1": r"should have (\S+) at \[0\] of its first result, yours has \S+\.$",
    "def both(x):\n    return 2 * x, (x + 1)[:-1]": r"should give shape (\S+) as its second result, yours gives shape \(0,\)\.$",
}


def test_a_smaller_input_says_which_result_is_wrong(tmp_path: Path) -> None:
    """Where a function returns several results, the number that is shown is that of the first or of the second."""
    tests = """\
\"\"\"Hidden tests of `both`.\"\"\"
from autograder.suite import assert_close, graded


@graded(stage="value")
def test_both(student, rng):
    \"\"\"Twice x, and x + 1.\"\"\"
    x = rng.normal(size=5)
    assert_close(student.both(x), (2 * x, x + 1))
"""
    suite = make_suite(tmp_path / "01-tiny", {"both": tests}, manifest=MANIFEST + 'independent = ["both"]\n')
    (suite / "mistakes.py").write_text("MISTAKES = []\n")
    script = tmp_path / "tiny.py"
    solution = "def both(x):\n    ### BEGIN SOLUTION\n    return 2 * x, x + 1\n    ### END SOLUTION\n"
    script.write_text(f'# %%\nimport numpy as np\n\n# %% exercise="both"\n{solution}\n# %% test="both" points=4\nassert both is not None\n')
    with SuiteWorker(suite, lesson=script) as worker:
        jobs = {code: make_job({"both": code}, points={"both": 4.0}) for code in BOTH}
        advice = {code: by_exercise(worker.grade(job))["both"].advice for code, job in jobs.items()}
    for code, pattern in BOTH.items():
        assert re.search(pattern, advice[code] or ""), advice[code]


def test_raising_alone_names_nothing(knowing: SuiteWorker) -> None:
    """An answer that only raises is a mistake's if it raises with the same message, not if the type alone agrees."""
    assert graded(knowing, "linear", "def linear(x, w):\n    raise ValueError").mistake is None
    assert graded(knowing, "linear", "def linear(x, w):\n    raise ValueError('wrong')").mistake is None
    assert graded(knowing, "linear", "def linear(x, w):\n    return np.multiply(x, w)").mistake == "linear-elementwise"


def test_right_values_beside_an_exception_name_nothing(knowing: SuiteWorker) -> None:
    """Where all values are right and the rest raises, the exception's message has to agree: right values are anybody's."""
    for words, name in (("too large", "twice-small-only"), ("no idea", None)):
        assert graded(knowing, "twice", f"def twice(x):\n    assert x < 3, {words!r}\n    return x + x").mistake == name


def test_no_smaller_input_for_a_right_answer_that_raises(knowing: SuiteWorker) -> None:
    """Where the answer raises, or is right but for its contract, no smaller input is looked for."""
    for code in ("def linear(x, w):\n    raise ValueError", "def linear(x, w):\n    y = x @ w\n    x *= 2\n    return y"):
        assert graded(knowing, "linear", code).advice is None


def test_other_functions_are_not_cut(knowing: SuiteWorker) -> None:
    """A function that the suite does not call independent is not tried on smaller inputs."""
    assert graded(knowing, "twice", "def twice(x):\n    return 2 * x + 0.5").advice is None


SINGLE = {
    "linear-negative": "def linear(x, w):\n    return -(w.T @ x.T).T.astype('f4')",
    None: "def linear(x, w):\n    return -(w.T @ x.T).T.astype('f4') * np.float32(1.001)",
}


@pytest.mark.parametrize("mistake", SINGLE)
def test_rounding_does_not_hide_a_mistake(knowing: SuiteWorker, mistake: str | None) -> None:
    """A mistake made in single precision is the catalogued one; an answer a thousandth away from it is not."""
    assert graded(knowing, "linear", SINGLE[mistake]).mistake == mistake


@pytest.mark.parametrize("scale", [1, 1e4])
def test_tensors_are_compared_at_their_own_precision(scale: float) -> None:
    """Two single-precision tensors that differ by rounding are the same, two double-precision ones with that difference are not."""
    values = scale * torch.tensor([1.0, 2.0, 1e-4])
    assert _same(values, values * (1 + 5e-7))
    assert not _same(values, values * (1 + 1e-4))
    assert not _same(values.double(), values.double() * (1 + 5e-7))

"""The feedback page can be read without a network: formulas are drawn by the browser itself, and nothing is fetched or run."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autograder.nbgrader.feedback_page import FeedbackExporter

ROOT = Path(__file__).parents[2]
RELEASED = sorted((ROOT / "assignments").glob("*/*.ipynb"))
CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)


@pytest.mark.parametrize("lesson", RELEASED, ids=lambda path: path.stem)
def test_every_formula_of_a_lesson_is_drawn(lesson: Path) -> None:
    """No dollar and no command of LaTeX's is left in a lesson's text, and no formula shows one."""
    exporter, formulas = FeedbackExporter(), []
    for cell in json.loads(lesson.read_text())["cells"]:
        if cell["cell_type"] == "markdown":
            html = CODE.sub("", exporter.markdown2html({}, "".join(cell["source"])))
            formulas += MATH.findall(html)
            assert not re.search(r"\$|\\[a-z]", MATH.sub("", html)), cell["source"]
    assert formulas
    for formula in formulas:
        shown = "".join(ElementTree.fromstring(formula).itertext())
        assert not re.search(r"[\\&$]", shown), formula


def test_what_cannot_be_read_stays_as_written() -> None:
    """A formula that is not LaTeX is shown as text, and nothing in it becomes a tag."""
    html = FeedbackExporter().markdown2html({}, r"See $\left( <b>x</b>$.")
    assert r"$\left( &lt;b&gt;x&lt;/b&gt;$" in html


def test_lines_of_a_formula_stand_below_one_another() -> None:
    """Two lines of an `aligned` formula are two rows."""
    html = FeedbackExporter().markdown2html({}, "$$\\begin{aligned} a &= b \\\\[2mm] c &= d \\end{aligned}$$")
    assert html.count("<mtr>") == 2

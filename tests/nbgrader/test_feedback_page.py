"""The feedback page can be read without a network: formulas are drawn by the browser itself, and nothing is fetched or run."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import from_dict
from nbgrader.converters import GenerateFeedback  # type: ignore[import-untyped]
from nbgrader.server_extensions.formgrader import handlers  # type: ignore[import-untyped]
from traitlets.config import PyFileConfigLoader

from autograder.harmless import as_plain_text
from autograder.nbgrader.feedback_page import COLOURED, FeedbackExporter

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


def notebook_of(*cells: dict[str, Any]) -> Any:
    """A notebook of Python."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}
    notebook = {
        "cells": [{**cell, "id": f"c{number}"} for number, cell in enumerate(cells)],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return from_dict(notebook)


def page_of(*cells: dict[str, Any]) -> str:
    """The feedback page of a notebook, in nbgrader's own template."""
    resources = {"nbgrader": {"notebook": "tiny", "score": 1.0, "max_score": 2.0, "late_penalty": 0.0}}
    page: str = FeedbackExporter(config=GenerateFeedback().config).from_notebook_node(notebook_of(*cells), resources)[0]
    return page


def formgrader_page_of(*cells: dict[str, Any]) -> str:
    """The page on which formgrader shows the notebook, made as formgrader makes it."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    keys = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name", "first_name", "notebook_path")
    resources = {**dict.fromkeys(keys, "x"), "index": 0, "total": 1}
    page: str = HTMLExporter(config=config).from_notebook_node(notebook_of(*cells), resources)[0]
    return page


def code(source: str) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "metadata": {}, "source": source, "execution_count": 1, "outputs": []}


def text(source: str) -> dict[str, Any]:
    """A text cell of a student's."""
    return {"cell_type": "markdown", "metadata": {}, "source": as_plain_text(source)}


@pytest.mark.parametrize("make_page", [page_of, formgrader_page_of])
@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(text("[](files/" * 3000), id="links"),
        pytest.param(text("[" * 200_000), id="brackets"),
        *[pytest.param(code(f"x = 1\n{line * 70_000}y = 2"), id=repr(line)) for line in (" \n", "\t\n", "\xa0\n", " \r")],
        pytest.param(code("x = 'a'\n" * 200_000), id="long code"),
    ],
)
def test_no_cell_takes_minutes(cell: dict[str, Any], make_page: Callable[..., str]) -> None:
    """A page is made in the time that its length needs, whatever stands in its cells: the student's page, and formgrader's."""
    make_page(code("1"))
    started = time.monotonic()
    make_page(cell)
    assert time.monotonic() - started < 20


def test_code_beyond_the_longest_lesson_is_not_coloured() -> None:
    """A giant cell is shown as it is, and nothing in it is a tag; those around it are coloured, up to the sum for the page."""
    page = page_of(code("def f(): pass"), code("'<b>'\n" * 100_000), code("def g(): pass"))
    assert page.count('<span class="k">def</span>') == 2
    assert "&#x27;&lt;b&gt;&#x27;\n&#x27;&lt;b&gt;" in page
    assert "<b>&" not in page
    many = page_of(*[code(f"def f(): pass\n{'#' * 10_000}")] * 100)
    assert many.count('<span class="k">def</span>') == COLOURED // 10_014


@pytest.mark.parametrize("lesson", RELEASED, ids=lambda path: path.stem)
def test_the_code_of_a_lesson_is_coloured(lesson: Path) -> None:
    """No lesson comes near the length from which on code is shown as it is."""
    cells = [cell for cell in json.loads(lesson.read_text())["cells"] if cell["cell_type"] == "code"]
    assert sum(len("".join(cell["source"])) for cell in cells) < COLOURED / 2


def test_a_magic_chooses_no_language() -> None:
    """A cell that begins with a magic is coloured as Python: each of the other languages has its own ways to take for ever."""
    page = page_of({**code("%%html\n<b>x</b>"), "metadata": {"magics_language": "html"}})
    assert "hl-html" not in page
    assert "hl-python" in page

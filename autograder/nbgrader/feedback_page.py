"""nbgrader's feedback page: it needs no network, runs nothing, and is made without what nbconvert does anew for every student."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from html import escape
from typing import Any, Final

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.preprocessors import GetGrades  # type: ignore[import-untyped]

__all__ = ["LINEAR_FILTERS", "FeedbackExporter", "GetGradesSoFar"]

#: More than the cells of the longest lesson; what students wrote themselves may be forgotten.
REMEMBERED: Final = 512
#: Characters of code on one page that are coloured, twice the longest lesson's and more; the rest is shown as it is.
COLOURED: Final = 150_000
#: The highlighter reads a run of blank lines again from each of them.
BLANK_LINE: Final = re.compile(r"(?<=[\r\n])[^\S\r\n]+(?=[\r\n])")
#: The page holds all that it shows, so a browser is told to fetch and to run nothing.
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
STYLE: Final = """
.rendered_html table { border-collapse: collapse; margin: .8em 0; }
.rendered_html th, .rendered_html td { padding: .2em 1em .2em 0; text-align: left; vertical-align: top; }
.input_area pre { white-space: pre-wrap; overflow-wrap: anywhere; }
summary { display: list-item; cursor: pointer; }
mtd[columnalign="left"] { text-align: left; }
mtd[columnalign="right"] { text-align: right; }
math[display="block"] { margin: .6em 0; overflow-x: auto; }
"""
#: What LaTeX says otherwise than latex2mathml reads it: an environment, the space after a line, an underline in words.
DIALECT: Final = ((r"\{aligned\}", "{align*}"), (r"\\\\\[\w+\]", r"\\\\"), (r"\\_", "_"))
SCRIPTS: Final = re.compile(r"<!-- Loading mathjax macro -->.*?<!-- End of mathjax configuration -->", re.DOTALL)
ENTRY: Final = re.compile(r'<a href="#test_(\w+)">Test cell</a>')
#: nbgrader's template writes a zero where there is no grade: in the list, above a cell, and in the heading.
LISTED: Final = r'(<a href="#{name}">Test cell</a>) \(Score: 0\.0 / ([\d.]+)\)'
ABOVE: Final = r'(<a name="{name}"></a>.{{0,300}}?)Score: 0\.0 / ([\d.]+)'
HEADING: Final = re.compile(r"\((Score: -?[\d.]+ / [\d.]+)\)</h4>")


class GetGradesSoFar(GetGrades):  # type: ignore[misc]
    """nbgrader's own step, which writes the grades into the notebook; it also notes in the resources which cells have none yet."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook and the resources, with grades."""
        resources["nbgrader"]["ungraded"] = []
        output: tuple[Any, Any] = super().preprocess(nb, resources)
        return output

    def _get_score(self, cell: Any, resources: Any) -> None:
        name = cell.metadata.nbgrader["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader.update(score=grade.score, points=grade.max_score)
        if grade.auto_score is None and grade.manual_score is None:
            resources["nbgrader"]["ungraded"].append(name)


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML exporter; it remembers the cells it has rendered, and does not parse its own page again to describe pictures.

    Formulas are MathML, which browsers draw by themselves: no script is fetched, and none is run.
    """

    def from_notebook_node(self, nb: Any, resources: Any = None, **keywords: Any) -> tuple[str, Any]:  # type: ignore[override]
        """The page, and nbgrader's resources."""
        resources = self._init_resources(resources)
        self.register_filter("highlight_code", self._highlighter())
        self.register_filter("markdown2html", self._render_text)
        self.register_filter("strip_files_prefix", _as_it_is)
        widgets = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", widgets)
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **keywords)
        return _finish(page, resources.get("nbgrader", {}).get("ungraded", [])), resources

    def markdown2html(self, context: Any, source: str) -> str:
        """Markdown to HTML, with formulas as MathML."""
        cell = context.get("cell", {})
        renderer = _Renderer(
            escape=False, attachments=cell.get("attachments", {}), anchor_link_text=self.anchor_link_text, **self.lexer_options
        )
        html: str = MarkdownWithMath(renderer=renderer).render(source)
        return html

    @cached_property
    def _render_text(self) -> Callable[..., str]:
        """Renders a text cell. All of them are the lesson's own; what one with attachments shows is not told by its text alone."""
        remembered: dict[str, str] = {}

        @pass_context
        def render(context: Any, source: str) -> str:
            if source in remembered:
                return remembered[source]
            html: str = self.markdown2html(context, source)
            if len(remembered) < REMEMBERED and not context.get("cell", {}).get("attachments"):
                remembered[source] = html
            return html

        return render

    def _highlighter(self) -> Callable[..., str]:
        """Colours the code of one page, all of it as Python: a magic must not choose from the highlighter's hundreds of languages."""
        left = COLOURED

        def highlight(source: str, metadata: Any = None) -> str:
            nonlocal left
            if len(source) > left:
                return _uncoloured(source)
            left -= len(source)
            return self._coloured(BLANK_LINE.sub("", source))

        return highlight

    @cached_property
    def _coloured(self) -> Callable[[str], str]:
        """Code → HTML. Most cells of a class are the same, and one exporter makes all pages of an assignment."""
        return lru_cache(REMEMBERED)(Highlight2HTML(pygments_lexer="python", parent=self))


def _as_it_is(html: str) -> str:
    """nbconvert's filter searches every text for links in the form of old notebooks, for hours if the text is made for it."""
    return html


def _highlight_cell(source: str, metadata: Any = None) -> str:
    """Colours a cell, as Python, unless it is as long as two lessons."""
    return _uncoloured(source) if len(source) > COLOURED else Highlight2HTML(pygments_lexer="python")(BLANK_LINE.sub("", source))


def _uncoloured(source: str) -> str:
    return f'<div class="highlight"><pre>{escape(source)}</pre></div>'


#: For formgrader's page, which is nbconvert's own: in place of filters that take more time than the text is long.
LINEAR_FILTERS: Final = {"strip_files_prefix": _as_it_is, "highlight_code": _highlight_cell}


class _Renderer(IPythonRenderer):
    """nbconvert's renderer of Markdown; a formula that can't be read stays as it was written."""

    def inline_math(self, body: str) -> str:
        """A formula in a line of text."""
        return _formula(body, "inline", f"${body}$")

    def block_math(self, body: str) -> str:
        """A formula that stands alone."""
        return _formula(body, "block", f"$${body}$$")

    def latex_environment(self, name: str, body: str) -> str:
        """A formula in an environment of LaTeX's."""
        whole = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return _formula(whole, "block", whole)


def _formula(latex: str, display: str, written: str) -> str:
    for pattern, replacement in DIALECT:
        latex = re.sub(pattern, replacement, latex)
    try:
        html: str = convert(latex, display=display)
    except Exception:  # whatever a parser of LaTeX may raise
        return escape(written)
    return html


def _finish(page: str, ungraded: Sequence[str]) -> str:
    """The page, with each exercise by its name, without a script. What a student wrote is escaped, so these tags are the template's own."""
    page = _without_zeros(SCRIPTS.sub("", page, count=1), ungraded)
    head = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><style>{STYLE}</style>\n</head>'
    page = page.replace("</head>", head, 1)
    page = ENTRY.sub(r'<a href="#test_\1">\1</a>', page)
    return page.replace('<img src="data:image/', '<img alt="A figure drawn by this cell" src="data:image/')


def _without_zeros(page: str, ungraded: Sequence[str]) -> str:
    """The page that calls the cells named `ungraded` so, and not worth 0 points."""
    if not ungraded:
        return page
    for name in map(re.escape, ungraded):
        page = re.sub(LISTED.format(name=name), r"\1 (not graded yet, \2 points)", page, count=1)
        page = re.sub(ABOVE.format(name=name), r"\1Not graded yet, \2 points", page, count=1, flags=re.DOTALL)
    if len(ungraded) == len(ENTRY.findall(page)):
        return HEADING.sub("(not graded yet)</h4>", page, count=1)
    many = "1 exercise is" if len(ungraded) == 1 else f"{len(ungraded)} exercises are"
    return HEADING.sub(rf"(\1 so far, {many} not graded yet)</h4>", page, count=1)

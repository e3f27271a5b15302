"""nbgrader's feedback page, without the work that nbconvert does twice or for every student anew."""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, Final

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

__all__ = ["FeedbackExporter"]

#: More than the cells of the longest lesson; what students wrote themselves may be forgotten.
REMEMBERED: Final = 512


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML exporter; it remembers the cells it has rendered, and does not parse its own page again to describe pictures."""

    def from_notebook_node(self, nb: Any, resources: Any = None, **keywords: Any) -> tuple[str, Any]:  # type: ignore[override]
        """The page, and nbgrader's resources."""
        resources = self._init_resources(resources)
        self.register_filter("highlight_code", self._highlight)
        self.register_filter("markdown2html", self._render_text)
        widgets = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", widgets)
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **keywords)
        # What a student wrote is escaped, so an image tag is the template's own.
        return page.replace('<img src="data:image/', '<img alt="A figure drawn by this cell" src="data:image/'), resources

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

    @cached_property
    def _highlight(self) -> Callable[..., str]:
        """Colours a cell's code. Most cells of a class are the same, and one exporter makes all pages of an assignment."""
        remembered = lru_cache(REMEMBERED)(Highlight2HTML(pygments_lexer="python", parent=self))

        def highlight(source: str, language: str | None = None, metadata: Any = None) -> str:
            html: str = remembered(source, language or (metadata or {}).get("magics_language"))
            return html

        return highlight

"""What nbgrader's grade book knows of a released notebook, as a `Reference`."""

import json

from nbgrader.api import Gradebook  # type: ignore[import-untyped]

from autograder.places import Places
from autograder.submission import Reference, ReferenceCell

__all__ = ["read_reference"]


def read_reference(gradebook: Gradebook, places: Places, notebook: str) -> Reference:
    """The stubs and grade cells of the notebook as they were released; raises nbgrader's MissingEntry if it never was."""
    assignment = places.assignment
    entry = gradebook.find_notebook(notebook, assignment)
    points = {cell.name: cell.max_score for cell in entry.grade_cells}
    stubs = {cell.name for cell in entry.solution_cells}
    cells = [
        ReferenceCell(
            cell.name,
            cell.source,
            {
                "cell_type": cell.cell_type,
                "checksum": cell.checksum,
                "grade": cell.name in points,
                "grade_id": cell.name,
                "locked": cell.locked,
                "schema_version": 3,
                "solution": cell.name in stubs,
                "task": False,
                **({"points": points[cell.name]} if cell.name in points else {}),
            },
        )
        for cell in entry.source_cells
    ]
    texts, codes = frozenset(_read_lesson(places, "markdown")), _read_lesson(places, "code")
    return Reference(notebook, json.loads(entry.kernelspec), cells, texts, codes)


def _read_lesson(places: Places, kind: str) -> dict[str, list[str]]:
    """The lesson's own cells of a kind, with their tags: its texts are the only ones of a submission that a page shows as Markdown."""
    if not places.notebook.is_file():
        return {}
    cells = json.loads(places.notebook.read_text(encoding="utf-8"))["cells"]
    own = (cell for cell in cells if cell["cell_type"] == kind and "nbgrader" not in cell["metadata"])
    return {"".join(cell["source"]): cell["metadata"].get("tags", []) for cell in own}

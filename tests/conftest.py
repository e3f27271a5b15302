"""Which tests stay together when several processes share them: those that share something slow to start."""

import pytest

TOGETHER = ("attacks", "nbgrader", "pages")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one assignment share its worker; tests of one module of the folders above share a course."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        assignment = parameters.get("bench") or parameters.get("assignment")
        if assignment:
            item.add_marker(pytest.mark.xdist_group(assignment))
        elif item.path.parent.name in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))

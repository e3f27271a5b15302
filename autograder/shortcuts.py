"""Finds in a student's cell, without running it, calls of the library routine that the exercise asks to write by hand."""

import ast
from collections.abc import Iterator, Sequence

__all__ = ["find_shortcuts"]


def find_shortcuts(source: str, notebook: str, forbidden: Sequence[str]) -> list[tuple[str, int]]:
    """(dotted name, line in the cell) of each forbidden name that `source` mentions; imports anywhere in `notebook` are followed.

    >>> find_shortcuts("y = F.gru_cell(x)", "import torch as F", ["torch.gru_cell"])
    [('torch.gru_cell', 1)]
    """
    aliases = {**_aliases(notebook), **_aliases(source)}
    dotted = {name for name in forbidden if ">" not in name}
    found = []
    for node, name in _dotted_names(source):
        root, _, rest = name.partition(".")
        full = f"{aliases.get(root, root)}.{rest}" if rest else aliases.get(root, root)
        hit = next((name for name in dotted if full == name or full.startswith(f"{name}.")), None)
        if hit and root in aliases:
            found.append((hit, node.lineno))
    return found


def _aliases(source: str) -> dict[str, str]:
    """Name in the notebook → dotted name of what was imported under it."""
    names: dict[str, str] = {}
    for node in _walk(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _dotted_names(source: str) -> Iterator[tuple[ast.expr, str]]:
    for node in _walk(source):
        parts: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and isinstance(node, ast.expr):
            yield node, ".".join([inner.id, *parts])


def _walk(source: str) -> Iterator[ast.AST]:
    # A cell with magics or a slip of syntax is no reason to stop: the run-time watch still looks.
    try:
        return ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return iter(())

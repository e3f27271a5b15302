"""Finds in a notebook, without running it, where a function reaches a library routine that the exercise asks to write by hand."""

import ast
import re
import warnings
from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from autograder.model import Cell

__all__ = ["Shortcut", "find_shortcuts", "names_in_probes", "parse_cell"]

#: Longer cells and deeper dotted names are left to the run-time watch: no student writes them by hand.
CELL_CHARACTERS: Final = 100_000
NAME_PARTS: Final = 12
#: What is imported is known by so much of its name: no routine's is longer.
NAME_CHARACTERS: Final = 200
BACKWARD: Final = frozenset({"torch.autograd.grad", "torch.autograd.backward", "torch.Tensor.backward"})
#: Other ways into automatic differentiation: who forbids a backward pass forbids them too.
DIFFERENTIATION: Final = (
    *(f"torch.func.{name}" for name in ("grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "linearize")),
    "torch.autograd.functional",
    "torch.autograd.forward_ad",
    "torch.autograd.graph._engine_run_backward",
    "torch.autograd.Variable._execution_engine",
    "torch._C._ImperativeEngine",
)


@dataclass(frozen=True)
class Shortcut:
    """A forbidden routine's dotted name, and where it stands."""

    name: str
    cell: str
    line: int


@dataclass(frozen=True)
class _Mention:
    """A dotted name as it is written: its first part, the others, its line."""

    root: str
    rest: str
    line: int


@dataclass(frozen=True)
class _Definition:
    """A function, class or assigned value: the names of the notebook that it uses, its own imports, the dotted names in it.

    An assigned lambda is a function, an assigned name an alias.
    """

    is_value: bool
    is_alias: bool
    uses: frozenset[str]
    imports: Mapping[str, str]
    local: frozenset[str]
    mentions: Sequence[_Mention]


@dataclass(frozen=True)
class _Facts:
    """What a cell imports, by name, and what it defines, in order: all names that a statement gives, and what they mean."""

    imports: Mapping[str, str]
    definitions: Sequence[tuple[Sequence[str], _Definition]]

    @property
    def names(self) -> Iterator[str]:
        """The names of the definitions, again where one is defined again."""
        return (name for names, _ in self.definitions for name in names)


@dataclass(frozen=True)
class _Meaning:
    """A definition, the cell that it stands in, and what the names in an assigned value meant when it was assigned."""

    cell: str
    definition: _Definition
    then: Mapping[str, "_Meaning"]


@lru_cache(maxsize=256)
def find_shortcuts(
    cells: tuple[Cell, ...],
    start: frozenset[str],
    forbidden: tuple[str, ...],
    exercise: str = "",
    others: frozenset[str] = frozenset(),
    within: bool = False,
) -> tuple[Shortcut, ...]:
    """The `forbidden` routines that the definitions of `start`, and the notebook's own definitions below them, mention.

    A name that is defined in the cell of `exercise`, or above it, means that, whatever the lesson, or the cells of `others`, the other
    exercises, define later; a cell of the student's own further down may be a second try. With `within`, of `start` only the names that
    the cell of `exercise` defines.

    Only what stands in a definition that is reached counts, under a name that means nothing but the import: no comment or string, no
    assert, no annotation, no function of the student's own that is called `svd` too. Names with a limit (`>64`) and a
    package's name alone are for the run-time watch to judge.

    >>> cells = (Cell("imports", "import torch as t"), Cell("f", "def f(x): return g(x)\\ndef g(x):\\n    return t.gru_cell(x)"))
    >>> find_shortcuts(cells, frozenset({"f"}), ("torch.gru_cell",))
    (Shortcut(name='torch.gru_cell', cell='f', line=3),)
    """
    names = _names(forbidden)
    if not names:
        return ()
    facts = {cell.name: _facts(cell.source) for cell in cells}
    if within:
        start &= {name for cell in cells if cell.answers_for({exercise}) for name in facts[cell.name].names}
    imports = _imports(facts.values())
    found = []
    for cell, definition in _reached(_in_force(cells, exercise, others), start):
        known = ChainMap(dict(definition.imports), imports)
        for mention in definition.mentions:
            full = known[mention.root] + mention.rest if mention.root in known and mention.root not in definition.local else ""
            found += [Shortcut(name, cell, mention.line) for name in names if full == name or full.startswith(f"{name}.")]
    return tuple(found)


@lru_cache(maxsize=16)
def names_in_probes(source: str) -> frozenset[str]:
    """The names that the probes take from the student's namespace."""
    nodes = (node for node in _walk(_parse(source)) if isinstance(node, ast.Attribute))
    return frozenset(node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "student")


def _names(forbidden: Iterable[str]) -> list[str]:
    names = [name for name in forbidden if ">" not in name and "." in name]
    return [*names, *DIFFERENTIATION] if BACKWARD.intersection(names) else names


def _in_force(cells: Sequence[Cell], exercise: str, others: frozenset[str]) -> dict[str, _Meaning]:
    """Name → what it means in the tests of `exercise`: what was defined last, but for what `sandbox.bindings` keeps."""
    names: dict[str, _Meaning] = {}
    own: dict[str, _Meaning] = {}
    first: set[str] = set()
    since: set[str] = set()
    exercises = others | {exercise}
    asked = exercises.union(*(cell.asked for cell in cells))
    answering = {cell.name for cell in cells if cell.answers_for(exercises)}
    untouched = {cell.name for cell in cells if cell.untouched}
    stubs, taken = answering & untouched, answering | untouched
    below = all(not cell.answers_for({exercise}) for cell in cells)
    for cell, defined, functions in _defined_in_order(cells, names, stubs, untouched):
        since |= defined
        if cell.answers_for({exercise}):
            below, first, since = True, {exercise, *cell.asked, *_facts(cell.source).names}, set()
            own = {name: meaning for name, meaning in names.items() if meaning.cell not in stubs}
        elif below and cell.name not in taken:
            again = {name for name in functions if name in asked or not names[name].definition.is_alias}
            if not first.isdisjoint(again):  # a second try
                again = {name for name in since if names[name].cell not in (taken if name in first else stubs)}
                since = set()
            own |= {name: names[name] for name in again}
    return names | own


def _defined_in_order(
    cells: Sequence[Cell], names: dict[str, _Meaning], stubs: Set[str], untouched: Set[str]
) -> Iterator[tuple[Cell, Set[str], Set[str]]]:
    """Each cell, once `names` are as it leaves them, with those that it has defined, and the functions among them."""
    functions: set[str] = set()
    for cell in cells:
        defined: set[str] = set()
        for bound, found in _facts(cell.source).definitions:
            # A stub takes over nothing that the student wrote above it.
            new = [name for name in bound if not (cell.name in stubs and name in names and names[name].cell not in untouched)]
            is_mere = found.is_value and functions.isdisjoint(found.uses)
            then = {used: names[used] for used in found.uses & names.keys()} if found.is_value else {}
            names.update(dict.fromkeys(new, _Meaning(cell.name, found, then)))
            (functions.difference_update if is_mere else functions.update)(new)
            defined.update(new)
        yield cell, defined, defined & functions


def _reached(in_force: Mapping[str, _Meaning], start: Iterable[str]) -> Iterator[tuple[str, _Definition]]:
    """(cell, definition) of `start` and of all that they use."""
    waiting, seen = [in_force[name] for name in start if name in in_force], set()
    while waiting:
        meaning = waiting.pop()
        if id(meaning) not in seen:
            seen.add(id(meaning))
            yield meaning.cell, meaning.definition
            waiting += [meaning.then.get(name, in_force[name]) for name in meaning.definition.uses & in_force.keys()]


def _imports(facts: Iterable[_Facts]) -> dict[str, str]:
    """Name → what was imported under it, anywhere in the notebook; a name that also means something else is left out."""
    facts = list(facts)
    pairs = {pair for fact in facts for pair in fact.imports.items()}
    meanings = Counter([name for name, _ in pairs] + [name for fact in facts for name in fact.names])
    return {name: full for name, full in pairs if meanings[name] == 1}


@lru_cache(maxsize=2048)  # every cell of the longest notebook, for each exercise asks about all of them
def _facts(source: str) -> _Facts:
    imports: dict[str, str] = {}
    definitions: list[tuple[Sequence[str], _Definition]] = []
    for statement in _statements(_parse(source)):
        imports |= _imported(statement)
        if names := _bound(statement):
            definitions.append((names, _define(statement)))
    return _Facts(imports, definitions)


def parse_cell(source: str) -> ast.Module | None:
    """The cell's tree; None where there is none, for a slip of syntax or a monstrous cell."""
    if len(source) > CELL_CHARACTERS:
        return None
    for text in (source, re.sub(r"(?m)^([ \t]*)[%!].*$", r"\1pass", source)):  # lines of magic, in the second try
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _parse(source: str) -> ast.Module:
    """The cell's tree; an empty one where there is none: that is left to the run-time watch."""
    return parse_cell(source) or ast.Module([], [])


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a cell, and of its ifs, loops and withs, in order; not those in functions and classes."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.expr | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += reversed(list(ast.iter_child_nodes(node)))


def _bound(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            nodes = (node for target in targets for node in _walk(target) if isinstance(node, ast.Name))
            return [node.id for node in nodes if isinstance(node.ctx, ast.Store)]
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return [name]
    return []


def _imported(node: ast.AST) -> dict[str, str]:
    match node:
        case ast.Import(names=names):
            pairs = {alias.asname or _root(alias.name): alias.name if alias.asname else _root(alias.name) for alias in names}
        case ast.ImportFrom(module=str(module), names=names, level=0):
            pairs = {alias.asname or alias.name: f"{module[:NAME_CHARACTERS]}.{alias.name}" for alias in names}
        case _:
            return {}
    return {name: full[:NAME_CHARACTERS] for name, full in pairs.items()}


def _define(statement: ast.stmt) -> _Definition:
    imports: dict[str, str] = {}
    loaded: set[str] = set()
    stored: set[str] = set()
    mentions: list[_Mention] = []
    assigned = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    for node in _walk(assigned or statement):
        imports |= _imported(node)
        if isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else stored).add(node.id)
        mention = _mention(node)
        mentions += [mention] if mention else []
    is_value = assigned is not None and not isinstance(assigned, ast.Lambda)
    own = frozenset() if is_value else frozenset(stored - imports.keys())
    return _Definition(
        is_value, isinstance(assigned, ast.Name), frozenset(loaded - own | {m.root for m in mentions} - own), imports, own, mentions
    )


def _mention(node: ast.AST) -> _Mention | None:
    """`torch.nn.functional` as a mention, also where a part is asked for by `getattr(torch, "nn")`."""
    parts: list[str] = []
    line = getattr(node, "lineno", 0)
    for _ in range(NAME_PARTS):
        match node:
            case ast.Name(id=name):
                return _Mention(name, "".join(f".{part}" for part in reversed(parts)), line)
            case ast.Attribute(value=value, attr=attr):
                node, parts = value, [*parts, attr]
            case ast.Call(func=ast.Name(id="getattr"), args=[value, part, *_]) if text := _constant(part):
                node, parts = value, [*parts, *reversed(text.split("."))]
            case _:
                return None
    return None


def _constant(node: ast.expr) -> str | None:
    """The text of a string, or of two that are added."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=ast.Constant(value=str(left)), op=ast.Add(), right=ast.Constant(value=str(right))):
            return left + right
    return None


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only speak of a name, or compare with it; of a chain of attributes the longest and what it begins with."""
    waiting: list[tuple[ast.AST, bool]] = [(node, False)]
    while waiting:
        node, inner = waiting.pop()
        if not inner:
            yield node
        waiting += [(child, isinstance(node, ast.Attribute) and isinstance(child, ast.Attribute)) for child in _children(node)]


def _children(node: ast.AST) -> Iterable[ast.AST]:
    match node:
        case ast.Assert():
            return ()
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass" | "hasattr"), args=[value, *_]):
            return (value,)
        case (
            ast.FunctionDef(args=arguments, body=body, decorator_list=decorators)
            | ast.AsyncFunctionDef(args=arguments, body=body, decorator_list=decorators)
        ):
            return (arguments, *decorators, *body)
        case ast.arg():
            return ()
        case ast.AnnAssign(target=target, value=value):
            return (target, value) if value else (target,)
    return ast.iter_child_nodes(node)


def _root(name: str) -> str:
    return name.partition(".")[0]

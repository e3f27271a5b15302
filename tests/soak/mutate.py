"""One small change at a time: a cell's source and the lines of its solution in, changed sources out.

The changes are those that nobody thought of: another operator, constant, axis or order of arguments, a statement or a keyword left out.
"""

import ast
import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Mutant", "mutants_of"]

BINARY: dict[type[ast.operator], Sequence[type[ast.operator]]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ORDERED = (ast.Sub, ast.Div, ast.MatMult, ast.Pow)
DROPPED = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Delete)


@dataclass(frozen=True)
class Mutant:
    """A changed cell, and the line of code that was changed, before and after."""

    before: str
    after: str
    code: str


def mutants_of(source: str, lines: Collection[int]) -> Iterator[Mutant]:
    """The mutants of a cell that differ from it in one place on one of `lines`, each once."""
    tree, seen = ast.parse(source), {ast.unparse(ast.parse(source))}
    for number, node in enumerate(ast.walk(tree)):
        if getattr(node, "lineno", 0) not in lines:
            continue
        for variant in range(len(_changes(node))):
            changed = copy.deepcopy(tree)
            target = _nth(changed, number)
            _replace(changed, target, _changes(target)[variant])
            code = ast.unparse(ast.fix_missing_locations(changed))
            if code not in seen:
                seen.add(code)
                yield Mutant(*_difference(tree, code), code)


def _nth(tree: ast.AST, number: int) -> ast.AST:
    return next(node for place, node in enumerate(ast.walk(tree)) if place == number)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Puts `new` where `old` is."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]


def _difference(tree: ast.AST, code: str) -> tuple[str, str]:
    """The lines that were changed, before and after."""
    old, new = ast.unparse(tree).splitlines(), code.splitlines()
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    while old and new and len(old) > start and len(new) > start and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return tuple("; ".join(line.strip() for line in part[start:]) for part in (old, new))  # type: ignore[return-value]


def _changes(node: ast.AST) -> list[ast.AST]:
    """What may stand in place of a node."""
    match node:
        case ast.BinOp(left, op, right):
            swapped = [ast.BinOp(right, op, left)] if isinstance(op, ORDERED) else []
            return [*(ast.BinOp(left, kind(), right) for kind in BINARY.get(type(op), ())), *swapped]
        case ast.AugAssign(target, op, value):
            others = [ast.AugAssign(target, kind(), value) for kind in BINARY.get(type(op), ())]
            return [*others, ast.Assign([target], value, lineno=node.lineno), ast.Pass()]
        case ast.UnaryOp(_, operand):
            return [operand]
        case ast.Compare(left, [op], [right]):
            return [ast.Compare(left, [COMPARED[type(op)]()], [right])]
        case ast.BoolOp(op, values):
            return [ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), values), *values]
        case ast.Constant(value):
            return [ast.Constant(other) for other in _other_constants(value)]
        case ast.Call(function, arguments, keywords):
            swapped = [ast.Call(function, [arguments[1], arguments[0], *arguments[2:]], keywords)] if len(arguments) > 1 else []
            shorter = [ast.Call(function, arguments, [k for k in keywords if k is not left]) for left in keywords]
            return [*swapped, *shorter, *([arguments[0]] if len(arguments) == 1 and not keywords else [])]
        case ast.IfExp(_, body, orelse):
            return [body, orelse]
        case ast.If(_, body, orelse):
            return [ast.If(ast.Constant(value), body, orelse) for value in (True, False)]
        case ast.Return(ast.Tuple([first, second, *rest], context)):
            return [ast.Return(ast.Tuple([second, first, *rest], context))]
        case ast.Slice(lower, upper, step) if lower or upper or step:
            return [ast.Slice(lower and None, upper, step), ast.Slice(lower, upper and None, step), ast.Slice(lower, upper, step and None)]
        case ast.Expr(ast.Constant()):
            return []
        case _:
            return [ast.Pass()] if isinstance(node, DROPPED) else []


def _other_constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1] if value else [1]
    return [value * 1.5] if isinstance(value, float) else []

"""What holds more than four things says what each of them is: by a named tuple or a frozen dataclass."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.tree import TOP, modules

MOST = 4
"""So many things may stand beside one another without a name."""


def test_no_more_than_four_things_are_handed_on_without_a_name() -> None:
    """Neither as an annotation ``tuple[a, b, c, d, e]``, nor as what a function returns or yields, nor as what is taken
    apart again.

    Three things are left aside, for their names stand elsewhere: rows of a ``select`` taken apart in a ``for`` (the
    statement names its columns), rows that are gathered for a bulk write (the table does), and a function whose
    annotation says that all it returns is alike (``tuple[ColumnElement[bool], ...]``: conditions, keys of an order).
    """
    found = [
        f"{path.relative_to(TOP)}:{line}: {what}"
        for path in modules()
        for line, what in _unnamed(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_search_for_unnamed_tuples_finds_each_way_of_handing_them_on() -> None:
    assert _lines("Row = tuple[int, int, int, int, int]") == [1]
    assert _lines("def f() -> object:\n    return 1, 2, 3, 4, 5") == [2]
    assert _lines("def f() -> Sequence[object]:\n    return (1, 2, *rest, 4, 5) if x else ()") == [2]
    assert _lines("def f() -> Iterator[object]:\n    yield 1, 2, 3, 4, 5") == [2]
    assert _lines("def f() -> list[object]:\n    return [(1, 2, 3, 4, n) for n in many]") == [2]
    assert _lines("a, b, c, d, e = f()") == [1]


def test_the_search_for_unnamed_tuples_leaves_aside_what_is_short_or_alike() -> None:
    assert _lines("Row = tuple[int, int, int, int]\nRows = tuple[int, ...]\na, b, c, d, e = 1, 2, 3, 4, 5") == []
    assert _lines("def f() -> tuple[ColumnElement[bool], ...]:\n    return 1, 2, 3, 4, 5") == []
    assert _lines("def f() -> Sequence[str]:\n    return 'a', 'b', 'c', 'd', 'e'") == []
    assert _lines("def f() -> tuple[Any, ...]:\n    return 1, 2, 3, 4, 5") == [2]


def _lines(source: str) -> list[int]:
    return [line for line, _ in _unnamed(source)]


def _unnamed(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and _is(node.value, "tuple") and _long(node.slice):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.FunctionDef) and not _alike(node.returns):
            yield from ((made.lineno, f"{node.name} returns {ast.unparse(made)}") for made in _made(node))
        elif isinstance(node, ast.Assign) and not isinstance(node.value, ast.Tuple):
            yield from ((node.lineno, ast.unparse(target)) for target in node.targets if _long(target))


def _made(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The long tuples that ``function`` itself returns or yields, alone or as a comprehension of them."""
    for node in _own(function):
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            ways = (node.value.body, node.value.orelse) if isinstance(node.value, ast.IfExp) else (node.value,)
            elements = (way.elt if isinstance(way, _COMPREHENSION) else way for way in ways)
            yield from (element for element in elements if _long(element))


_COMPREHENSION = ast.ListComp | ast.SetComp | ast.GeneratorExp


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What stands in ``function`` and in no function inside it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        yield node
        within = ast.iter_child_nodes(node)
        waiting += [] if isinstance(node, ast.FunctionDef | ast.Lambda) else within


def _alike(annotation: ast.expr | None) -> bool:
    """Whether an annotation says that everything in what is returned is of one kind, and which."""
    if not isinstance(annotation, ast.Subscript):
        return False
    inner = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
    sequence = _is(annotation.value, "Sequence") or (
        _is(annotation.value, "tuple") and "..." in ast.unparse(annotation)
    )
    return sequence and not isinstance(inner, ast.BinOp) and not _is(inner, "Any") and not _is(inner, "object")


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _long(node: ast.expr) -> bool:
    return isinstance(node, ast.Tuple) and len(node.elts) > MOST

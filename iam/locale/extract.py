"""Finds the messages of a Python file for the catalogs; ``babel.cfg`` names this as the extraction method.

Besides the calls Babel knows (``_``, ``N_``, ``gettext``, ``ngettext``) these are the message and the remedy of every
``Problem(...)`` and ``Rejection(...)``: two sentences of one call, which Babel's own keywords cannot say.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from babel.messages.extract import extract_python

Found = tuple[Any, ...]
"""Line, name of the called function or none, message or messages, translator comments: what Babel asks of a method."""


def python_messages(
    file: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: Any
) -> Iterator[Found]:
    """Every message of ``file`` in Babel's form; raises ``SyntaxError`` when it is not Python."""
    yield from extract_python(file, keywords, comment_tags, options)
    file.seek(0)
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.Call) and _called(node.func) in ("Problem", "Rejection"):
            yield from ((text.lineno, None, text.value, []) for text in _sentences(node))


def _called(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _sentences(call: ast.Call) -> Iterator[ast.Constant]:
    given = [*call.args[:2], *(word.value for word in call.keywords if word.arg in ("message", "remedy"))]
    for expression in given:
        yield from _literals(expression)


def _literals(expression: ast.expr) -> Iterator[ast.Constant]:
    if isinstance(expression, ast.IfExp):
        yield from _literals(expression.body)
        yield from _literals(expression.orelse)
    elif isinstance(expression, ast.Constant) and isinstance(expression.value, str) and expression.value:
        yield expression

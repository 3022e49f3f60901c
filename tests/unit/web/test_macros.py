"""Who builds a page finds every part of pages in docs/macros.md, and each example there works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, render_template_string

TOP = Path(__file__).resolve().parents[3]
PAGE = (TOP / "docs" / "macros.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"(?ms)^### `(.+?)`\n.*?^```jinja\n(.+?)^```", PAGE)
"""Each call as its heading has it, with its example."""


def _shared(package: str) -> Iterator[tuple[str, str]]:
    """File and call of each macro that pages may import: not one's own (in a page), nor one behind an underscore."""
    folder = TOP / package / "templates"
    for path in sorted(folder.rglob("_*.html")):
        for call in re.findall(r"{%-? macro ([a-z].*?\)) -?%}", path.read_text(encoding="utf-8")):
            yield path.relative_to(folder).as_posix(), call


PARTS = [*_shared("iam/web")]


def _name(call: str) -> str:
    return call.partition("(")[0]


IMPORTS = "".join(f'{{% from "{file}" import {_name(call)} %}}' for file, call in PARTS)


def test_every_part_of_pages_is_told_with_its_call_and_an_example() -> None:
    assert len(PARTS) > 20
    assert {call for call, _ in EXAMPLES} == {call for _, call in PARTS}
    assert re.findall(r"(?m)^### (.+)", PAGE) == [f"`{call}`" for call, _ in EXAMPLES]


def test_every_part_of_the_administration_pages_is_told_with_its_call_and_its_file() -> None:
    parts = [*_shared("admin_ui")]
    assert len(parts) > 5
    assert [part for part in parts if f"| `{part[1]}` | `{part[0]}` |" not in PAGE] == []


def test_each_example_shows_every_text_that_it_hands_in(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        shown = {
            call: render_template_string(IMPORTS + example, csrf_token="t", flow=None) for call, example in EXAMPLES
        }
    handed_in = {call: re.findall(r'_\("(.+?)"\)', example) for call, example in EXAMPLES}
    assert [call for call, example in EXAMPLES if f"{_name(call)}(" not in example or not shown[call].strip()] == []
    assert [text for call, texts in handed_in.items() for text in texts if text not in shown[call]] == []

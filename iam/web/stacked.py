"""Tables whose rows stand one below another on a phone. Each cell then carries the heading of its column, for the look;
and the parts of a table say in words what they are, because to be shown as blocks would take that from them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

_CELL = re.compile(r"<(td|th)\b([^>]*)>")


def stacked(rows: str, headers: Sequence[str | tuple[str, str]]) -> Markup:
    """Return the rows of a table (the HTML of its body, no table within them) told by ``headers``, as the macro
    ``table`` takes these."""
    heads = [one if isinstance(one, str) else one[0] for one in headers]
    before, *some = str(rows).split("<tr")
    return Markup(before + "".join('<tr role="row"' + _row(one, heads) for one in some))  # noqa: S704 - was HTML before


def _row(row: str, heads: Sequence[str]) -> str:
    left = iter(heads)
    return _CELL.sub(lambda cell: _cell(cell[1], cell[2], next(left, "")), row)


def _cell(tag: str, attributes: str, head: str) -> str:
    if tag == "th":
        return f'<th{attributes} role="rowheader">'
    return f'<td{attributes} role="cell" data-head="{escape(head)}">'

"""Rows that stand one below another on a phone: each cell tells its column, and what it is in a table."""

from __future__ import annotations

import string

from hypothesis import given, strategies as st
from markupsafe import Markup, escape

from iam.web.stacked import stacked

TEXT = st.text(string.ascii_letters + "<>&\"' äö", max_size=12)


def test_each_cell_tells_its_column_and_the_cell_that_names_the_row_is_its_head() -> None:
    rows = '<tr><th scope="row"><a href="/a">Aino</a></th><td>Koivu</td><td class="number">3</td></tr>\n<tr class="now"><td>–</td></tr>'
    assert stacked(Markup(rows), ["Name", "School", ("Pupils", "number")]) == (
        '<tr role="row"><th scope="row" role="rowheader"><a href="/a">Aino</a></th><td role="cell" data-head="School">Koivu</td>'
        '<td class="number" role="cell" data-head="Pupils">3</td></tr>\n<tr role="row" class="now"><td role="cell" data-head="Name">–</td></tr>'
    )


def test_a_table_without_rows_stays_as_it_is() -> None:
    assert stacked("\n", ["Name"]) == "\n"


@given(st.lists(st.lists(TEXT, min_size=1, max_size=5), max_size=4), st.lists(TEXT, min_size=5, max_size=5))
def test_what_stands_in_the_cells_and_heads_is_said_as_it_is(rows: list[list[str]], heads: list[str]) -> None:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    told = [
        "".join(
            f'<td role="cell" data-head="{escape(head)}">{escape(cell)}</td>'
            for head, cell in zip(heads, row, strict=False)
        )
        for row in rows
    ]
    assert stacked(Markup(body), heads) == "".join(f'<tr role="row">{row}</tr>' for row in told)

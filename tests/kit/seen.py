"""What an outsider sees of an answer, what it cost, and what the database holds after it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

_VARIES = re.compile(
    r'value="[^"]{20,}"|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=flow=)[\w.%-]+|((?:state|nonce|code_challenge)=)[\w.%-]+'
)
"""Form tokens, handles and request ids, which differ in every answer."""
_LOGIN = re.compile(r'<input[^>]* name="login"[^>]*>')
"""The field that shows the login again as it was written."""
_OWN = {"X-Request-Id", "Set-Cookie", "Content-Length", "Date", "Expires"}
"""Headers that tell one answer from the next, or the second in which it was given."""


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Collect the text of the statements that are sent inside the block, without the transaction's own."""
    sent: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def told(page: TestResponse) -> tuple[int, tuple[tuple[str, str], ...], tuple[str, ...], str]:
    """Status, headers, names of cookies and text of an answer, without what differs every time and without the login as
    written."""
    headers = tuple((name, _VARIES.sub("", value)) for name, value in page.headers if name not in _OWN)
    cookies = tuple(sorted(value.partition("=")[0] for value in page.headers.getlist("Set-Cookie")))
    return page.status_code, headers, cookies, _LOGIN.sub("", _VARIES.sub("", page.text))


def dump(engine: Engine, *tables: str) -> str:
    """Everything the database holds (or these tables), as text: binary values in hexadecimal."""
    with closing(sqlite3.connect(str(engine.url.database))) as connection:
        names = tables or [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        rows = [(name, row) for name in names for row in connection.execute(f"SELECT * FROM {name}")]
    return "\n".join(
        f"{name}|" + "|".join(v.hex() if isinstance(v, bytes) else str(v) for v in row) for name, row in rows
    )

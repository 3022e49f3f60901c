"""What is answered when one thing that the answer rests on cannot be read: nothing (security AC-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

Ask = Callable[[], TestResponse]


@contextmanager
def failing(engine: Engine, n: int) -> Iterator[list[str]]:
    """Let the n-th statement of the block fail as it does when the database goes away; the list holds it when there was
    one."""
    left, hit = [n], list[str]()

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            left[0] -= 1
            if left[0] == 0:
                hit.append(statement)
                raise OperationalError(statement, None, Exception("canary-of-the-inside: server closed the connection"))

    event.listen(engine, "before_cursor_execute", fail)
    try:
        yield hit
    finally:
        event.remove(engine, "before_cursor_execute", fail)


def denies(engine: Engine, prepare: Callable[[], Ask], gave: Callable[[TestResponse], bool]) -> int:
    """Ask with each statement failing in turn: nothing is given, nothing is told. Returns how many statements there
    were."""
    for n in range(1, 500):
        ask = prepare()
        with failing(engine, n) as hit:
            answer = ask()
        if not hit:
            assert gave(answer), "with nothing failing it is given"
            return n - 1
        assert not gave(answer), f"it was given although this could not be read: {hit[0]}"
        assert answer.status_code >= 400, (answer.status_code, hit[0])
        told = answer.text + str(answer.headers)
        assert not [leak for leak in ("canary-of", "OperationalError", "SELECT ", "Traceback") if leak in told], hit[0]
    raise AssertionError("a request of so many statements")

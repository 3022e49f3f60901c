"""Whether PostgreSQL still answers, asked for whoever has waited for it in silence.

A server that hangs keeps its connections: whoever waits for an answer on one waits for ever, and time-outs that the
server itself keeps help nobody then. So the waiting side looks after ``SILENT`` seconds whether the server would take
another connection. One that does not is left alone for a moment by all that would ask it; one that does is only busy,
and is waited for as long as the statement may take.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, Self

import psycopg
from psycopg import OperationalError, RawCursor, RawServerCursor

SILENT = 2.0
"""Seconds after which a silent server is looked at."""
CONNECT_SECONDS = 2
"""How long a new connection may take."""
BELIEVED = 2.0
"""How long it is believed what was seen."""
_BEYOND = 5.0
"""Seconds that the server has beyond a statement's own time-out to say so."""


class Pulse:
    """What is known of one server; ``look`` opens a connection to it and raises ``OperationalError`` when it does not
    answer."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look, self._asking = look, threading.Lock()
        self._seen_at, self._beats = float("-inf"), True

    def beats(self) -> bool:
        """Whether the server answers: seen at most a moment ago, or looked at now by one of those who ask."""
        with self._asking:
            if time.monotonic() - self._seen_at > BELIEVED:
                self._beats = self._answers()
                self._seen_at = time.monotonic()
            return self._beats

    def is_gone(self) -> bool:
        """Whether it was seen a moment ago that the server does not answer."""
        return not self._beats and time.monotonic() - self._seen_at <= BELIEVED

    def _answers(self) -> bool:
        try:
            self._look()
        except OperationalError:
            return False
        return True


class Connection(psycopg.Connection[Any]):
    """A connection on which nobody waits for a server that hangs.

    Its statements mark values as the server does (``$1``): psycopg reads a statement with marks of its own anew each
    time when it is longer than 4,096 characters, and ours about rights are.
    """

    pulse: Pulse
    longest: float
    """Seconds that the server may be silent although it takes connections; 0: no end."""

    @classmethod
    def opened(cls, pulse: Pulse, longest: float, *args: Any, **options: Any) -> Self:
        """Connect; raises ``OperationalError``, at once when the server was just seen not to answer."""
        if pulse.is_gone():
            raise OperationalError("the server does not answer")
        connection = cls.connect(*args, **options)
        connection.pulse, connection.longest = pulse, longest
        connection.cursor_factory, connection.server_cursor_factory = RawCursor, RawServerCursor
        return connection

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """See psycopg; raises ``OperationalError``, and closes the connection, when the server hangs."""
        return super().wait(self._watched(gen), *args, **options)

    def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        heard = looked = time.monotonic()
        ready = None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as done:
                return done.value
            ready, now = (yield wanted), time.monotonic()
            if ready:
                heard = looked = now
            elif now - looked > SILENT:
                self._look(now - heard)
                looked = now

    def _look(self, silent: float) -> None:
        pulse = getattr(self, "pulse", None)
        if pulse is not None and ((self.longest and silent > self.longest + _BEYOND) or not pulse.beats()):
            # Closed first: what is on this connection is never asked for again, not even to roll it back.
            self.pgconn.finish()
            raise OperationalError("the server does not answer")

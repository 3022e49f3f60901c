"""What lies between two that speak over TCP: it passes everything on until so many bytes came back, and then does
something once."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Self

from tests.kit.servers.ports import HOST

_ROOM = 16_384


class Tampering:
    """Listens on ``port`` for the server at ``behind``. After ``after`` bytes of a connection it calls ``act``: whether
    it goes on; what hangs in ``act`` hangs the connection."""

    def __init__(self, behind: int, after: int, act: Callable[[], bool]) -> None:
        self._behind, self._after, self._act = behind, after, act
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._links: list[socket.socket] = []
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        self._begin(self._serve)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._hang_up(self._listener, *self._links)
        for thread in self._threads:
            thread.join(10)

    def _begin(self, work: Callable[..., None], *about: object) -> None:
        thread = Thread(target=work, args=about, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._behind))
            self._links += [client, server]
            self._begin(self._pass, client, server, None)
            self._begin(self._pass, server, client, self._after)

    def _pass(self, one: socket.socket, other: socket.socket, left: int | None) -> None:
        with suppress(OSError):
            while piece := one.recv(_ROOM):
                other.sendall(piece)
                if left is not None and (left := left - len(piece)) <= 0:
                    left = None
                    if not self._act():
                        break
        self._hang_up(one, other)

    @staticmethod
    def _hang_up(*links: socket.socket) -> None:
        for link in links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()

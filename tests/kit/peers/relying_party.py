"""A relying party that only listens for logouts, by post and by the browser: it can be down, refuse, fail, or be slow
to a fault."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from tests.kit.servers.ports import HOST, free_port

_PAGE = b"<!doctype html><title>Wilma</title><h1>Wilma</h1>"


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class RelyingParty:
    """A server on loopback, up inside the block unless ``down`` was called.

    ``tokens`` holds the logout tokens it was sent, oldest first, ``types`` their content types; ``status`` is what it
    answers. ``asked`` holds the paths that browsers opened. ``most`` is how many requests it ever had at a time; while
    ``held`` is set to an event, each waits for it (at most 30 s).
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.status = 200
        self.tokens: list[str] = []
        self.types: list[str] = []
        self.asked: list[str] = []
        self.held: Event | None = None
        self.most = self.here = 0
        self.arrived = Condition()
        self._server: _Server | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Its back-channel logout address."""
        return f"http://{self.host}/logged-out?from=avain"

    def up(self) -> None:
        """Begin to answer, on the same port each time."""
        self._server = _Server((HOST, self.port), _handler(self))
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Cease to answer: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def told(self, count: int) -> bool:
        """Wait (at most 30 s) until it was sent so many logout tokens."""
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.tokens) >= count, 30)

    def crowded(self, count: int) -> bool:
        """Wait (at most 30 s) until so many requests are here at a time."""
        with self.arrived:
            return self.arrived.wait_for(lambda: self.here >= count, 30)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.held is not None:
            self.held.set()
        self.down()


def _handler(party: RelyingParty) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with party.arrived:
                party.here += 1
                party.most = max(party.most, party.here)
                party.arrived.notify_all()
            fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            with party.arrived:
                party.types.append(self.headers["Content-Type"])
                party.tokens += fields.get("logout_token", [])
                party.arrived.notify_all()
            if party.held is not None:
                party.held.wait(30)
            with party.arrived:
                party.here -= 1
            self.send_response(party.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            with party.arrived:
                party.asked.append(self.path)
                party.arrived.notify_all()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(_PAGE)))
            self.end_headers()
            self.wfile.write(_PAGE)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler

"""The management port: is the process alive, is it ready, and its measures. Never reachable from outside the operator's
network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from iam.database import migrate
from iam.tokens.keys import FIRST, SigningKey

StartResponse = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Readiness:
    """Whether requests can be answered: the database answers, its schema is ours, signing keys exist, the web port is
    open.

    ``web`` is where the web processes listen; they start after the management port.
    """

    def __init__(self, engine: Engine, web: tuple[str, int] | None = None) -> None:
        self._engine = engine
        self._web = web
        self._migrated = False

    def missing(self) -> str | None:
        """Return what is missing in one word, or None when ready."""
        try:
            return self._look()
        except SQLAlchemyError:
            return "database"

    def _look(self) -> str | None:
        # Once seen, a schema that moved on is a newer release being rolled out beside this one: not a reason to stop.
        self._migrated = self._migrated or not migrate.pending(self._engine)
        if not self._migrated:
            return "migration"
        query = select(func.count()).select_from(SigningKey).where(SigningKey.state == "current")
        with self._engine.connect().execution_options(read_only=True) as connection:
            keys = connection.scalar(query) or 0
        if keys < len(FIRST):
            return "keys"
        return None if self._listens() else "web"

    def _listens(self) -> bool:
        if self._web is None:
            return True
        try:
            socket.create_connection(self._web, timeout=1).close()
        except OSError:
            return False
        return True


def application(engine: Engine, registry: CollectorRegistry, web: tuple[str, int] | None = None) -> Wsgi:
    """Return the WSGI application of the management port: ``/healthz``, ``/readyz``, ``/metrics``."""
    readiness = Readiness(engine, web)

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return _send(start_response, "200 OK", generate_latest(registry), CONTENT_TYPE_LATEST)
        if path == "/healthz":
            return _send(start_response, "200 OK", b"ok\n")
        if path == "/readyz":
            missing = readiness.missing()
            status = "503 Service Unavailable" if missing else "200 OK"
            return _send(start_response, status, f"{missing or 'ready'}\n".encode())
        return _send(start_response, "404 Not Found", b"not found\n")

    return answer


def _send(
    start_response: StartResponse, status: str, body: bytes, kind: str = "text/plain; charset=utf-8"
) -> list[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
    return [body]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: probes come every few seconds."""


def start(host: str, port: int, wsgi: Wsgi) -> WSGIServer:
    """Serve the management port from a thread and return the server; ``shutdown`` and ``server_close`` end it.

    Raises ``OSError`` when the port is taken.
    """
    server = make_server(host, port, wsgi, _Server, _Quiet)
    threading.Thread(target=server.serve_forever, args=(0.2,), name="management", daemon=True).start()
    return server

"""HTTP servers on loopback that answer as a test says, over TLS or plainly: well, too slowly, too much, or not at
all."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from tests.kit.servers.certificates import Certificate
from tests.kit.servers.ports import HOST, free_port

Pieces = Iterator[bytes]
Behaviour = Callable[["HostileHttp"], Pieces]
"""Yields the bytes of an answer piece by piece; what it does between two pieces is its own."""


def answer(
    body: bytes | str, status: int = 200, headers: Mapping[str, str] | None = None, *, length: int | None = None
) -> Behaviour:
    """An ordinary answer; ``length`` claims another Content-Length than the body has."""
    content = body.encode() if isinstance(body, str) else body
    head = {"Content-Length": str(len(content) if length is None else length), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return lambda _: iter([f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content])


def answer_json(value: Any) -> Behaviour:
    """An ordinary answer with JSON."""
    return answer(json.dumps(value), headers={"Content-Type": "application/json"})


def dripping(head: bytes, drop: bytes) -> Behaviour:
    """Say ``head``, then ``drop`` ten times a second until the test ends."""

    def behave(server: HostileHttp) -> Pieces:
        yield head
        while not server.stopped.wait(0.1):
            yield drop

    return behave


class HostileHttp:
    """A server that treats every request as ``behave`` says; a context manager. ``behave`` may be changed while it
    runs.

    ``requests`` holds each request as it came (head and body); ``connections`` counts connections, also those without a
    request.
    """

    def __init__(
        self, behave: Behaviour, certificate: Certificate | None = None, *, host: str = HOST, port: int | None = None
    ) -> None:
        self.port = port or free_port()
        self.behave = behave
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopped = Event()
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate.certificate, certificate.key)
        self._listener = socket.create_server((host, self.port))
        self._threads = [Thread(target=self._listen, daemon=True)]

    def url(self, path: str = "/", host: str = "localhost") -> str:
        """The address of a path here."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    @property
    def place(self) -> str:
        """The name by which settings list it."""
        return f"localhost:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                self.connections += 1
                self._threads.append(Thread(target=self._serve, args=(link,), daemon=True))
                self._threads[-1].start()

    def _serve(self, link: socket.socket) -> None:
        with suppress(OSError), link:
            link.settimeout(5)
            if self._tls is not None:
                link = self._tls.wrap_socket(link, server_side=True)
            with link:
                self.requests.append(_request(link))
                for piece in self.behave(self):
                    link.sendall(piece)


def _request(link: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said:
        said += link.recv(4096) or b"\r\n\r\n"
    head, _, body = said.partition(b"\r\n\r\n")
    named = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while named and len(body) < int(named[0]):
        body += link.recv(4096)
    return head + b"\r\n\r\n" + body

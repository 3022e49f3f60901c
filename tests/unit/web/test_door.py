"""What the application is told of a request, and what comes back, through the door in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from iam.settings import Listen
from iam.web.edge.door import Door, Header, environment


@dataclass
class Told:
    """A request as granian tells it."""

    items_: list[Header] = field(default_factory=list)
    client: str = "127.0.0.1:50000"
    path: str = "/"
    authority: str | None = None
    method: str = "POST"
    http_version: str = "1.1"
    server: str = "127.0.0.1:8080"
    scheme: str = "http"
    query_string: str = ""

    @property
    def headers(self) -> Told:
        return self

    def items(self) -> list[Header]:
        return self.items_


class Sender:
    """A connection that sends these pieces, and keeps what is answered."""

    def __init__(self, *pieces: bytes, gone: bool = False) -> None:
        self.pieces, self.gone, self.status, self.body = pieces, gone, 0, b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.gone:
            raise RuntimeError("transport closed")

    def response_bytes(self, status: int, _headers: list[Header], body: bytes) -> None:
        self.status, self.body = status, body

    def response_stream(self, status: int, _headers: list[Header]) -> Sender:
        self.status = status
        return self

    async def send_bytes(self, piece: bytes) -> None:
        self.body += piece


def ask(application: Any, sender: Sender, told: Told) -> Sender:
    """One request through the door."""
    asyncio.run(Door(application, Listen(threads=1)).__rsgi__(told, sender))
    return sender


def echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("200 OK", [])
    return [environ["wsgi.input"].read()]


def test_the_application_gets_the_whole_body_however_it_came() -> None:
    assert ask(echo, Sender(b"login=", b"aino"), Told([("transfer-encoding", "chunked")])).body == b"login=aino"


def test_of_somebody_who_left_while_sending_nothing_is_done() -> None:
    assert ask(echo, Sender(b"login=", gone=True), Told([("content-length", "90")])).status == 0


def test_a_long_answer_comes_in_pieces_and_is_whole() -> None:
    closed = []

    class Pieces:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"one;", b"", b"two"])

        def close(self) -> None:
            closed.append(True)

    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        return Pieces()

    assert ask(application, Sender(), Told()).body == b"one;two"
    assert closed == [True]


def test_a_header_cannot_pass_for_another_by_an_underscore() -> None:
    headers = [("x_forwarded_host", "evil.example"), ("x-forwarded-host", "told"), ("cookie", "a=1"), ("cookie", "b=2")]
    environ = environment(Told(headers), headers, "198.51.100.1", b"", 0)
    assert environ["HTTP_X_FORWARDED_HOST"] == "told"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"


@pytest.mark.parametrize(("path", "wsgi"), [("/a", "/a"), ("/ä", "/\u00c3\u00a4")])
def test_a_path_with_letters_beyond_ascii_comes_as_wsgi_has_it(path: str, wsgi: str) -> None:
    assert environment(Told(path=path), [], "", b"", 0)["PATH_INFO"] == wsgi

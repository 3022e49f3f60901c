"""The door: granian's RSGI interface before our WSGI application.

A request takes a thread when all of it is here. Its body is gathered on the event loop, where waiting costs a place in
a table; one that does not come to its end in time, or comes from an address that has too many of them, is refused
there. So nobody takes the service from others by sending slowly.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

import structlog

from iam.settings import Listen
from iam.web.edge.address import Addresses, network
from iam.web.edge.limits import BODY

SECONDS = 10.0
"""How long a body may take to come."""
HALF_SENT = 64
"""Bodies that one address may be sending at the same time."""
_SMALL = 1024 * 1024
_PLAIN = ("Content-Type", "text/plain; charset=utf-8")
_log = structlog.get_logger("avain.web")

Header = tuple[str, str]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Refused(Exception):
    """A request that is not answered by the application: status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class _Headers(Protocol):
    def items(self) -> list[Header]: ...


class Scope(Protocol):
    """What granian tells of a request (RSGI 1.5)."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None

    @property
    def headers(self) -> _Headers:
        """The headers, names in small letters, repeated ones as they came."""


class Connection(Protocol):
    """How a request's body is read and its answer sent."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def response_bytes(self, status: int, headers: list[Header], body: bytes) -> None:
        """Answer with all at once."""

    def response_stream(self, status: int, headers: list[Header]) -> Any:
        """Answer in pieces."""


class Door:
    """Serves a WSGI application to granian; ``__rsgi__`` is what granian calls."""

    def __init__(
        self, application: Wsgi, listen: Listen, *, seconds: float = SECONDS, half_sent: int = HALF_SENT
    ) -> None:
        self._application, self._seconds, self._most = application, seconds, half_sent
        self._addresses, self._counts_addresses = Addresses(listen), bool(listen.proxies)
        self._threads = ThreadPoolExecutor(listen.threads, "web")
        self._sending: Counter[str] = Counter()

    async def __rsgi__(self, scope: Scope, connection: Connection) -> None:
        """Answer one request."""
        headers = scope.headers.items()
        forwarded = [value for name, value in headers if name == "x-forwarded-for"]
        address = self._addresses.of_person(_host(scope.client), forwarded)
        try:
            body, length = await self._body(headers, address, connection)
        except Refused as refusal:
            told = [_PLAIN, ("Connection", "close"), ("Cache-Control", "no-store")]
            return connection.response_bytes(refusal.status, told, f"{refusal.words}\n".encode())
        except RuntimeError:  # granian's own: whoever was sending has gone
            return None
        environ = environment(scope, headers, address, body, length)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._answer, environ, connection, loop)
        return None

    async def _body(self, headers: list[Header], address: str, connection: Connection) -> tuple[bytes, int]:
        """Return the body, and its length as announced; of one that is too long nothing is read, and the application
        says so."""
        announced = next((value for name, value in headers if name == "content-length"), "")
        length = int(announced) if announced.isdecimal() and len(announced) < len(str(sys.maxsize)) else 0
        if length > BODY:
            return b"", length
        if not length and not any(name == "transfer-encoding" for name, _ in headers):
            return b"", 0
        with self._place(address):
            try:
                async with asyncio.timeout(self._seconds):
                    body = await _gather(connection)
            except TimeoutError:
                raise Refused(408, "What was sent did not come to its end in time.") from None
        return body, len(body)

    @contextmanager
    def _place(self, address: str) -> Iterator[None]:
        """Count one more body on its way from an address; raises ``Refused``."""
        if not self._counts_addresses:
            yield
            return
        where = network(address)
        if self._sending[where] >= self._most:
            raise Refused(429, "Too much is being sent from this address at the same time.")
        self._sending[where] += 1
        try:
            yield
        finally:
            self._sending[where] -= 1
            if not self._sending[where]:
                del self._sending[where]

    def _answer(self, environ: dict[str, Any], connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Let the application answer, in a thread."""
        started = _Started()
        try:
            pieces = self._application(environ, started)
            try:
                _send(started, pieces, connection, loop)
            finally:
                getattr(pieces, "close", lambda: None)()
        except RuntimeError as error:  # granian's own: whoever asked has gone
            _log.info("answer not sent", exc_info=error)


class _Started:
    """WSGI's ``start_response``."""

    def __init__(self) -> None:
        self.status, self.headers = 500, list[Header]()

    def __call__(self, status: str, headers: list[Header], _error: Any = None) -> None:
        self.status, self.headers = int(status.partition(" ")[0]), headers

    @property
    def length(self) -> int | None:
        """The length that the answer says it has."""
        return next((int(value) for name, value in self.headers if name.lower() == "content-length"), None)


async def _gather(connection: Connection) -> bytes:
    """Return the whole body, or a byte more than the most: the application then says that it is too large."""
    pieces, length = [], 0
    async for piece in connection:
        pieces.append(piece)
        length += len(piece)
        if length > BODY:
            break
    return b"".join(pieces)[: BODY + 1]


def _send(started: _Started, pieces: Iterable[bytes], connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
    if isinstance(pieces, list) or (started.length is not None and started.length <= _SMALL):
        connection.response_bytes(started.status, started.headers, b"".join(pieces))
        return
    stream = connection.response_stream(started.status, started.headers)
    for piece in pieces:
        if piece:
            asyncio.run_coroutine_threadsafe(_send_one(stream, piece), loop).result()


async def _send_one(stream: Any, piece: bytes) -> None:
    await stream.send_bytes(piece)


def environment(scope: Scope, headers: list[Header], address: str, body: bytes, length: int) -> dict[str, Any]:
    """Return the request as WSGI has it (PEP 3333). A header whose name has an underscore is left out: it would pass
    for another's."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "QUERY_STRING": scope.query_string,
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "SERVER_NAME": _host(scope.server),
        "SERVER_PORT": scope.server.rpartition(":")[2],
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": address,
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": "Avain",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    _add_headers(environ, headers)
    if length:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


def _add_headers(environ: dict[str, Any], headers: list[Header]) -> None:
    for name, value in headers:
        if "_" in name or name in ("content-length", "transfer-encoding"):
            continue
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        joint = "; " if name == "cookie" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ and key != "HTTP_HOST" else value


def _host(address: str) -> str:
    """Return an address without its port."""
    return address.rpartition(":")[0].strip("[]")

"""LDAP servers that misbehave: silent, dripping, looping, referring, or with a certificate that proves nothing."""

from __future__ import annotations

import re
import socket
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.kit.servers.certificates import Certificate
from tests.kit.servers.ports import HOST, free_port

Behaviour = Callable[["HostileLdap", socket.socket], None]

BIND, SEARCH, EXTENDED = 0x60, 0x63, 0x77
"""Tags of requests (RFC 4511 section 4)."""
SUCCESS, REFERRAL = 0, 10


class HostileLdap:
    """A server on loopback that treats every connection as ``behave`` says; a context manager.

    ``received`` holds all bytes that clients sent, without those of TLS; ``connections`` counts them.
    """

    def __init__(self, behave: Behaviour) -> None:
        self.port = free_port()
        self.received = b""
        self.connections = 0
        self.stopped = Event()
        self._behave = behave
        self._listener = socket.create_server((HOST, self.port))
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._listen, daemon=True)]

    @property
    def url(self) -> str:
        """Where it listens, for LDAP or StartTLS."""
        return f"ldap://{HOST}:{self.port}"

    @property
    def ldaps_url(self) -> str:
        """Where it listens, for LDAPS."""
        return f"ldaps://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stopped.set()
        for each in (self._listener, *self._open):
            _close(each)
        for thread in self._threads:
            thread.join(5)

    def read(self, connection: socket.socket) -> bytes:
        """Read what the client sent and note it; nothing at the end."""
        data = connection.recv(65536)
        self.received += data
        return data

    def _listen(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = Thread(target=self._treat, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _treat(self, connection: socket.socket) -> None:
        try:
            self._behave(self, connection)
        except OSError:
            pass
        finally:
            _close(connection)


def silent(server: HostileLdap, connection: socket.socket) -> None:
    """Read and never answer."""
    while server.read(connection):
        pass


def dripping(server: HostileLdap, connection: socket.socket) -> None:
    """Answer with an endless message, a byte every 20 ms."""
    server.read(connection)
    connection.sendall(b"\x30\x84\x00\x10\x00\x00")
    while not server.stopped.wait(0.02):
        connection.sendall(b"\x00")


def dripping_handshake(server: HostileLdap, connection: socket.socket) -> None:
    """Answer the first TLS message with an endless record, a byte every 20 ms."""
    connection.recv(65536)
    connection.sendall(b"\x16\x03\x03\x3f\xff")
    while not server.stopped.wait(0.02):
        connection.sendall(b"\x02")


def dripping_after_bind(server: HostileLdap, connection: socket.socket) -> None:
    """Let everyone bind, and answer what comes then as ``dripping`` does."""
    connection.sendall(result(SUCCESS)(*_request(server.read(connection))))
    dripping(server, connection)


def answering(data: bytes) -> Behaviour:
    """Answer every request with these bytes."""

    def behave(server: HostileLdap, connection: socket.socket) -> None:
        while server.read(connection):
            connection.sendall(data)

    return behave


def hanging_up(server: HostileLdap, connection: socket.socket) -> None:
    """Close the connection at the first request."""
    server.read(connection)


def presenting(certificate: Certificate, *, newest: ssl.TLSVersion | None = None) -> Behaviour:
    """Speak TLS with this certificate, and then read and never answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    if newest is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = newest

    def behave(server: HostileLdap, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            silent(server, secured)

    return behave


def scripted(*answers: Callable[[int, int], bytes]) -> Behaviour:
    """Answer the requests in turn, the last answer for all further ones; each is made from message id and request
    tag."""

    def behave(server: HostileLdap, connection: socket.socket) -> None:
        turn = 0
        while data := server.read(connection):
            number, tag = _request(data)
            connection.sendall(answers[min(turn, len(answers) - 1)](number, tag))
            turn += 1

    return behave


def result(code: int, *more: bytes, response: int | None = None) -> Callable[[int, int], bytes]:
    """Make an answer of a result code; ``response`` is its tag, by default the one that fits the request."""

    def answer(number: int, tag: int) -> bytes:
        fitting = {BIND: 0x61, SEARCH: 0x65, EXTENDED: 0x78}[tag] if response is None else response
        return message(number, tlv(fitting, tlv(0x0A, bytes([code])) + tlv(4, b"") + tlv(4, b"") + b"".join(more)))

    return answer


def referral(url: str) -> Callable[[int, int], bytes]:
    """Make an answer that refers to ``url``."""
    return result(REFERRAL, tlv(0xA3, tlv(4, url.encode())))


def page(*uuids: str, cookie: bytes, paged: bool = True) -> Callable[[int, int], bytes]:
    """Make an answer of a page of persons; without ``paged`` the server passes over the paging."""

    def answer(number: int, tag: int) -> bytes:
        assert tag == SEARCH
        entries = b"".join(message(number, _entry(uuid)) for uuid in uuids)
        done = tlv(0x65, tlv(0x0A, b"\0") + tlv(4, b"") + tlv(4, b""))
        value = tlv(0x30, tlv(2, b"\0") + tlv(4, cookie))
        control = tlv(0x30, tlv(4, b"1.2.840.113556.1.4.319") + tlv(4, value))
        return entries + message(number, done + (tlv(0xA0, control) if paged else b""))

    return answer


def found(uuid: str, values: dict[str, list[str]]) -> Callable[[int, int], bytes]:
    """Make an answer of one entry with these values."""

    def answer(number: int, tag: int) -> bytes:
        return message(number, _entry(uuid, values)) + result(SUCCESS)(number, tag)

    return answer


def active_directory(serve: Callable[[int], tuple[str, list[str]] | None], *persons: str, group: str) -> Behaviour:
    """Answer as a directory with these persons and one group, by id, whose members come in parts.

    ``serve`` returns the range and the members of the part that begins at an index, None where the group is not there
    any more.
    """

    def behave(server: HostileLdap, connection: socket.socket) -> None:
        while data := server.read(connection):
            number, tag = _request(data)
            asked = re.search(rb"member;range=([0-9]+)-", data)
            if tag != SEARCH:
                connection.sendall(result(SUCCESS)(number, tag))
            elif asked is None and b"inetOrgPerson" in data:
                connection.sendall(page(*persons, cookie=b"")(number, tag))
            else:
                part = serve(int(asked[1]) if asked else 0)
                values = {"member": [], f"member;range={part[0]}": part[1]} if part else {}
                entry = message(number, _entry(group, values)) if part else b""
                connection.sendall(entry + page(cookie=b"")(number, tag))

    return behave


def name_of(uuid: str) -> str:
    """Return the distinguished name of an entry, by its id; its type is written as RFC 4514 allows and few expect."""
    return f"0.9.2342.19200300.100.1.1={uuid},dc=mansikkala,dc=example"


def message(number: int, content: bytes) -> bytes:
    """Return an LDAP message (RFC 4511 section 4.1.1)."""
    return tlv(0x30, tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big")) + content)


def tlv(tag: int, content: bytes) -> bytes:
    """Return one BER element with a definite length."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def _entry(uuid: str, values: dict[str, list[str]] | None = None) -> bytes:
    attributes = b"".join(
        tlv(0x30, tlv(4, name.encode()) + tlv(0x31, b"".join(tlv(4, each.encode()) for each in told)))
        for name, told in {"entryUUID": [uuid], **(values or {})}.items()
    )
    return tlv(0x64, tlv(4, name_of(uuid).encode()) + tlv(0x30, attributes))


def _request(data: bytes) -> tuple[int, int]:
    """Return message id and tag of a request."""
    start = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    size = data[start + 1]
    return int.from_bytes(data[start + 2 : start + 2 + size], "big"), data[start + 2 + size]


def _close(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()

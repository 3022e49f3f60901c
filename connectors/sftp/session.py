"""A signed-in session with a server that has proved itself; nothing is told to any other."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko

from connectors.contract import Refused
from connectors.network.deadline import Deadline
from connectors.network.timed import connect
from connectors.sftp import faults
from connectors.sftp.keys import KINDS, ExpectedKey, expected, fingerprint, private_key
from connectors.sftp.settings import SftpSettings, no_key, written

CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
DIGESTS = ("hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512", "hmac-sha2-256")
_SILENT = "connectors.sftp.protocol"
# What the library tells is told by our own problems, in words.
logging.getLogger(_SILENT).setLevel(logging.CRITICAL + 1)


class Line:
    """The connection that is open now, so that another thread can cut it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._transport: paramiko.Transport | None = None
        self._cut = False

    def open(self, settings: SftpSettings, field: str, left: Deadline) -> paramiko.Transport:
        """Connect, with no word sent yet; raises ``ConnectorError``."""
        try:
            found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
            self._socket = connect(addresses, settings.port, left.remaining, None, settings.host)
        except (OSError, UnicodeError) as error:
            raise faults.not_reached(error, field) from None
        self._transport = _transport(self._socket, left)
        if self._cut:
            self.cut()
        return self._transport

    def cut(self) -> None:
        """Close the connection, whatever it does; may be called at any time, more than once."""
        self._cut = True
        if self._socket is not None:
            self._socket.close()
        if self._transport is not None:
            self._transport.close()


@contextmanager
def session(settings: SftpSettings, field: str, line: Line, left: Deadline) -> Iterator[paramiko.SFTPClient]:
    """Give a client that is signed in; raises ``ConnectorError``."""
    wanted = expected(settings.host_key)
    assert wanted is not None, "validate refuses such settings"
    try:
        transport = _proved(settings, field, line, left, wanted)
        _sign_in(transport, settings, field)
        try:
            client = paramiko.SFTPClient.from_transport(transport)
        except faults.BROKEN:
            raise faults.cut(field) from None
        if client is None:
            raise faults.cut(field)
        yield client
    finally:
        line.cut()


def _transport(link: socket.socket, left: Deadline) -> paramiko.Transport:
    transport = paramiko.Transport(link)
    transport.set_log_channel(_SILENT)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = left.remaining()
    transport.channel_timeout = left.remaining()
    options = transport.get_security_options()
    options.ciphers, options.digests = CIPHERS, DIGESTS
    return transport


def _proved(settings: SftpSettings, field: str, line: Line, left: Deadline, wanted: ExpectedKey) -> paramiko.Transport:
    """Return a connection to a server that has the key wanted. A server has keys of several kinds and shows one that is
    asked for: of a fingerprint the kind is not known, so each is asked for."""
    shown = None
    for kind in [wanted.kind] if wanted.kind else KINDS:
        transport = line.open(settings, field, left)
        transport.get_security_options().key_types = KINDS[kind]
        try:
            transport.start_client()
            key = transport.get_remote_server_key().asbytes()
        except paramiko.ssh_exception.IncompatiblePeer:
            transport.close()
            continue
        except faults.BROKEN:
            raise faults.no_ssh(field) from None
        if fingerprint(key) == wanted.fingerprint:
            return transport
        shown = shown or fingerprint(key)
        transport.close()
    raise faults.other_key(shown, field) if shown else faults.no_algorithm(field)


def _sign_in(transport: paramiko.Transport, settings: SftpSettings, field: str) -> None:
    by_key = settings.private_key is not None or settings.private_key_file is not None
    try:
        if by_key:
            further = transport.auth_publickey(settings.username, _key(settings, field))
        else:
            further = transport.auth_password(settings.username, _password(settings, field))
    except paramiko.AuthenticationException:
        raise faults.not_let_in(by_key, field) from None
    except faults.BROKEN:
        raise faults.cut(field) from None
    if further:
        raise faults.not_let_in(by_key, field)


def _key(settings: SftpSettings, field: str) -> paramiko.PKey:
    if settings.private_key is not None:
        name, text = "private_key", settings.private_key.get_secret_value()
    else:
        assert settings.private_key_file is not None
        name = "private_key_file"
        text = written(settings.private_key_file, f"{field}.{name}")
    key = private_key(text)
    if key is None:
        raise Refused(no_key(f"{field}.{name}"))
    return key


def _password(settings: SftpSettings, field: str) -> str:
    if settings.password is not None:
        return settings.password.get_secret_value()
    assert settings.password_file is not None
    return written(settings.password_file, f"{field}.password_file")

"""One connection to a directory: verified, bound, and never outlasting its deadline."""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPOperationResult

from connectors.contract import Refused
from connectors.ldap.settings import Address
from connectors.ldap.wire.failure import CANNOT_BIND, Unsuccessful, failure
from connectors.ldap.wire.found import Aside, Found
from connectors.network.deadline import Deadline
from connectors.problem import Problem

Result = TypeVar("Result")

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""Ends of a connection, which say nothing about whom it led to."""


class _VerifiedTls(ldap3.Tls):
    """TLS as the standard library verifies it: chain, validity and host name, before the handshake is called done."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED, sni=host)
        self._host = host
        self._context = context
        self.failure: ssl.SSLError | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = True) -> None:
        """Secure the connection's socket; the secured one takes its place before the handshake, so that an abort finds
        it."""
        wrapped = self._context.wrap_socket(
            connection.socket, server_hostname=self._host, do_handshake_on_connect=False
        )
        connection.socket = wrapped
        try:
            wrapped.do_handshake()
        except ssl.SSLError as error:
            if not isinstance(error, _BROKEN):
                self.failure = error
            raise


class Session:
    """A connection as one bound user; a context manager that closes it. Every method raises ``ConnectorError``.

    It is used for one purpose by one thread and never shared. ``deadline`` ends connecting and binding together.
    """

    def __init__(self, address: Address, ca_file: Path | None, user: str, password: str, deadline: Deadline) -> None:
        seconds = max(math.ceil(deadline.remaining()), 1)
        self._tls = None if address.tls == "none" else _VerifiedTls(address.host, _context(ca_file))
        server = ldap3.Server(
            address.host,
            port=address.port,
            use_ssl=address.tls == "ldaps",
            tls=self._tls,
            get_info=ldap3.NONE,
            connect_timeout=seconds,
            allowed_referral_hosts=[],
        )
        self._connection = ldap3.Connection(
            server,
            user=user,
            password=password,
            authentication=ldap3.SIMPLE,
            client_strategy=ldap3.SYNC,
            auto_bind=ldap3.AUTO_BIND_NONE,
            auto_referrals=False,
            # ldap3 would read ranges on without an end of its own, and take what it asked for and did not get for
            # empty.
            auto_range=False,
            return_empty_attributes=False,
            receive_timeout=seconds,
            read_only=True,
            # ldap3 would refuse names that RFC 4514 allows, those of entries that the directory itself told among them.
            check_names=False,
            raise_exceptions=True,
        )
        self._aside = Aside(self._connection.strategy)
        self._starts_tls = address.tls == "starttls"
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect and, where there is TLS, verify the server; nothing else is sent."""
        self.run(lambda: self._connection.open(read_server_info=False), self._deadline)
        if self._starts_tls:
            self.run(lambda: self._connection.start_tls(read_server_info=False), self._deadline)

    def bind(self) -> None:
        """Bind; raises ``Refused`` when the directory does not accept the credentials."""
        self.run(self._bind, self._deadline)

    def accepts(self) -> bool:
        """Bind, and return whether the directory accepts the credentials; raises when that cannot be told."""
        try:
            self.run(self._bind, self._deadline)
        except Refused as error:
            if isinstance(error.__cause__, Unsuccessful) and error.__cause__.code in CANNOT_BIND:
                return False
            raise
        return True

    def search(self, deadline: Deadline, **arguments: Any) -> tuple[dict[str, Any], list[Found]]:
        """Search once; return the result as ldap3 gives it, and the entries without references to other servers."""
        return self.run(lambda: self._search(arguments), deadline)

    def _search(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[Found]]:
        self._aside.taken()
        self._connection.search(**arguments)
        result = _successful(self._connection.result)
        others = [_found(each) for each in self._connection.response or () if each["type"] == "searchResEntry"]
        return result, [*self._aside.taken(), *others]

    def _bind(self) -> None:
        secured = isinstance(self._connection.socket, ssl.SSLSocket)
        # ldap3 opens a closed connection anew when it binds, and without TLS where it began with StartTLS.
        if self._connection.closed or secured != (self._tls is not None):
            raise ConnectionError
        self._connection.bind(read_server_info=False)
        _successful(self._connection.result)

    def run(self, operation: Callable[[], Result], deadline: Deadline) -> Result:
        """Run one operation of the connection within ``deadline``."""
        try:
            return deadline.run(operation, self._abort)
        except LDAPOperationResult as error:
            # Not the error itself: it holds what the server wrote, which may name persons.
            unsuccessful = Unsuccessful(int(error.result), str(error.description))
            raise failure(unsuccessful) from unsuccessful
        except Unsuccessful as error:
            raise failure(error) from error
        except Exception as error:  # noqa: BLE001  # what ldap3 raises over a hostile answer is not of one family
            raise failure(error, self._tls.failure if self._tls else None) from None

    def close(self) -> None:
        """Close the socket; may be called more than once. No unbind is sent: that could block."""
        self._abort()
        with suppress(OSError):
            if self._connection.socket is not None:
                self._connection.socket.close()

    def _abort(self) -> None:
        current = self._connection.socket
        with suppress(OSError):
            if current is not None:
                # Past the TLS layer: its own shutdown would take the lock-free state from the thread that reads.
                socket.socket.shutdown(current, socket.SHUT_RDWR)


def _successful(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result that is a success; ldap3 itself lets size limits, time limits and referrals pass."""
    if result["result"] != 0:
        raise Unsuccessful(int(result["result"]), str(result["description"]))
    return result


def _found(entry: dict[str, Any]) -> Found:
    """Return an entry that ldap3 decoded."""
    return Found(str(entry["dn"]), {name.lower(): values or [] for name, values in entry["raw_attributes"].items()})


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise Refused(
            Problem(
                "The authorities to trust cannot be read.",
                "Name a file of PEM certificates that the account of the service may read.",
                field="ca_file",
            )
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context

"""What can go wrong with another server, in words."""

from __future__ import annotations

import errno
import socket

import paramiko

from connectors.contract import ConnectorError, Malformed, Refused, Retryable, TimedOut, Unreachable, Untrusted
from connectors.problem import Problem


def not_reached(error: OSError | UnicodeError, field: str) -> ConnectorError:
    """Return what a connection that does not come about means."""
    if isinstance(error, (socket.gaierror, UnicodeError)):
        told = Problem("The name of the server is not found.", "Check host.", field=f"{field}.host")
    elif isinstance(error, ConnectionRefusedError):
        told = Problem(
            "The server refuses the connection: nobody answers at this port.",
            "Check host and port, and that the server runs.",
            field=f"{field}.port",
        )
    elif isinstance(error, TimeoutError):
        return too_slow(field)
    else:
        told = Problem("The server is not reached.", "Check host, and the network between.", field=f"{field}.host")
    return Unreachable(told)


def too_slow(field: str) -> ConnectorError:
    """Return that the time is up."""
    return TimedOut(
        Problem(
            "The server did not answer, or did not send the file, in time.",
            "Try again later; deadline_seconds says how long everything may take.",
            field=f"{field}.deadline_seconds",
        )
    )


def no_ssh(field: str) -> ConnectorError:
    """Return that what answers there does not speak SSH, or hung up at once."""
    return Unreachable(
        Problem(
            "What answers there does not speak SSH, or hung up at once.",
            "Check host and port, and whether the server lets this one in.",
            field=f"{field}.port",
        )
    )


def no_algorithm(field: str) -> ConnectorError:
    """Return that the server and we have no algorithm in common."""
    return Untrusted(
        Problem(
            "The server offers no algorithm that is safe today, or no key of the kind of host_key.",
            "Ask its keeper for OpenSSH 7.2 or later, or one that speaks as it does, and for its public key.",
            field=f"{field}.host_key",
        )
    )


def other_key(shown: str, field: str) -> ConnectorError:
    """Return that the server's key, whose fingerprint is ``shown``, is not the one that is expected."""
    return Untrusted(
        Problem(
            "The server shows another key than host_key: %(shown)s. It was told nothing.",
            "Ask its keeper, not over this connection, whether that is its key; only then write it into host_key.",
            field=f"{field}.host_key",
            params={"shown": shown},
        )
    )


def not_let_in(by_key: bool, field: str) -> ConnectorError:
    """Return that the server does not accept the key or the password."""
    if by_key:
        told = Problem(
            "The server does not accept the key of username.",
            "Ask its keeper whether the public key is there, for this username and from this address.",
            field=f"{field}.username",
        )
    else:
        told = Problem("The server does not accept username and password.", "Check both.", field=f"{field}.username")
    return Refused(told)


def of_folder(error: OSError, field: str) -> ConnectorError:
    """Return what a folder that cannot be listed means."""
    if error.errno == errno.EACCES or isinstance(error, PermissionError):
        told = Problem(
            "The folder may not be read on the other server.",
            "Ask its keeper to let username read it.",
            field=f"{field}.folder",
        )
        return Refused(told)
    return Unreachable(
        Problem(
            "The folder is not there on the other server.",
            "Check folder; one that does not begin with / lies in the folder where username arrives.",
            field=f"{field}.folder",
        )
    )


def strange_name(field: str) -> ConnectorError:
    """Return that a name in the folder cannot be read."""
    return Malformed(
        Problem(
            "A name in the folder of the other server is not UTF-8.",
            "Let its keeper rename the file, or give the service a folder of its own.",
            field=f"{field}.folder",
        )
    )


def of_file(error: OSError, name: str) -> ConnectorError:
    """Return what a file that was seen and cannot be opened means."""
    if error.errno == errno.EACCES or isinstance(error, PermissionError):
        return Refused(
            Problem("The file may not be read.", "Ask the other server's keeper to let username read it.", name)
        )
    return Retryable(
        Problem(
            "The file was taken away while it was fetched.", "Run the source again when the transfer has ended.", name
        )
    )


def grew(name: str) -> ConnectorError:
    """Return that the file changed while it was fetched."""
    return Retryable(
        Problem(
            "The file changed while it was fetched.",
            "Run the source again when the transfer has ended; let the sender rename the file when it is whole.",
            name,
        )
    )


def too_large(name: str, most: int) -> ConnectorError:
    """Return that the file is larger than ``most`` bytes."""
    return Malformed(
        Problem(
            "The file is larger than is fetched: %(most)d MiB.",
            "Check pattern; let the sender leave out what is not needed.",
            name,
            params={"most": most >> 20},
        )
    )


def no_room(name: str) -> ConnectorError:
    """Return that the file cannot be kept here while it is read."""
    return Retryable(
        Problem(
            "There is no room here to keep the file while it is read.",
            "Make room in the folder for temporary files (TMPDIR).",
            name,
        )
    )


def cut(field: str) -> ConnectorError:
    """Return that the connection broke."""
    return Unreachable(Problem("The connection to the server was cut.", "Try again later.", field=f"{field}.host"))


BROKEN = (EOFError, paramiko.SSHException, OSError)
"""What a broken connection looks like from within."""

"""What went wrong with the server, in the terms of the contract. Nothing that it said is repeated: it may name persons
or hold the token."""

from __future__ import annotations

import ssl

from connectors.contract import ConnectorError, Malformed, Refused, TimedOut, Unreachable, Untrusted
from connectors.network.deadline import DeadlinePassed
from connectors.network.link import BadTrust
from connectors.network.timed import TooMuch
from connectors.problem import Problem

BUSY = frozenset({429, 502, 503, 504})
"""Statuses after which trying again may help."""

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""Ends of a connection, which say nothing about whom it led to."""


def failure(error: Exception, field: str) -> ConnectorError:
    """Return ``error``, raised by one request to the address of the setting ``field``, as an error of the contract."""
    if isinstance(error, TimeoutError | DeadlinePassed):
        return too_slow(field)
    if isinstance(error, BadTrust):
        return Refused(
            Problem(
                "The authorities to trust cannot be read.",
                "Name a file of PEM certificates that the account of the service may read.",
                field="ca_file",
            )
        )
    if isinstance(error, TooMuch):
        return Malformed(Problem("The server's answer is too large.", "Set a smaller page_size.", field="page_size"))
    if isinstance(error, ssl.SSLError) and not isinstance(error, _BROKEN):
        return Untrusted(
            Problem(
                "The server's certificate is not trusted.",
                "Check that it is valid and made for this name; set ca_file where its authority is your own.",
                field="ca_file",
            )
        )
    return Unreachable(
        Problem(
            "The server does not answer, or broke the connection.", "Check the address and the network.", field=field
        )
    )


def too_slow(field: str) -> ConnectorError:
    """Return the error of an answer that did not come in time."""
    return TimedOut(
        Problem(
            "The server did not answer in time.",
            "Check that it is well; a slow one may need a longer deadline_seconds or a smaller page_size.",
            field=field,
        )
    )


def of_status(status: int, field: str) -> ConnectorError:
    """Return what another status than 200 means."""
    params = {"status": status}
    if status in BUSY:
        return Unreachable(
            Problem(
                "The server is busy or out of order (%(status)d), also when asked again.",
                "Run the source again later.",
                field=field,
                params=params,
            )
        )
    if status in (401, 403):
        return Refused(
            Problem(
                "The server does not let us read (%(status)d).",
                "Ask its keeper to give client_id the right to read rosters (scope roster.readonly).",
                field="client_id",
                params=params,
            )
        )
    if 300 <= status < 400:
        return Refused(
            Problem(
                "The server sends us to another address, which is never followed (%(status)d).",
                "Ask its keeper for the address that answers by itself.",
                field=field,
                params=params,
            )
        )
    return Refused(
        Problem(
            "The server refused the request (%(status)d).",
            "Check that the address ends in /ims/oneroster/rostering/v1p2, and ask its keeper.",
            field=field,
            params=params,
        )
    )


def no_token(status: int) -> ConnectorError:
    """Return the error of a token that was not given."""
    return Refused(
        Problem(
            "The server gave no token for client_id (%(status)d).",
            "Check client_id, its secret, token_url and scope.",
            field="client_id",
            params={"status": status},
        )
    )


def no_json(field: str) -> ConnectorError:
    """Return the error of an answer that says something else than was asked."""
    return Malformed(
        Problem(
            "The server's answer is not OneRoster: no JSON, or without what was asked for.",
            "Check that the address leads to OneRoster 1.2; an error page says the same with status 200.",
            field=field,
        )
    )

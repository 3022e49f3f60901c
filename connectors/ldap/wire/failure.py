"""What went wrong with the directory, in the terms of the contract."""

from __future__ import annotations

import ssl

from ldap3.core.exceptions import LDAPCommunicationError

from connectors.contract import ConnectorError, Malformed, Refused, TimedOut, Unreachable, Untrusted
from connectors.network.deadline import DeadlinePassed
from connectors.problem import Problem

CANNOT_BIND = frozenset({49, 48, 53, 19, 32})
"""Result codes of a bind that say that this person may not sign in: credentials, no password, disabled, expired,
gone."""

_BUSY = frozenset({51, 52, 80})
_TOO_SLOW = frozenset({3, 85})

_RESULTS = {
    49: Problem("The directory refused the credentials.", "Check bind_dn and its password.", field="bind_dn"),
    32: Problem("The directory has no such base.", "Check base_dn.", field="base_dn"),
    4: Problem(
        "The directory gives fewer entries than there are (size limit).",
        "Have the limit for bind_dn raised; OpenLDAP: limits … size.prtotal=unlimited.",
        field="bind_dn",
    ),
    10: Problem(
        "The directory refers to another server, which is never followed.",
        "Use the address of the server that holds base_dn.",
        field="url",
    ),
    12: Problem(
        "The directory cannot give its entries in pages.", "Have it offer paged results (RFC 2696).", field="url"
    ),
    13: Problem("The directory demands an encrypted connection.", "Use ldaps:// or starttls.", field="url"),
    8: Problem("The directory demands a stronger connection.", "Use ldaps:// or starttls.", field="url"),
    50: Problem("The directory does not let us read.", "Give bind_dn the right to read base_dn.", field="bind_dn"),
}

_SELF_SIGNED, _UNKNOWN, _EXPIRED, _NOT_YET, _WRONG_NAME = {18, 19}, {2, 20, 21}, {10}, {9}, {62, 63, 64}


class Unsuccessful(Exception):
    """The directory answered with another result code (RFC 4511 appendix A) than success; ``description`` is the code's
    name."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description


def failure(error: Exception, tls: ssl.SSLError | None = None) -> ConnectorError:
    """Return ``error``, raised by one operation, as an error of the contract; ``tls`` is what broke the handshake, if
    it did."""
    if isinstance(error, DeadlinePassed):
        return TimedOut(
            Problem(
                "The directory did not answer in time.",
                "Check that it is well; a slow one may need a longer deadline_seconds or a smaller page_size.",
                field="url",
            )
        )
    if tls is not None:
        return Untrusted(_untrusted(tls))
    if isinstance(error, Unsuccessful):
        return _from_result(error.code, error.description)
    if isinstance(error, LDAPCommunicationError | OSError):
        return Unreachable(
            Problem(
                "The directory does not answer, or broke the connection.", "Check url and the network.", field="url"
            )
        )
    return Malformed(
        Problem("The directory's answer cannot be understood.", "Check that url leads to an LDAP server.", field="url")
    )


def _from_result(code: int, description: str) -> ConnectorError:
    if code in _TOO_SLOW:
        return TimedOut(
            Problem(
                "The directory gave up: it took too long.", "Try again later, or use a smaller page_size.", field="url"
            )
        )
    if code in _BUSY:
        return Unreachable(Problem("The directory is busy or out of order.", "Try again later.", field="url"))
    known = _RESULTS.get(code)
    if known is not None:
        return Refused(known)
    params = {"code": code, "description": description}
    return Refused(
        Problem(
            "The directory refused the request: %(description)s (%(code)d).",
            "Ask the directory's administrators.",
            field="url",
            params=params,
        )
    )


def _untrusted(error: ssl.SSLError) -> Problem:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else None
    if code in _WRONG_NAME:
        return Problem(
            "The directory's certificate is for another name.",
            "Use the name that the certificate has, or have the certificate made for this name.",
            field="url",
        )
    if code in _EXPIRED:
        return Problem("The directory's certificate has expired.", "Have it renewed.", field="url")
    if code in _NOT_YET:
        return Problem("The directory's certificate is not valid yet.", "Check the clocks.", field="url")
    if code in _SELF_SIGNED or code in _UNKNOWN:
        return Problem(
            "The directory's certificate comes from an unknown authority.",
            "Set ca_file to the certificate of the authority that made it.",
            field="ca_file",
        )
    if code is not None:
        return Problem(
            "The directory's certificate is not valid (%(code)d).",
            "Have the certificate renewed by a trusted authority.",
            field="url",
            params={"code": code},
        )
    return Problem(
        "No secure connection to the directory could be agreed.",
        "Check that the port speaks TLS 1.2 or newer.",
        field="url",
    )

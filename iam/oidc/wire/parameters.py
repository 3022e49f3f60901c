"""The parameters of a request as RFC 6749 wants them: each at most once, printable, and never empty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from iam.tokens import jose

REPEATABLE = frozenset({"resource", "audience"})
"""Parameters that may come more than once (RFC 8707 section 2, RFC 8693 section 2.1)."""

_LONGEST = jose.MAX_TOKEN
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_PLAIN = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
"""What may stand in an error's description: no quotation mark and no backslash (RFC 6749 section 5.2)."""

_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:.", re.IGNORECASE)

_TOLD = frozenset({"client_id", "redirect_uri", "response_type", "grant_type", "scope"})
"""Parameters that a description may tell."""

_FREE = frozenset({"login_hint", "ui_locales", "logout_hint"})
"""Parameters that a person's own name may stand in; they must only be free of control characters."""


class BadParameters(ValueError):
    """A parameter that comes twice, is too long or holds what no parameter may hold; ``str()`` names it, never its
    value."""


def single(pairs: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """Return each parameter's one value; an empty one counts as left out (RFC 6749 section 3.1). Repeatable ones are
    left out.

    Raises ``BadParameters``.
    """
    found: dict[str, str] = {}
    for name, values in pairs:
        if not _PLAIN.fullmatch(name) or len(name) > 64:
            raise BadParameters("A parameter has a name that is not allowed.")
        if name in REPEATABLE:
            continue
        if len(values) > 1:
            raise BadParameters(f"The parameter {name} comes more than once.")
        if values[0]:
            found[name] = _checked(name, values[0])
    return found


def resources(values: Sequence[str]) -> list[str]:
    """Return the values of ``resource``, each once: absolute addresses without a fragment (RFC 8707 section 2).

    Raises ``BadParameters``.
    """
    for value in values:
        if not _PLAIN.fullmatch(value) or len(value) > 512 or "#" in value or not _ABSOLUTE.match(value):
            raise BadParameters("A resource is no absolute address.")
    return list(dict.fromkeys(values))


def _checked(name: str, value: str) -> str:
    pattern = _PLAIN if name in _TOLD else _PRINTABLE
    allowed = value.isprintable() if name in _FREE else pattern.fullmatch(value)
    if not allowed or len(value) > _LONGEST:
        raise BadParameters(f"The parameter {name} holds something that is not allowed.")
    return value

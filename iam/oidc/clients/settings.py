"""What a client states of itself besides what every request asks (RFC 7591 section 2, OIDC Dynamic Client Registration
1.0 section 2).

Kept in ``model.Client.metadata_`` under the names of the specification. Pure; one set of rules for every way to
register.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.problem import Problem
from iam.signin.factors.levels import LEVELS
from iam.texts import N_
from iam.tokens.jose import ALGORITHMS

LONGEST_TEXT, MOST = 400, 20
LONGEST_AGE = 10 * 365 * 86400
"""Seconds: the greatest ``default_max_age``."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value.isprintable()


def _texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST and all(_text(one) for one in value)


def _page(value: Any) -> bool:
    """An address that a person's browser may be shown: of the web, whole, and of nobody in particular."""
    if not isinstance(value, str) or len(value) > 2048 or not value.isascii() or not value.isprintable():
        return False
    if " " in value or "\\" in value:
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _age(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LONGEST_AGE


def _levels(value: Any) -> bool:
    return _texts(value) and all(one in LEVELS for one in value)


def _algorithm(value: Any) -> bool:
    return isinstance(value, str) and value in ALGORITHMS


def _kind(value: Any) -> bool:
    return value in ("web", "native") if isinstance(value, str) else False


def _subjects(value: Any) -> bool:
    return value in ("pairwise", "public") if isinstance(value, str) else False


SPOKEN: Mapping[str, Callable[[Any], bool]] = {
    "client_name": _text,
    "client_uri": _page,
    "logo_uri": _page,
    "policy_uri": _page,
    "tos_uri": _page,
}
"""Members that may be said in several languages: ``client_name#fi`` (RFC 7591 section 2.2)."""

CONTROLLERS: Mapping[str, Callable[[Any], bool]] = {"purpose": _text, "legal_basis": _text}
"""What the controller says on the page that tells what an application receives, in several languages, too: no client
says it itself."""

MEMBERS: Mapping[str, Callable[[Any], bool]] = {
    **SPOKEN,
    **CONTROLLERS,
    "application_type": _kind,
    "contacts": _texts,
    "default_max_age": _age,
    "require_auth_time": _flag,
    "default_acr_values": _levels,
    "initiate_login_uri": _page,
    "request_object_signing_alg": _algorithm,
    "require_signed_request_object": _flag,
    "token_endpoint_auth_signing_alg": _algorithm,
    "backchannel_logout_session_required": _flag,
    "frontchannel_logout_session_required": _flag,
    "software_id": _text,
    "software_version": _text,
    "subject_type": _subjects,
}
"""Every member kept here, with what its value must be."""


def is_native(auth: str, metadata: Mapping[str, Any]) -> bool:
    """Whether a client runs on the person's own device: as it says, else when it has nothing to prove itself by."""
    return bool(metadata.get("application_type", "native" if auth == "none" else "web") == "native")


def is_member(name: str) -> bool:
    """Whether a name is one of these, perhaps with a language."""
    plain, mark, language = name.partition("#")
    many = plain in SPOKEN or plain in CONTROLLERS
    return plain in MEMBERS and (not mark or (many and bool(_LANGUAGE.fullmatch(language))))


def is_clients(name: str) -> bool:
    """Whether a client may say this of itself."""
    return is_member(name) and name.partition("#")[0] not in CONTROLLERS


def said(metadata: Mapping[str, Any], name: str, language: str) -> str | None:
    """Return a member in a language, or as it is said without one; None when it is not said."""
    return metadata.get(f"{name}#{language}") or metadata.get(name)


def problems(metadata: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong, each with its member as the field."""
    for name, value in metadata.items():
        if not isinstance(name, str) or not is_member(name):
            yield Problem(
                N_("This is nothing that a client states of itself."),
                N_("Remove it, or correct its name."),
                field="metadata",
            )
        elif not MEMBERS[name.partition("#")[0]](value):
            yield Problem(
                N_("The value of %(name)s is not allowed."),
                N_("Write it as RFC 7591 section 2 says."),
                field=name,
                params={"name": name},
            )

"""What a client states of itself besides what every request asks, as ``iam.oidc.fields.members`` describes it.

Kept in ``model.Client.metadata_`` under the names of the specification. Pure; one set of rules for every way to
register.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.problem import Problem
from iam.oidc.fields.field import Field
from iam.oidc.fields.members import MEMBERS
from iam.texts import N_

CONTROLLERS: Mapping[str, Field] = {name: one for name, one in MEMBERS.items() if not one.by_client}
"""What the controller says on the page that tells what an application receives: no client says it itself."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")


def is_native(auth: str, metadata: Mapping[str, Any]) -> bool:
    """Whether a client runs on the person's own device: as it says, else when it has nothing to prove itself by."""
    return bool(metadata.get("application_type", "native" if auth == "none" else "web") == "native")


def is_member(name: str) -> bool:
    """Whether a name is one of these, perhaps with a language."""
    plain, mark, language = name.partition("#")
    field = MEMBERS.get(plain)
    return field is not None and (not mark or (field.spoken and bool(_LANGUAGE.fullmatch(language))))


def is_clients(name: str) -> bool:
    """Whether a client may say this of itself."""
    return is_member(name) and MEMBERS[name.partition("#")[0]].by_client


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
        elif not MEMBERS[name.partition("#")[0]].values.permits(value):
            yield not_allowed(name)


def not_allowed(name: str) -> Problem:
    """Say that a setting has a value that is not permitted."""
    return Problem(
        N_("The value of %(name)s is not allowed."),
        N_("Write it as RFC 7591 section 2 says."),
        field=name,
        params={"name": name},
    )

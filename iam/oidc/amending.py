"""An administrator changes what a client is set to, on its page: checked as a new client is, under one change with one
event.

The mapper of claims, what people are told and retiring have commands of their own (``by_page``, ``controllers``); the
address that lists a sector is a registration's alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.change import Actor
from iam.errors import Invalid
from iam.oidc.clients import by_page, write as registration
from iam.oidc.clients.by_page import NewClient
from iam.oidc.clients.rules import SECRET_METHODS, Registration, problems
from iam.oidc.clients.settings import CONTROLLERS
from iam.oidc.fields.columns import COLUMNS
from iam.oidc.fields.field import Field
from iam.oidc.fields.members import MEMBERS
from iam.oidc.model import Client
from iam.texts import N_
from iam.tokens import secret as secrets

_ELSEWHERE = ("mapper", "metadata", "retired", "sector_identifier_uri")
AMENDED: Mapping[str, Field] = {name: one for name, one in COLUMNS.items() if name not in _ELSEWHERE}
"""The settings with a column that are changed here."""
AMENDED_MEMBERS: Mapping[str, Field] = {name: one for name, one in MEMBERS.items() if name not in CONTROLLERS}
"""Those among what a client states of itself."""
WHOLE_ONLY = ("resources",)
"""Settings that only whoever answers for the whole consortium changes: tokens for the services of others. A client that
was let ask for such tokens is theirs altogether: whoever could change where it is answered could take them."""


def stated(client: Client) -> dict[str, Any]:
    """Return what a client is set to, by the names of the settings; ``metadata`` is whole."""
    return {name: one.of(client) for name, one in AMENDED.items()} | {"metadata": dict(client.metadata_)}


def digest_of(settings: Mapping[str, Any]) -> str:
    """Return what stands for just these settings."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return each setting that differs with its value before and after, members by their own names; pure."""
    flat = [{**settings, **settings["metadata"]} for settings in (before, after)]
    names = dict.fromkeys([*flat[0], *flat[1]])
    pairs = {name: (flat[0].get(name), flat[1].get(name)) for name in names if name != "metadata"}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def check(part: Part, client: Client, wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what would differ; raises ``Invalid`` with the field of each problem. A secret that is missing is given
    when it is written."""
    found = changed(stated(client), wanted)
    wrong = list(problems(Registration.of({**wanted, "mapper": client.mapper}, wanted["auth"] in SECRET_METHODS)))
    wrong += [
        Problem(
            N_("Only whoever answers for the whole consortium changes this."), N_("Leave it as it was."), field=name
        )
        for name in (found if client.resources else WHOLE_ONLY)
        if name in found and not part.everything
    ]
    if wrong:
        raise Invalid(*wrong)
    return found


def amend(
    session: Session, part: Part, application_key: str, client_id: str, wanted: Mapping[str, Any], actor: Actor
) -> NewClient:
    """Set a client of the part to what is ``wanted``, as ``stated`` returns it; nothing is written where nothing
    differs.

    One that is to prove itself by a secret and has none is given one, told this once; the secrets of one that is to do
    otherwise end. Raises ``NotFound``, and ``Invalid`` as ``check``.
    """
    owned, client = by_page.found(session, part, application_key, client_id)
    found = check(part, client, wanted)
    if not found:
        return NewClient(client, None)
    for name, one in AMENDED.items():
        setattr(client, one.attribute, wanted[name])
    client.metadata_ = dict(wanted["metadata"])
    session.flush()
    value = _secret(session, client)
    by_page.record(session, "admin:client:amended", owned, actor, {"client": client_id, "fields": sorted(found)})
    return NewClient(client, value)


def _secret(session: Session, client: Client) -> str | None:
    living = by_page.living_secrets(session, client.client_id)
    if client.auth not in SECRET_METHODS:
        registration.end_secrets(session, [client.client_id])
    elif not living:
        value = secrets.new("client")
        registration.set_secrets(session, {client.client_id: secrets.hash_of(value)})
        return value
    return None

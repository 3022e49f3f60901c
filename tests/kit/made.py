"""Capacities, rights and clients made by hand, for tests of the pure parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from iam.access.right import Capacity, Right
from iam.oidc.clients.registered import RegisteredClient

NOW = datetime(2026, 9, 15, 5, 0, tzinfo=UTC)
MAY = datetime(2027, 5, 31, 21, 0, tzinfo=UTC)
APPLICATION, OTHER_APPLICATION = UUID(int=1), UUID(int=2)
KOIVU, RANTA = UUID(int=11), UUID(int=12)
IN_KOIVU, IN_RANTA = UUID(int=21), UUID(int=22)
ISSUER = "https://id.example"


def capacity(id_: UUID = IN_KOIVU, **changes: Any) -> Capacity:
    """A class teacher of the school KOIVU until the end of May."""
    values: dict[str, Any] = {
        "kind": "employee",
        "organisation_id": KOIVU,
        "organisation_key": "KOIVU",
        "organisation_names": {"fi": "Koivurinteen koulu", "sv": "Koivurinne skola", "en": "Koivurinne school"},
        "position": "Luokanopettaja",
        "valid_from": datetime(2026, 7, 31, 21, tzinfo=UTC),
        "valid_to": MAY,
    } | changes
    return Capacity(id_, **values)


def in_ranta(**changes: Any) -> Capacity:
    """A principal of the school RANTA."""
    return capacity(
        IN_RANTA, **{"organisation_id": RANTA, "organisation_key": "RANTA", "position": "Rehtori", **changes}
    )


def right(role: str = "opettaja", **changes: Any) -> Right:
    """The role of a teacher in KOIVU, told by token."""
    values: dict[str, Any] = {
        "role_id": UUID(int=31),
        "scope_key": "KOIVU",
        "scope_id": KOIVU,
        "capacity_id": IN_KOIVU,
        "valid_from": datetime(2026, 7, 31, 21, tzinfo=UTC),
        "valid_to": MAY,
        "enforcement": "by token",
        "content": ("arviointi:write", "oppilaat:read"),
        "application_id": APPLICATION,
    } | changes
    return Right(role, **values)


def client(**changes: Any) -> RegisteredClient:
    """A confidential web client."""
    values: dict[str, Any] = {
        "client_id": "wilma",
        "application_id": APPLICATION,
        "names": {"fi": "Wilma"},
        "audience": "https://wilma.example",
        "auth": "client_secret_basic",
        "redirect_uris": ("https://wilma.example/cb",),
        "sector": "wilma.example",
        "scope": "openid profile email phone roles groups offline_access wilma.read",
        "grants": ("authorization_code", "refresh_token", "client_credentials"),
    } | changes
    return RegisteredClient(**values)

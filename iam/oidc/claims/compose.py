"""What a token or the userinfo endpoint says of a person: pure functions from what was read to claims.

Only the chosen capacity and only the client's own application are told. Rights that are decided at use, or that need a
live customer relationship, are never told: nobody could hold them by showing a token.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from iam.access.right import Capacity, Right
from iam.directory.protected import release
from iam.directory.queries import Profile
from iam.oidc.claims.requested import SCOPES

MAX_ROLES = 150
"""With more roles, or entitlements, than this a token only says where they can be asked for (OIDC Core section
5.6.2)."""

MAPPABLE = (
    "capacity",
    "roles",
    "groups",
    "entitlements",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "locale",
    "zoneinfo",
    "updated_at",
    "email",
    "phone_number",
)
"""Claims that a client may have under another name."""

VERIFIED = ("email_verified", "phone_number_verified")
"""Told with an address or a number, and always false: a source said it, and nobody showed here that they are reached
there (OIDC Core section 5.1). Were it true, whoever writes a source could be taken for anybody, wherever an application
finds its people by address."""

RESERVED = frozenset(
    {
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "sid",
        "acr",
        "amr",
        "auth_time",
        "nonce",
        "at_hash",
        "client_id",
        "scope",
        "azp",
        "act",
        "may_act",
        "cnf",
        "username",
        "active",
        "token_type",
        "_claim_names",
        "_claim_sources",
        *VERIFIED,
    }
)
"""Claims of the protocol: no mapper gives these names away."""

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What an application may be told of a person in one capacity.

    ``capacity_id`` is the opaque id this application knows the capacity by, ``on_behalf_of`` the subject of the other
    person, ``rights`` what ``usable`` left, ``language`` the one in which organisations are named, ``zone`` the
    consortium's time zone.
    """

    subject: str
    capacity: Capacity | None = None
    capacity_id: str = ""
    on_behalf_of: str | None = None
    rights: Sequence[Right] = ()
    groups: Sequence[str] = ()
    profile: Profile | None = None
    login: str | None = None
    locale: str | None = None
    language: str = "fi"
    zone: str | None = None


def opaque_capacity_id(key: bytes, application_id: UUID, capacity_id: UUID) -> str:
    """Return the id under which one application knows a capacity; another application's id for it tells nothing."""
    mac = hmac.digest(key, application_id.bytes + capacity_id.bytes, "sha256")
    return "c_" + urlsafe_b64encode(mac).decode()[:16]


def usable(rights: Iterable[Right], capacity_id: UUID | None, application_id: UUID) -> tuple[Right, ...]:
    """Return the rights a token may carry: of this capacity and application, neither decided at use nor tied to a
    relationship."""
    return tuple(
        right
        for right in rights
        if right.capacity_id == capacity_id
        and right.application_id in (None, application_id)
        and right.enforcement != "at use"
        and not right.needs_relationship
    )


def first_end(told: Told, scopes: Collection[str], latest: datetime) -> datetime:
    """Return the earlier of ``latest`` and the first end among what the token says."""
    ends = [right.valid_to for right in told.rights] if "roles" in scopes else []
    if told.capacity is not None:
        ends.append(told.capacity.valid_to)
    return min([latest, *ends])


def of_token(
    told: Told, scopes: Collection[str], mapper: Mapping[str, Any], userinfo: str, names: Iterable[str] = ()
) -> Claims:
    """Return what an ID or access token says besides the protocol's own claims; ``userinfo`` is where too many roles
    are told.

    ``names`` are claims asked one by one (OIDC Core section 5.5).
    """
    claims = _acting(told, scopes) | _access(told, scopes) | _one_by_one(told, names)
    many = [name for name in ("roles", "entitlements") if len(claims.get(name, ())) > MAX_ROLES]
    # What a role contains makes no sense without the role: too many roles take the entitlements with them.
    elsewhere = ["roles", "entitlements"] if "roles" in many else many
    told_here = mapped({name: value for name, value in claims.items() if name not in elsewhere}, mapper)
    if not elsewhere:
        return told_here
    names = {_place(name, mapper)[0]: "avain" for name in elsewhere}
    # A claim is told in one place: what stands in the same object goes with it.
    told_here = {name: value for name, value in told_here.items() if name not in names}
    return told_here | {"_claim_names": names, "_claim_sources": {"avain": {"endpoint": userinfo}}}


def of_userinfo(told: Told, scopes: Collection[str], mapper: Mapping[str, Any], names: Iterable[str] = ()) -> Claims:
    """Return what the userinfo endpoint says, ``sub`` first; ``names`` are claims asked one by one (OIDC Core section
    5.5)."""
    claims = _acting(told, scopes) | _access(told, scopes) | _profile(told, scopes) | _one_by_one(told, names)
    return {"sub": told.subject} | mapped(claims, mapper)


def _one_by_one(told: Told, names: Iterable[str]) -> Claims:
    wanted = set(names)
    scopes = {SCOPES[name] for name in wanted if name in SCOPES}
    found = _access(told, scopes) | _profile(told, scopes)
    return {name: value for name, value in found.items() if name in wanted}


def mapped(claims: Claims, mapper: Mapping[str, Any]) -> Claims:
    """Return the claims under the names and in the formats the client asked for; a renamed claim wins over one of that
    name.

    ``format`` ``code`` leaves out the scope of roles: "opettaja" for "opettaja@KOIVU".
    """
    renamed: Claims = {}
    for name in claims:
        rule = mapper.get(name)
        if isinstance(rule, Mapping):
            *objects, last = _place(name, mapper)
            inside = renamed
            for one in objects:
                inside = inside.setdefault(one, {})
            inside[last] = _formatted(claims[name], str(rule.get("format", "")))
    return {name: value for name, value in claims.items() if name not in mapper} | renamed


def path(claim: str, rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the objects a rule puts a claim in, outermost first, and its own name: without ``nested`` a
    dot is a letter."""
    name = str(rule.get("name", claim))
    return tuple(name.split(".")) if rule.get("nested") is True else (name,)


def _place(name: str, mapper: Mapping[str, Any]) -> tuple[str, ...]:
    rule = mapper.get(name)
    wanted = path(name, rule) if isinstance(rule, Mapping) else (name,)
    return (name,) if wanted[0] in RESERVED else wanted


def _formatted(value: Any, format_: str) -> Any:
    if format_ != "code" or not isinstance(value, list):
        return value
    return list(dict.fromkeys(str(item).rpartition("@")[0] or str(item) for item in value))


def _acting(told: Told, scopes: Collection[str]) -> Claims:
    """What the person acts as; what the work is called belongs to the person's profile."""
    capacity = told.capacity
    if capacity is None:
        return {}
    claim: Claims = {"id": told.capacity_id, "kind": capacity.kind}
    if capacity.organisation_key:
        names = capacity.organisation_names
        name = names.get(told.language) or next(iter(names.values()), capacity.organisation_key)
        claim["organisation"] = {"key": capacity.organisation_key, "name": name}
    if capacity.position and "profile" in scopes:
        claim["position"] = capacity.position
    if told.on_behalf_of:
        claim["on_behalf_of"] = told.on_behalf_of
    return {"capacity": claim}


def _access(told: Told, scopes: Collection[str]) -> Claims:
    claims: Claims = {}
    if "roles" in scopes:
        claims["roles"] = sorted({f"{right.role_key}@{right.scope_key}" for right in told.rights})
        claims["entitlements"] = sorted(
            {f"{item}@{right.scope_key}" for right in told.rights for item in right.content}
        )
    if "groups" in scopes:
        claims["groups"] = list(told.groups)
    return claims


def _profile(told: Told, scopes: Collection[str]) -> Claims:
    profile = told.profile or Profile()
    claims: dict[str, str | int | None] = {}
    told_at = profile.updated_at
    if "profile" in scopes:
        claims |= {
            "name": profile.display_name,
            "given_name": profile.call_name or profile.given_names,
            "family_name": profile.family_name,
            "preferred_username": told.login,
            "locale": told.locale,
            "zoneinfo": told.zone,
            "updated_at": int(told_at.timestamp()) if told_at else None,
        }
    if "email" in scopes:
        claims["email"] = profile.email
    if "phone" in scopes:
        claims["phone_number"] = release(profile.phone, protected=profile.protected, purpose="claims")
    known = {name: value for name, value in claims.items() if value}
    return known | {name: False for name in VERIFIED if name.removesuffix("_verified") in known}

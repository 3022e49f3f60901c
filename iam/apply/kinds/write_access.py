"""Writes code lists, applications, roles, clients, agreements and rules that differ."""

from __future__ import annotations

from typing import Any

from iam.access.commands import catalogue
from iam.access.commands.catalogue import NewVersion
from iam.apply.comparison.writing import Writing
from iam.apply.declared.shapes import Shape, right_parts
from iam.oidc.clients import write as registration

_OF_ROLE = ("retired", "sensitive", "handed_out")
"""What is a role's own and of no version."""


def write_applications(writing: Writing) -> None:
    """Write them."""
    catalogue.add_applications(
        writing.session, [_application(writing, *one) for one in writing.some("application", "create")]
    )
    catalogue.amend_applications(
        writing.session, [_application(writing, *one) for one in writing.some("application", "change")]
    )
    ids = writing.draft.organisations
    enabled = {
        writing.id_of("application", key): [ids[other] for other in shape["enabled"]]
        for key, shape in writing.all("application")
        if writing.differs("application", key, "enabled")
    }
    catalogue.set_enabled(writing.session, enabled)
    if writing.all("application"):
        registration.changed(writing.session)


def _application(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    named = {name: value for name, value in shape.items() if name not in ("owner", "enabled", "subject")}
    owner_id = writing.draft.organisations[shape["owner"]]
    return {
        "id": writing.id_of("application", key),
        "key": key,
        "owner_id": owner_id,
        "subject_mode": shape["subject"],
    } | named


def write_roles(writing: Writing) -> None:
    """Write them."""
    added = []
    for key, shape in writing.some("role", "create"):
        application, _, short = key.partition(":")
        row = {"id": writing.id_of("role", key), "application_id": writing.id_of("application", application)}
        added.append(row | {"key": short} | {name: shape[name] for name in _OF_ROLE})
    catalogue.add_roles(writing.session, added)
    changed = [
        {"id": writing.id_of("role", key)} | {name: shape[name] for name in _OF_ROLE}
        for key, shape in writing.some("role", "change")
        if writing.differs("role", key, *_OF_ROLE)
    ]
    catalogue.amend_roles(writing.session, changed)
    versions = [
        NewVersion(
            writing.id_of("role", key),
            shape["name"],
            shape["enforcement"],
            [right_parts(right) for right in shape["content"]],
        )
        for key, shape in writing.all("role")
        if writing.differs("role", key, "name", "enforcement", "content")
    ]
    catalogue.publish_versions(writing.session, writing.change, versions)
    _closure(writing)


def _closure(writing: Writing) -> None:
    """Write what each role includes, where that differs; a role that is not stated may include more through one that
    is."""
    moved = {}
    for key, closed in writing.draft.role_closure.items():
        standing = writing.draft.standing("role").get(key)
        if sorted(other.partition(":")[2] for other in closed - {key}) != (standing["includes"] if standing else []):
            moved[writing.id_of("role", key)] = {writing.id_of("role", other) for other in closed}
    catalogue.write_closure(writing.session, moved)


def write_clients(writing: Writing) -> None:
    """Write them."""
    registration.add(writing.session, [_client(writing, *one) for one in writing.some("client", "create")])
    changed = [
        one
        for one in writing.some("client", "change")
        if set(writing.differences[("client", one[0])].fields) != {"secret"}
    ]
    registration.amend(writing.session, [_client(writing, *one) for one in changed])
    hashes = {
        key: hash_
        for key, shape in writing.all("client")
        for hash_ in shape.get("secret", ())
        if writing.differs("client", key, "secret")
    }
    registration.set_secrets(writing.session, hashes)


def _client(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    application = shape["application"]
    named = {name: value for name, value in shape.items() if name not in ("application", "secret", "metadata")}
    row = {
        "id": writing.id_of("client", key),
        "client_id": key,
        "application_id": writing.id_of("application", application),
        "metadata_": shape["metadata"],
    }
    # One that registered itself keeps the sector it then had, and with it the subjects of its people.
    sector = {} if key in writing.draft.state.self_registered else {"sector": application}
    return row | sector | named

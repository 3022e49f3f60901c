"""Writes code lists, applications, roles, clients, agreements and rules that differ."""

from __future__ import annotations

from typing import Any

from iam.access.commands import catalogue
from iam.access.commands.catalogue import NewRule, NewVersion
from iam.access.model import agreements
from iam.apply.comparison.writing import Writing
from iam.apply.declared.shapes import ClauseShape, Shape
from iam.apply.schema.applications import DECLARED
from iam.oidc.clients import write as registration

_OF_ROLE = ("retired", "sensitive", "handed_out")
"""What is a role's own and of no version."""


def write(writing: Writing) -> None:
    """Write everything but the rules, which may name groups that are not written yet."""
    lists, ids = writing.all("code list"), writing.draft.organisations
    catalogue.write_code_lists(writing.session, {key: shape["codes"] for key, shape in lists})
    catalogue.own_code_lists(writing.session, {key: ids[shape["owner"]] for key, shape in lists})
    _applications(writing)
    _roles(writing)
    _clients(writing)
    _agreements(writing)


def _applications(writing: Writing) -> None:
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


def _roles(writing: Writing) -> None:
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
            [_pair(right) for right in shape["content"]],
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


def _pair(right: str) -> tuple[str, str]:
    group, _, operation = right.partition(":")
    return group, operation


def _clients(writing: Writing) -> None:
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
    named = {field.attribute: shape[name] for name, field in DECLARED.items()}
    row = {
        "id": writing.id_of("client", key),
        "client_id": key,
        "application_id": writing.id_of("application", application),
    }
    # One that registered itself keeps the sector it then had, and with it the subjects of its people.
    sector = {} if key in writing.draft.state.self_registered else {"sector": application}
    return row | sector | named


def _agreements(writing: Writing) -> None:
    agreements.add(writing.session, [_agreement(writing, *one) for one in writing.some("agreement", "create")])
    agreements.amend(writing.session, [_agreement(writing, *one) for one in writing.some("agreement", "change")])
    ids = writing.draft.organisations
    parties, terms, clauses = {}, {}, {}
    for key, shape in writing.all("agreement"):
        id_ = writing.id_of("agreement", key)
        if writing.differs("agreement", key, "parties"):
            parties[id_] = [(ids[entity], role, signed) for entity, role, signed in shape["parties"]]
        if writing.differs("agreement", key, "in_force"):
            terms[id_] = shape["in_force"]
        if writing.differs("agreement", key, "clauses"):
            clauses[id_] = [_clause(writing, row) for row in shape["clauses"]]
    agreements.set_parties(writing.session, parties)
    agreements.set_terms(writing.session, writing.change, terms)
    agreements.set_clauses(writing.session, writing.change, clauses)


def _agreement(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    item, _ = writing.draft.stated("agreement")[key].items[0]
    return {
        "id": writing.id_of("agreement", key),
        "key": key,
        "case_number": shape["case_number"],
        "decision": shape["decided"],
        "purpose": shape["purpose"],
        "legal_basis": shape["legal_basis"],
        "owner_id": writing.draft.organisations[item.parties[0].entity],
    }


def _clause(writing: Writing, row: ClauseShape) -> agreements.Clause:
    ids, (by, on) = writing.draft.organisations, row.weaker or (None, None)
    content = frozenset((who, *_pair(right)) for who, right in row.allowed)
    return agreements.Clause(
        ids[row.grantor],
        ids[row.grantee],
        ids[row.scope],
        row.with_descendants,
        row.relationship,
        by,
        on,
        *row.interval,
        content,
    )


def write_rules(writing: Writing) -> None:
    """Publish the rules that differ and withdraw those that are retired."""
    ids = writing.draft.organisations
    added = [
        {"id": writing.id_of("rule", key), "key": key, "owner_id": ids[shape["owner"]]}
        for key, shape in writing.some("rule", "create")
    ]
    catalogue.add_rules(writing.session, added)
    live = [(key, shape) for key, shape in writing.all("rule") if not shape["retired"]]
    rules = [
        NewRule(writing.id_of("rule", key), shape["pattern"], writing.id_of("role", shape["pattern"]["gives"]["role"]))
        for key, shape in live
    ]
    catalogue.publish_rules(writing.session, writing.change, rules)
    retired = [writing.id_of("rule", key) for key, shape in writing.some("rule", "change") if shape["retired"]]
    catalogue.withdraw_rules(writing.session, retired)

"""How each kind is written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from iam.access.commands.catalogue import reduction
from iam.apply.comparison import people
from iam.apply.comparison.state import State
from iam.apply.declared.shapes import ClauseShape
from iam.apply.declared.written import dated, live, plain
from iam.apply.kinds.check_sources import secret_names
from iam.apply.kinds.sources import openings


def code_lists(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    return ({"key": key} | plain(shape) for key, shape in standing.shapes["code list"].items())


def groups(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for key, shape in standing.shapes["group"].items():
        organisation, _, short = key.partition("/")
        yield {"key": short, "organisation": organisation, "name": shape["name"], "members": shape["members"]}


def sources(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for key, shape in standing.shapes["source"].items():
        hidden = secret_names(shape["connector"])
        settings = {name: value for name, value in shape["settings"].items() if name not in hidden}
        yield {"key": key} | plain(shape | {"settings": settings, "disabled": shape["disabled"] or None})


def applications(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    direct = _direct_includes(standing)
    for key, shape in standing.shapes["application"].items():
        roles = [
            {"key": name.partition(":")[2]}
            | live(role | {"includes": direct[name], "sensitive": role["sensitive"] or None})
            for name, role in standing.shapes["role"].items()
            if name.partition(":")[0] == key
        ]
        clients = [
            {"client_id": name} | live(client | {"application": None, "secret": None})
            for name, client in standing.shapes["client"].items()
            if client["application"] == key and name not in standing.self_registered
        ]
        yield {"key": key} | live(shape | {"roles": roles, "clients": clients})


def _direct_includes(standing: State) -> dict[str, list[str]]:
    closed = {
        name: [f"{name.partition(':')[0]}:{other}" for other in role["includes"]]
        for name, role in standing.shapes["role"].items()
    }
    return {name: sorted(other.partition(":")[2] for other in others) for name, others in reduction(closed).items()}


def persons(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for login, shape in sorted(standing.shapes["person"].items()):
        rows = [
            plain({"organisation": organisation, "kind": kind, "occupation": occupation, "title": title})
            | dated(start, end)
            for organisation, kind, occupation, title, start, end in shape["affiliations"]
        ]
        said = {name: shape[name] for name in ("given_names", "family_name", "email")}
        yield {"login": login} | plain(said | {"affiliations": rows})


def accounts(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield the accounts whose person has an identifier that may be read."""
    known = standing.people
    named = people.identifiers(session, [id_ for id_ in known.login_of if id_ not in known.local])
    for login, shape in sorted(standing.shapes["account"].items()):
        if shape["person"] in named:
            kind, issuer, value = named[shape["person"]]
            yield {"login": login, "person": plain({"identifier": kind, "issuer": issuer, "value": value})} | plain(
                {"directory": shape["directory"]}
            )


def administrators(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for key, shape in sorted(standing.shapes["administrator"].items()):
        login, _, organisation = key.rpartition(" in ")
        by_time: dict[tuple[Any, Any], list[str]] = {}
        for permission, start, end in shape["permissions"]:
            by_time.setdefault((start, end), []).append(permission)
        for (start, end), permissions in by_time.items():
            yield {"login": login, "organisation": organisation, "permissions": permissions} | dated(start, end)


def agreements(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for key, shape in standing.shapes["agreement"].items():
        parties = [
            plain({"entity": entity, "role": role, "signed": signed}) for entity, role, signed in shape["parties"]
        ]
        in_force = dated(*shape["in_force"])
        said = {name: shape[name] for name in ("case_number", "decided", "purpose", "legal_basis")}
        yield (
            {"key": key}
            | said
            | {"parties": parties, "in_force": in_force, "clauses": [_clause(row) for row in shape["clauses"]]}
        )


def _clause(row: ClauseShape) -> dict[str, Any]:
    allows: dict[str, list[str]] = {}
    for who, right in row.allowed:
        allows.setdefault(who, []).append(right)
    place = {"organisation": row.scope, "with_descendants": row.with_descendants}
    named = {"grantor": row.grantor, "grantee": row.grantee, "scope": place, "allows": allows}
    weaker = None if row.weaker is None else {"accepted_by": row.weaker[0], "on": row.weaker[1]}
    return named | plain({"relationship": row.relationship, "weaker_enforcement": weaker}) | dated(*row.interval)


def rules(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for key, shape in standing.shapes["rule"].items():
        if shape["pattern"] is not None:
            yield (
                {"rule": key, "owner": shape["owner"]}
                | shape["pattern"]
                | ({"retired": True} if shape["retired"] else {})
            )


def opened_sources(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    return openings.export("source", standing)

"""Writing out what stands as a declaration. Applying it changes nothing. Secrets and passwords are never in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy.orm import Session

from iam.access.commands.catalogue import reduction
from iam.apply.comparison import people, people_state, state
from iam.apply.comparison.state import State
from iam.apply.declared.shapes import ClauseShape, Shape
from iam.apply.kinds import confirmed_guardians
from iam.apply.kinds.check_sources import secret_names
from iam.apply.schema.moments import from_end, from_start

Rows = list[dict[str, Any]]


class _Dumper(yaml.SafeDumper):
    """Writes every value in full: an alias would say that two things are one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def in_yaml(data: Mapping[str, Rows]) -> str:
    """Return what ``as_data`` returned as YAML text."""
    content = {kind: rows for kind, rows in data.items() if rows}
    return yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def as_data(session: Session) -> dict[str, Rows]:
    """Return everything that stands, by top-level key. A fixed number of queries for each 5,000 people."""
    standing = state.load(session)
    standing.people = people.load(session, None, ())
    people_state.put_people(standing)
    people_state.put_groups(session, standing, None)
    named = people.identifiers(session, [id_ for id_ in standing.people.login_of if id_ not in standing.people.local])
    return {
        "organisations": list(_organisations(standing)),
        "relations": list(_relations(standing)),
        "code_lists": [{"key": key} | _plain(shape) for key, shape in standing.shapes["code list"].items()],
        "sources": list(_sources(standing)),
        "opened_sources": list(_openings(standing, "source")),
        "connections": [{"key": key} | _live(shape) for key, shape in standing.shapes["connection"].items()],
        "opened_connections": list(_openings(standing, "connection")),
        "applications": list(_applications(standing)),
        "persons": list(_persons(standing)),
        "accounts": list(_accounts(standing, named)),
        "groups": [
            {
                "key": key.partition("/")[2],
                "organisation": key.partition("/")[0],
                "name": shape["name"],
                "members": shape["members"],
            }
            for key, shape in standing.shapes["group"].items()
        ],
        "administrators": list(_administrators(standing)),
        "confirmed_guardians": list(confirmed_guardians.exported(session)),
        "agreements": list(_agreements(standing)),
        "rules": list(_rules(standing)),
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing."""
    return {name: value for name, value in row.items() if value not in (None, [], {})}


def _dated(start: Any, end: Any) -> dict[str, Any]:
    return _plain({"from": from_start(start), "to": from_end(end)})


def _organisations(standing: State) -> Iterator[dict[str, Any]]:
    """Yield each organisation, parents before children as far as the first places go, with one item for each place."""
    for key in _parents_first(standing.shapes["organisation"]):
        shape = standing.shapes["organisation"][key]
        said = _plain({name: value for name, value in shape.items() if name != "places"})
        if "sessions" in said:
            said["sessions"] = _plain(said["sessions"])
        for parent, own, start, end in shape["places"]:
            place = (
                {"key": key, "kind": said.pop("kind", None), "parent": parent} | said | {"legal_entity": own or None}
            )
            yield _plain(place) | _dated(start, end)
            said = {}


def _parents_first(shapes: Mapping[str, Shape]) -> list[str]:
    ordered: dict[str, None] = {}

    def put(key: str, above: frozenset[str]) -> None:
        if key in ordered or key in above:
            return
        for parent, *_ in shapes[key]["places"]:
            if parent is not None:
                put(parent, above | {key})
        ordered[key] = None

    for key in shapes:
        put(key, frozenset())
    return list(ordered)


def _relations(standing: State) -> Iterator[dict[str, Any]]:
    for key, shape in standing.shapes["relation"].items():
        organisation, kind, other = key.split(" ")
        for start, end in shape["intervals"]:
            yield {"organisation": organisation, "kind": kind, "other": other} | _dated(start, end)


def _openings(standing: State, kind: str) -> Iterator[dict[str, Any]]:
    for key, shape in standing.shapes[f"opened {kind}"].items():
        organisation, _, other = key.partition(" to ")
        for start, end in shape["opened"]:
            yield {"organisation": organisation, kind: other} | _dated(start, end)


def _sources(standing: State) -> Iterator[dict[str, Any]]:
    for key, shape in standing.shapes["source"].items():
        hidden = secret_names(shape["connector"])
        settings = {name: value for name, value in shape["settings"].items() if name not in hidden}
        yield {"key": key} | _plain(shape | {"settings": settings, "disabled": shape["disabled"] or None})


def _applications(standing: State) -> Iterator[dict[str, Any]]:
    direct = _direct_includes(standing)
    for key, shape in standing.shapes["application"].items():
        roles = [
            {"key": name.partition(":")[2]}
            | _live(role | {"includes": direct[name], "sensitive": role["sensitive"] or None})
            for name, role in standing.shapes["role"].items()
            if name.partition(":")[0] == key
        ]
        clients = [
            {"client_id": name} | _live(client | {"application": None})
            for name, client in standing.shapes["client"].items()
            if client["application"] == key and name not in standing.self_registered
        ]
        yield {"key": key} | _live(shape | {"roles": roles, "clients": clients})


def _live(shape: Shape) -> dict[str, Any]:
    """Leave out what says nothing, and of what is in use that it is not retired."""
    return _plain(shape | {"retired": shape["retired"] or None})


def _direct_includes(standing: State) -> dict[str, list[str]]:
    closed = {
        name: [f"{name.partition(':')[0]}:{other}" for other in role["includes"]]
        for name, role in standing.shapes["role"].items()
    }
    return {name: sorted(other.partition(":")[2] for other in others) for name, others in reduction(closed).items()}


def _persons(standing: State) -> Iterator[dict[str, Any]]:
    for login, shape in sorted(standing.shapes["person"].items()):
        rows = [
            _plain({"organisation": organisation, "kind": kind, "occupation": occupation, "title": title})
            | _dated(start, end)
            for organisation, kind, occupation, title, start, end in shape["affiliations"]
        ]
        said = {name: shape[name] for name in ("given_names", "family_name", "email")}
        yield {"login": login} | _plain(said | {"affiliations": rows})


def _accounts(standing: State, named: Mapping[UUID, people.Named]) -> Iterator[dict[str, Any]]:
    """Yield the accounts whose person has an identifier that may be read."""
    for login, shape in sorted(standing.shapes["account"].items()):
        if shape["person"] in named:
            kind, issuer, value = named[shape["person"]]
            yield {"login": login, "person": _plain({"identifier": kind, "issuer": issuer, "value": value})} | _plain(
                {"directory": shape["directory"]}
            )


def _administrators(standing: State) -> Iterator[dict[str, Any]]:
    for key, shape in sorted(standing.shapes["administrator"].items()):
        login, _, organisation = key.rpartition(" in ")
        by_time: dict[tuple[Any, Any], list[str]] = {}
        for permission, start, end in shape["permissions"]:
            by_time.setdefault((start, end), []).append(permission)
        for (start, end), permissions in by_time.items():
            yield {"login": login, "organisation": organisation, "permissions": permissions} | _dated(start, end)


def _agreements(standing: State) -> Iterator[dict[str, Any]]:
    for key, shape in standing.shapes["agreement"].items():
        parties = [
            _plain({"entity": entity, "role": role, "signed": signed}) for entity, role, signed in shape["parties"]
        ]
        in_force = _dated(*shape["in_force"])
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
    return named | _plain({"relationship": row.relationship, "weaker_enforcement": weaker}) | _dated(*row.interval)


def _rules(standing: State) -> Iterator[dict[str, Any]]:
    for key, shape in standing.shapes["rule"].items():
        if shape["pattern"] is not None:
            yield (
                {"rule": key, "owner": shape["owner"]}
                | shape["pattern"]
                | ({"retired": True} if shape["retired"] else {})
            )

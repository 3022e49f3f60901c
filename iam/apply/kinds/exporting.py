"""How each kind is written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from iam.access.commands.catalogue import reduction
from iam.apply.comparison.state import State
from iam.apply.declared.shapes import ClauseShape
from iam.apply.declared.written import dated, live, plain
from iam.apply.kinds.check_sources import secret_names
from iam.apply.kinds.sources import openings


def code_lists(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    return ({"key": key} | plain(shape) for key, shape in standing.shapes["code list"].items())


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

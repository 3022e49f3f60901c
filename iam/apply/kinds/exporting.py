"""How each kind is written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from iam.access.commands.catalogue import reduction
from iam.apply.comparison.state import State
from iam.apply.declared.written import live, plain
from iam.apply.kinds.check_sources import secret_names
from iam.apply.kinds.sources import openings


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


def opened_sources(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    return openings.export("source", standing)

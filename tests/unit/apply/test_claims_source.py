"""A declared source that listens to a connection's sign-ins: what it names must be there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply import export
from iam.directory.source import Source

from .conftest import Apply

TOWN: dict[str, Any] = {"key": "KUNTA", "kind": "municipality", "name": {"fi": "Kunta"}, "legal_entity": True}
CONNECTION: dict[str, Any] = {
    "key": "tunnus",
    "owner": "KUNTA",
    "name": {"fi": "Tunnus"},
    "issuer": "https://login.example/town",
    "client_id": "avain",
}
GROUP: dict[str, Any] = {"key": "rehtorit", "organisation": "KUNTA", "name": "Rehtorit", "members": []}


def declared(*, connection: bool = True, group: bool = True, **settings: Any) -> str:
    source = {
        "key": "ryhmat",
        "connector": "claims",
        "owner": "KUNTA",
        "purpose": "groups of the provider",
        "settings": {"connection": "tunnus", "groups": {"a-guid": "rehtorit"}} | settings,
    }
    return json.dumps(
        {
            "organisations": [TOWN],
            "sources": [source],
            "connections": [CONNECTION] * connection,
            "groups": [GROUP] * group,
        }
    )


def test_it_is_written_and_exported_and_finds_what_it_names_in_a_later_declaration(
    apply: Apply, session: Session
) -> None:
    assert list(apply(declared()).problems) == []
    stored = session.scalars(select(Source.settings)).one()
    assert stored == {"connection": "tunnus", "groups": {"a-guid": "rehtorit"}}
    assert apply(export.in_yaml(export.as_data(session))).applied is None
    assert list(apply(declared(connection=False, group=False, days=7)).problems) == []


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"connection": False}, "sources[0].settings.connection"),
        ({"group": False}, "sources[0].settings.groups"),
        ({"groups": {"a-guid": "muut"}}, "sources[0].settings.groups"),
        ({"days": 0}, "sources[0].settings.days"),
        ({"groups": {}}, "sources[0].settings.groups"),
    ],
)
def test_what_is_not_there_is_told_with_its_place(apply: Apply, said: dict[str, Any], place: str) -> None:
    (problem,) = apply(declared(**said)).problems
    assert problem.field == place

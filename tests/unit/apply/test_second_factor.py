"""Where a second factor is asked, as declared: by an organisation of its people, by an application of whoever comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import Application
from iam.apply import export
from iam.signin.accounts.factor import FactorPolicy
from iam.signin.factors import levels

from .conftest import Apply

TOWN: dict[str, Any] = {"key": "KUNTA", "kind": "municipality", "name": {"fi": "Kunta"}, "legal_entity": True}
WILMA: dict[str, Any] = {"key": "wilma", "owner": "KUNTA", "name": {"fi": "Wilma"}}


def declared(town: dict[str, Any], wilma: dict[str, Any]) -> str:
    return json.dumps({"organisations": [TOWN | town], "applications": [WILMA | wilma]})


def test_a_declared_second_factor_is_written_exported_and_taken_back(apply: Apply, session: Session) -> None:
    asked = declared({"second_factor": {"remember_days": 14}}, {"least_acr": levels.PASSKEY})
    assert list(apply(asked).problems) == []
    assert session.scalars(select(FactorPolicy.remember_days)).one() == 14
    assert session.scalars(select(Application.least_acr)).one() == levels.PASSKEY
    written = export.as_data(session)
    assert written["organisations"][0]["second_factor"] == {"remember_days": 14}
    assert written["applications"][0]["least_acr"] == levels.PASSKEY
    assert apply(export.in_yaml(written)).applied is None
    assert apply(declared({"second_factor": {}}, {})).counts["change"] == 2
    assert session.scalars(select(FactorPolicy.remember_days)).one() == 0
    assert session.scalars(select(Application.least_acr)).one() is None
    apply(declared({}, {}))
    assert list(session.scalars(select(FactorPolicy))) == []


@pytest.mark.parametrize(
    ("town", "wilma"),
    [
        ({"second_factor": {"remember_days": -1}}, {}),
        ({"second_factor": {"remember_days": 366}}, {}),
        ({"second_factor": {"days": 1}}, {}),
        ({}, {"least_acr": "urn:avain:acr:blood"}),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(
    apply: Apply, town: dict[str, Any], wilma: dict[str, Any]
) -> None:
    (problem,) = apply(declared(town, wilma)).problems
    assert problem.field is not None
    assert problem.field.startswith(("organisations[0].second_factor", "applications[0].least_acr"))

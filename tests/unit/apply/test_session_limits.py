"""How long sign-ins of an organisation's people last, as declared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply import export
from iam.signin.accounts.session_policy import SessionPolicy

from .conftest import Apply


def town(**said: Any) -> str:
    return json.dumps(
        {
            "organisations": [
                {"key": "KUNTA", "kind": "municipality", "name": {"fi": "Kunta"}, "legal_entity": True, **said}
            ]
        }
    )


def test_declared_limits_are_written_exported_changed_and_taken_back(apply: Apply, session: Session) -> None:
    limits = select(SessionPolicy.idle_minutes, SessionPolicy.hours)
    assert list(apply(town(sessions={"idle_minutes": 30})).problems) == []
    assert session.execute(limits).one() == (30, None)
    written = export.as_data(session)
    assert written["organisations"][0]["sessions"] == {"idle_minutes": 30}
    assert apply(export.in_yaml(written)).applied is None
    assert apply(town(sessions={"idle_minutes": 30, "hours": 4})).counts["change"] == 1
    assert session.execute(limits).one() == (30, 4)
    apply(town())
    assert session.execute(limits).all() == []


@pytest.mark.parametrize("said", [{"idle_minutes": 4}, {"hours": 0}, {"hours": 2161}, {"minutes": 30}, "short"])
def test_limits_that_cannot_be_are_refused_with_their_place(apply: Apply, said: Any) -> None:
    (problem,) = apply(town(sessions=said)).problems
    assert problem.field is not None
    assert problem.field.startswith("organisations[0].sessions")

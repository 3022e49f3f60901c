"""What clients may do for nobody, as declared: it is written, comes back, ends, and waits for a second person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access import client_asker
from iam.access.administration import PERMISSIONS
from iam.access.model.assignment import ClientGrant
from iam.apply.export import as_data, in_yaml
from iam.plans import definition_guard

from .conftest import CONSORTIUM, Apply

CLIENT: dict[str, Any] = {
    "client_id": "raportit",
    "auth": "client_secret_basic",
    "secret": "3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f",
    "grants": ["client_credentials"],
    "scope": "persons.read rights.grant",
}
GRANT: dict[str, Any] = {
    "client": "raportit",
    "organisation": "KOIVU",
    "owner": "mansikkala",
    "permissions": ["persons.read", "rights.grant"],
}


def declared(*grants: dict[str, Any], **client: Any) -> str:
    application = {
        "key": "raportit",
        "owner": "mansikkala",
        "name": {"fi": "Raportit"},
        "clients": [{name: value for name, value in (CLIENT | client).items() if value is not None}],
    }
    return CONSORTIUM + yaml.safe_dump({"applications": [application], "client_grants": list(grants)})


def test_what_a_client_may_is_written_exported_and_applied_again(apply: Apply, session: Session) -> None:
    assert [str(problem) for problem in apply(declared(GRANT | {"to": "2027-06-30"})).problems] == []
    assert client_asker.permissions(session, "raportit") == {"persons.read", "rights.grant"}
    said = as_data(session)
    (row,) = said["client_grants"]
    assert {name: row[name] for name in GRANT} == GRANT
    assert str(row["to"]) == "2027-06-30"
    report = apply(in_yaml(said))
    assert (list(report.problems), report.applied) == ([], None)


def test_a_permission_that_is_left_out_ends_and_one_that_is_over_is_held_no_more(
    apply: Apply, session: Session
) -> None:
    apply(declared(GRANT))
    apply(declared(GRANT | {"permissions": ["persons.read"]}))
    assert client_asker.permissions(session, "raportit") == {"persons.read"}
    with clock.fixed(clock.now() + timedelta(days=1)):
        apply(declared(GRANT | {"permissions": ["persons.read"], "to": "2026-01-01"}))
        assert client_asker.permissions(session, "raportit") == set()


def test_another_owner_takes_the_place_of_the_first(apply: Apply, session: Session) -> None:
    apply(declared(GRANT))
    assert list(apply(declared(GRANT | {"owner": "konsortio"})).problems) == []
    assert [row["owner"] for row in as_data(session)["client_grants"]] == ["konsortio"]
    g = ClientGrant
    live = session.scalars(select(g.owner_id).where(g.closed_by.is_(None), g.valid_to > clock.now())).all()
    assert len(set(live)) == 1


@pytest.mark.parametrize("permission", sorted(PERMISSIONS.keys() - client_asker.CLIENT_PERMISSIONS))
def test_what_only_people_do_is_granted_to_no_client(apply: Apply, permission: str) -> None:
    (problem,) = apply(declared(GRANT | {"permissions": [permission]})).problems
    assert problem.field == "client_grants[0].permissions[0]"


@pytest.mark.parametrize(
    ("grant", "client", "field"),
    [
        ({"client": "tuntematon"}, {}, "client_grants[0].client"),
        ({}, {"grants": ["authorization_code"], "redirect_uris": ["https://x.example/cb"], "scope": None}, "client"),
        ({"organisation": "nowhere"}, {}, "client_grants[0].organisation"),
        ({"owner": "nowhere"}, {}, "client_grants[0].owner"),
    ],
)
def test_what_is_wrong_with_a_grant_is_told_at_its_place(
    apply: Apply, grant: dict[str, Any], client: dict[str, Any], field: str
) -> None:
    (problem,) = apply(declared(GRANT | grant, **client)).problems
    assert field in str(problem.field)


def test_two_owners_in_one_organisation_are_refused(apply: Apply) -> None:
    two = GRANT | {"owner": "konsortio", "permissions": ["sources.read"]}
    (problem,) = apply(declared(GRANT, two)).problems
    assert problem.field == "client_grants[1].owner"


def test_what_programs_may_by_themselves_waits_for_a_second_person(
    apply: Apply, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(declared())
    monkeypatch.setattr(definition_guard, "is_new", lambda _session: False)
    report = apply(declared(GRANT))
    assert report.held is not None
    assert [problem.message for problem in report.held.reasons] == ["It touches what programs may do by themselves."]
    assert client_asker.permissions(session, "raportit") == set()

"""Upstream connections in declarations: written, left alone when nothing differs, given back without their secret;
OI-07."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application
from iam.apply.export import as_data, in_yaml
from iam.audit.log import AuditEvent
from iam.database.types import uuid7
from iam.directory.source import Source
from iam.signin.federation.connection import Connection, ConnectionOpening, sealed_row
from iam.tokens.session import OWN, LoginSessionRow
from iam.vault import Vault
from tests.kit.factories import facts

from .conftest import Apply

KUNTA = """
connections:
  - key: kunta
    owner: KUNTA
    name: {fi: Kunnan tili, en: Town account}
    issuer: https://login.example/1111/v2.0
    client_id: avain
    secret: a secret of theirs
    domains: [kunta.example, koulu.kunta.example]
    identifier: {claim: oid, kind: entra-oid}
"""


@pytest.fixture(autouse=True)
def _town(session: Session) -> None:
    facts.organisation(session, "KUNTA", "municipality")


def stored(session: Session) -> Connection:
    return session.scalars(select(Connection)).one()


def test_a_connection_is_written_with_its_secret_sealed(apply: Apply, session: Session, vault: Vault) -> None:
    assert apply(KUNTA).counts["create"] == 1
    row = stored(session)
    assert row.name == {"fi": "Kunnan tili", "sv": "Kunnan tili", "en": "Town account"}
    assert (row.scope, row.domains) == ("openid profile", ["koulu.kunta.example", "kunta.example"])
    assert row.identifier == {"claim": "oid", "kind": "entra-oid", "issuer": ""}
    assert row.secret is not None
    assert b"theirs" not in row.secret
    assert vault.unwrap(row.secret, sealed_row(row.key)) == b"a secret of theirs"


def test_the_same_again_changes_nothing_and_a_secret_left_out_stays(
    apply: Apply, session: Session, vault: Vault
) -> None:
    apply(KUNTA)
    assert apply(KUNTA).counts == {"create": 0, "change": 0, "none": 1}
    without = KUNTA.replace("    secret: a secret of theirs\n", "")
    assert apply(without).counts["none"] == 1
    assert vault.unwrap(stored(session).secret or b"", sealed_row(stored(session).key)) == b"a secret of theirs"


def test_another_secret_is_written_and_never_told(apply: Apply, session: Session, vault: Vault) -> None:
    apply(KUNTA)
    report = apply(KUNTA.replace("of theirs", "that is new"))
    assert [dict(one.fields) for one in report.differences] == [{"secret": ("…", "…")}]
    assert vault.unwrap(stored(session).secret or b"", sealed_row(stored(session).key)) == b"a secret that is new"


def test_the_export_says_everything_but_the_secret_and_can_be_applied(apply: Apply, session: Session) -> None:
    apply(KUNTA)
    text = in_yaml({"connections": as_data(session)["connections"]})
    assert "secret" not in text
    assert apply(text).counts == {"create": 0, "change": 0, "none": 1}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("claim: oid", "claim: email", "does not tell who somebody is"),
        ("claim: oid", "claim: preferred_username", "does not tell who somebody is"),
        ("/1111/", "/{tenantid}/", "many tenants"),
        ("/1111/", "/common/", "many tenants"),
        ("https://login.example/1111/v2.0", "login.example", "no issuer"),
        ("https://login.example/1111/v2.0", "https://user@login.example", "no issuer"),
        ("https://login.example/1111/v2.0", "https://login.example/?a=b", "no issuer"),
        ("key: kunta", "key: link", "page of our own"),
        ("[kunta.example", "[Kunta.example", "characters that are not allowed"),
        ("    owner: KUNTA\n", "", "This is missing."),
        ("owner: KUNTA", "owner: NOBODY", "no organisation"),
        ("client_id: avain", "client_id: avain\n    scope: profile", "characters that are not allowed"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    apply: Apply, session: Session, before: str, after: str, said: str
) -> None:
    report = apply(KUNTA.replace(before, after))
    assert [said in str(problem.message) for problem in report.problems] == [True]
    assert session.scalars(select(Connection)).all() == []


WILMA = """
organisations: [{key: kaupunki, kind: municipality, name: {fi: Kaupunki}, legal_entity: true}]
applications: [{key: wilma, owner: kaupunki, name: {fi: Wilma}}]
"""
LED = KUNTA + "    applications: {wilma: only}\n"


def test_the_applications_that_lead_to_a_connection_are_kept_beside_its_identifier(
    apply: Apply, session: Session
) -> None:
    assert not apply(WILMA + LED.lstrip()).problems
    kept = {"claim": "oid", "kind": "entra-oid", "issuer": ""}
    assert (stored(session).identifier, stored(session).applications) == (kept, {"wilma": "only"})
    assert apply(LED).counts == {"create": 0, "change": 0, "none": 1}
    text = in_yaml({"connections": as_data(session)["connections"]})
    assert "wilma: only" in text
    assert apply(text).counts == {"create": 0, "change": 0, "none": 1}
    assert apply(KUNTA).counts["change"] == 1
    session.expire_all()
    assert (stored(session).identifier, stored(session).applications) == (kept, {})


def test_an_application_that_leads_to_a_connection_exists_and_leads_to_one(apply: Apply, session: Session) -> None:
    assert ["There is no application" in one.message for one in apply(LED).problems] == [True]
    assert session.scalars(select(Application)).all() == []
    apply(WILMA + LED.lstrip())
    other = LED.replace("key: kunta", "key: toinen").replace("    domains: [kunta.example, koulu.kunta.example]\n", "")
    assert ["leads to" in one.message for one in apply(other).problems] == [True]


def test_a_domain_leads_to_one_connection_that_is_in_use(apply: Apply, session: Session) -> None:
    apply(KUNTA)
    other: dict[str, Any] = {"key: kunta": "key: toinen", "kunta.example, koulu.": ""}
    text = KUNTA
    for before, after in other.items():
        text = text.replace(before, after)
    assert ["leads to" in problem.message for problem in apply(text).problems] == [True]
    apply(KUNTA + "    retired: true\n")
    assert not apply(text).problems


def test_a_connection_from_before_owners_keeps_the_one_it_was_given(apply: Apply, session: Session) -> None:
    apply(KUNTA)
    assert apply(KUNTA.replace("    owner: KUNTA\n", "")).counts["none"] == 1
    assert stored(session).owner_id is not None
    session.execute(update(Connection).values(owner_id=None))
    (difference,) = apply(KUNTA, dry_run=True).differences
    assert dict(difference.fields) == {"owner": ("–", "KUNTA")}


OPENED = """
opened_connections:
  - {organisation: naapuri, connection: kunta, from: 2026-08-01, to: 2027-07-31}
"""


@pytest.fixture
def neighbour(session: Session) -> UUID:
    """Another town."""
    return facts.organisation(session, "naapuri", "municipality")


def openings(session: Session) -> list[tuple[UUID, bool]]:
    return [(row.organisation_id, row.closed_by is None) for row in session.scalars(select(ConnectionOpening))]


def test_a_town_opens_itself_to_anothers_connection_for_a_time_and_closes_again(
    apply: Apply, session: Session, neighbour: UUID
) -> None:
    assert not apply(KUNTA + OPENED).problems
    assert openings(session) == [(neighbour, True)]
    assert apply(OPENED).counts == {"create": 0, "change": 0, "none": 1}
    text = in_yaml(as_data(session))
    assert "opened_connections:" in text
    assert apply(text).applied is None
    assert apply(OPENED.replace("2027-07-31", "2026-09-01")).counts["change"] == 1
    assert openings(session) == [(neighbour, False), (neighbour, True)]
    told = select(AuditEvent).where(AuditEvent.type == "signin:connection:opened")
    assert [event.organisation_id for event in session.scalars(told)] == [neighbour, neighbour]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("connection: kunta", "connection: other", "There is no connection"),
        ("organisation: naapuri", "organisation: other", "There is no organisation"),
        ("to: 2027-07-31", "to: 2026-07-01", "ends before it begins"),
        ("2027-07-31}", "2027-07-31}\n  - {organisation: naapuri, connection: kunta}", "overlapping"),
    ],
)
def test_an_opening_that_cannot_be_is_refused_with_the_reason(
    apply: Apply, session: Session, neighbour: UUID, before: str, after: str, said: str
) -> None:
    apply(KUNTA)
    report = apply(OPENED.replace(before, after))
    assert [said in str(problem.message) for problem in report.problems] == [True], report.problems
    assert openings(session) == []


@pytest.fixture
def sessions(session: Session) -> Callable[[], list[str]]:
    """How sessions ended, of one by the connection, one of another's word that came to it later, and one by a
    password."""
    person_id = facts.person(session, "Aino")
    for proofs in (["connection:%s"], ["source:0", "connection:%s"], [OWN]):
        session.add(
            LoginSessionRow(
                secret_hash=uuid7().bytes,
                person_id=person_id,
                started_at=clock.now(),
                seen_at=clock.now(),
                acr="",
                amr=[],
                agent="",
                idle_until=clock.FOREVER,
                expires_at=clock.FOREVER,
                auth_time=clock.now(),
                proofs=proofs,
            )
        )
    session.flush()

    def read() -> list[str]:
        session.expire_all()
        rows = session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id))
        return [row.end_reason or "" for row in rows]

    return read


def test_whoever_signed_in_by_a_connection_is_signed_out_when_it_is_retired(
    apply: Apply, session: Session, sessions: Callable[[], list[str]]
) -> None:
    apply(KUNTA)
    for row in session.scalars(select(LoginSessionRow)):
        row.proofs = [proof.replace("%s", str(stored(session).id)) for proof in row.proofs]
    apply(KUNTA + "    scope: openid email\n")
    assert sessions() == ["", "", ""]
    apply(KUNTA + "    retired: true\n")
    assert sessions() == ["connection retired", "connection retired", ""]


AD = """
sources:
  - {key: ad, connector: memory, owner: KUNTA, purpose: sign-in}
"""


def test_whoever_signed_in_by_a_directory_is_signed_out_when_it_is_disabled(
    apply: Apply, session: Session, sessions: Callable[[], list[str]]
) -> None:
    apply(AD)
    source_id = session.scalars(select(Source.id)).one()
    for row in session.scalars(select(LoginSessionRow)):
        row.proofs = [proof.replace("source:0", f"source:{source_id}") for proof in row.proofs]
    off = AD.replace("sign-in}", "sign-in, disabled: true}")
    apply(off)
    assert sessions() == ["", "source disabled", ""]
    assert apply(in_yaml(as_data(session))).applied is None
    assert apply(off).counts["none"] == 1
    apply(AD)
    assert session.scalars(select(Source.disabled)).one() is False

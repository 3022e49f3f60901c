"""Groups that an upstream provider tells at sign-in: facts of a source, that end by themselves, and rights by rule
only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.explanation.explain import explain
from iam.access.right import rights
from iam.change import Change
from iam.directory.affiliation import Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.lifecycle import groups
from iam.settings import Egress
from iam.signin.federation.connection import Connection
from iam.web import extension
from tests.kit.browser import Browser, application
from tests.kit.factories import access, facts
from tests.kit.peers.openid_provider import OpenidProvider
from tests.kit.people import PASSWORD, add_person, hold, municipality
from tests.kit.upstream import KEY, LOGIN, add_connection, connect, enter, events, to_confirm

SOURCE, HEADS, HELP = "kunnan-ryhmat", "rehtorit", "it-tuki"
TOLD = {"a-guid": HEADS, "b-guid": HELP}


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """The municipality's own provider."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def app(database_url: str, tmp_path: Path, provider: OpenidProvider) -> Iterator[Flask]:
    """The application, which may fetch from it."""
    with application(database_url, tmp_path, egress=Egress(hosts=[provider.place])) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Town:
    """Aino works at a municipality that has two groups; a rule gives heads of schools a role, none gives the other
    group anything."""

    app: Flask
    engine: Engine
    provider: OpenidProvider
    aino: UUID

    def sign_in(self, **claims: Any) -> Browser:
        """Sign Aino in by the provider, which tells ``claims``; nobody notices anything of what is read."""
        self.provider.behave.claims = claims
        browser = Browser(self.app)
        assert "My account" in enter(browser, self.provider).text
        return browser

    def groups(self) -> list[str]:
        """The keys of the groups Aino is in now, by the source."""
        now = clock.now()
        query = (
            select(Group.key)
            .join(Membership, Membership.group_id == Group.id)
            .join(Source, Source.id == Membership.source_id)
            .where(Source.key == SOURCE, Membership.person_id == self.aino, Membership.closed_by.is_(None))
            .where(Membership.valid_from <= now, Membership.valid_to > now)
        )
        with Session(self.engine) as session:
            return sorted(session.scalars(query))

    def roles(self) -> list[str]:
        """The roles Aino has now."""
        with Session(self.engine) as session:
            return [right.role_key for right in rights(session, self.aino, None)]

    def changes(self) -> int:
        """How many changes were ever written."""
        with Session(self.engine) as session:
            return session.scalars(select(func.count()).select_from(Change)).one()


@pytest.fixture
def town(app: Flask, engine: Engine, provider: OpenidProvider) -> Town:
    """Its provider's sign-ins are listened to."""
    add_connection(app, engine, provider, KEY)
    with Session(engine) as session, session.begin():
        aino = add_person(session, extension.parts_of(app).vault, LOGIN)
        kunta = municipality(session)
        facts.affiliation(session, aino, kunta)
        for key in (HEADS, HELP):
            facts.group(session, kunta, key)
        access.role(session, access.application(session, kunta), "rehtori")
        bind = {"m": {"membership": {"group": HEADS, "owner": "KUNTA"}}}
        scope = {"role": "wilma:rehtori", "scope": "organisation of m"}
        access.rule(session, kunta, {"bind": bind, "gives": scope})
        add_source(session, kunta)
    connect(engine, provider, aino)
    return Town(app, engine, provider, aino)


def add_source(session: Session, owner_id: UUID, key: str = SOURCE, **settings: Any) -> None:
    """A source that listens to the connection."""
    values = {"connection": KEY, "groups": TOLD} | settings
    session.add(
        Source(
            key=key,
            connector="claims",
            owner_id=owner_id,
            settings=values,
            matching=None,
            correlate=[],
            zone=clock.HELSINKI,
            priority=100,
            purpose="groups of the provider",
        )
    )


def test_what_the_provider_tells_is_a_fact_of_the_source_and_a_right_by_a_rule_only(town: Town) -> None:
    town.sign_in(groups=["a-guid", "b-guid", "nobody-knows"])
    assert (town.groups(), town.roles()) == ([HELP, HEADS], ["rehtori"])
    (told,) = events(town.engine, "signin:upstream:groups")
    assert told.subject_id == town.aino
    assert told.envelope == {
        "connection": KEY,
        "source": SOURCE,
        "groups": 2,
        "rights_opened": 1,
        "rights_closed": 0,
    }


def test_the_right_explains_itself_by_the_source_that_was_told(town: Town) -> None:
    town.sign_in(groups=["a-guid"])
    with Session(town.engine) as session:
        (right,) = explain(session, town.aino)
        (because,) = right.because
        told = [(fact.fact, fact.source_key) for fact in because.facts]
    assert told == [("membership", SOURCE), ("affiliation", None), ("place", None)]


def test_one_text_is_read_as_a_list_of_one(town: Town) -> None:
    town.sign_in(groups="b-guid")
    assert town.groups() == [HELP]


def test_a_group_that_is_told_no_more_ends_at_that_sign_in_with_its_rights(town: Town) -> None:
    town.sign_in(groups=["a-guid", "b-guid"])
    town.sign_in(groups=["b-guid"])
    assert (town.groups(), town.roles()) == ([HELP], [])
    town.sign_in(groups=[])
    assert town.groups() == []
    town.sign_in(groups=["a-guid"])
    assert town.roles() == ["rehtori"]


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"groups": None},
        {"groups": {"a-guid": True}},
        {"groups": ["a-guid", 1]},
        {"groups": ["a-guid"] * 1001},
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}},
    ],
    ids=["none", "null", "no list", "a number among them", "too many", "an address in its place"],
)
def test_claims_that_say_nothing_leave_the_groups_as_they_are(town: Town, claims: dict[str, Any]) -> None:
    town.sign_in(groups=["a-guid"])
    before = town.changes()
    town.sign_in(**claims)
    assert (town.groups(), town.roles(), town.changes()) == ([HEADS], ["rehtori"], before)


def test_what_was_told_ends_by_itself_unless_a_sign_in_tells_it_again(
    town: Town, at: Callable[[datetime], None]
) -> None:
    start = clock.now()
    at(start)
    town.sign_in(groups=["a-guid"])
    written = town.changes()
    town.sign_in(groups=["a-guid"])
    assert town.changes() == written
    with Session(town.engine) as session:
        (row,) = session.scalars(select(Membership).where(Membership.closed_by.is_(None)))
        assert (row.valid_from, row.valid_to) == (start, start + timedelta(days=30))
        assert [right.valid_to for right in rights(session, town.aino, None, start)] == [row.valid_to]
        after = row.valid_to + timedelta(seconds=1)
        assert rights(session, town.aino, None, after) == []


def test_a_sign_in_in_the_second_half_of_the_time_renews_it(town: Town, at: Callable[[datetime], None]) -> None:
    start, day = clock.now(), timedelta(days=1)
    at(start)
    town.sign_in(groups=["a-guid"])
    later = start + 16 * day
    at(later)
    now = int(later.timestamp())
    town.sign_in(groups=["a-guid"], iat=now, exp=now + 300, auth_time=now)
    with Session(town.engine) as session:
        versions = session.scalars(select(Membership).order_by(Membership.closed_by.is_(None)))
        first, second = [(row.fact_id, row.valid_from, row.valid_to, row.closed_by is None) for row in versions]
    assert first == (second[0], start, start + 30 * day, False)
    assert second[1:] == (start, later + 30 * day, True)
    assert town.roles() == ["rehtori"]


def test_only_groups_of_the_sources_owner_are_joined(town: Town) -> None:
    with Session(town.engine) as session, session.begin():
        neighbour = facts.organisation(session, "NAAPURI", "municipality")
        facts.group(session, neighbour, "salaiset")
        add_source(session, neighbour, "naapurin-ryhmat", groups={"a-guid": HEADS, "c-guid": "salaiset"})
        add_source(session, neighbour, "toisen-ryhmat", connection="toinen", groups={"b-guid": "salaiset"})
    town.sign_in(groups=["b-guid", "c-guid"])
    with Session(town.engine) as session:
        told = session.execute(
            select(Source.key, Group.key, Organisation.key)
            .select_from(Membership)
            .join(Source, Source.id == Membership.source_id)
            .join(Group, Group.id == Membership.group_id)
            .join(Organisation, Organisation.id == Group.organisation_id)
        ).all()
    assert sorted(map(tuple, told)) == [("kunnan-ryhmat", HELP, "KUNTA"), ("naapurin-ryhmat", "salaiset", "NAAPURI")]
    assert town.roles() == []


def test_whoever_may_not_enter_and_a_password_bring_nothing(town: Town) -> None:
    assert Browser(town.app).sign_in(LOGIN, PASSWORD).status_code == 303
    assert town.groups() == []
    with Session(town.engine) as session, session.begin():
        hold(session, town.aino)
    town.provider.behave.claims = {"groups": ["a-guid"]}
    assert "not connected" in enter(Browser(town.app), town.provider).text
    assert town.groups() == []


@pytest.mark.parametrize(("decision", "told"), [("connect", [HEADS]), ("cancel", [])])
def test_an_account_that_is_connected_tells_its_groups_when_it_is_confirmed(
    town: Town, decision: str, told: list[str]
) -> None:
    town.provider.behave.subject, town.provider.behave.claims = "subject-2", {"groups": ["a-guid"]}
    browser = Browser(town.app)
    confirm = to_confirm(browser, town.provider)
    assert town.groups() == []
    browser.fill(confirm, "/upstream/link", decision=decision)
    assert (town.groups(), town.roles()) == (told, ["rehtori"] if told else [])


def test_what_is_declared_and_what_is_told_of_one_group_do_not_touch_each_other(town: Town) -> None:
    with Session(town.engine) as session, session.begin():
        (heads,) = session.scalars(select(Group.id).where(Group.key == HEADS))
        groups.set_members(session, facts.change(session), {heads: [town.aino]})
    town.sign_in(groups=["a-guid"])
    town.sign_in(groups=[])
    with Session(town.engine) as session, session.begin():
        assert town.roles() == ["rehtori"]
        groups.set_members(session, facts.change(session), {heads: []})
    town.sign_in(groups=["a-guid"])
    with Session(town.engine) as session, session.begin():
        groups.set_members(session, facts.change(session), {heads: []})
    assert town.groups() == [HEADS]


def test_parallel_sign_ins_tell_a_group_once(town: Town) -> None:
    town.provider.behave.claims = {"groups": ["a-guid"]}
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: enter(Browser(town.app), town.provider).text, range(4)))
    assert all("My account" in page for page in pages)
    with Session(town.engine) as session:
        open_ = select(func.count()).select_from(Membership).where(Membership.closed_by.is_(None))
        assert session.scalars(open_).one() == 1
    assert town.roles() == ["rehtori"]


def test_a_source_out_of_use_tells_nothing_at_a_sign_in(town: Town) -> None:
    with Session(town.engine) as session, session.begin():
        session.scalars(select(Source)).one().disabled = True
    town.sign_in(groups=["a-guid"])
    assert (town.groups(), town.roles()) == ([], [])


def test_no_group_is_told_once_its_organisation_is_gone_from_the_tree(town: Town) -> None:
    town.sign_in(groups=["a-guid"])
    with Session(town.engine) as session, session.begin():
        (kunta,) = session.scalars(select(Organisation.id).where(Organisation.key == "KUNTA"))
        facts.places(session, kunta, (None, True, clock.LONG_AGO, clock.now() - timedelta(minutes=1)))
        elsewhere = facts.organisation(session, "MUU", "municipality", entity=True)
        facts.affiliation(session, town.aino, elsewhere)
        session.execute(update(Connection).values(owner_id=elsewhere))
    town.sign_in(groups=["a-guid"])
    assert town.groups() == []

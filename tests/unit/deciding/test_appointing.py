"""Nobody gets by any appointments what whoever appointed them did not hold, and the last administrator of the whole
stays."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import PERMISSIONS
from iam.access.administrator_roles import PERMISSION_WORDS, ROLES, in_words
from iam.access.asker import asker_of
from iam.access.commands import appointing as acts
from iam.access.commands.appointing import Appointment
from iam.access.model.assignment import AdminGrant
from iam.change import Actor
from iam.deciding import administrators_told, appointing
from iam.delivery.outbox import Message
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.signin.accounts.account import Account, Credential
from tests.kit.factories import access, facts

PEOPLE = ("paula", "maija", "reksi", "anna")
PLACES = ("marjala", "kunta", "koulu", "toinen")
UNDER = {"marjala": PLACES, "kunta": ("kunta", "koulu"), "koulu": ("koulu",), "toinen": ("toinen",)}
GIVEN = ("admin", "administrators.write", "persons.read", "codes.issue")
Ids = dict[str, UUID]


@pytest.fixture
def ids(session: Session) -> Ids:
    """A tree of two towns: paula administers all, maija appoints in one of them, anna nothing; all have a login."""
    found = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
        ("toinen", "municipality", "marjala", True),
    )
    for name in PEOPLE:
        found[name] = facts.person(session)
        session.add(Account(person_id=found[name], login=name, language="fi"))
        facts.affiliation(session, found[name], found["koulu"])
    access.admin_grant(session, found["paula"], "admin", found["marjala"])
    for permission in ("administrators.write", "persons.read"):
        access.admin_grant(session, found["maija"], permission, found["kunta"])
    session.flush()
    return found


def act(ids: Ids, who: str, place: str, permissions: Collection[str], days: int = 100) -> Appointment:
    today = clock.today()
    last = today + timedelta(days=days)
    return Appointment("appoint", ids[who], ids[place], frozenset(permissions), today, last)


def do(session: Session, ids: Ids, by: str, what: Appointment) -> None:
    appointing.do(session, what, asker_of(session, ids[by]), Actor(ids[by]))


def held(session: Session, ids: Ids) -> set[tuple[str, str, str]]:
    """Who may what where, however it was given, spelt out over everything under it."""
    names = {id_: name for name, id_ in ids.items()}
    rows = session.scalars(select(AdminGrant).where(AdminGrant.closed_by.is_(None), AdminGrant.valid_to > clock.now()))
    found = set()
    for row in rows:
        every = GIVEN if row.permission == "admin" else (row.permission,)
        for place in UNDER[names[row.organisation_id]]:
            found |= {(names[row.person_id], one, place) for one in every}
    return found


TRIES = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        st.sampled_from(PLACES),
        st.sets(st.sampled_from(GIVEN), min_size=1),
        st.integers(-1, 400),
        st.sampled_from(("appoint", "until", "end")),
    ),
    max_size=8,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=TRIES)
def test_after_any_appointments_nobody_holds_what_their_appointer_did_not(
    session: Session, ids: Ids, tries: list[tuple[str, str, str, set[str], int, str]]
) -> None:
    with session.begin_nested() as trial:
        for by, who, place, permissions, days, does in tries:
            before, longest = held(session, ids), acts.may_give(session, asker_of(session, ids[by]), ids[place])
            with suppress(AvainError):
                do(session, ids, by, _tried(session, ids, act(ids, who, place, permissions, days), does))
            gained = held(session, ids) - before
            assert all(whose != by for whose, *_ in gained)
            assert {(by, permission, there) for _, permission, there in gained} <= before
            for row in session.scalars(select(AdminGrant).where(AdminGrant.closed_by.is_(None))):
                if (row.person_id, row.organisation_id) == (ids[who], ids[place]) and gained:
                    assert row.permission not in permissions or row.valid_to <= longest[row.permission]
        trial.rollback()
    session.expire_all()


def _tried(session: Session, ids: Ids, what: Appointment, does: str) -> Appointment:
    """The act on what stands of the person there, where something does."""
    query = select(AdminGrant.id).where(
        AdminGrant.person_id == what.person_id,
        AdminGrant.organisation_id == what.organisation_id,
        AdminGrant.closed_by.is_(None),
    )
    row = session.scalars(query.limit(1)).first()
    if does == "appoint" or row is None or what.last is None:
        return what
    found = acts.standing_as(session, row)
    return found if does == "end" else acts.lengthened(found, what.last)


@pytest.mark.parametrize(
    ("by", "who", "place", "permissions", "days", "error"),
    [
        ("maija", "anna", "toinen", {"persons.read"}, 9, NotFound),
        ("maija", "anna", "marjala", {"persons.read"}, 9, NotFound),
        ("maija", "anna", "kunta", {"codes.issue"}, 9, Denied),
        ("maija", "anna", "kunta", {"admin"}, 9, Denied),
        ("maija", "maija", "kunta", {"persons.read"}, 9, Denied),
        ("maija", "anna", "kunta", {"persons.read"}, 100_000, Denied),
        ("maija", "anna", "kunta", {"persons.read"}, -1, Invalid),
        ("maija", "anna", "kunta", set(), 9, Invalid),
        ("maija", "anna", "kunta", {"everything"}, 9, Invalid),
        ("anna", "reksi", "koulu", {"persons.read"}, 9, NotFound),
    ],
    ids=["elsewhere", "above", "not held", "all", "oneself", "too long", "over", "nothing", "unknown", "nobody"],
)
def test_nobody_gives_more_than_they_hold(
    session: Session, ids: Ids, by: str, who: str, place: str, permissions: set[str], days: int, error: type[AvainError]
) -> None:
    ends = clock.now() + timedelta(days=1000)
    for row in session.scalars(select(AdminGrant).where(AdminGrant.person_id == ids["maija"])):
        row.valid_to = ends
    session.flush()
    before = held(session, ids)
    with pytest.raises(error):
        do(session, ids, by, act(ids, who, place, permissions, days))
    assert held(session, ids) == before
    do(session, ids, "maija", act(ids, "anna", "koulu", {"persons.read"}))
    assert ("anna", "persons.read", "koulu") in held(session, ids)


def test_the_last_administrator_of_the_whole_stays_until_another_can_sign_in(session: Session, ids: Ids) -> None:
    session.add(Credential(person_id=ids["paula"], kind="password", data={}, changed_at=clock.now()))
    session.flush()
    grant = session.scalars(select(AdminGrant.id).where(AdminGrant.person_id == ids["paula"])).one()
    ending = acts.standing_as(session, grant)
    with pytest.raises(Conflict, match="Nobody would administer the whole"):
        do(session, ids, "paula", ending)
    do(session, ids, "paula", act(ids, "anna", "marjala", {"admin"}))
    with pytest.raises(Conflict, match="Nobody would administer the whole"):
        do(session, ids, "paula", ending)
    session.add(Credential(person_id=ids["anna"], kind="password", data={}, changed_at=clock.now()))
    session.flush()
    do(session, ids, "paula", ending)
    assert ("paula", "admin", "marjala") not in held(session, ids)


def test_two_weeks_before_it_ends_the_person_and_who_may_lengthen_it_are_told_once(session: Session, ids: Ids) -> None:
    do(session, ids, "maija", act(ids, "anna", "koulu", {"persons.read"}, 30))
    assert administrators_told.ending(session) == 0
    with clock.fixed(clock.now() + timedelta(days=20)):
        assert administrators_told.ending(session) > 0
        assert administrators_told.ending(session) == 0
        told = session.scalars(select(Message.payload).where(Message.kind == administrators_told.KIND)).all()
    ids_of = {(one["to"], one["what"]) for one in told}
    soon = {(str(ids["anna"]), "soon"), (str(ids["maija"]), "lengthen"), (str(ids["paula"]), "lengthen")}
    assert ids_of == {(str(ids["anna"]), "appoint"), *soon}


def test_a_role_is_told_by_its_name_and_anything_else_by_each_permission() -> None:
    assert PERMISSION_WORDS.keys() == PERMISSIONS.keys()
    for role in ROLES:
        assert role.permissions <= PERMISSIONS.keys()
        assert in_words(role.permissions) == [role.name]
    assert in_words({"codes.issue", "persons.read"}) == [
        PERMISSION_WORDS["persons.read"],
        PERMISSION_WORDS["codes.issue"],
    ]

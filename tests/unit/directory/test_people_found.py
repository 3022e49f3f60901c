"""Whom a search finds, by which of their names, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from iam.access.administration import WHOLE, Part
from iam.database.bulk import is_postgresql
from iam.database.engine import make_engine
from iam.database.keyset import Cursor, keyset
from iam.database.migrate import upgrade
from iam.directory.organisation import Organisation
from iam.directory.pages.listing import PERSON_KEYS, Wanted, organisation_keys, organisations, persons
from iam.directory.person import PersonNameWord, PersonProfile
from iam.lifecycle.persons import LocalProfile, create_local, set_profiles
from tests.kit.factories import facts
from tests.kit.servers.postgresql import PostgreSQL

YEAR = timedelta(days=365)


@pytest.fixture
def school(session: Session, frozen: datetime) -> dict[str, UUID]:
    return facts.tree(
        session,
        ("root", "consortium", None, True),
        ("town", "municipality", "root", True),
        ("school", "school", "town", False),
        ("other", "school", "town", False),
    )


def people(session: Session, *names: tuple[str, str]) -> list[UUID]:
    """Add people (given names, family name) by hand."""
    return create_local(session, facts.change(session), [LocalProfile(*one) for one in names])


def called(session: Session, person_id: UUID, given_names: str, family_name: str) -> None:
    """Say that this is somebody's name from now on."""
    set_profiles(session, facts.change(session), {person_id: LocalProfile(given_names, family_name)})


def ids(session: Session, text: str, part: Part = WHOLE) -> list[UUID]:
    rows = session.scalars(persons(part, Wanted(text), YEAR).order_by(*PERSON_KEYS))
    return [row.id for row in rows]


def test_somebody_who_married_is_found_by_the_name_she_had(session: Session) -> None:
    (aino,) = people(session, ("Aino", "Korhonen"))
    called(session, aino, "Aino", "Virtanen")
    called(session, aino, "Aino", "Mäkelä")
    for text in ("korhonen", "virtanen", "mäkelä", "aino korh", "Mäkelä Virta"):
        assert ids(session, text) == [aino], text


def test_somebody_who_takes_a_former_name_again_is_shown_by_it(session: Session) -> None:
    (aino,) = people(session, ("Aino", "Korhonen"))
    called(session, aino, "Aino", "Virtanen")
    called(session, aino, "Aino", "Korhonen")
    rows = session.execute(select(PersonNameWord.word, PersonNameWord.shown)).all()
    assert dict(rows) == {"aino": True, "korhonen": True, "virtanen": False}


@pytest.mark.parametrize(
    ("given_names", "family_name", "texts"),
    [
        ("Ánne-Máret", "Nuorgámoš", ("anne nuorgamos", "NUORGAM", "maret", "annemaret", "Ánne-Máret")),
        ("Siobhán", "O’Neill", ("O'Neill", "oneill", "neill", "o neill", "O’NEILL", "o-n")),
        ("Annaliisa", "Mäki", ("anna-liisa", "Anna-L", "annaliisa mäki", "MÄKI")),
        ("Işıl", "İnan", ("isil inan", "IŞIL", "İNAN")),
        ("Žan", "Øster", ("zan oster", "Ža")),
    ],
)
def test_a_name_is_found_as_people_type_it(
    session: Session, given_names: str, family_name: str, texts: tuple[str, ...]
) -> None:
    one, _ = people(session, (given_names, family_name), ("Bertta", "Muu"))
    for text in texts:
        assert ids(session, text) == [one], text


@pytest.mark.parametrize("text", ["maki", "äki", "mäk mäkelä", "-", "%", "_", "mäki2", "\U0010ffff"])
def test_what_begins_no_word_of_a_name_finds_nobody(session: Session, text: str) -> None:
    people(session, ("Annaliisa", "Mäki"))
    assert ids(session, text) == []


def test_lists_follow_the_finnish_alphabet_by_the_name_that_is_shown_page_by_page(session: Session) -> None:
    order = ["Aalto", "Salo", "Šalomaa", "Vuori", "Wirta", "Zidan", "Åberg", "Äijälä", "Öberg"]
    made = people(session, *(("Aino", name) for name in reversed(order)), ("Aino", "Entinen"))
    called(session, made[-1], "Aino", "Öhman")
    walked: list[UUID] = []
    page = keyset(session, persons(WHOLE, Wanted("aino"), YEAR), PERSON_KEYS, Cursor(size=3))
    while page.rows:
        walked += [row.id for row in page.rows]
        page = keyset(session, persons(WHOLE, Wanted("aino"), YEAR), PERSON_KEYS, Cursor(after=page.last, size=3))
    assert walked == [*reversed(made[:-1]), made[-1]]


@pytest.fixture
def english(postgresql: PostgreSQL) -> Iterator[Session]:
    """A session on a PostgreSQL database that was set up with the order of English."""
    name = "english_order"
    server = make_engine(postgresql.url()).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    upgrade(postgresql.url(name))
    engine = make_engine(postgresql.url(name))
    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()
    server.dispose()
    postgresql.drop_database(name)


def test_the_order_and_the_search_do_not_depend_on_how_the_database_server_was_set_up(english: Session) -> None:
    order = ["Salo", "Salo-Aho", "Salola", "Zidan", "Åberg", "Äijälä", "Öberg"]
    made = people(english, *(("Aino", name) for name in reversed(order)))
    assert ids(english, "") == ids(english, "ain") == [*reversed(made)]
    assert ids(english, "salo") == [*reversed(made)][:3]
    assert ids(english, "öb") == made[:1]
    schools = {facts.organisation(english, name): name for name in reversed(order)}
    listed = english.scalars(organisations(WHOLE).order_by(*organisation_keys("fi")))
    assert [schools[row.id] for row in listed] == order


def test_organisations_stand_in_the_order_of_the_finnish_alphabet(session: Session) -> None:
    order = ["Aalto", "alakoulu", "Wiik", "Zetterberg", "Åvik", "ähtäri", "Äänekoski", "Öja"]
    made = {facts.organisation(session, name): name for name in reversed(order)}
    query = organisations(WHOLE).where(Organisation.id.in_(made))
    page = keyset(session, query, organisation_keys("fi"), Cursor(size=5))
    rest = keyset(session, query, organisation_keys("fi"), Cursor(after=page.last, size=5))
    assert [made[row.id] for row in (*page.rows, *rest.rows)] == order


def protect(session: Session, school: dict[str, UUID]) -> UUID:
    """A protected person of the school who has taken another name."""
    (hidden,) = people(session, ("Aino", "Entinen"))
    called(session, hidden, "Aino", "Uusi")
    facts.affiliation(session, hidden, school["school"])
    said = and_(PersonProfile.person_id == hidden, PersonProfile.closed_by.is_(None))
    session.execute(update(PersonProfile).where(said).values(protected=True))
    return hidden


def test_a_former_name_leads_to_no_protected_person(session: Session, school: dict[str, UUID]) -> None:
    hidden = protect(session, school)
    here, elsewhere = Part(False, frozenset({school["school"]})), Part(False, frozenset({school["other"]}))
    town = frozenset({school["town"]})
    for part in (here, Part(True, frozenset()), Part(False, town, elsewhere)):
        assert ids(session, "uusi", part) == [hidden]
        assert ids(session, "entinen", part) == ids(session, "aino entinen", part) == []


def test_who_may_see_the_identity_code_there_finds_a_protected_person_by_a_former_name(
    session: Session, school: dict[str, UUID]
) -> None:
    hidden = protect(session, school)
    here = Part(False, frozenset({school["school"]}))
    for part in (WHOLE, Part(True, frozenset(), here), Part(False, frozenset({school["town"]}), here)):
        assert ids(session, "entinen", part) == [hidden]


def test_a_search_reads_the_names_that_begin_so_and_no_others(session: Session) -> None:
    people(session, *((f"Aino {n}", f"Suku{n}") for n in range(2000)))
    session.connection().exec_driver_sql("ANALYZE")
    query = persons(Part(True, frozenset()), Wanted("suku17"), YEAR).order_by(*PERSON_KEYS).limit(51)
    told = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN " if is_postgresql(session) else "EXPLAIN QUERY PLAN "
    plan = " ".join(str(row) for row in session.connection().exec_driver_sql(explain + told.replace("%", "%%")))
    assert "ix_person_name_word_word" in plan
    assert "SCAN person_name_word" not in plan
    assert "Seq Scan on person_name_word" not in plan

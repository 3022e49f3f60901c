"""Migrations: they end where the models are, and keep what an older schema held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Column, ColumnClause, Connection, column, insert, select, table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from iam import clock, models  # noqa: F401 - fills the metadata
from iam.access.model.assignment import NIL
from iam.access.rules.naming import load
from iam.clock import FOREVER, LONG_AGO
from iam.database.base import Base
from iam.database.engine import make_engine
from iam.database.migrate import drift, upgrade
from iam.database.types import uuid7
from tests.kit.servers.postgresql import PostgreSQL

DAY = datetime(2026, 9, 15, tzinfo=UTC)
ALWAYS = {"valid_from": LONG_AGO, "valid_to": FOREVER}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'avain.db'}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.fresh_database()
    yield server.url(name)
    server.drop_database(name)


def _put(connection: Connection, name: str, /, **values: object) -> UUID:
    """Write a row of a table that may be older than its model."""
    key = uuid7()
    named = {"version_id" if name == "membership" else "id": key, **values}
    columns = [column_of(one) for one in Base.metadata.tables[name].c if one.name in named]
    connection.execute(insert(table(name, *columns)).values(named))
    return key


def _organisation(connection: Connection) -> UUID:
    names = {"name_fi": "Koulu", "name_sv": "Skola", "name_en": "School"}
    return _put(connection, "organisation", key="school", kind="school", **names)


def _source(connection: Connection, owner: UUID, key: str) -> UUID:
    return _put(
        connection,
        "source",
        key=key,
        connector="csv",
        owner_id=owner,
        settings={},
        correlate=[],
        zone="Europe/Helsinki",
        priority=1,
        purpose="",
        keep_good_rows=True,
        missing_hours=20,
    )


def _member(connection: Connection, owner: UUID, source: UUID) -> UUID:
    group = _put(
        connection,
        "group_",
        organisation_id=owner,
        source_id=source,
        record_key="5A",
        key="5A",
        kind="class",
        name="5A",
    )
    person = _put(connection, "person", sort_name="aalto aada")
    return _put(
        connection,
        "membership",
        fact_id=uuid7(),
        group_id=group,
        person_id=person,
        opened_by=uuid7(),
        valid_from=DAY,
        valid_to=datetime(2027, 6, 1, tzinfo=UTC),
    )


def test_the_models_and_the_migrated_schema_agree(empty_url: str) -> None:
    upgrade(empty_url)
    assert drift(empty_url) == []


def test_groups_and_their_members_outlive_the_rebuilding_of_the_table(empty_url: str) -> None:
    upgrade(empty_url, "0001")
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        school = _organisation(connection)
        first, second = (_source(connection, school, key) for key in ("primus", "wilma"))
        member = _member(connection, school, first)
    upgrade(empty_url)
    memberships, groups = Base.metadata.tables["membership"], Base.metadata.tables["group_"]
    with engine.begin() as connection:
        _member(connection, school, second)
        found = connection.execute(
            select(memberships.c.version_id, groups.c.source_id)
            .join(groups, groups.c.id == memberships.c.group_id)
            .order_by(memberships.c.version_id)
        ).all()
    engine.dispose()
    assert found[0] == (member, first)
    assert [source for _, source in found] == [first, second]


@pytest.mark.parametrize("of_a_source", [True, False])
def test_the_same_group_cannot_be_there_twice(empty_url: str, of_a_source: bool) -> None:
    upgrade(empty_url)
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        school = _organisation(connection)
        source = _source(connection, school, "primus") if of_a_source else None
        same = {"organisation_id": school, "source_id": source, "record_key": "5A", "key": "5A", "kind": "class"}
        _put(connection, "group_", **same, name="5A")
        with pytest.raises(IntegrityError), connection.begin_nested():
            _put(connection, "group_", **same, name="5A again")
    engine.dispose()


def test_sign_ins_from_before_keep_their_end_and_connections_the_applications_that_lead_to_them(empty_url: str) -> None:
    upgrade(empty_url, "0004")
    engine, end = make_engine(empty_url), datetime(2026, 9, 15, 20, tzinfo=UTC)
    connections, sessions = Base.metadata.tables["connection"], Base.metadata.tables["login_session"]
    old = [column for column in connections.c if column.name != "applications"]
    told = {"claim": "oid", "kind": "entra-oid", "issuer": ""}
    with engine.begin() as connection:
        for key, applications in (("kunta", {"applications": {"wilma": "only"}}), ("toinen", {})):
            values = {
                "id": uuid7(),
                "key": key,
                "name": {"fi": key},
                "issuer": "https://login.example",
                "client_id": "avain",
                "scope": "openid",
                "domains": [],
                "identifier": told | applications,
                "retired": False,
            }
            connection.execute(insert(table("connection", *(column_of(one) for one in old))).values(values))
        values = {
            "id": uuid7(),
            "secret_hash": b"x",
            "person_id": uuid7(),
            "started_at": DAY,
            "seen_at": DAY,
            "auth_time": DAY,
            "expires_at": end,
            "acr": "",
            "amr": [],
            "agent": "",
        }
        kept = [one for one in sessions.c if one.name in values]
        connection.execute(insert(table("login_session", *(column_of(one) for one in kept))).values(values))
    upgrade(empty_url)
    with engine.connect() as connection:
        query = select(connections.c.identifier, connections.c.applications).order_by(connections.c.key)
        assert connection.execute(query).all() == [(told, {"wilma": "only"}), (told, {})]
        assert connection.execute(select(sessions.c.idle_until)).scalars().all() == [end]
    engine.dispose()


def test_an_upgrade_keeps_who_enters_and_what_schools_give(empty_url: str) -> None:
    upgrade(empty_url, "0005")
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        town, school = (_placed(connection, key) for key in ("kunta", "koulu"))
        _row(connection, "organisation_closure", ancestor_id=town, descendant_id=school, **ALWAYS)
        _row(connection, "code_list", key="opettajat", code="opettaja")
        wilma = _application(connection, town)
        for owner in (school, town):
            _given(connection, wilma, owner, school, town)
    upgrade(empty_url)
    tables = Base.metadata.tables
    with engine.connect() as connection:
        enabled = tables["application_enabled"].c
        assert connection.execute(select(enabled.application_id, enabled.organisation_id)).all() == [(wilma, town)]
        roles = tables["role"].c
        handed = connection.execute(select(roles.key, roles.handed_out, roles.sensitive).order_by(roles.key)).all()
        assert handed == sorted([(str(school), "parts", False), (str(town), "enabled", False)])
        owners = tables["code_list_owner"].c
        assert connection.execute(select(owners.key, owners.owner_id)).all() == [("opettajat", town)]
        assert names_of(connection, town, school) == {str(school): {school, town}, str(town): {town}}
    engine.dispose()


def _application(connection: Connection, owner: UUID) -> UUID:
    return _put(
        connection,
        "application",
        key="wilma",
        owner_id=owner,
        name={},
        audience="wilma",
        ask_capacity=True,
        subject_mode="pairwise",
        notice="none",
        entry="role",
        retired=False,
    )


def names_of(connection: Connection, *owners: UUID) -> dict[str, set[UUID]]:
    """Whose rules may give each role, by its code."""
    with Session(connection) as session:
        names = load(session)
    codes = {role: role.partition(":")[2] for role in names.roles}
    return {code: {owner for owner in owners if names.hands_out(owner, role)} for role, code in codes.items()}


def _row(connection: Connection, name: str, /, **values: object) -> None:
    """Write a row of a table that has no id of its own."""
    columns = [column_of(one) for one in Base.metadata.tables[name].c if one.name in values]
    connection.execute(insert(table(name, *columns)).values(values))


def _placed(connection: Connection, key: str) -> UUID:
    """Add an organisation: the first one is the root and the legal entity, the others stand under it."""
    places = Base.metadata.tables["organisation_place"].c
    root = connection.execute(select(places.organisation_id).where(places.parent_id.is_(None))).scalar()
    id_ = _put(connection, "organisation", key=key, kind="unit", name_fi=key, name_sv=key, name_en=key)
    _row(
        connection,
        "organisation_place",
        version_id=uuid7(),
        fact_id=uuid7(),
        organisation_id=id_,
        parent_id=root,
        legal_entity_id=root or id_,
        opened_by=uuid7(),
        **ALWAYS,
    )
    _row(connection, "organisation_closure", ancestor_id=id_, descendant_id=id_, **ALWAYS)
    return id_


def _given(connection: Connection, application: UUID, owner: UUID, scope: UUID, entity: UUID) -> None:
    """Add a role that a rule of an organisation gives somebody."""
    role = _put(connection, "role", application_id=application, key=str(owner), retired=False)
    of_role = _put(connection, "role_version", role_id=role, n=1, name={}, enforcement="by token", change_id=uuid7())
    rule = _put(connection, "rule", key=str(owner), owner_id=owner)
    version = _put(
        connection, "rule_version", rule_id=rule, n=1, pattern={}, role_id=role, state="published", change_id=uuid7()
    )
    _put(
        connection,
        "assignment",
        person_id=_put(connection, "person", sort_name="aada"),
        capacity_id=uuid7(),
        capacity_kind="employee",
        role_id=role,
        role_version_id=of_role,
        scope_id=scope,
        holder_entity_id=entity,
        scope_entity_id=entity,
        origin="rule",
        rule_version_id=version,
        needs_relationship=False,
        fact_1=uuid7(),
        fact_2=NIL,
        fact_3=NIL,
        fact_4=NIL,
        place_id=uuid7(),
        opened_by=uuid7(),
        **ALWAYS,
    )


def column_of(one: Column[object]) -> ColumnClause[object]:
    """A column of a table as it was, without what the model adds by itself."""
    return column(one.name, one.type)


def test_sign_ins_connections_and_sources_from_before_there_were_walls_go_on(empty_url: str) -> None:
    upgrade(empty_url, "0005")
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        root = _placed(connection, "juuri")
        _put(
            connection,
            "connection",
            key="kunta",
            name={},
            issuer="https://login.example",
            client_id="avain",
            scope="openid",
            domains=[],
            identifier={},
            applications={},
            retired=False,
        )
        _source(connection, root, "hr")
        _put(
            connection,
            "login_session",
            secret_hash=b"x",
            person_id=uuid7(),
            started_at=DAY,
            seen_at=DAY,
            auth_time=DAY,
            idle_until=DAY,
            expires_at=DAY,
            acr="",
            amr=["pwd"],
            agent="",
        )
    upgrade(empty_url)
    tables = Base.metadata.tables
    with engine.connect() as connection:
        assert connection.execute(select(tables["connection"].c.owner_id)).scalars().all() == [root]
        assert connection.execute(select(tables["login_session"].c.proofs)).scalars().all() == [["own"]]
        assert connection.execute(select(tables["source"].c.walled, tables["source"].c.disabled)).all() == [
            (False, False)
        ]
    engine.dispose()


def test_how_old_a_sign_in_may_be_for_a_client_stays_what_it_was(empty_url: str) -> None:
    upgrade(empty_url, "0010")
    engine = make_engine(empty_url)
    stated = {
        "asks": {"default_max_age": 3600, "client_name": "Wilma", "client_name#sv": "Wilma"},
        "always": {"default_max_age": 0},
        "says": {"contacts": ["help@wilma.example"]},
        "silent": {},
    }
    with engine.begin() as connection:
        wilma = _application(connection, _placed(connection, "kunta"))
        for key, metadata in stated.items():
            _client(connection, wilma, key, metadata)
    upgrade(empty_url)
    client = Base.metadata.tables["client"].c
    with engine.connect() as connection:
        rows = connection.execute(select(client.client_id, client.default_max_age, client.metadata)).all()
    engine.dispose()
    assert {key: (age, metadata) for key, age, metadata in rows} == {
        "asks": (3600, {"client_name": "Wilma", "client_name#sv": "Wilma"}),
        "always": (0, {}),
        "says": (None, {"contacts": ["help@wilma.example"]}),
        "silent": (None, {}),
    }


def test_parties_stay_in_with_their_signatures_and_where_three_had_to_sign_all_still_must(empty_url: str) -> None:
    upgrade(empty_url, "0013")
    engine, signed = make_engine(empty_url), date(2026, 6, 20)
    with engine.begin() as connection:
        entities = [_placed(connection, key) for key in ("kunta", "hva", "yhtyma")]
        change = _put(connection, "change", kind="command", purpose="", at=DAY)
        for key, n in (("kahden", 2), ("kolmen", 3)):
            agreement = _concluded(connection, key, entities, change)
            for place, entity in enumerate(entities[:n]):
                day = signed if place < 2 else None
                _row(
                    connection,
                    "agreement_party",
                    agreement_id=agreement,
                    legal_entity_id=entity,
                    role="",
                    signed_on=day,
                )
    upgrade(empty_url)
    party, term, row = (Base.metadata.tables[name] for name in ("agreement_party", "agreement_term", "agreement"))
    with engine.connect() as connection:
        of_each = select(row.c.key, party.c.signed_on, party.c.in_from).join(party, party.c.agreement_id == row.c.id)
        parties = connection.execute(of_each.order_by(row.c.key, party.c.signed_on.is_(None))).all()
        all_sign = dict(connection.execute(select(row.c.key, term.c.all_sign).join(term)).all())
        opened = set(connection.scalars(select(party.c.opened_by)))
    engine.dispose()
    since = clock.day_start(signed)
    assert [tuple(one) for one in parties] == [("kahden", signed, since)] * 2 + [("kolmen", signed, since)] * 2 + [
        ("kolmen", None, None)
    ]
    assert (all_sign, opened) == ({"kahden": False, "kolmen": True}, {change})


def _concluded(connection: Connection, key: str, entities: list[UUID], change: UUID) -> UUID:
    """Add an agreement with a clause between the first two."""
    grantor, grantee, *_ = entities
    told = {"decision": {}, "legal_basis": {}, "case_number": key, "purpose": key}
    id_ = _put(connection, "agreement", key=key, owner_id=grantor, **told)
    known = {"agreement_id": id_, "opened_by": change, **ALWAYS}
    _row(connection, "agreement_term", version_id=uuid7(), fact_id=uuid7(), **known)
    sides = {"grantor_id": grantor, "grantee_id": grantee, "scope_id": grantor}
    _put(connection, "agreement_clause", n=1, with_descendants=True, **sides, **known)
    return id_


def _client(connection: Connection, application: UUID, key: str, metadata: dict[str, object]) -> None:
    _put(
        connection,
        "client",
        application_id=application,
        client_id=key,
        auth="none",
        redirect_uris=[],
        post_logout_redirect_uris=[],
        grants=["authorization_code"],
        scope="openid",
        id_token_alg="RS256",
        pkce="required",
        mapper={},
        sector="wilma",
        retired=False,
        token_format="jwt",
        par_required=False,
        legacy_audience=False,
        resources=[],
        metadata=metadata,
    )


def _names_told(connection: Connection, person: UUID, source: UUID | None, **told: object) -> None:
    values = {
        "version_id": uuid7(),
        "fact_id": uuid7(),
        "person_id": person,
        "source_id": source,
        "protected": False,
        "opened_by": uuid7(),
        **ALWAYS,
    }
    _row(connection, "person_profile", **values, **told)


def test_after_an_upgrade_people_are_found_by_every_name_they_had_and_stand_where_a_finn_looks_for_them(
    empty_url: str,
) -> None:
    upgrade(empty_url, "0006")
    engine = make_engine(empty_url)
    with engine.begin() as connection:
        school = _organisation(connection)
        source = _source(connection, school, "primus")
        married, other, nameless = (
            _put(connection, "person", sort_name=name) for name in ("äijälä anna-liisa", "zetterström zoe", "")
        )
        _names_told(connection, married, source, given_names="Anna-Liisa", family_name="Äijälä")
        _names_told(connection, married, None, given_names="Anna-Liisa", family_name="Väärä")
        _names_told(connection, married, source, given_names="Anna-Liisa", family_name="Virtanen", closed_by=uuid7())
        _names_told(connection, other, source, given_names="Maria Zoe", call_name="Zoe", family_name="Zetterström")
    upgrade(empty_url)
    words, persons = Base.metadata.tables["person_name_word"].c, Base.metadata.tables["person"].c
    with engine.connect() as connection:
        found = dict(connection.execute(select(words.word, words.shown).where(words.person_id == married)).all())
        keys = connection.execute(select(persons.id, persons.sort_name).order_by(persons.sort_name)).all()
    engine.dispose()
    assert found == {
        "anna": True,
        "liisa": True,
        "annaliisa": True,
        "äijälä": True,
        "väärä": False,
        "virtanen": False,
    }
    assert keys == [(nameless, ""), (other, "zetterstr}m zoe"), (married, "|ij|l| anna liisa")]

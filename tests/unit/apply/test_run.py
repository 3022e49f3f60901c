"""Applying a declaration: idempotent, all or nothing, one change and one event, rights derived."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from iam.access.administration import permissions_of
from iam.access.model.agreement import AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role, RoleClosure, RoleVersion
from iam.access.model.rule import RuleVersion
from iam.apply.run import run_apply
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, Change
from iam.database.base import Base
from iam.directory.affiliation import Affiliation, Group, Membership
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.person import Identifier, Person, PersonProfile
from iam.directory.source import Source
from iam.oidc.model import Client, ClientSecret
from iam.signin.accounts.account import Account, Credential
from iam.signin.passwords import credentials, password
from iam.tokens import secret as secrets
from iam.vault import Vault

from .conftest import ACCESS, CONSORTIUM, DATA, EVERYTHING, PEOPLE, Apply


def rows(session: Session) -> dict[str, int]:
    """How many rows each table has."""
    return {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


def test_applying_the_same_declaration_again_writes_nothing(applied: Apply, session: Session) -> None:
    before = rows(session)
    report = applied(EVERYTHING)
    assert report.counts["create"] == report.counts["change"] == 0
    assert report.applied is None
    assert rows(session) == before


def test_a_declaration_whose_letters_another_system_wrote_apart_states_the_same(
    applied: Apply, session: Session
) -> None:
    named = EVERYTHING.replace("family_name: Esimerkki", "family_name: Mäkelä")
    applied(named)
    report = applied(unicodedata.normalize("NFD", named))
    assert report.counts["create"] == report.counts["change"] == 0
    assert "Mäkelä" in session.scalars(select(PersonProfile.family_name)).all()


def told(session: Session, type_: str = "config:file:applied") -> list[AuditEvent]:
    """The audit events of a type."""
    return list(session.scalars(select(AuditEvent).where(AuditEvent.type == type_)))


def test_applying_is_one_change_and_one_event_with_counts(applied: Apply, session: Session) -> None:
    change = session.scalars(select(Change)).one()
    (happened,) = told(session)
    assert (change.kind, happened.change_id) == ("command", change.id)
    assert happened.envelope["counts"]["organisation create"] == 6
    assert happened.envelope["rights"] == {"opened": 2, "closed": 0}


def test_each_new_login_is_told_of_its_person_once(applied: Apply, session: Session) -> None:
    change = session.scalars(select(Change)).one()
    logins = told(session, "person:account:created")
    assert sorted(one.subject_id for one in logins if one.subject_id) == sorted(
        session.scalars(select(Account.person_id))
    )
    assert {(one.actor_id, one.change_id) for one in logins} == {(None, change.id)}
    applied(EVERYTHING.replace("family_name: Psykologi", "family_name: Esimerkki"))
    assert len(told(session, "person:account:created")) == len(logins)


def test_the_event_names_no_person_but_by_id(applied: Apply, session: Session) -> None:
    (happened,) = told(session)
    envelope = str(happened.envelope)
    pirkko = credentials.find(session, "pirkko.psykologi")
    assert pirkko is not None
    assert str(pirkko.person_id) in envelope
    assert not [name for name in ("pirkko", "aino", "esimerkki", "example.org") if name in envelope.casefold()]


def test_a_dry_run_tells_the_differences_and_writes_nothing(apply: Apply, session: Session) -> None:
    before = rows(session)
    report = apply(EVERYTHING, dry_run=True)
    assert report.counts["create"] > 20
    assert report.applied is None
    assert rows(session) == before


@pytest.mark.parametrize("part", ["organisations", "applications", "persons", "rules"])
def test_one_wrong_item_keeps_everything_from_being_written(apply: Apply, session: Session, part: str) -> None:
    before = rows(session)
    report = apply(
        EVERYTHING + "administrators2: []\n"
        if part == "rules"
        else EVERYTHING.replace(f"{part}:\n", f"{part}:\n  - {{}}\n")
    )
    assert report.problems
    assert report.differences == ()
    assert rows(session) == before


def test_facts_give_rights_at_once_also_over_an_agreement(applied: Apply, session: Session) -> None:
    found = session.scalars(select(Assignment).where(Assignment.closed_by.is_(None))).all()
    keys = {row.id: row.key for row in session.scalars(select(Role))}
    assert {keys[row.role_id]: row.clause_id is not None for row in found} == {"opettaja": False, "psykologi": True}


def test_a_wider_role_gets_a_version_and_loses_what_no_clause_allows(applied: Apply, session: Session) -> None:
    report = applied(EVERYTHING.replace("content: [nimi:read]", "content: [nimi:read, luokka:read]"))
    assert report.applied is not None
    assert report.applied.rights.closed == 1
    changed = [one for one in report.differences if one.action == "change"]
    assert [(one.kind, one.key, list(one.fields)) for one in changed] == [("role", "wilma:psykologi", ["content"])]
    role_id = session.scalar(select(Role.id).where(Role.key == "psykologi"))
    assert list(
        session.scalars(select(RoleVersion.n).where(RoleVersion.role_id == role_id).order_by(RoleVersion.n))
    ) == [1, 2]


def test_a_role_that_only_includes_more_says_so_in_a_version_and_those_above_it_do_not(
    applied: Apply, session: Session
) -> None:
    applied(EVERYTHING.replace("name: {fi: Psykologi}}", "name: {fi: Psykologi}, includes: [rehtori]}"))
    roles = {row.key: row.id for row in session.scalars(select(Role))}
    included = set(session.scalars(select(RoleClosure.included_id).where(RoleClosure.role_id == roles["psykologi"])))
    assert included == {roles["psykologi"], roles["rehtori"], roles["opettaja"]}
    assert session.scalar(select(func.count()).select_from(RoleVersion)) == 4
    newest = select(RoleVersion).where(RoleVersion.role_id == roles["psykologi"]).order_by(RoleVersion.n.desc())
    version = session.scalars(newest).first()
    assert version is not None
    assert (version.includes, version.sensitive, version.handed_out) == (["wilma:rehtori"], False, "enabled")


def test_a_role_that_is_not_stated_follows_what_it_includes(applied: Apply, session: Session) -> None:
    only = ACCESS.split("    clients:")[0]
    lines = [
        line.replace("en: Teacher}}", "en: Teacher}, includes: [psykologi]}")
        for line in only.splitlines()
        if "rehtori" not in line
    ]
    report = applied("\n".join(lines))
    assert not report.problems
    roles = {row.key: row.id for row in session.scalars(select(Role))}
    included = set(session.scalars(select(RoleClosure.included_id).where(RoleClosure.role_id == roles["rehtori"])))
    assert roles["psykologi"] in included


def test_an_altered_clause_is_closed_and_another_opened(applied: Apply, session: Session) -> None:
    applied(EVERYTHING.replace("allows: {psykologi: [nimi:read]}", "allows: {psykologi: [nimi:read, luokka:read]}"))
    clauses = session.scalars(select(AgreementClause).order_by(AgreementClause.n)).all()
    assert [(clause.n, clause.closed_by is None) for clause in clauses] == [(1, False), (2, True)]


def test_a_clause_that_is_left_out_is_closed_and_its_rights_end(applied: Apply, session: Session) -> None:
    report = applied(EVERYTHING.split("    clauses:")[0] + "sources:" + EVERYTHING.split("sources:")[1])
    assert report.applied is not None
    assert report.applied.rights.closed == 1
    assert session.scalar(select(func.count()).where(AgreementClause.closed_by.is_(None))) == 0


def test_an_altered_rule_is_published_as_the_next_version(applied: Apply, session: Session) -> None:
    report = applied(EVERYTHING.replace("occupation: psykologi, organisation", "occupation: kuraattori, organisation"))
    assert [one.key for one in report.differences if one.action == "change"] == ["psykologi-wilmaan"]
    states = [row.state for row in session.scalars(select(RuleVersion).order_by(RuleVersion.n, RuleVersion.id))]
    assert sorted(states) == ["published", "published", "withdrawn"]


def test_a_retired_rule_gives_nothing_and_can_come_back(applied: Apply, session: Session) -> None:
    retired = EVERYTHING.replace("rule: opettaja-wilmaan\n", "rule: opettaja-wilmaan\n    retired: true\n")
    report = applied(retired)
    assert report.applied is not None
    assert report.applied.rights.closed == 1
    assert applied(retired).applied is None
    again = applied(EVERYTHING)
    assert again.applied is not None
    assert again.applied.rights.opened == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner: mansikkala\n    name: {fi: Wilma}", "owner: mansikkala\n    retired: true\n    name: {fi: Wilma}"),
        (
            "name: {fi: Opettaja, sv: Lärare, en: Teacher}}",
            "name: {fi: Opettaja, sv: Lärare, en: Teacher}, retired: true}",
        ),
    ],
)
def test_a_retired_application_or_role_gives_nothing(applied: Apply, session: Session, old: str, new: str) -> None:
    others = EVERYTHING.split("rules:")[0]
    report = applied(others.replace(old, new))
    assert not report.problems
    keys = {row.id: row.key for row in session.scalars(select(Role))}
    standing = session.scalars(select(Assignment.role_id).where(Assignment.closed_by.is_(None)))
    assert "opettaja" not in {keys[role_id] for role_id in standing}


def test_what_is_missing_from_the_file_stays(applied: Apply, session: Session) -> None:
    before = rows(session)
    report = applied(CONSORTIUM)
    assert report.counts == {"create": 0, "change": 0, "none": 8}
    assert rows(session) == before


def test_a_client_secret_is_stored_as_a_hash_and_a_new_one_ends_it(applied: Apply, session: Session) -> None:
    first, second = "3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f", "Zx8mQz0aLkWc5RjX2hN9pYsE7uGbD4fQ"
    assert session.scalars(select(ClientSecret.hash)).all() == [secrets.hash_of(first)]
    report = applied(EVERYTHING.replace(first, second))
    assert [(one.key, one.fields) for one in report.differences if one.action == "change"] == [
        ("wilma", {"secret": ("…", "…")})
    ]
    live = session.scalars(select(ClientSecret.hash).where(ClientSecret.expires_at.is_(None))).all()
    assert live == [secrets.hash_of(second)]


def test_a_secret_may_stand_in_a_file_beside_the_declaration(apply: Apply, session: Session, tmp_path: Path) -> None:
    (tmp_path / "wilma.secret").write_text("3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f\n", encoding="utf-8")
    report = apply(EVERYTHING.replace("secret: 3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f", "secret_file: wilma.secret"))
    assert not report.problems
    assert session.scalars(select(ClientSecret.hash)).one() == secrets.hash_of("3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f")


def test_clients_of_one_application_share_a_sector(applied: Apply, session: Session) -> None:
    client = session.scalars(select(Client)).one()
    assert (client.sector, client.scope) == ("wilma", "openid profile email roles groups offline_access")


def test_a_local_person_signs_in_with_the_first_password_which_is_never_written_over(
    applied: Apply, session: Session, vault: Vault
) -> None:
    report = applied(EVERYTHING.replace("kolmas-koivu-kasvaa-1001", "neljas-koivu-kaatuu-1002"))
    assert report.applied is None
    known = credentials.find(session, "AINO.esimerkki")
    assert known is not None
    stored = (known.data("password") or {})["hash"]
    assert password.verify(vault, stored, "kolmas-koivu-kasvaa-1001").right


def test_a_password_given_later_is_set_where_there_is_none(applied: Apply, session: Session) -> None:
    report = applied(
        EVERYTHING.replace(
            "    family_name: Psykologi", "    family_name: Psykologi\n    password: kuuntelen-koulun-kaytavilla"
        )
    )
    assert [(one.key, list(one.fields)) for one in report.differences if one.action == "change"] == [
        ("pirkko.psykologi", ["password"])
    ]
    assert session.scalar(select(func.count()).select_from(Credential)) == 2


def test_a_new_name_is_a_new_version_of_the_profile(applied: Apply, session: Session) -> None:
    applied(EVERYTHING.replace("family_name: Esimerkki", "family_name: Uusinimi"))
    versions = session.scalars(select(PersonProfile).where(PersonProfile.given_names == "Aino Maria")).all()
    assert {(row.family_name, row.closed_by is None) for row in versions} == {("Esimerkki", False), ("Uusinimi", True)}
    assert len({row.fact_id for row in versions}) == 1
    assert "uusinimi aino maria" in session.scalars(select(Person.sort_name)).all()


def test_a_corrected_end_keeps_the_capacity_and_moves_the_right(applied: Apply, session: Session) -> None:
    report = applied(EVERYTHING.replace("to: 2027-05-31}", "to: 2026-12-31}"))
    assert report.applied is not None
    assert (report.applied.rights.opened, report.applied.rights.closed) == (1, 1)
    versions = session.scalars(select(Affiliation).where(Affiliation.occupation == "luokanopettaja")).all()
    assert len(versions) == 2
    assert len({row.fact_id for row in versions}) == 1


def test_an_affiliation_that_is_left_out_ends_now_and_stays_in_history(
    applied: Apply, session: Session, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    without = "\n".join(line for line in EVERYTHING.splitlines() if "occupation: luokanopettaja" not in line).replace(
        "    password: kolmas-koivu-kasvaa-1001\n    affiliations:", "    password: kolmas-koivu-kasvaa-1001"
    )
    assert not applied(without).problems
    standing = session.scalars(
        select(Affiliation).where(Affiliation.occupation == "luokanopettaja", Affiliation.closed_by.is_(None))
    ).one()
    assert standing.valid_to == frozen
    at(datetime(2026, 9, 16, 9, 0, tzinfo=UTC))
    assert applied(without).applied is None


def test_members_who_are_left_out_end_now_and_new_ones_begin(
    applied: Apply, session: Session, frozen: datetime
) -> None:
    applied(EVERYTHING.replace("members: [aino.esimerkki]", "members: [pirkko.psykologi]"))
    open_ = session.scalars(select(Membership).where(Membership.closed_by.is_(None))).all()
    assert [row.valid_from for row in open_] == [frozen]


def test_a_permission_that_is_left_out_ends_and_the_rest_stays(applied: Apply, session: Session) -> None:
    pirkko = credentials.find(session, "pirkko.psykologi")
    assert pirkko is not None
    two = EVERYTHING.replace("permissions: [admin]", "permissions: [rules.read, audit.search]")
    applied(two)
    assert set(permissions_of(session, pirkko.person_id)) == {"rules.read", "audit.search"}
    assert applied(two).applied is None
    applied(EVERYTHING.replace("permissions: [admin]", "permissions: [rules.read]"))
    assert set(permissions_of(session, pirkko.person_id)) == {"rules.read"}


def test_a_group_may_be_stated_in_two_places_and_has_the_members_of_both(applied: Apply, session: Session) -> None:
    second = "  - {key: vastuuhenkilot, organisation: KOIVU, name: Vastuuhenkilöt, members: [pirkko.psykologi]}\nadministrators:"
    report = applied(EVERYTHING.replace("administrators:", second))
    assert [(one.kind, list(one.fields)) for one in report.differences if one.action == "change"] == [
        ("group", ["members"])
    ]
    assert session.scalar(select(func.count()).where(Membership.closed_by.is_(None))) == 2


def test_a_group_of_a_source_with_the_key_of_a_local_one_leaves_that_as_it_was_declared(
    applied: Apply, session: Session
) -> None:
    local = session.scalars(select(Group)).one()
    source = session.scalars(select(Source)).first()
    assert source is not None
    same = {"organisation_id": local.organisation_id, "record_key": local.key, "key": local.key, "name": "Toinen"}
    session.add(Group(source_id=source.id, **same))
    session.flush()
    report = applied(EVERYTHING)
    assert [str(problem) for problem in report.problems] == []
    assert [one.action for one in report.differences if one.kind == "group"] == ["none"]


def test_a_group_that_only_a_source_has_is_not_declared_beside_it(applied: Apply, session: Session) -> None:
    local = session.scalars(select(Group)).one()
    source = session.scalars(select(Source)).first()
    assert source is not None
    session.add(Group(source_id=source.id, organisation_id=local.organisation_id, record_key="x", key="x", name="X"))
    session.flush()
    report = applied(
        EVERYTHING.replace("administrators:", "  - {key: x, organisation: KOIVU, name: X}\nadministrators:")
    )
    assert ["comes from a source" in str(problem) for problem in report.problems] == [True]


def fed(session: Session) -> Person:
    """A person whom a source brought, with an employee number."""
    change = session.scalars(select(Change)).first()
    assert change is not None
    person = Person(sort_name="malli eero")
    session.add(person)
    session.flush()
    always = {"valid_from": datetime(1900, 1, 1, tzinfo=UTC), "valid_to": datetime(9999, 12, 31, tzinfo=UTC)}
    session.add(
        Identifier(
            person_id=person.id, kind="employee-number", issuer="hr", value="1002", opened_by=change.id, **always
        )
    )
    session.flush()
    return person


EERO = 'accounts:\n  - {login: eero.malli, person: {identifier: employee-number, issuer: hr, value: "1002"}, password: rinteen-koivu-kasvaa%s}\n'


def test_somebody_whom_a_source_brought_gets_a_login(applied: Apply, session: Session) -> None:
    person = fed(session)
    assert applied(EERO % "").counts == {"create": 1, "change": 0, "none": 0}
    assert session.scalar(select(Account.person_id).where(Account.login == "eero.malli")) == person.id
    assert applied(EERO % "").applied is None


def test_somebody_who_is_not_here_yet_is_waited_for_when_that_is_said(applied: Apply, session: Session) -> None:
    waiting = (
        EERO % ", when_present: true"
        + "administrators:\n  - {login: eero.malli, organisation: KOIVU, permissions: [persons.read]}\n"
    )
    report = applied(waiting)
    assert (report.skipped, report.problems, report.applied) == (1, (), None)
    fed(session)
    assert applied(waiting).counts == {"create": 2, "change": 0, "none": 0}


def test_a_directory_login_names_the_persons_record_there(applied: Apply, session: Session) -> None:
    report = applied((EERO % "").replace("password: rinteen-koivu-kasvaa", "directory: hr"))
    assert [problem.field for problem in report.problems] == ["accounts[0].person"]
    fed(session)
    report = applied((EERO % "").replace("password: rinteen-koivu-kasvaa", "directory: hr"))
    assert [problem.field for problem in report.problems] == ["accounts[0].directory"]


def many(count: int) -> str:
    """A declaration of ``count`` schools, teachers, roles and rules."""
    schools = "".join(
        f"  - {{key: S{n}, kind: school, parent: mansikkala, name: {{fi: Koulu {n}}}}}\n" for n in range(count)
    )
    people = "".join(
        f"  - {{login: p{n}, given_names: A, family_name: B{n}, affiliations: [{{organisation: S{n}, kind: employee}}]}}\n"
        for n in range(count)
    )
    roles = "".join(
        f"      - {{key: r{n}, enforcement: at use, content: [a:read], name: {{fi: R}}}}\n" for n in range(count)
    )
    members = ", ".join(f"p{n}" for n in range(count))
    administrators = "".join(
        f"  - {{login: p{n}, organisation: S{n}, permissions: [persons.read]}}\n" for n in range(count)
    )
    return (
        f"organisations:\n  - {{key: mansikkala, kind: municipality, name: {{fi: M}}, legal_entity: true}}\n{schools}"
        f"persons:\n{people}applications:\n  - key: w\n    owner: mansikkala\n    name: {{fi: W}}\n    roles:\n{roles}"
        f"groups:\n  - {{key: g, organisation: mansikkala, name: G, members: [{members}]}}\nadministrators:\n{administrators}"
    )


def statements(engine: Engine, run: Callable[[], Any]) -> int:
    """How many statements ``run`` sends."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        run()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_ten_times_as_much_takes_no_more_statements(
    engine: Engine, tmp_path: Path, vault: Vault, frozen: datetime
) -> None:
    counts = {}
    for number in (10, 100):
        path = tmp_path / f"{number}.yaml"
        path.write_text(many(number), encoding="utf-8")
        with Session(engine, expire_on_commit=False) as session:
            counts[number] = statements(engine, lambda s=session, p=path: run_apply(s, [p], {}, SYSTEM, vault))  # type: ignore[misc]
            assert session.scalar(select(func.count()).select_from(Organisation)) == number + 1
            session.rollback()
    assert counts[100] == counts[10]


def test_a_folder_is_read_in_the_order_of_names_and_files_may_refer_to_each_other(
    session: Session, tmp_path: Path, vault: Vault, frozen: datetime
) -> None:
    for name, text in (
        ("10-access.yaml", ACCESS),
        ("20-consortium.yaml", CONSORTIUM),
        ("30-people.yaml", PEOPLE),
        ("x.txt", "no"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    report = run_apply(session, [tmp_path], DATA, SYSTEM, vault)
    assert not report.problems
    assert report.applied is not None


def test_a_unit_that_moves_is_stated_once_for_each_place(applied: Apply, session: Session) -> None:
    moving = CONSORTIUM.replace(
        "  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}}\n",
        "  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}, to: 2026-12-31}\n"
        "  - {key: perusopetus, parent: marjala-hva, from: 2027-01-01}\n",
    )
    report = applied(moving)
    assert not report.problems
    ids = {row.key: row.id for row in session.scalars(select(Organisation))}
    above = {
        (row.ancestor_id, row.valid_from.year)
        for row in session.scalars(select(OrganisationClosure))
        if row.descendant_id == ids["KOIVU"]
    }
    assert {(ids["mansikkala"], 1900), (ids["marjala-hva"], 2026)} <= above
    assert applied(moving).applied is None


def test_local_people_of_a_unit_that_goes_to_another_legal_entity_lose_what_no_clause_allows(
    applied: Apply, session: Session
) -> None:
    gone = CONSORTIUM.replace("kind: unit, parent: marjala-hva", "kind: unit, parent: konsortio")
    report = applied(gone)
    assert report.applied is not None
    assert report.applied.rights.closed == 1
    assert applied(gone).applied is None

"""An earlier version of a role is declared anew: it says the same again, all else of it stays, and what is much waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from iam.access.administration import WHOLE
from iam.access.model.proposal import Proposal
from iam.access.model.role import Application, Role, RoleContent, RoleVersion
from iam.access.pages.listing import roles_around
from iam.access.pages.role_versions import RoleSays, altered, one_said
from iam.apply import role_restoring
from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.directory.organisation import Organisation
from iam.directory.source import Source
from iam.errors import Conflict, NotFound
from iam.signin.accounts.account import Account
from iam.vault import Vault
from tests.kit.factories import facts

from .conftest import ACCESS, EVERYTHING, Apply, Run

ALTERED = ACCESS.replace(
    "content: [oppilaat:read, arviointi:write]", "content: [oppilaat:read, poissaolot:write]"
).replace("en: Teacher}", "en: Educator}")
ROLE = "wilma:opettaja"


@pytest.fixture
def twice(applied: Apply, session: Session) -> Session:
    """The teacher's role was altered: one right for another, and its name."""
    assert applied(ALTERED).problems == ()
    return session


def role_id(session: Session, key: str = "opettaja") -> Any:
    return session.scalars(select(Role.id).where(Role.key == key)).one()


def held(session: Session) -> list[tuple[int, list[str]]]:
    """The versions of the teacher's role with what they hold."""
    query = select(RoleVersion).where(RoleVersion.role_id == role_id(session)).order_by(RoleVersion.n)
    content = select(RoleContent.role_version_id, RoleContent.data_group)
    rows = session.execute(content).all()
    return [(one.n, sorted(group for id_, group in rows if id_ == one.id)) for one in session.scalars(query)]


def first(session: Session) -> RoleSays:
    return one_said(session, role_id(session), 1)


def test_a_version_says_again_what_it_said_and_all_else_of_the_application_stays(twice: Session, vault: Vault) -> None:
    report = role_restoring.restore(twice, ROLE, first(twice), SYSTEM, vault)
    assert [(one.kind, one.key, one.action) for one in report.differences if one.action != "none"] == [
        ("role", ROLE, "change")
    ]
    assert held(twice) == [
        (1, ["arviointi", "oppilaat"]),
        (2, ["oppilaat", "poissaolot"]),
        (3, ["arviointi", "oppilaat"]),
    ]
    assert one_said(twice, role_id(twice), 3).name["en"] == "Teacher"
    assert roles_around(twice, role_id(twice, "rehtori")).included == [("wilma", "opettaja")]
    (event,) = twice.scalars(select(AuditEvent).where(AuditEvent.type == "role:version:restored"))
    assert event.envelope["restored"] == 1


MORE = ALTERED.replace(
    "en: Educator}}", "en: Educator}, includes: [psykologi], handed_out: parts, meaning: {fi: Opettaa}}"
)


def test_what_it_means_and_includes_and_who_hands_it_out_come_back_with_the_version(
    twice: Session, applied: Apply, vault: Vault
) -> None:
    applied(MORE)
    said = one_said(twice, role_id(twice), 3)
    assert (said.meaning, said.includes, said.handed_out) == (
        {"fi": "Opettaa", "sv": "Opettaa", "en": "Opettaa"},
        ["wilma:psykologi"],
        "parts",
    )
    role_restoring.restore(twice, ROLE, first(twice), SYSTEM, vault)
    assert roles_around(twice, role_id(twice)).included == []
    assert twice.get_one(Role, role_id(twice)).handed_out == "enabled"
    assert one_said(twice, role_id(twice), 4).meaning is None
    role_restoring.restore(twice, ROLE, said, SYSTEM, vault)
    assert ("wilma", "psykologi") in roles_around(twice, role_id(twice)).included


def test_what_a_version_of_old_did_not_keep_stays_as_it_is_now(twice: Session, applied: Apply, vault: Vault) -> None:
    applied(MORE)
    twice.execute(update(RoleVersion).where(RoleVersion.n == 1).values(includes=None, sensitive=None, handed_out=None))
    role_restoring.restore(twice, ROLE, first(twice), SYSTEM, vault)
    assert ("wilma", "psykologi") in roles_around(twice, role_id(twice)).included
    assert twice.get_one(Role, role_id(twice)).handed_out == "parts"


def test_what_is_included_who_hands_it_out_and_that_it_is_sensitive_are_told_where_both_versions_kept_them() -> None:
    kept = RoleSays(1, {"fi": "O"}, "by token", (), {"fi": "A"}, ["w:a", "w:b"], False, "owner")
    later = RoleSays(2, {"fi": "O"}, "by token", (), {"fi": "B"}, ["w:b", "w:c"], True, "parts")
    found = altered(kept, later)
    assert (found.included, found.excluded) == (["w:c"], ["w:a"])
    assert (found.sensitive, found.handed_out) == ((False, True), ("owner", "parts"))
    assert found.meanings == {"fi": ("A", "B")}
    old = altered(RoleSays(1, {"fi": "O"}, "by token", ()), later)
    assert (old.included, old.excluded, old.sensitive, old.handed_out) == ([], [], None, None)


def test_looking_tells_who_would_be_touched_and_writes_nothing(twice: Session, vault: Vault) -> None:
    report, would = role_restoring.preview(twice, ROLE, first(twice), SYSTEM, vault, WHOLE)
    assert report.counts["change"] == 1
    assert would.effects.digest
    assert len(held(twice)) == 2


def test_what_the_role_says_already_is_not_restored(twice: Session, vault: Vault) -> None:
    with pytest.raises(Conflict, match="already"):
        role_restoring.restore(twice, ROLE, one_said(twice, role_id(twice), 2), SYSTEM, vault)
    with pytest.raises(NotFound):
        one_said(twice, role_id(twice), 9)
    with pytest.raises(NotFound):
        role_restoring.restore(twice, "olematon:opettaja", first(twice), SYSTEM, vault)


def test_what_changed_between_two_versions_is_told_by_content_name_and_how_it_takes_hold() -> None:
    before = RoleSays(1, {"fi": "Opettaja"}, "by token", ["a:read", "b:read"])
    after = RoleSays(2, {"fi": "Ope", "sv": "Lärare"}, "at use", ["a:read", "c:read"])
    found = altered(before, after)
    assert (found.added, found.taken) == (["c:read"], ["b:read"])
    assert found.names == {"fi": ("Opettaja", "Ope"), "sv": ("", "Lärare")}
    assert found.enforcement == ("by token", "at use")
    assert altered(before, before).enforcement is None


@pytest.fixture
def used(run: Run, tmp_path: Path, engine: Engine) -> Engine:
    """An installation in use with thirty teachers, whose role was altered before that."""
    for text in (EVERYTHING, ALTERED):
        file = tmp_path / "consortium.yaml"
        file.write_text(text, encoding="utf-8")
        assert run("apply", "-f", file, "--set", "DATA=/srv").exit_code == 0
    with Session(engine) as session, session.begin():
        school = session.scalars(select(Organisation.id).where(Organisation.key == "KOIVU")).one()
        for _ in range(30):
            facts.affiliation(session, facts.person(session), school, kind="employee", occupation="luokanopettaja")
        who = session.scalars(select(Account.person_id).where(Account.login == "pirkko.psykologi")).one()
        facts.accepted(session, session.scalars(select(Source)).one(), who)
    return engine


def test_a_restoring_that_moves_many_waits_as_a_declaration_and_is_approved_by_another(used: Engine, run: Run) -> None:
    seen = run("role", "restore", ROLE, "--version", "1", "--dry-run")
    assert "gain" in seen.output
    waits = run("role", "restore", ROLE, "--version", "1", "--json")
    assert waits.exit_code == 3, waits.output
    digest = json.loads(waits.output)["held"]["digest"]
    with Session(used) as session:
        assert len(held(session)) == 2
        assert session.scalars(select(Proposal.kind)).all() == ["apply"]
    approved = run("plan", "approve", f"declaration/{digest[:12]}", "--as", "pirkko.psykologi")
    assert approved.exit_code == 0, approved.output
    with Session(used) as session:
        assert held(session)[2] == (3, ["arviointi", "oppilaat"])


def test_whoever_administers_less_than_the_whole_restores_nothing(used: Engine, run: Run) -> None:
    refused = run("role", "restore", ROLE, "--version", "1", "--as", "aino.esimerkki")
    assert refused.exit_code != 0
    with Session(used) as session:
        assert len(held(session)) == 2
        assert session.scalars(select(Application.key)).all() == ["wilma"]

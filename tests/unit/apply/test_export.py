"""The export: applying it changes nothing, it makes the same consortium elsewhere, and it holds no secret."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from iam.apply.export import as_data, in_yaml
from iam.apply.run import run_apply
from iam.change import SYSTEM
from iam.demo.generate import generate
from iam.directory.source import Source
from iam.oidc.model import ClientSecret
from iam.vault import Vault

from .conftest import CONSORTIUM, DATA, EVERYTHING, Apply
from .test_run import EERO, fed

MOVING = CONSORTIUM.replace(
    "  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}}\n",
    "  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}, to: 2026-12-31}\n"
    "  - {key: perusopetus, parent: marjala-hva, legal_entity: true, from: 2027-01-01}\n",
)


def test_applying_the_export_changes_nothing(applied: Apply, session: Session) -> None:
    report = applied(in_yaml(as_data(session)))
    assert not report.problems
    assert report.counts["create"] == report.counts["change"] == 0


def test_the_export_of_an_empty_installation_can_be_applied(apply: Apply, session: Session) -> None:
    assert not apply(in_yaml(as_data(session))).problems


def test_the_export_makes_the_same_consortium_elsewhere(
    applied: Apply, session: Session, tmp_path: Path, vault: Vault
) -> None:
    applied(MOVING)
    text = in_yaml(as_data(session)).replace(
        "auth: client_secret_basic", "auth: client_secret_basic\n    secret: " + "abcdefghijklmnopqrstuvwxyz012345"
    )
    other = tmp_path / "other.yaml"
    other.write_text(text, encoding="utf-8")
    session.rollback()
    report = run_apply(session, [other], {}, SYSTEM, vault)
    assert [str(problem) for problem in report.problems] == []
    assert in_yaml(as_data(session)) == text.replace("    secret: abcdefghijklmnopqrstuvwxyz012345\n", "")


def test_moves_other_legal_entities_and_ends_come_back(applied: Apply, session: Session) -> None:
    applied(MOVING)
    rows = [row for row in as_data(session)["organisations"] if row["key"] == "perusopetus"]
    assert [(row["parent"], row.get("legal_entity"), str(row.get("from")), str(row.get("to"))) for row in rows] == [
        ("mansikkala", None, "None", "2026-12-31"),
        ("marjala-hva", True, "2027-01-01", "None"),
    ]
    assert applied(in_yaml(as_data(session))).applied is None


def test_the_export_holds_no_secret_and_no_password(applied: Apply, session: Session) -> None:
    fed(session)
    applied(EERO % "")
    text = in_yaml(as_data(session))
    assert "eero.malli" in text
    assert not [
        secret for secret in ("3Vt8mQz0", "kolmas", "rinteen", "argon2", "password", "secret:") if secret in text
    ]
    assert applied(text).applied is None


def test_secret_settings_of_a_source_are_left_out_and_kept_when_it_is_applied(applied: Apply, session: Session) -> None:
    source = (
        "sources: [{key: muisti, connector: memory, owner: konsortio, purpose: p, "
        "settings: {declared: %s, logins: {aino: {password: hyvin-salainen-sana, key: '1'}}}}]"
    )
    assert [str(problem) for problem in applied(source % 1).problems] == []
    text = in_yaml(as_data(session))
    assert "hyvin-salainen" not in text
    assert applied(text).applied is None
    assert applied(text.replace("declared: 1", "declared: 2")).applied is not None
    kept = session.scalars(select(Source.settings).where(Source.key == "muisti")).one()
    assert kept["declared"] == 2
    assert kept["logins"]["aino"]["password"] == "hyvin-salainen-sana"


def test_a_client_of_an_export_waits_for_its_secret_and_lets_nobody_in_until_then(
    applied: Apply, session: Session
) -> None:
    text = in_yaml(as_data(session))
    session.execute(delete(ClientSecret))
    silent = text.replace("secret_on_page: true", "secret_on_page: false")
    assert [problem.field for problem in applied(silent).problems] == ["applications[0].clients[0].secret"]
    assert [str(problem) for problem in applied(text).problems] == []
    assert session.scalars(select(ClientSecret)).all() == []
    assert in_yaml(as_data(session)) == text


def test_instants_that_are_no_days_come_back_too(applied: Apply, session: Session, frozen: datetime) -> None:
    noon = "    affiliations: [{organisation: huolto, kind: employee, occupation: psykologi, from: 2026-08-01T12:00:00+03:00}]"
    applied(
        EVERYTHING.replace(
            "    affiliations: [{organisation: huolto, kind: employee, occupation: psykologi, from: 2026-08-01}]", noon
        )
    )
    (row,) = [row for row in as_data(session)["persons"] if row["login"] == "pirkko.psykologi"]
    assert row["affiliations"][0]["from"] == datetime(2026, 8, 1, 9, 0, tzinfo=UTC)
    assert applied(in_yaml(as_data(session))).applied is None


def test_a_retired_rule_role_and_client_stay_retired(applied: Apply, session: Session) -> None:
    retired = (
        EVERYTHING.replace("rule: opettaja-wilmaan\n", "rule: opettaja-wilmaan\n    retired: true\n")
        .replace("name: {fi: Rehtori}", "name: {fi: Rehtori}, retired: true")
        .replace("grants: [authorization_code", "retired: true, grants: [authorization_code")
    )
    assert not applied(retired).problems
    text = in_yaml(as_data(session))
    assert text.count("retired: true") == 3
    assert applied(text).applied is None


@pytest.mark.parametrize("profile", ["small"])
def test_the_demonstrations_consortium_comes_back(engine: Engine, tmp_path: Path, vault: Vault, profile: str) -> None:
    generate(profile, tmp_path / "demo")
    demo = Path(__file__).parents[3] / "deploy" / "demo"
    paths = [tmp_path / "demo" / "consortium.yaml", demo / "10-applications.yaml", demo / "30-sources.yaml"]
    with Session(engine, expire_on_commit=False) as session:
        report = run_apply(session, paths, DATA, SYSTEM, vault)
        assert [str(problem) for problem in report.problems] == []
        exported = tmp_path / "export.yaml"
        exported.write_text(in_yaml(as_data(session)), encoding="utf-8")
        again = run_apply(session, [exported], {}, SYSTEM, vault)
        assert (list(again.problems), again.applied) == ([], None)

"""A small consortium as YAML, and a way to apply text to a database of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam import settings
from iam.apply.run import Report, run_apply
from iam.change import SYSTEM
from iam.cli.commands import main
from iam.vault import KEY_BYTES, Vault
from tests.kit.factories import kept

CONSORTIUM = """
organisations:
  - {key: konsortio, kind: consortium, name: {fi: Konsortio}, legal_entity: true}
  - {key: mansikkala, kind: municipality, parent: konsortio, name: {fi: Mansikkala, sv: Smultronstad}, legal_entity: true,
     business_id: 9000001-1}
  - {key: marjala-hva, kind: wellbeing-county, parent: konsortio, name: {fi: Marjala}, legal_entity: true, from: 2023-01-01}
  - {key: perusopetus, kind: unit, parent: mansikkala, name: {fi: Perusopetus}}
  - {key: KOIVU, kind: school, parent: perusopetus, name: {fi: Koivu}, oph_oid: 1.2.246.562.99.1, school_code: "00123"}
  - {key: huolto, kind: unit, parent: marjala-hva, name: {fi: Opiskeluhuolto}, from: 2023-01-01}
relations:
  - {organisation: mansikkala, kind: owns, other: huolto, from: 2024-01-01, to: 2030-12-31}
code_lists:
  - {key: opettajat, codes: [luokanopettaja, tuntiopettaja]}
"""
ACCESS = """
applications:
  - key: wilma
    owner: mansikkala
    name: {fi: Wilma}
    enabled: [mansikkala, marjala-hva]
    roles:
      - {key: opettaja, enforcement: by token, content: [oppilaat:read, arviointi:write], name: {fi: Opettaja, sv: Lärare, en: Teacher}}
      - {key: rehtori, enforcement: by token, content: [henkilosto:read], name: {fi: Rehtori}, includes: [opettaja]}
      - {key: psykologi, enforcement: by token, content: [nimi:read], name: {fi: Psykologi}}
    clients:
      - {client_id: wilma, auth: client_secret_basic, secret: 3Vt8mQz0aLkWc5RjX2hN9pYsE7uGbD4f, grants: [authorization_code, refresh_token],
         redirect_uris: [https://wilma.example/cb]}
rules:
  - rule: opettaja-wilmaan
    owner: mansikkala
    bind: {a: {affiliation: {kind: employee, occupation: {in_list: opettajat}, organisation: {kind: school, under: mansikkala}}}}
    unless: {absence_of: a}
    gives: {role: "wilma:opettaja", scope: organisation of a}
  - rule: psykologi-wilmaan
    owner: marjala-hva
    bind: {a: {affiliation: {kind: employee, occupation: psykologi, organisation: {under: huolto}}}}
    gives: {role: "wilma:psykologi", scope: {organisation: perusopetus}}
agreements:
  - key: opiskeluhuolto
    case_number: KAUP-2026-117
    decided: {body: sivistyslautakunta, date: 2026-06-12, section: 48}
    parties: [{entity: mansikkala, signed: 2026-06-20}, {entity: marjala-hva, role: controller, signed: 2026-06-25}]
    in_force: {from: 2026-08-01, to: 2027-07-31}
    purpose: opiskeluhuolto
    legal_basis: {act: 1287/2013, gdpr: 6.1.c}
    clauses:
      - {grantor: mansikkala, grantee: marjala-hva, scope: {organisation: perusopetus}, allows: {psykologi: [nimi:read]}}
sources:
  - {key: hr, connector: hr, owner: konsortio, purpose: henkilöstöhallinto, priority: 10, settings: {path: "${DATA}/hr.csv"}}
"""
PEOPLE = """
persons:
  - login: Aino.Esimerkki
    given_names: Aino Maria
    family_name: Esimerkki
    email: aino@example.org
    password: kolmas-koivu-kasvaa-1001
    affiliations:
      - {organisation: KOIVU, kind: employee, occupation: luokanopettaja, title: Luokanopettaja, from: 2026-08-01, to: 2027-05-31}
  - login: pirkko.psykologi
    given_names: Pirkko
    family_name: Psykologi
    affiliations: [{organisation: huolto, kind: employee, occupation: psykologi, from: 2026-08-01}]
groups:
  - {key: vastuuhenkilot, organisation: KOIVU, name: Vastuuhenkilöt, members: [aino.esimerkki]}
administrators:
  - {login: pirkko.psykologi, organisation: konsortio, permissions: [admin]}
"""
EVERYTHING = CONSORTIUM + ACCESS + PEOPLE
DATA = {"DATA": "/srv/feeds"}

Apply = Callable[..., Report]
Run = Callable[..., Result]
_applied: dict[str, kept.Rows] = {}
"""By kind of database: all rows after ``EVERYTHING`` was applied."""


@pytest.fixture(scope="session")
def vault() -> Vault:
    """A vault of the tests' own."""
    return Vault(b"7" * KEY_BYTES)


@pytest.fixture
def apply(session: Session, tmp_path: Path, vault: Vault, frozen: datetime) -> Apply:
    """``apply(text)`` writes a file and applies it; the clock stands at ``frozen``."""

    def run(text: str, *, dry_run: bool = False, variables: dict[str, str] | None = None) -> Report:
        path = tmp_path / "consortium.yaml"
        path.write_text(text, encoding="utf-8")
        return run_apply(session, [path], DATA if variables is None else variables, SYSTEM, vault, dry_run=dry_run)

    return run


@pytest.fixture
def applied(apply: Apply, session: Session, engine: Engine) -> Apply:
    """The same, with the whole small consortium applied already: once, and then what it wrote is put into the test's
    database."""
    if engine.dialect.name in _applied:
        kept.put(engine, _applied[engine.dialect.name])
        return apply
    report = apply(EVERYTHING)
    assert [str(problem) for problem in report.problems] == []
    session.commit()
    session.expunge_all()
    _applied[engine.dialect.name] = kept.take(engine)
    return apply


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frozen: datetime) -> Iterator[Run]:
    """``run("apply", …)`` runs a command on the test's database."""
    monkeypatch.setenv("IAM_DATABASE__URL", database_url)
    monkeypatch.setenv("IAM_VAULT__KEY_FILE", str(tmp_path / "vault.key"))
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    settings.load.cache_clear()
    yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    settings.load.cache_clear()

"""An occupation that nothing else names is told with the nearest one, and refused when asked to be strict."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from iam.apply.run import Report, run_apply
from iam.change import SYSTEM
from iam.vault import Vault

from .conftest import ACCESS, CONSORTIUM, DATA, EVERYTHING, Apply, Run

ALLOWS, ASKED = "{psykologi: [nimi:read]}", "{in_list: opettajat}"
DOUBT = "opiskeluhuolto names the occupation %s, which no fact, no code list and no other clause names. %s"


def told(report: Report) -> list[str]:
    assert list(report.problems) == []
    return report.told


def test_a_misspelt_occupation_of_a_clause_is_told_with_the_nearest_that_is_known(applied: Apply) -> None:
    for wrong, nearest in (
        ("luokanopetaja", "The nearest is luokanopettaja."),
        ("hammaslääkäri", "Check its spelling."),
    ):
        text = (CONSORTIUM + ACCESS).replace(ALLOWS, f"{{{wrong}: [nimi:read]}}")
        assert told(applied(text, dry_run=True)) == [DOUBT % (wrong, nearest)]


def test_one_that_somebody_holds_a_list_has_or_another_clause_names_is_not_doubted(applied: Apply) -> None:
    clause = "- {grantor: mansikkala, grantee: marjala-hva, scope: {organisation: perusopetus}, allows: {psykologi: [nimi:read]}}"
    twice = ACCESS.replace(clause, f"{clause}\n      {clause.replace('perusopetus', 'KOIVU')}")
    assert twice.count("allows") == 2
    assert told(applied(CONSORTIUM + twice, dry_run=True)) == []
    coming = "persons: [{login: uusi, given_names: Uusi, family_name: Uusi, affiliations: [{organisation: KOIVU, kind: employee, occupation: kanttori}]}]"
    for known in ("tuntiopettaja", "luokanopettaja", "kanttori"):
        text = (CONSORTIUM + ACCESS + coming).replace(ALLOWS, f"{{{known}: [nimi:read]}}")
        assert told(applied(text, dry_run=True)) == [], known


def test_a_rule_that_asks_for_what_nobody_is_called_is_told_and_what_stands_already_is_not_told_again(
    applied: Apply,
) -> None:
    text = (CONSORTIUM + ACCESS).replace(ASKED, "[luokanopettaja, tuntiopetaja]")
    expected = DOUBT.replace("opiskeluhuolto", "opettaja-wilmaan") % ("tuntiopetaja", "The nearest is tuntiopettaja.")
    assert told(applied(text)) == [expected]
    assert told(applied(text)) == [], "nothing of it differs any more"


def test_strict_refuses_it_with_its_place_and_changes_nothing(
    applied: Apply, session: Session, vault: Vault, tmp_path: Path
) -> None:
    path = tmp_path / "strict.yaml"
    path.write_text((CONSORTIUM + ACCESS).replace(ALLOWS, "{luokanopetaja: [nimi:read]}"), encoding="utf-8")
    report = run_apply(session, [path], DATA, SYSTEM, vault, strict=True)
    (problem,) = report.problems
    assert (problem.field, report.applied) == ("agreements[0].clauses[0].allows", None)


def test_the_command_shows_the_doubt_and_with_strict_ends_with_code_2(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "consortium.yaml"
    file.write_text(EVERYTHING.replace(ALLOWS, "{luokanopetaja: [nimi:read]}"), encoding="utf-8")
    words = ("apply", "-f", file, "--set", "DATA=/srv", "--dry-run")
    assert "The nearest is luokanopettaja." in run(*words).output
    refused = run(*words, "--strict")
    assert refused.exit_code == 2
    assert "The nearest is luokanopettaja." in refused.output

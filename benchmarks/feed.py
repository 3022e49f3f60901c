"""A large HR file into facts and rights: first load, unchanged, 1 % changed; then derivation in bulk and for one
person."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.meter import Measure, Meter
from iam.access.derivation.derive import derive
from iam.access.model.assignment import Assignment
from iam.access.model.rule import published
from iam.apply.run import run_apply
from iam.change import SYSTEM, Actor, begin
from iam.cli.demo.run import ACCEPTER, BEFORE, STARTER
from iam.demo.generate import generate
from iam.signin.passwords import credentials
from iam.sources import runner
from iam.sources.report import Report
from iam.vault import Vault

CONSORTIUM = Path("deploy/demo")
TITLE_COLUMN = 9


def prepare(sessions: sessionmaker[Session], vault: Vault, folder: Path, profile: str = "large") -> tuple[Actor, Actor]:
    """Generate the feeds, declare the consortium, and return the two operators."""
    generate(profile, folder, "bench", date(2026, 9, 15))
    files = [folder / "consortium.yaml", *(CONSORTIUM / name for name in BEFORE)]
    with sessions.begin() as session:
        report = run_apply(session, files, {"DATA": str(folder.resolve())}, SYSTEM, vault, dry_run=False)
    if report.problems:
        raise SystemExit("\n".join(map(str, report.problems)))
    with sessions() as session:
        found = [credentials.find(session, login) for login in (STARTER, ACCEPTER)]
    starter, accepter = (Actor(one.person_id) for one in found if one is not None)
    return starter, accepter


def loads(meter: Meter, sessions: sessionmaker[Session], vault: Vault, folder: Path) -> dict[str, Measure]:
    """Return the measures of the three runs. The first is the accepted one: the run that showed it before is not
    counted."""
    starter, accepter = prepare(sessions, vault, folder)
    runner.run(sessions, vault, "hr", starter)
    settle(sessions)
    found = {}
    with meter.measure() as found["first load"]:
        good(runner.accept(sessions, vault, "hr", accepter))
    with meter.measure() as found["unchanged"]:
        good(runner.run(sessions, vault, "hr", starter))
    _change_one_percent(folder / "hr.csv")
    with meter.measure() as found["1 % changed"]:
        good(runner.run(sessions, vault, "hr", starter))
    return found


def settle(sessions: sessionmaker[Session]) -> None:
    """Do what PostgreSQL would do by itself within the next minute, so that it falls into nobody's measure."""
    with sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute(text("VACUUM ANALYZE"))


def good(report: Report) -> None:
    """Print what a run did; ends the benchmark when it failed."""
    print(f"    {report.state}: {report.phases} {report.counts}", flush=True)
    if report.exit_code:
        raise SystemExit("\n".join(map(str, report.reasons)))


def _change_one_percent(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for n in range(1, len(lines), 100):
        fields = lines[n].split(";")
        fields[TITLE_COLUMN] += " (uusi)"
        lines[n] = ";".join(fields)
    path.write_text("".join(lines), encoding="utf-8")


def derivations(
    meter: Meter, sessions: sessionmaker[Session], rules: int = 20, persons: int = 20
) -> dict[str, Measure]:
    """Return the measures of deriving everybody's rights by ``rules`` rules from nothing, and one person's by all of
    them."""
    found = {}
    with sessions() as session:
        chosen = [rule.rule_id for rule in published(session)][:rules]
        session.execute(Assignment.__table__.delete())  # type: ignore[attr-defined]
        with meter.measure() as found[f"derive × {len(chosen)} rules"]:
            print(f"    {derive(session, begin(session, 'command', SYSTEM, 'bench'), rules=chosen)}", flush=True)
        session.rollback()
    settle(sessions)
    with sessions() as session:
        some = list(session.scalars(select(Assignment.person_id).distinct().limit(persons)))
        change = begin(session, "command", SYSTEM, "bench")
        derive(session, change, persons=some[:1])
        with meter.measure() as total:
            for person_id in some:
                derive(session, change, persons=[person_id])
        session.rollback()
    found["derive one person"] = Measure(total.wall / len(some), total.own / len(some), total.database / len(some))
    return found

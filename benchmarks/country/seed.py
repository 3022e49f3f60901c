"""The first town, set up by the product's own commands: declared, its feed shown and accepted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from benchmarks.country import declared, town
from iam.apply.run import run_apply
from iam.change import SYSTEM, Actor
from iam.cli.demo.run import ACCEPTER, STARTER
from iam.signin.passwords import credentials
from iam.sources import runner
from iam.sources.report import Report
from iam.tokens import keys
from iam.vault import Vault


def sow(sessions: sessionmaker[Session], vault: Vault, folder: Path, first: int) -> None:
    """Set the country and its first town up."""
    with sessions.begin() as session:
        keys.ensure(session, vault, SYSTEM)
    apply(sessions, vault, [declared.country(folder, first)])
    town.write(declared.file_of(folder, first), first)
    load(sessions, vault, first)


def apply(sessions: sessionmaker[Session], vault: Vault, files: Sequence[Path]) -> None:
    """Apply declarations; raises ``SystemExit`` naming what is wrong."""
    with sessions.begin() as session:
        report = run_apply(session, files, {}, SYSTEM, vault)
    if report.problems:
        raise SystemExit("\n".join(map(str, report.problems)))


def load(sessions: sessionmaker[Session], vault: Vault, number: int) -> Report:
    """Run a town's source for the first time, and accept what it shows; return the report of the acceptance."""
    starter, accepter = operators(sessions)
    runner.run(sessions, vault, town.source_of(number), starter)
    return good(runner.accept(sessions, vault, town.source_of(number), accepter))


def operators(sessions: sessionmaker[Session]) -> tuple[Actor, Actor]:
    """The two administrators of the country."""
    with sessions() as session:
        found = [credentials.find(session, login) for login in (STARTER, ACCEPTER)]
    starter, accepter = (Actor(one.person_id) for one in found if one is not None)
    return starter, accepter


def good(report: Report) -> Report:
    """Return the report of a run that did what it was to do; raises ``SystemExit`` otherwise."""
    print(f"    {report.state}: {report.phases} {report.counts}", flush=True)
    if report.state != "done":
        raise SystemExit("\n".join(map(str, [*report.reasons, *report.rejects[:5]])))
    return report

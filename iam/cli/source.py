"""``iam source``: test, run, accept, refuse, release."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any

import click
from rich.progress import Progress

from connectors.contract import Testable
from iam.access.administration import may_touch
from iam.change import Actor
from iam.cli.support import Console
from iam.database.engine import make_sessions
from iam.directory.source import Source
from iam.errors import Invalid, NotFound
from iam.sources import acceptance, configured, lease, listing, runner
from iam.sources.report import PHASES, Progress as Advance, Report
from iam.texts import N_, Texts

STATES = {
    "done": N_("Done."),
    "partial": N_("Done, with rows left out."),
    "held": N_("Held by the change limit."),
    "stopped": N_("Stopped: nothing was changed."),
    "moved": N_("Nothing was changed: the data has moved."),
    "failed": N_("Failed: nothing was changed."),
    "refused": N_("Refused. Nothing of it is applied."),
}


@click.group()
def source() -> None:
    """Source systems and their runs."""


@source.command()
@click.argument("name")
@click.pass_obj
def test(console: Console, name: str) -> None:
    """Look whether the source NAME answers, without reading its records."""
    with console.transaction() as session:
        _allowed(console, session, name, "sources.read")
        connector = configured.connector_of(configured.by_key(session, name))
    problems = connector.test() if isinstance(connector, Testable) else []
    if problems:
        raise Invalid(*problems)
    console.show({"source": name, "ok": True}, f"{name}: {console.texts.gettext(N_('the source answers.'))}")


@source.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing.")
@click.option("--full", is_flag=True, help="Read everything, even where changes could be read.")
@click.option("--memory", type=int, hidden=True, help="MiB of address space at most.")
@click.pass_obj
def run(console: Console, name: str, dry_run: bool, full: bool, memory: int | None) -> None:
    """Run the source NAME. Exit code 3: held by the change limit."""
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
    _allowed_work(
        console,
        name,
        "sources.run",
        lambda actor, progress: runner.run(
            make_sessions(console.engine), console.vault, name, actor, dry_run=dry_run, full=full, progress=progress
        ),
    )


@source.command()
@click.argument("name")
@click.pass_obj
def accept(console: Console, name: str) -> None:
    """Accept what the change limit held of NAME's last run, for exactly that input; needs --as, another than who ran
    it."""
    _allowed_work(
        console,
        name,
        "sources.accept",
        lambda actor, progress: runner.accept(
            make_sessions(console.engine), console.vault, name, actor, progress=progress
        ),
    )


@source.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why.")
@click.pass_obj
def refuse(console: Console, name: str, reason: str) -> None:
    """Refuse what the change limit held of NAME's last run: nothing of it is applied, and just these rows are not asked
    again."""
    with console.transaction() as session:
        actor = _allowed(console, session, name, "sources.accept")
        acceptance.refuse(session, configured.by_key(session, name), actor, reason)
    console.show({"source": name, "refused": True}, N_("Refused. Nothing of it is applied."))


@source.command("ask-again")
@click.argument("name")
@click.pass_obj
def ask_again(console: Console, name: str) -> None:
    """Let the next run of NAME ask again what was refused or undone before."""
    with console.transaction() as session:
        actor = _allowed(console, session, name, "sources.accept")
        rows = acceptance.ask_again(session, configured.by_key(session, name), actor)
    words = console.texts.gettext(N_("The next run asks them again. Rows: %(n)s.")) % {"n": rows}
    console.show({"source": name, "rows": rows}, words)


@source.command()
@click.argument("name")
@click.pass_obj
def release(console: Console, name: str) -> None:
    """Free NAME from a run that does not end: what that run has read is not written."""
    with console.transaction() as session:
        actor = _allowed(console, session, name, "sources.run")
        freed = lease.release(session, configured.by_key(session, name), actor)
    words = N_("Freed. The run that held it writes nothing.") if freed else N_("No run holds it.")
    console.show({"source": name, "released": freed}, words)


def _allowed(console: Console, session: Any, name: str, permission: str) -> Actor:
    actor = console.actor(session)
    part = console.part(session, actor, permission)
    found: Source = configured.by_key(session, name)
    if not may_touch(session, part, found.owner_id):
        raise NotFound()
    return actor


def _allowed_work(console: Console, name: str, permission: str, work: Callable[[Actor, Advance], Report]) -> None:
    with console.transaction() as session:
        actor = _allowed(console, session, name, permission)
    raise SystemExit(carry_out(console, name, lambda advance: work(actor, advance)))


def carry_out(console: Console, name: str, work: Callable[[Advance], Report]) -> int:
    """Run a source under a progress bar, print what it did, and return the exit code."""
    with console.transaction() as session:
        before = listing.rows_of_last_good(session, name)
    with console.progress(name) as bar:
        report = work(advance(bar, console.texts, before))
    console.show(_data(console, report), _words(console, report))
    return report.exit_code


def advance(bar: Progress, texts: Texts, before: int | None) -> Advance:
    """Return what shows on a bar what a run does just now: while it reads, beside the rows of the last good run
    (``before``)."""
    task = bar.add_task("", total=before)

    def tell(phase: str, rows: int) -> None:
        whole = max(before or 0, rows) if before is not None or phase != "read" else None
        bar.update(task, description=texts.gettext(PHASES.get(phase, phase)), completed=rows, total=whole)

    return tell


def _data(console: Console, report: Report) -> dict[str, Any]:
    return {
        "run": str(report.run_id),
        "source": report.source,
        "state": report.state,
        "counts": report.counts,
        "phases": report.phases,
        "completeness": report.completeness,
        "plan": report.plan_id and str(report.plan_id),
        "reasons": [console.texts.sentence(problem) for problem in report.reasons],
        "rejected": [console.texts.sentence(problem) for _, problem in report.rejects],
        "warnings": [console.texts.sentence(problem) for _, problem in report.warnings],
    }


def _words(console: Console, report: Report) -> str:
    lines = [f"{report.source}: {console.texts.gettext(STATES[report.state])}"]
    lines += [f"  {console.texts.sentence(problem)}" for problem in report.reasons]
    lines.append("  " + ", ".join(f"{name} {n}" for name, n in report.counts.items() if n))
    for told in (report.rejects, report.warnings):
        lines += [f"  {console.texts.sentence(problem)}" for _, problem in told[:20]]
        if len(told) > 20:
            lines.append(f"  … {len(told) - 20}")
    return "\n".join(lines)

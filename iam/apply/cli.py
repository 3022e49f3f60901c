"""``iam apply`` and ``iam export``: the consortium's configuration from files, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import click
from sqlalchemy.orm import Session

from connectors.problem import Problem, filled
from iam.access.administration import Part
from iam.access.pages import listing
from iam.access.pages.role_versions import one_said
from iam.apply import effects_file, role_restoring
from iam.apply.export import as_data, in_yaml
from iam.apply.run import Report, run_apply
from iam.audit import log
from iam.change import Actor
from iam.errors import Denied, Held, Invalid
from iam.settings import Settings
from iam.texts import N_, Texts
from iam.vault import Vault

PERMISSION = "config.apply"
_MARKS = {"create": "+", "change": "~"}


class Console(Protocol):
    """What the command line gives its commands."""

    @property
    def vault(self) -> Vault:
        """The vault."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def texts(self) -> Texts:
        """Texts in the reader's language."""

    def transaction(self) -> AbstractContextManager[Session]:
        """One transaction, rolled back by an exception."""

    def actor(self, session: Session) -> Actor:
        """Who acts."""

    def part(self, session: Session, actor: Actor, permission: str) -> Part:
        """Where the actor may do this; raises ``Denied``."""

    def show(self, data: Any, words: str) -> None:
        """Print words, or data as JSON."""


@click.command()
@click.option(
    "-f",
    "--file",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A YAML file, or a folder of them.",
)
@click.option(
    "--set", "settings", metavar="NAME=VALUE", multiple=True, help="What ${NAME} stands for; may be repeated."
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--strict", is_flag=True, help="Refuse what is otherwise only warned of: an occupation that nothing else names."
)
@click.option("--accept", metavar="DIGEST", help="Accept, as a second person, what waits with these effects.")
@click.option(
    "--effects",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write, as CSV, who would gain and who would lose by what waits.",
)
@click.pass_obj
def apply(
    console: Console,
    paths: Sequence[Path],
    settings: Sequence[str],
    *,
    dry_run: bool,
    strict: bool,
    accept: str | None,
    effects: Path | None,
) -> None:
    """Bring the configuration to what the files state.

    Applying the same again changes nothing, and nothing happens when anything in the files is wrong. What is missing
    from the files stays as it is; retired: true takes an application, a role, a client or a rule out of use.

    What gives or takes much at once, or touches what is sensitive, waits for a second person: nothing is written, the
    exit code is 3 and the effects' digest is shown. The second person approves it with iam plan approve, or applies
    the same files with --as LOGIN --accept DIGEST; when the effects are others by then, nothing is written and the exit
    code is 4.
    """
    variables = _variables(settings)
    with console.transaction() as session:
        actor = _allowed(console, session)
        name = console.settings.consortium
        report = run_apply(
            session,
            paths,
            variables,
            actor,
            console.vault,
            dry_run=dry_run,
            consortium=name,
            accept=accept,
            strict=strict,
        )
        if report.problems:
            raise Invalid(*report.problems)
        if effects is not None and report.held is not None:
            part = console.part(session, actor, "persons.export")
            effects_file.write(effects, session, report.held.effects.rows, part, actor, console.texts)
    console.show(report.as_dict(), in_words(report, dry_run))
    if report.held is not None:
        sys.exit(Held.exit_code)


@click.command()
@click.pass_obj
def export(console: Console) -> None:
    """Print the configuration as YAML. Applying it changes nothing; secrets and passwords are not in it."""
    with console.transaction() as session:
        actor = _allowed(console, session)
        data = as_data(session)
        counts = {kind: len(rows) for kind, rows in data.items() if rows}
        log.write(session, "config:file:exported", actor, envelope={"counts": counts})
    console.show(data, in_yaml(data).rstrip("\n"))


@click.command("restore")
@click.argument("name", metavar="APPLICATION:ROLE")
@click.option("--version", "n", type=click.IntRange(1), required=True, help="The number of the version.")
@click.option("--dry-run", is_flag=True, help="Show what would change and how many gain and lose; change nothing.")
@click.pass_obj
def restore_role(console: Console, name: str, n: int, *, dry_run: bool) -> None:
    """Let APPLICATION:ROLE say again what its version said, as a declaration.

    What it includes and who hands it out stay as they are. What waits for a second person ends with exit code 3, and is
    approved with iam plan approve.
    """
    application, _, key = name.partition(":")
    with console.transaction() as session:
        actor = _allowed(console, session)
        part = console.part(session, actor, PERMISSION)
        says = one_said(session, listing.role_of(session, part, application, key)[0].id, n)
        report, would = role_restoring.preview(session, name, says, actor, console.vault, part)
        counts = {word: len(would.effects.persons(gains=gains)) for word, gains in (("gain", True), ("lose", False))}
        if not dry_run:
            consortium = console.settings.consortium
            report = role_restoring.restore(session, name, says, actor, console.vault, consortium=consortium)
    told = console.texts.gettext(N_("%(gain)s gain, %(lose)s lose")) % counts
    console.show(report.as_dict() | counts, f"{in_words(report, dry_run)}\n{told}")
    if report.held is not None:
        sys.exit(Held.exit_code)


def _allowed(console: Console, session: Session) -> Actor:
    """Return who acts; a declaration may speak of everything, so everything must be in the actor's part."""
    actor = console.actor(session)
    if not console.part(session, actor, PERMISSION).everything:
        raise Denied(
            Problem("A declaration may speak of the whole consortium; your part is smaller.", "Ask its administrator.")
        )
    return actor


def _variables(settings: Iterable[str]) -> Mapping[str, str]:
    pairs = [text.partition("=") for text in settings]
    for name, equals, _ in pairs:
        if not (equals and name.isidentifier()):
            raise click.BadParameter("write it as NAME=VALUE", param_hint="--set")
    return {name: value for name, _, value in pairs}


def in_words(report: Report, dry_run: bool) -> str:
    """Return the differences as a short table, and the counts."""
    changed = [one for one in report.differences if one.action != "none"]
    width = max((len(one.kind) for one in changed), default=0)
    lines = [
        line
        for one in changed
        for line in (
            f"{_MARKS[one.action]} {one.kind:<{width}}  {one.key}",
            *(f"{' ' * (width + 4)}{told}" for told in one.told),
        )
    ]
    return "\n".join([*lines, *report.told, _summary(report, dry_run or report.held is not None), *_waiting(report)])


def _waiting(report: Report) -> Iterable[str]:
    """Yield what waits for a second person: how many gain and lose, why, and the digest."""
    if report.held is None:
        return
    yield f"Nothing was written: it waits for a second person. {report.held.gained} gain, {report.held.lost} lose."
    yield from (f"  {key}: {gain} gain, {lose} lose" for key, gain, lose in report.held.organisations)
    yield from (f"  {filled(one.message, one.params)}" for one in report.held.reasons)
    yield f"A second person approves it: iam plan approve {report.held.name} --as LOGIN"
    yield f"or applies the same files with: --as LOGIN --accept {report.held.digest}"


def _summary(report: Report, dry_run: bool) -> str:
    counts = report.counts
    verb = "would be " if dry_run else ""
    said = f"{counts['create']} {verb}created, {counts['change']} {verb}changed, {counts['none']} as stated already."
    if report.skipped:
        said += f" {report.skipped} accounts wait for their persons."
    if report.sign_ins is not None:
        said += f" Sign-ins that {'would end' if dry_run else 'end'}, for more is asked of them: {report.sign_ins}."
    if report.applied is not None:
        said += f" Rights: {report.applied.rights.opened} opened, {report.applied.rights.closed} closed."
    return said

"""``iam rule``: check and test rules before they are published."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_see, may_touch, speaks_freely
from iam.access.commands import publish
from iam.access.derivation.crossing import crossings, words
from iam.access.pages import listing
from iam.access.rules import naming, resolve
from iam.access.rules.sentence import labels, sentence
from iam.audit import log
from iam.cli import stop
from iam.cli.support import Console
from iam.directory.organisation import Organisation
from iam.errors import Denied, Held, Invalid, NotFound
from iam.plans import rule_restoring
from iam.signin.passwords import credentials
from iam.texts import N_

_COUNTS = N_("%(gain)s gain, %(lose)s lose")


@click.group()
def rule() -> None:
    """Rules that give roles."""


rule.add_command(stop.RULE)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise Invalid(Problem("The file cannot be read as YAML.", "Check the file.", file=path.name)) from None
    rules = data.get("rules", [data]) if isinstance(data, dict) else data
    if not isinstance(rules, list) or not all(isinstance(one, dict) and "rule" in one for one in rules):
        raise Invalid(Problem("The file holds no rules.", "Write rule, owner, bind and gives.", file=path.name))
    return rules


def _pattern(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("bind", "unless", "gives") if one.get(name) is not None}


@rule.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def check(console: Console, file: Path) -> None:
    """Check the rules in FILE and show each as a sentence."""
    problems, sentences, good = [], {}, []
    with console.transaction() as session:
        console.part(session, console.actor(session), "rules.read")
        names = naming.load(session)
        for one in _read(file):
            pattern, found = resolve.check(_pattern(one), str(one.get("owner")), names)
            problems += [
                Problem(p.message, p.remedy, file.name, field=f"{one['rule']}: {p.field}", params=p.params)
                for p in found
            ]
            if pattern is not None:
                good.append((one["rule"], pattern, names.organisations[str(one["owner"])]))
        shown = labels(session, (pattern for _, pattern, _ in good))
        for key, pattern, owner_id in good:
            told = sentence(pattern, shown, console.texts.language)
            reaching = crossings(session, pattern, owner_id, names)
            sentences[key] = " ".join([told, *(words(crossing, console.texts) for crossing in reaching)])
    if problems:
        raise Invalid(*problems)
    console.show(sentences, "\n".join(f"{key}: {text}" for key, text in sentences.items()))


@rule.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("login")
@click.option("--at", type=click.DateTime(), help="When (UTC); without it, now.")
@click.pass_obj
def test(console: Console, file: Path, login: str, at: datetime | None) -> None:
    """Test the rules in FILE on the person LOGIN: does each apply, and if not, why."""
    moment = at.replace(tzinfo=UTC) if at else clock.now()
    results, lines = [], []
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "rules.read")
        known = credentials.find(session, login)
        if known is None or not may_see(session, part, known.person_id):
            raise NotFound(
                Problem("Nobody has the login %(login)s, or they are outside your part.", params={"login": login})
            )
        if not speaks_freely(session, part, [known.person_id]):
            raise Denied(Problem("A rule is not tried on this person: somebody whom it concerns is protected."))
        log.write(session, "person:list:seen", actor, envelope={"page": "rule test", "persons": [str(known.person_id)]})
        for one in _read(file):
            applies, failing = publish.try_person(
                session, _pattern(one), str(one.get("owner")), known.person_id, moment, part=part
            )
            why = console.texts.sentence(failing) if failing else ""
            results.append({"rule": one["rule"], "applies": applies, "why_not": why})
            lines.append(f"{one['rule']}: {'+' if applies else '-'} {why}".rstrip())
    console.show(results, "\n".join(lines))


@rule.command()
@click.argument("key")
@click.option("--version", "n", type=click.IntRange(1), required=True, help="The number of the version.")
@click.option("--dry-run", is_flag=True, help="Show how many people would gain and lose; change nothing.")
@click.pass_obj
def restore(console: Console, key: str, n: int, *, dry_run: bool) -> None:
    """Let the rule KEY say again what its version said. What waits for a second person ends with exit code 3."""
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "rules.write")
        found = listing.rule_of(session, part, key)[0]
        if not may_touch(session, part, found.owner_id):
            raise NotFound(Problem("There is no such rule, or it is outside your part."))
        pattern = rule_restoring.restorable(session, found, n).pattern
        owner = session.get_one(Organisation, found.owner_id).key
        effects = publish.preview(session, pattern, owner, key).effects
        counts = {word: len(effects.persons(gains=gains)) for word, gains in (("gain", True), ("lose", False))}
        told = [] if dry_run else rule_restoring.restore(session, found, n, actor)
        waits = [console.texts.sentence(one) for one in told]
    done = [N_("Nothing was changed yet: it waits for a second person."), *waits] if waits else [N_("Restored.")]
    lines = [console.texts.gettext(_COUNTS) % counts, *([] if dry_run else map(console.texts.gettext, done))]
    console.show({"rule": key, "version": n, **counts, "waits": waits}, "\n".join(lines))
    if waits:
        click.get_current_context().exit(Held.exit_code)

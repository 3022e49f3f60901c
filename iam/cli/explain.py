"""``iam explain``: why a person holds a right, and why not."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import may_see, speaks_freely
from iam.access.explanation.ended import ended
from iam.access.explanation.explain import Because, Explanation, explain
from iam.access.explanation.telling import to_asker
from iam.access.explanation.why_not import WhyNot, why_not
from iam.audit import log
from iam.cli.support import Console
from iam.directory.person import Identifier
from iam.errors import NotFound
from iam.signin.passwords import credentials
from iam.texts import N_

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command("explain")
@click.argument("person")
@click.option("--application", metavar="KEY", help="Only this application's roles.")
@click.option("--role", metavar="APPLICATION:ROLE", help="Also say why the person does not hold this role.")
@click.option("--at", type=_TIME, help="At this time (the consortium's zone); without it, now.")
@click.option("--known-at", type=_TIME, help="As was known at this time; without it, now.")
@click.pass_obj
def command(
    console: Console,
    person: str,
    application: str | None,
    role: str | None,
    at: datetime | None,
    known_at: datetime | None,
) -> None:
    """Say why PERSON (a login, or kind/issuer/value of an identifier) holds each right: rule, facts, source line, end.

    Rights that ended in the last 90 days are told too, with what ended them.
    """
    zone = ZoneInfo(console.settings.zone)
    moments = [moment.replace(tzinfo=zone) if moment else None for moment in (at, known_at)]
    with console.transaction() as session:
        actor = console.actor(session)
        part = console.part(session, actor, "persons.read")
        person_id = find(session, person)
        if person_id is None or not may_see(session, part, person_id):
            raise NotFound(Problem("There is no such person in your part.", "Check the login or the identifier."))
        log.write(session, "person:rights:explained", actor, subject_id=person_id)
        found = explain(session, person_id, application_key=application, at=moments[0], known_at=moments[1])
        lost = ended(session, person_id, application_key=application, at=moments[0], known_at=moments[1])
        missing = (
            why_not(session, person_id, role, moments[0], part, known_at=moments[1])
            if role and all(one.role != role for one in found)
            else []
        )
        found, lost = (to_asker(session, part, person_id, rights) for rights in (found, lost))
        if not speaks_freely(session, part, [person_id]):
            missing = []
    data = {
        "rights": [asdict(one) for one in found],
        "ended": [asdict(one) for one in lost],
        "why_not": [asdict(one) for one in missing],
    }
    console.show(data, "\n".join(_words(console, found, lost, role, missing)))


def find(session: Session, text: str) -> UUID | None:
    """Return the person of a login or of ``kind/issuer/value``; identity codes are not looked up here."""
    known = credentials.find(session, text)
    if known is not None:
        return known.person_id
    kind, _, rest = text.partition("/")
    issuer, _, value = rest.partition("/")
    query = select(Identifier.person_id).where(
        Identifier.kind == kind, Identifier.issuer == issuer, Identifier.value == value, Identifier.closed_by.is_(None)
    )
    return session.scalars(query).one_or_none()


def _words(
    console: Console, found: list[Explanation], lost: list[Explanation], role: str | None, missing: list[WhyNot]
) -> list[str]:
    t = console.texts
    lines = [] if found else [t.gettext(N_("No rights at that time."))]
    for one in [*found, *lost]:
        name, scope = one.role_names.get(t.language, one.role), one.scope_names.get(t.language, one.scope_key)
        lines.append(f"{name} · {scope} ({one.role}@{one.scope_key})")
        until = t.day(one.until)
        word = t.gettext(N_("Until") if one.held else N_("Ended"))
        lines.append(f"  {word}: {until or '–'} ({one.ends_first.get(t.language, '')})")
        for because in one.because:
            lines += _because(console, because)
    for not_ in missing:
        lines.append(f"{t.gettext(N_('Not'))} {role}: {not_.sentence.get(t.language, not_.rule_key)}")
        lines.append(f"  → {t.sentence(not_.failing)}")
    return lines


def _because(console: Console, because: Because) -> list[str]:
    t = console.texts
    lines = [f"  {because.sentence.get(t.language) or because.reason or because.origin}"]
    if because.through:
        lines.append(f"    ⊂ {because.through}")
    for fact in because.facts:
        where = fact.organisation_names.get(t.language, fact.organisation_key or "")
        named = fact.called(t.language) or fact.group or fact.other or ""
        told = ", ".join(part for part in (fact.kind, named, where) if part)
        source = fact.told_by(t.language) or ""
        line = f"{source} {fact.file or ''}:{fact.line}" if fact.line else source
        span = f"{t.first_day(fact.valid_from) or ''}–{t.day(fact.valid_to) or ''}"
        lines.append(f"    {told} {span}" + (f" [{line}]" if line else ""))
    if because.clause is not None:
        lines.append(f"    {because.clause.agreement_key} §{because.clause.n} ({because.clause.case_number})")
    return lines

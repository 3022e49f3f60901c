"""The rights of a person as a file: what the tab tells on the day and for the service it is asked about, a row for each
reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from admin_ui.parts import exports
from admin_ui.parts.frame import blueprint
from admin_ui.people.view import subject_of
from admin_ui.person.rights import authors, moment, shown, told
from iam.access.explanation.batches import explain_each
from iam.texts import N_
from iam.web import context, guard

HEADER = (
    N_("Role"),
    N_("Where"),
    N_("Last day"),
    N_("How it takes hold"),
    N_("Why?"),
    N_("Rule"),
    N_("Facts and sources"),
    N_("Agreement"),
    N_("Ends first"),
)


class RightCells(NamedTuple):
    """One reason of a right as a line of the file shows it; a right by hand has no rule."""

    role: str
    scope: str
    last_day: str
    enforced: str
    why: str
    rule: str
    facts: str
    clause: str
    ends_first: str


@blueprint.get("/persons/<uuid:person_id>/rights.csv")
@guard.requires("persons.read")
def rights_file(person_id: UUID) -> Response:
    """Take home the rights of a person with their reasons."""
    subject, chosen = subject_of(person_id), request.args.get("application") or None
    day, at = moment()

    def rows(session: Session) -> Iterator[RightCells]:
        for batch in explain_each(session, person_id, at=at, application_key=chosen):
            rights = [shown(one) for one in told(session, subject, batch)]
            publishers = authors(session, rights)
            for right in rights:
                yield from (_cells(right, because, publishers) for because in right["because"])

    filters = {"person": str(person_id), "day": day.isoformat(), "application": chosen}
    return exports.csv_file("rights", HEADER, rows, filters, person_id)


def _cells(right: Mapping[str, Any], because: Mapping[str, Any], publishers: Mapping[UUID, str]) -> RightCells:
    t = context.texts().gettext
    by_hand = t(N_("Granted by hand: %(reason)s")) % {"reason": because["reason"]}
    return RightCells(
        right["role"],
        right["scope"],
        exports.day(because["until"]),
        right["enforced"],
        by_hand if because["by_hand"] else because["sentence"],
        "" if because["by_hand"] else _rule(because, publishers),
        "; ".join(_fact(fact) for fact in because["facts"]),
        _clause(because),
        right["ends_first"],
    )


def _rule(because: Mapping[str, Any], publishers: Mapping[UUID, str]) -> str:
    t, by = context.texts().gettext, publishers.get(because["by"])
    named = N_("Rule %(name)s, version %(n)s") if because["rule"] else N_("Version %(n)s of the rule")
    told = t(named) % {"name": because["rule"], "n": because["version"]}
    return f"{told} · {t(N_('published by %(name)s')) % {'name': by}}" if by else told


def _clause(because: Mapping[str, Any]) -> str:
    clause = because["clause"]
    if clause is None:
        return ""
    texts = context.texts()
    told = texts.gettext(N_("Agreement %(number)s, section %(n)s: %(purpose)s"))
    told %= {"number": clause.case_number, "n": clause.n, "purpose": clause.purpose_in(texts.language)}
    return f"{told} ({because['basis']})" if because["basis"] else told


def _fact(fact: Mapping[str, Any]) -> str:
    texts = context.texts()
    said = [fact["source_name"] or texts.gettext(N_("written here")), fact["file"]]
    if fact["file"] and fact["line"]:
        said[-1] = f"{fact['file']} {texts.gettext(N_('line %(line)s')) % {'line': fact['line']}}"
    days = f"{texts.first_day(fact['starts']) if fact['starts'] else ''}–{exports.day(fact['until'])}"
    return f"{fact['says']}, {days} ({', '.join(filter(None, (*said, texts.moment(fact['at']))))})"

"""The tab of rights: each with its reasons, for any day; why a role is not held; what the form to grant by hand
offers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from admin_ui.administrators.listing import of_person
from admin_ui.parts import frame, paging, words
from admin_ui.people.view import PATH, Subject, names
from admin_ui.rules.pages import offered_roles, shown_roles
from connectors.problem import Problem
from iam import clock
from iam.access.commands.appointing import APPOINTS
from iam.access.explanation.explain import Because, Explanation, explain
from iam.access.explanation.fact_lines import FactLine
from iam.access.explanation.telling import to_asker
from iam.access.explanation.why_not import why_not
from iam.access.rules.kind_words import KIND_WORDS
from iam.directory.pages import listing
from iam.directory.pages.ties import Tied, ties
from iam.texts import N_, in_language
from iam.web import context

SCOPES_OFFERED = 300
NEAREST = 5
"""So many rules are shown as the nearest."""


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows."""
    day, at = moment()
    found = told(context.db(), subject, explain(context.db(), subject.id, at=at))
    chosen = request.args.get("application", "")
    rows = [shown(one) for one in found if chosen in ("", _application_key(one))]
    roles, handed_out = shown_roles(context.db(), subject.part)
    return {
        "day": day,
        "is_today": day == clock.today(context.settings().zone),
        "rows": rows,
        "chosen": chosen,
        "authors": authors(context.db(), rows),
        "export_url": paging.address(f"{PATH}/{subject.id}/rights.csv", tab=None, why_not=None),
        "now": clock.now(),
        "printed_by": frame.own_name(),
        "applications": sorted({_application_key(one): _role_name(one).partition(":")[0] for one in found}.items()),
        "roles": roles,
        **_why_not(subject, found, at, {key for key, _ in roles}),
        "form": _form(subject, handed_out) if "rights.grant" in subject.allowed else None,
        "given": request.form,
        "administers": of_person(context.db(), frame.part_of(APPOINTS), subject.id),
    }


def _why_not(subject: Subject, found: Iterable[Explanation], at: datetime, known: Collection[str]) -> dict[str, Any]:
    """Return which of the ``known`` roles was asked about, whether it is held, and the nearest rules with the first
    condition that fails."""
    given = request.args.get("why_not", "")
    wanted = given if given in known else ""
    if wanted and not subject.is_open:
        return {"asked": wanted, "is_held": False, "nearest": [], "kept": True}
    nearest = why_not(context.db(), subject.id, wanted, at, subject.part)[:NEAREST] if wanted else []
    told = [
        {"sentence": _in(one.sentence), "failing": _in_words(one.failing), "rule": _in(one.rule_names)}
        for one in nearest
    ]
    return {"asked": wanted, "is_held": any(one.role == wanted for one in found), "nearest": told, "kept": False}


def _in_words(failing: Problem) -> str:
    """Return a failing condition as a sentence, the kinds it names in the reader's words too."""
    texts = context.texts()
    named = {
        name: ", ".join(texts.gettext(KIND_WORDS.get(part, part)) for part in str(value).split(", "))
        for name, value in failing.params.items()
    }
    return texts.sentence(replace(failing, params=named))


def moment() -> tuple[date, datetime]:
    """Return the day the address asks about (today when it names none) and the instant meant: now, or noon of another
    day."""
    zone = context.settings().zone
    today = clock.today(zone)
    try:
        day = date.fromisoformat(request.args.get("at", ""))
    except ValueError:
        return today, clock.now()
    if day == today or not 1901 <= day.year <= 9000:
        return today, clock.now()
    return day, clock.day_start(day, zone) + timedelta(hours=12)


def authors(session: Session, rows: Iterable[Mapping[str, Any]]) -> dict[UUID, str]:
    """Return the names of those who published the rules of some rights: one statement."""
    return names({because["by"] for row in rows for because in row["because"] if because["by"]}, session)


def told(session: Session, subject: Subject, found: list[Explanation]) -> list[Explanation]:
    """Return the rights that concern the part; blank is what must not be told."""
    return to_asker(session, subject.part, subject.id, found)


def _application_key(right: Explanation) -> str:
    return right.role.partition(":")[0]


def _role_name(right: Explanation) -> str:
    return _in(right.role_names) or right.role


def _in(shown: Mapping[str, Any]) -> str:
    """Return the reader's language out of names by language, or what there is instead."""
    return in_language(shown, context.texts().language)


def shown(right: Explanation) -> dict[str, Any]:
    """Return a right as the tab and the file tell it."""
    return {
        "role": _role_name(right),
        "scope": _in(right.scope_names) if right.told else context.texts().gettext(N_("protected")),
        "until": words.end(right.until),
        "enforced": words.word(words.ENFORCEMENTS, right.enforced),
        "ends_first": right.ends_first.get(context.texts().language),
        "because": [_because(because, told=right.told) for because in right.because],
    }


def _because(because: Because, *, told: bool) -> dict[str, Any]:
    return {
        "id": because.assignment_id,
        "by_hand": because.origin == "hand",
        "reason": because.reason if told else context.texts().gettext(N_("protected")),
        "sentence": _in(because.sentence) if told else context.texts().gettext(N_("protected")),
        "rule": _in(because.rule_names),
        "version": because.rule_version,
        "by": because.published_by,
        "clause": because.clause,
        "basis": _basis(because),
        "through": _in(because.through_names) or because.through,
        "until": words.end(because.valid_to),
        "facts": [_fact(fact, told=told) for fact in because.facts if fact.fact != "place"],
    }


def _basis(because: Because) -> str:
    """Return the legal basis as the agreement states it: names by language, or an act with its section."""
    if because.clause is None:
        return ""
    stated = because.clause.legal_basis
    return (
        str(_in(stated))
        if {"fi", "sv", "en"} & set(stated)
        else ", ".join(str(part) for part in stated.values() if part)
    )


def _fact(fact: FactLine, *, told: bool) -> dict[str, Any]:
    kind = words.word({**words.AFFILIATIONS, **words.RELATIONSHIPS, **words.GROUPS}, fact.kind)
    said = [kind, fact.called(context.texts().language), fact.group, _in(fact.organisation_names)]
    hidden = [] if told or fact.fact == "relationship" else [context.texts().gettext(N_("protected"))]
    return {
        "says": " · ".join(part for part in (*said, *hidden) if part),
        "starts": words.start(fact.valid_from),
        "until": words.end(fact.valid_to),
        "source": fact.source_key,
        "source_name": fact.told_by(context.texts().language),
        "hidden": not told,
        "run": fact.run_id,
        "file": fact.file,
        "line": fact.line,
        "at": fact.recorded_at,
    }


def _position(tied: Tied) -> str:
    return tied.called(context.texts().language) or words.word(words.AFFILIATIONS, tied.kind)


def _place(tied: Tied) -> str:
    texts = context.texts()
    return tied.place.name(texts.language) if tied.place else texts.gettext(N_("protected"))


def _form(subject: Subject, handed_out: list[tuple[str, str]]) -> dict[str, Any]:
    """Return what the form to grant by hand offers: positions and organisations within the part over which the reader
    may grant.

    ``handed_out`` are the roles that an organisation of the subject's part may hand out.
    """
    part, language, now = frame.part_of("rights.grant"), context.texts().language, clock.now()
    held, roles = subject.positions, handed_out
    if part != subject.part:
        held = ties(context.db(), part, [subject.id])[subject.id].affiliations
        roles = offered_roles(context.db(), part)
    scopes = listing.offered(context.db(), part, language, SCOPES_OFFERED)
    return {
        "capacities": [
            (str(tied.fact_id), " · ".join((_position(tied), _place(tied))))
            for tied in held
            if tied.valid_from <= now < tied.valid_to
        ],
        "roles": roles,
        "scopes": [(str(one.id), one.name) for one in scopes],
    }

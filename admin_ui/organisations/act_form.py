"""The forms of acts on an organisation: what they are called, what stands in them, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from admin_ui.parts import words
from admin_ui.parts.choosing import chosen
from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.apply.declared.written import Row
from iam.apply.on_pages import organisation_acts
from iam.apply.on_pages.organisation_acts import CODES, Acted
from iam.directory.organisation import Organisation
from iam.errors import AvainError, Invalid
from iam.lifecycle.organisations import acts
from iam.texts import N_
from iam.web import context


class ActWords(NamedTuple):
    """What an act is called, and what is said of it above its form."""

    title: str
    lead: str


WORDS = {
    acts.ADD: ActWords(N_("Add an organisation under this one"), N_("What it does is shown before it is written.")),
    acts.RENAME: ActWords(
        N_("Change name, kind or codes"),
        N_("The key stays: services know the organisation by it. What the change does is shown before it is written."),
    ),
    acts.MOVE: ActWords(
        N_("Move under another organisation"),
        N_("All that is under it comes along. The past stays as it was. Who gains and loses rights is shown first."),
    ),
    acts.MERGE: ActWords(
        N_("Merge into another organisation"),
        N_("From that day on the other organisation continues this one, which lies under it with all that it has."),
    ),
    acts.CLOSE: ActWords(
        N_("Close the organisation"),
        N_("It ends with its last day, and rights in it with it. The past stays as it was."),
    ),
}
NAMES = (
    ("name.fi", N_("Name in Finnish")),
    ("name.sv", N_("Name in Swedish")),
    ("name.en", N_("Name in English")),
    ("oph_oid", N_("Organisation number (OID)")),
    ("school_code", N_("School number")),
    ("business_id", N_("Business ID")),
)
FIELDS = ("key", "kind", *(name for name, _ in NAMES), "legal_entity", "other", "day", "last")
LONGEST = 400


class Ask(NamedTuple):
    """Who asks what: the organisation, the act, what was typed, and the part of who asks."""

    here: Organisation
    act: str
    typed: Mapping[str, str]
    part: Part

    def text(self, name: str) -> str:
        """What was typed in a field, as far as it is read."""
        return self.typed.get(name, "").replace("\x00", "").strip()[:LONGEST]


def standing(here: Organisation, act: str) -> dict[str, str]:
    """Return with what an act's form begins."""
    if act == acts.RENAME:
        return _standing(here)
    day = clock.today().isoformat()
    return {"kind": "school", "day": day} if act == acts.ADD else {"day": day, "last": day}


def _standing(here: Organisation) -> dict[str, str]:
    names = {"name.fi": here.name_fi, "name.sv": here.name_sv, "name.en": here.name_en}
    return {"kind": here.kind, **names, **{name: getattr(here, name) or "" for name in CODES}}


def stood(here: Organisation) -> str:
    """Return what stands for all that is said of an organisation, so that it is noticed when another changed it."""
    text = json.dumps(_standing(here), sort_keys=True)
    return context.vault().mac("organisation", str(here.id), text).hex()


def meanwhile(here: Organisation, act: str, typed: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what says otherwise now than was typed, each with what it is called."""
    if act != acts.RENAME:
        return []
    now, t = _standing(here), context.texts().gettext
    told = [(t(label), now[name] or "–") for name, label in NAMES if now[name] != typed.get(name, "").strip()]
    if here.kind != typed.get("kind"):
        told.append((t(N_("Kind")), words.word(words.ORGANISATIONS, here.kind)))
    return told


def read(ask: Ask) -> Acted:
    """Return what a form asks for as a declaration; raises ``Invalid`` with every field that lacks something."""
    session, key = context.db(), ask.here.key
    if ask.act == acts.ADD:
        return organisation_acts.added(session, ask.text("key"), _attributes(ask), _place(ask))
    if ask.act == acts.RENAME:
        return organisation_acts.renamed(session, key, _attributes(ask))
    if ask.act == acts.CLOSE:
        return _closed(ask)
    problems: list[Problem] = []
    other, day = chosen(ask.part, ask.text("other"), problems), _day(ask, "day", problems)
    if other is not None and other.id == ask.here.id:
        problems.append(Problem(N_("This is the organisation itself."), N_("Choose another."), field="other"))
    if problems or other is None or day is None:
        raise Invalid(*problems)
    if ask.act == acts.MOVE:
        return organisation_acts.moved(session, key, other.key, day)
    return organisation_acts.merged(session, ask.here, other, day)


def _closed(ask: Ask) -> Acted:
    problems: list[Problem] = []
    last = _day(ask, "last", problems)
    if last is None:
        raise Invalid(*problems)
    left = acts.left_under(context.db(), ask.here.id, clock.day_end(last))
    if left:
        names = ", ".join(one.name(context.texts().language) for one in left)
        message = N_("Under it there would still be: %(names)s.")
        remedy = N_("Close those first, or move them.")
        raise Invalid(Problem(message, remedy, field="last", params={"names": names}))
    return organisation_acts.closed(context.db(), ask.here.key, last)


def _attributes(ask: Ask) -> dict[str, Any]:
    names = {language: text for language in ("fi", "sv", "en") if (text := ask.text(f"name.{language}"))}
    problems = [] if "fi" in names else [Problem(N_("Write the name."), field="name.fi")]
    if ask.text("kind") not in words.ORGANISATIONS or (ask.text("kind") == "consortium") != (
        ask.act == acts.RENAME and ask.here.kind == "consortium"
    ):
        problems.append(Problem(N_("Choose the kind."), field="kind"))
    if ask.act == acts.ADD and not ask.text("key"):
        problems.append(Problem(N_("Write the key."), field="key"))
    if problems:
        raise Invalid(*problems)
    return {"kind": ask.text("kind"), "name": names, **{name: ask.text(name) or None for name in CODES}}


def _place(ask: Ask) -> Row:
    problems: list[Problem] = []
    day = _day(ask, "day", problems, past=True)
    if problems:
        raise Invalid(*problems)
    is_entity = ask.part.everything and bool(ask.text("legal_entity"))
    return {"parent": ask.here.key, "legal_entity": is_entity or None, "from": day}


def _day(ask: Ask, name: str, problems: list[Problem], *, past: bool = False) -> date | None:
    """A day as it was typed; what was is not rewritten on a page, so it is to come unless it may be ``past``."""
    try:
        day = date.fromisoformat(ask.text(name))
    except ValueError:
        problems.append(Problem(N_("Choose a day."), field=name))
        return None
    if not 1901 <= day.year <= 9000 or (not past and day < clock.today()):
        problems.append(Problem(N_("Choose today or a later day."), field=name))
        return None
    return day


def told(here: Organisation, act: str, typed: Mapping[str, str], part: Part) -> list[tuple[str, str]]:
    """Return in words what a form asks for."""
    t, language = context.texts().gettext, context.texts().language
    ask, found = Ask(here, act, typed, part), [(t(N_("Organisation")), here.name(language))]
    if act in (acts.ADD, acts.RENAME):
        kind = words.word(words.ORGANISATIONS, ask.text("kind"))
        found = [(t(N_("Under")), here.name(language)), (t(N_("Key")), ask.text("key"))] if act == acts.ADD else []
        found += [(t(N_("Kind")), kind), *((t(label), ask.text(name)) for name, label in NAMES if ask.text(name))]
    other = chosen(part, ask.text("other"), []) if act in (acts.MOVE, acts.MERGE) else None
    if other is not None:
        found.append((t(N_("Under") if act == acts.MOVE else N_("Continued by")), other.name(language)))
    return [*found, *_days(ask)]


def _days(ask: Ask) -> Sequence[tuple[str, str]]:
    name, word = ("last", N_("Last day")) if ask.act == acts.CLOSE else ("day", N_("First day"))
    try:
        day = date.fromisoformat(ask.text(name))
    except ValueError:
        return []
    if ask.act == acts.RENAME:
        return []
    return [(context.texts().gettext(word), context.texts().first_day(clock.day_start(day)))]


def beside(error: AvainError) -> dict[str, str]:
    """Return what is wrong by the field beside which it is told ("": above all), and take back what was written."""
    context.db().rollback()
    texts, found = context.texts(), dict[str, str]()
    for one in error.problems:
        sentence = texts.said(one)
        place = {"parent": "other", "from": "day", "to": "last"}.get(one.field or "", one.field or "")
        found.setdefault(place if place in FIELDS else "", sentence)
    return found

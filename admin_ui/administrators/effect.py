"""What an appointment, its end or another last day does, in words: what the person may afterwards and over how many
people. Whoever proposes it and whoever accepts it see the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hmac import compare_digest
from typing import NamedTuple

from flask import request
from sqlalchemy.orm import Session

from admin_ui.parts.seen import profiles
from admin_ui.people import effects as effects_view
from admin_ui.people.listing import listed_name
from iam import clock
from iam.access.administration import Part, covered
from iam.access.administrator_roles import each_in_words, in_words
from iam.access.commands import appointing
from iam.access.commands.appointing import Appointment
from iam.access.pages.administrators import people_in
from iam.deciding import appointing as guarded
from iam.directory.queries import Profile, organisations
from iam.errors import AvainError
from iam.texts import N_
from iam.web import context

DOES = {"appoint": N_("Is appointed"), "until": N_("Another last day"), "end": N_("Ends now")}


class Afterwards(NamedTuple):
    """What somebody may in one place once it is done, a sentence each."""

    place: str
    may: Sequence[str]


class AppointmentEffect(NamedTuple):
    """An act in words. ``seen`` stands for its digest, ``people`` counts those in the part, ``waits`` says why it waits
    for a second person."""

    does: str
    name: str
    what: str
    part: str
    since: str
    until: str
    people: int
    afterwards: Sequence[Afterwards]
    waits: Sequence[str]
    seen: str
    digest: str


def effect(session: Session, act: Appointment, part: Part) -> AppointmentEffect:
    """Return what an act would do, as far as it concerns the reader's part; raises ``Conflict`` and ``Invalid``
    where it makes no sense now."""
    texts = context.texts()
    would = guarded.preview(session, act)
    waits = guarded.reasons(session, would, context.actor())
    held = appointing.afterwards(session, act)
    here = covered(session, part, sorted({act.organisation_id, *held}))
    places = {id_: one.name(texts.language) for id_, one in organisations(session, here).items()}
    start = clock.day_start(act.first) if act.first else act.since
    end = clock.day_end(act.last) if act.last else act.ends
    return AppointmentEffect(
        texts.gettext(DOES[act.does]),
        listed_name(profiles(session, [act.person_id]).get(act.person_id, Profile()), texts),
        ", ".join(texts.gettext(one) for one in in_words(act.permissions)),
        places.get(act.organisation_id, ""),
        texts.first_day(start),
        "" if act.does == "end" else texts.day(end),
        people_in(session, act.organisation_id),
        [
            Afterwards(places[one], [texts.gettext(words) for words in each_in_words(held[one])])
            for one in here
            if held.get(one)
        ],
        [texts.sentence(one) for one in waits],
        effects_view.sealed(would.digest),
        would.digest,
    )


def is_seen(digest: str) -> bool:
    """Whether it is the digest of the effects that the form was shown."""
    return compare_digest(effects_view.sealed(digest), request.form.get("seen", ""))


def beside(error: AvainError) -> dict[str, str]:
    """Return what is wrong by the field beside which it is told; "" stands above all."""
    first = error.problems[0]
    return {first.field or "": context.texts().sentence(replace(first, field=None))}

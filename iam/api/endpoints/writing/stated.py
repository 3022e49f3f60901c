"""What is stated by the API as a small declaration, and done by hand: told before with ``?preview=true``, written, or
kept waiting for a second person."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date

from flask import Response

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.commands.publish import Preview
from iam.api.endpoints.answering import answer
from iam.api.shapes.stated import NamesWanted
from iam.apply.on_pages import stating
from iam.apply.on_pages.stating import Stating
from iam.apply.run import Report
from iam.errors import Invalid
from iam.lifecycle.by_hand import act
from iam.lifecycle.by_hand.act import Hand
from iam.web import context, guard

PREVIEW, DONE, WAITS = "preview", "done", "waits"


def declared(stated: Stating, perform: Callable[[], Report], *, preview: bool) -> Response:
    """Tell what stating it does, or let ``perform`` state it and tell whether it waits; raises as ``stating.look``."""
    part = guard.asker().part("persons.read")
    _, would = stating.look(context.db(), stated, context.actor(), context.vault(), part)
    if preview:
        return outcome(PREVIEW, would)
    held = perform().held
    return outcome(DONE, would) if held is None else outcome(WAITS, would, held.reasons, status=202)


def by_hand(hand: Hand, reason: str, part: Part, *, preview: bool) -> Response:
    """Tell what it does to a person's rights, or do it; raises as ``act.do``."""
    session, actor = context.db(), context.actor()
    would = act.preview(session, hand, actor, part)
    if preview:
        return outcome(PREVIEW, would)
    act.do(session, hand, actor, reason)
    return outcome(DONE, would)


def day_of(day: date, field: str, *, past: bool = False) -> date:
    """Return a day that a calendar of ours has; raises ``Invalid``, and for one that is over unless it may be
    ``past``."""
    if not 1901 <= day.year <= 9000 or (not past and day < clock.today(context.settings().zone)):
        raise Invalid(Problem("Choose today or a later day.", field=field))
    return day


def in_languages(names: NamesWanted) -> dict[str, str]:
    """Return names in every language, the Finnish one where another is left out; raises ``Invalid`` without it."""
    if not names.fi:
        raise Invalid(Problem("Write the name.", field="names.fi"))
    return {language: name or names.fi for language, name in names.model_dump().items()}


def outcome(
    state: str,
    would: Preview | None = None,
    reasons: Collection[Problem] = (),
    *,
    status: int = 200,
    **more: str | None,
) -> Response:
    """Return what came of it as ``Outcome``, with ``more`` of it; without ``would`` nobody gets or loses by it."""
    rows, texts = would.rows() if would is not None else (), context.texts()
    gain, lose = (len({row.person_id for row in rows if row.gains is gains}) for gains in (True, False))
    why = [texts.sentence(replace(one, field=None)) for one in reasons]
    return answer({"state": state, "gain": gain, "lose": lose, "reasons": why, **more}, status)

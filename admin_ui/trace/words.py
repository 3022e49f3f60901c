"""An attempt to sign in to a service told in sentences: the sign-in, each position and whether it opened the service,
the answer.

Pure but for the reader's language. What the reader may not see has no ``Place`` and is told without its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from admin_ui.parts import words
from iam.oidc.model import Attempt
from iam.signin.factors import levels
from iam.texts import N_
from iam.web import context

RECENT = timedelta(days=400)
"""A position that ended longer before an attempt is not told as the reason that it failed."""
SEVERAL = 3
LEVELS = {
    levels.PASSWORD: N_("with a password"),
    levels.TWO_FACTOR: N_("with a password and a second factor"),
    levels.PASSKEY: N_("with a passkey"),
}
OUTCOMES = {"issued": N_("Got in"), "no-right": N_("Did not get in"), "refused": N_("Sent back to the service")}
LOOKS = {"issued": "success", "no-right": "error", "refused": "warning"}
REFUSALS = {
    "login_required": N_(
        "%(name)s asked without showing a page, and nobody was signed in in this browser. It should ask again "
        "with a page."
    ),
    "interaction_required": N_(
        "%(name)s asked without showing a page, but the person had something to choose or prove. It should "
        "ask again with a page."
    ),
    "consent_required": N_(
        "%(name)s asked without showing a page, but the person had not been told what it receives. It should "
        "ask again with a page."
    ),
    "access_denied": N_("%(name)s asked without showing a page, and no position opened it."),
    "unmet_authentication_requirements": N_("%(name)s asks for a way of signing in that does not exist here."),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A position of a person as the reader may see it: what it is called, and from when until when."""

    id: UUID
    said: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """What an attempt found of one position: the sentence, and whether it opened the service. ``id`` None: not the
    reader's to see."""

    id: UUID | None
    sentence: str
    enters: bool


def sign_in(attempt: Attempt, name: str) -> str:
    """Say how the person had signed in, and whether that was enough for the service called ``name``."""
    found, t = _step(attempt, "sign-in"), context.texts().gettext
    done, least = found.get("acr"), found.get("least")
    if not done:
        return t(N_("Nobody was signed in in this browser."))
    said = t(N_("Signed in %(how)s.")) % {"how": words.word(LEVELS, done)}
    if levels.reaches(done, least):
        return said
    return f"{said} " + t(N_("%(name)s asks for a sign-in %(how)s.")) % {
        "name": name,
        "how": words.word(LEVELS, str(least)),
    }


def positions(attempt: Attempt, places: Mapping[UUID, Place], name: str) -> list[Position]:
    """Say of every position of that moment whether it opened the service."""
    return [_position(one, attempt.at, places, name) for one in _capacities(attempt)]


def ended(attempt: Attempt, places: Iterable[Place]) -> list[Position]:
    """Say which positions had ended shortly before, the latest first: they often are the reason."""
    texts = context.texts()
    gone = sorted(
        (one for one in places if attempt.at - RECENT < one.ends <= attempt.at), key=lambda one: one.ends, reverse=True
    )
    said = texts.gettext(N_("%(position)s ended on %(day)s."))
    return [
        Position(one.id, said % {"position": one.said, "day": texts.day(one.ends)}, False) for one in gone[:SEVERAL]
    ]


def answer(
    attempt: Attempt, places: Mapping[UUID, Place], gone: Sequence[Position], name: str, *, everyone: bool
) -> str:
    """Say how it ended and, when the person did not get in, why. ``everyone``: the service lets in all of who enabled
    it."""
    found, t = _step(attempt, "answer"), context.texts().gettext
    if attempt.outcome == "issued":
        acted = _as_id(found.get("capacity"))
        if acted is not None and acted in places:
            return t(N_("Went on to %(name)s as: %(position)s.")) % {"name": name, "position": places[acted].said}
        return t(N_("Went on to %(name)s.")) % {"name": name}
    if attempt.outcome == "refused":
        error = str(found.get("error"))
        return t(REFUSALS[error]) % {"name": name} if error in REFUSALS else f"{name}: {error}"
    return _nothing_opened(attempt, places, gone, name, everyone)


def acted_as(attempt: Attempt) -> UUID | None:
    """Return the position in which the person went on; None when there was none."""
    return _as_id(_step(attempt, "answer").get("capacity"))


def _nothing_opened(
    attempt: Attempt, places: Mapping[UUID, Place], gone: Sequence[Position], name: str, everyone: bool
) -> str:
    texts, found = context.texts(), _capacities(attempt)
    now = [one for one in found if datetime.fromisoformat(one["from"]) <= attempt.at]
    if now and everyone:
        return texts.gettext(
            N_("No organisation in which the person had a position that day has enabled %(name)s.")
        ) % {"name": name}
    if now:
        return texts.gettext(N_("The person had a position that day, but none that has a role in %(name)s.")) % {
            "name": name
        }
    said = [texts.gettext(N_("The person had no position that day that opens %(name)s:")) % {"name": name}]
    starts = texts.gettext(N_("%(position)s begins only on %(day)s."))
    for one in found:
        place, day = places.get(UUID(one["id"])), texts.first_day(datetime.fromisoformat(one["from"]))
        said.append(starts % {"position": place.said if place else _unseen(one), "day": day})
    said += [one.sentence for one in gone]
    return (
        " ".join(said)
        if len(said) > 1
        else texts.gettext(N_("The person had no position in any organisation that day."))
    )


def _position(one: Mapping[str, Any], at: datetime, places: Mapping[UUID, Place], name: str) -> Position:
    texts, place = context.texts(), places.get(UUID(one["id"]))
    said = place.said if place else _unseen(one)
    begins = datetime.fromisoformat(one["from"])
    if begins > at:
        text = texts.gettext(N_("%(position)s begins only on %(day)s.")) % {
            "position": said,
            "day": texts.first_day(begins),
        }
        return Position(place.id if place else None, text, False)
    message = N_("%(position)s opened %(name)s.") if one["enters"] else N_("%(position)s did not open %(name)s.")
    return Position(
        place.id if place else None, texts.gettext(message) % {"position": said, "name": name}, bool(one["enters"])
    )


def _unseen(one: Mapping[str, Any]) -> str:
    """Name a position without telling where it is."""
    texts = context.texts()
    if one["kind"] == "guardian":
        return texts.gettext(N_("Guardian"))
    return texts.gettext(N_("A position that is not shown to you"))


def _capacities(attempt: Attempt) -> list[Mapping[str, Any]]:
    return [one for one in attempt.steps if one["step"] == "capacity"]


def _step(attempt: Attempt, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next((one for one in attempt.steps if one["step"] == name), {})
    return found


def _as_id(value: object) -> UUID | None:
    return UUID(value) if isinstance(value, str) else None

"""Refusals in words: the same for known and unknown logins."""

from __future__ import annotations

from datetime import datetime

from iam import clock
from iam.signin.flow import Refusal
from iam.texts import N_
from iam.web import context

_SAYS = {
    Refusal.MISMATCH: N_("The username or the password does not match."),
    Refusal.NOT_ALL: N_("The username, the password or the code does not match."),
    Refusal.DIRECTORY_DOWN: N_("Your organisation's directory does not answer just now. Try again in a moment."),
    Refusal.BUSY: N_("Very many people are signing in just now. Try again in a moment."),
    Refusal.ENDED: N_("Your access has ended. Ask your manager or your school's office."),
}
CODE_MISMATCH = N_("The username or the code does not match, or the code has been used or has expired.")
WHY = {
    "recent": N_("What you are doing needs a proof of the last five minutes that it is you."),
    "recent-kept": N_(
        "What you are doing needs a proof of the last five minutes that it is you. What you filled in is kept "
        "and comes back."
    ),
    "ended": N_("Your sign-in here has ended. Sign in, and you come back to where you were."),
    "ended-kept": N_("Your sign-in here has ended. Sign in, and what you filled in comes back."),
    "level": N_("The administration pages ask for a second factor."),
    "connect": N_("Sign in here once more, so that the account is connected with you and nobody else."),
}
"""Why a person who had signed in is asked again (``Flow.why``)."""
_SERVICE_AGAIN = N_("The service %(name)s asks that you sign in again, although you are signed in already.")
_SERVICE_MORE = N_("The service %(name)s asks for a second factor.")
_STATUS = {Refusal.THROTTLED: 429, Refusal.NETWORK: 429, Refusal.DIRECTORY_DOWN: 503, Refusal.BUSY: 503}


def say(refusal: Refusal, again_at: datetime | None = None) -> str:
    """Return the sentence for a refusal, in the reader's language."""
    texts = context.texts()
    if refusal in _SAYS:
        return texts.gettext(_SAYS[refusal])
    minutes = seconds_until(again_at) // 60 + 1
    if refusal is Refusal.NETWORK:
        return _of_the_network(minutes)
    sentence = texts.ngettext(
        N_("Too many tries. Try again in %(n)s minute, or ask for a one-time code."),
        N_("Too many tries. Try again in %(n)s minutes, or ask for a one-time code."),
        minutes,
    )
    return sentence % {"n": minutes}


def _of_the_network(minutes: int) -> str:
    sentence = context.texts().ngettext(
        N_(
            "Many sign-ins have failed in your network. Give the code of your authenticator too, use a "
            "passkey, or try again in %(n)s minute."
        ),
        N_(
            "Many sign-ins have failed in your network. Give the code of your authenticator too, use a "
            "passkey, or try again in %(n)s minutes."
        ),
        minutes,
    )
    return sentence % {"n": minutes}


def why(reason: str, service: str | None, *, more: bool = False) -> str | None:
    """Return why the person is asked again, in the reader's language; ``more``: for a further factor. None: there is no
    need to say."""
    texts = context.texts()
    if reason == "service" and service:
        return texts.gettext(_SERVICE_MORE if more else _SERVICE_AGAIN) % {"name": service}
    return texts.gettext(WHY[reason]) if reason in WHY else None


def seconds_until(instant: datetime | None) -> int:
    """Return the whole seconds from now until ``instant``, at least 1."""
    return max(1, round((instant - clock.now()).total_seconds())) if instant else 1


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal: a failed form is 422."""
    return _STATUS.get(refusal, 422)

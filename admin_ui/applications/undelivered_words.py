"""Why a message did not arrive, in the reader's words, from the operator's words in the outbox."""

from __future__ import annotations

import re

from iam.delivery.outbox import BEFORE
from iam.texts import N_
from iam.web import context

NO_ANSWER = N_("The mail server does not answer as it should: %(why)s.")
MAIL = (
    N_("The mail server refuses our login."),
    N_("The mail server lacks what IAM_MAIL__SECURITY or this mail needs."),
    N_("The mail server cannot be trusted: %(why)s."),
    N_("The mail server did not take the mail: %(why)s."),
    NO_ANSWER,
)
"""What ``iam.delivery.mail`` says; a remedy may stand behind it."""
_LATE = "too late"


def of_logout(error: str) -> str:
    """Return why an application was not told."""
    t = context.texts().gettext
    now = error.partition(BEFORE)[0]
    kind, _, rest = now.partition(" ")
    if kind == "address:":
        return t(N_("Its address may not be contacted: %(why)s")) % {"why": rest}
    if now == "status 400":
        return t(N_("It refused the logout (status 400)"))
    if kind == "status":
        return t(N_("It answered with an error (status %(status)s)")) % {"status": rest}
    return t(N_("It did not answer: %(why)s")) % {"why": now}


def of_mail(error: str) -> str:
    """Return why a mail was not taken; what it said and where it was to go stands in no word of the outbox."""
    now, _, before = error.partition(BEFORE)
    if not now.startswith(_LATE):
        return _of_server(now)
    late = context.texts().gettext(N_("It could not be sent before the person stopped waiting."))
    return f"{late} {_of_server(before)}" if before else late


def _of_server(error: str) -> str:
    t = context.texts().gettext
    for sentence in MAIL:
        said = re.match(re.escape(sentence).replace(re.escape("%(why)s"), "(?P<why>[^.]+)"), error)
        if said is not None:
            return t(sentence) % said.groupdict()
    return t(NO_ANSWER) % {"why": error.rpartition(" ")[2]}

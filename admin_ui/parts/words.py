"""Words that several pages show: kinds of affiliation, organisation, identifier and source run, states, ways a right
takes hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from iam import clock
from iam.texts import N_
from iam.web import context

AFFILIATIONS = {
    "employee": N_("Employee"),
    "substitute": N_("Substitute"),
    "student": N_("Pupil or student"),
    "guardian": N_("Guardian"),
    "elected-official": N_("Elected official"),
    "contractor": N_("Contractor"),
    "trainee": N_("Trainee"),
    "visitor": N_("Visitor"),
}
MANY_AFFILIATIONS = {
    "employee": (N_("employee"), N_("employees")),
    "substitute": (N_("substitute"), N_("substitutes")),
    "student": (N_("pupil or student"), N_("pupils or students")),
    "guardian": (N_("guardian"), N_("guardians")),
    "elected-official": (N_("elected official"), N_("elected officials")),
    "contractor": (N_("contractor"), N_("contractors")),
    "trainee": (N_("trainee"), N_("trainees")),
}
"""The same after a number: of one, and of several."""
STATES = {
    "active": N_("Active"),
    "ended": N_("Ended"),
    "suspended": N_("Access ended"),
    "draft": N_("Not begun"),
    "archived": N_("Archived"),
}
STATE_LOOKS = {"active": "success", "ended": "neutral", "suspended": "error", "draft": "waiting", "archived": "neutral"}
ORGANISATIONS = {
    "consortium": N_("Consortium"),
    "municipality": N_("Municipality"),
    "joint-authority": N_("Joint authority"),
    "wellbeing-county": N_("Wellbeing services county"),
    "employment-area": N_("Employment area"),
    "municipal-enterprise": N_("Municipal enterprise"),
    "company": N_("Company"),
    "private-provider": N_("Private provider"),
    "school": N_("School"),
    "unit": N_("Unit"),
}
IDENTIFIERS = {
    "employee-number": N_("Employee number"),
    "learner-number": N_("Learner number"),
    "oneroster-id": N_("Number in the school system"),
    "sds-id": N_("Number in the school system"),
    "identity-code": N_("Personal identity code"),
    "upn": N_("Work account"),
    "entry-uuid": N_("Number in the directory"),
}
RELATIONSHIPS = {
    "guardian_of": N_("Guardian of"),
    "manager_of": N_("Manager of"),
    "sponsor_of": N_("Responsible for"),
}
RELATED = {
    "guardian_of": N_("Has as guardian"),
    "manager_of": N_("Has as manager"),
    "sponsor_of": N_("Has as responsible person"),
}
"""The same relationships seen from the other end."""
STATED = {
    **AFFILIATIONS,
    **RELATIONSHIPS,
    "membership": N_("Membership"),
    "name": N_("Name"),
    "email": N_("E-mail address"),
    "identity-code": N_("Personal identity code"),
}
"""What an effect of a run can be about."""
GROUPS = {"class": N_("Class"), "group": N_("Group")}
ENFORCEMENTS = {
    "at use": N_("takes effect at once: the service asks at every use"),
    "by token": N_("takes effect within minutes: the service reads it at sign-in"),
    "by push": N_("takes effect when the service has received the change"),
    "by ticket": N_("takes effect when somebody has set it in the service"),
}


OPERATIONS = {
    "read": N_("reading"),
    "write": N_("changing"),
    "create": N_("adding"),
    "delete": N_("removing"),
    "approve": N_("approving"),
    "export": N_("saving as a file"),
}
"""What may be done with a data group; an application has others of its own, which are shown as it calls them."""


def word(words: Mapping[str, str], key: str) -> str:
    """Return the word for ``key`` in the reader's language; an unknown key as it stands."""
    return context.texts().gettext(words[key]) if key in words else key


def use(right: str, called: Mapping[str, str]) -> str:
    """Return a use of data, ``data group:operation``, as people say it; ``called`` are the names of data groups."""
    group, _, operation = right.partition(":")
    return f"{called.get(group, group)}: {word(OPERATIONS, operation)}"


def after_number(kind: str, number: int) -> str:
    """Return the word for a kind of affiliation as it stands after a number; an unknown kind as it stands."""
    return context.texts().gettext(MANY_AFFILIATIONS[kind][number != 1]) if kind in MANY_AFFILIATIONS else kind


def options(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what a select field offers: (key, word)."""
    return [(key, context.texts().gettext(text)) for key, text in words.items()]


def end(instant: datetime | None) -> datetime | None:
    """Return a half-open end for the macro ``until``: None when no end is known."""
    return None if instant is None or instant >= clock.FOREVER else instant


def start(instant: datetime) -> datetime | None:
    """Return a start to be shown; None when no start is known."""
    return None if instant <= clock.LONG_AGO else instant


def day(value: date | None) -> str:
    """Return a day as it is written in Finland; nothing for none."""
    return f"{value.day}.{value.month}.{value.year}" if value else ""

"""What My account tells a person about themselves: name, capacities, rights with their reason, sessions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.access.explanation.explain import Explanation, explain
from iam.access.explanation.fact_lines import FactLine
from iam.access.explanation.telling import to_oneself
from iam.access.right import Capacity, capacities
from iam.audit.log import AuditEvent
from iam.directory.queries import profile
from iam.signin.accounts import device
from iam.signin.addresses import notices
from iam.texts import N_, Texts, in_language
from iam.tokens import session as login_sessions

KINDS = {
    "employee": N_("Employee"),
    "substitute": N_("Substitute"),
    "student": N_("Student"),
    "elected-official": N_("Elected official"),
    "contractor": N_("Contractor"),
    "trainee": N_("Trainee"),
    "visitor": N_("Visitor"),
    "guardian": N_("Guardian"),
    "guardian_of": N_("Guardian"),
}
"""Kinds of capacity in words, to be translated where they are shown."""

SIGN_INS = {
    "signin:password:accepted": (N_("Password"), N_("succeeded"), True),
    "signin:password:refused": (N_("Password"), N_("did not match"), False),
    "signin:password:throttled": (N_("Password"), N_("slowed after many wrong tries"), False),
    "signin:ldap:accepted": (N_("Your organisation's directory"), N_("succeeded"), True),
    "signin:ldap:refused": (N_("Your organisation's directory"), N_("did not match"), False),
    "signin:passkey:accepted": (N_("Passkey"), N_("succeeded"), True),
    "signin:upstream:accepted": (N_("Account of another service"), N_("succeeded"), True),
    "signin:code:used": (N_("One-time code"), N_("succeeded"), True),
    "signin:factor:accepted": (N_("Second factor"), N_("succeeded"), True),
    "signin:factor:refused": (N_("Second factor"), N_("did not match"), False),
    "signin:proof:refused": (N_("Sign-in"), N_("refused: this way is not for your organisation"), False),
    "signin:session:refused": (N_("Sign-in"), N_("refused: your access had ended"), False),
}
"""What is told of recent sign-ins by event type: the way, the result, and whether it was a success."""
RECENT = 20
ACTS = {
    "signin:code:issued": notices.ACTS[notices.CODE],
    "signin:code:printed": N_("A one-time code for your account was printed in a letter."),
    "signin:factor:reset": notices.ACTS[notices.FACTORS],
    "person:access:ended": notices.ACTS[notices.ENDED],
    "person:access:restored": notices.ACTS[notices.RESTORED],
    "person:username:changed": notices.ACTS[notices.USERNAME],
    "person:help:asked": N_("An administrator asked others to agree to helping with your account."),
}
"""What administrators did to an account, by event type, in words to its person."""
KEPT = timedelta(days=90)
"""How long an act is told."""

Shown = dict[str, Any]


def name_of(session: Session, person_id: UUID) -> str:
    """Return a person's name as they use it; empty when no source tells one."""
    return profile(session, person_id).display_name


def own_capacities(session: Session, person_id: UUID) -> list[Capacity]:
    """Return what the person can act as now or within the coming 30 days."""
    return capacities(session, person_id, clock.now())


def capacity_shown(capacity: Capacity, texts: Texts) -> Shown:
    """Return a capacity as account.html wants it."""
    kind = texts.gettext(KINDS.get(capacity.kind, capacity.kind))
    organisation = capacity.organisation_names.get(texts.language)
    position = capacity.called(texts.language)
    return {"kind": kind, "position": position, "organisation": organisation, "ends": _end(capacity.valid_to)}


def rights_shown(
    session: Session, person_id: UUID, texts: Texts, opened: Collection[UUID] | None = None
) -> list[Shown]:
    """Return the rights of what is ``opened`` (None: all) of a person with what they rest on, as account.html wants
    them."""
    found = to_oneself(session, person_id, explain(session, person_id))
    return [_right_shown(one, texts) for one in found if opened is None or one.capacity_id in opened]


def sessions_shown(session: Session, person_id: UUID, current: UUID) -> list[Shown]:
    """Return the person's living sessions, the present one first."""
    rows = sorted(login_sessions.living(session, person_id), key=lambda row: row.id != current)
    return [
        {
            "id": str(row.id),
            "started": row.started_at,
            "last_seen": row.seen_at,
            "agent": device.describe(row.agent),
            "current": row.id == current,
        }
        for row in rows
    ]


def happened(session: Session, person_id: UUID, texts: Texts) -> tuple[list[Shown], list[Shown]]:
    """Return the person's recent sign-ins and failed tries, and what administrators did to the account lately, each the
    newest first; one statement."""
    found = session.execute(union_all(_newest(person_id, SIGN_INS), _newest(person_id, ACTS, clock.now() - KEPT)))
    newest_first = sorted(found, key=lambda row: row.id, reverse=True)
    sign_ins = [(at, *SIGN_INS[type_]) for _, at, type_ in newest_first if type_ in SIGN_INS]
    return (
        [
            {"at": at, "way": texts.gettext(way), "result": texts.gettext(result), "good": good}
            for at, way, result, good in sign_ins
        ],
        [{"at": at, "says": texts.gettext(ACTS[type_])} for _, at, type_ in newest_first if type_ in ACTS],
    )


def _newest(person_id: UUID, types: Collection[str], since: datetime = clock.LONG_AGO) -> Select[Any]:
    event = AuditEvent
    newest = (
        select(event.id, event.at, event.type)
        .where(event.subject_id == person_id, event.type.in_(types), event.at > since)
        .order_by(event.id.desc())
        .limit(RECENT)
        .subquery()
    )
    return select(newest)


def _right_shown(right: Explanation, texts: Texts) -> Shown:
    if not right.told:
        return _unconfirmed(right, texts)
    application, _, role = in_language(right.role_names, texts.language, right.role).partition(":")
    said = [in_language(because.sentence, texts.language) or because.reason for because in right.because]
    facts = {fact.version_id: fact for because in right.because for fact in because.facts if fact.fact != "place"}
    return {
        "role": role.strip(),
        "application": application,
        "scope": in_language(right.scope_names, texts.language, right.scope_key),
        "starts": None,
        "ends": _end(right.until),
        "sentence": " ".join(dict.fromkeys(text for text in said if text)),
        "facts": [_fact_shown(fact, texts) for fact in facts.values()],
        "ends_first": right.ends_first.get(texts.language),
    }


def _unconfirmed(right: Explanation, texts: Texts) -> Shown:
    """Return a right that rests on a protected child, of whose guardian the school has not confirmed that she may know:
    no place is told."""
    application, _, role = in_language(right.role_names, texts.language, right.role).partition(":")
    told = N_(
        "You have this right as a guardian. The child is protected, so the school first confirms that you may "
        "know where the child is."
        " Until then the right is not given to the service. Ask the school's office to confirm it."
    )
    return {
        "role": role.strip(),
        "application": application,
        "scope": texts.gettext(N_("waits until the school confirms it")),
        "starts": None,
        "ends": _end(right.until),
        "sentence": texts.gettext(told),
        "facts": [],
        "ends_first": None,
    }


def _fact_shown(fact: FactLine, texts: Texts) -> Shown:
    kind = texts.gettext(KINDS[fact.kind]) if fact.kind in KINDS else None
    parts = (
        kind,
        fact.called(texts.language),
        fact.group,
        in_language(fact.organisation_names, texts.language),
    )
    line = texts.gettext(N_("line %(line)s")) % {"line": fact.line} if fact.line is not None else None
    source = ", ".join(part for part in (fact.told_by(texts.language), fact.file, line) if part)
    says = " · ".join(str.__str__(part) for part in parts if part)
    return {"says": says or fact.kind, "source": source or texts.gettext(N_("written by hand"))}


def _end(instant: Any) -> Any:
    return None if instant >= clock.FOREVER else instant

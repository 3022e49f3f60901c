"""Usernames: which the people of an organisation get, on its page, and giving one person one, or another, on the tab of
sign-in."""

from __future__ import annotations

from uuid import UUID

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.organisations import pages as organisations, username_section
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.people.view import PATH, Subject, subject_of
from admin_ui.person import page as person
from connectors.problem import Problem
from iam.access.administration import may_touch
from iam.audit import log
from iam.errors import AvainError, Conflict, Invalid, NotFound
from iam.signin.accounts import reset_standing as standing, username, username_rules
from iam.signin.usernames import by_hand as username_by_hand, give as usernames
from iam.texts import N_
from iam.web import context, guard

_SIGN_IN = f"{PATH}/{{person_id}}?tab=signin"
_ORGANISATION = f"{organisations.PATH}/{{organisation_id}}"


@blueprint.post("/persons/<uuid:person_id>/username")
@guard.requires("codes.issue")
@guard.recent(_SIGN_IN)
def give_username(person_id: UUID) -> AnyResponse:
    """Give the person a username, or another one than they have."""
    subject, text = subject_of(person_id), request.form.get("username", "")
    allowed = standing.use(context.db(), guard.asker(), standing.USERNAME, person_id)
    try:
        login = username_by_hand.name(context.db(), person_id, text, context.actor(), allowed.told)
    except (Invalid, Conflict) as error:
        return _again(subject, error, text)
    said = context.texts().gettext(N_("The username is %(login)s.")) % {"login": login}
    return frame.done(said, _SIGN_IN.format(person_id=person_id))


@blueprint.post("/organisations/<uuid:organisation_id>/usernames")
@guard.requires("codes.issue")
@guard.recent(_ORGANISATION)
def rule_usernames(organisation_id: UUID) -> AnyResponse:
    """Say which usernames the organisation's people get from now on; who has one keeps it."""
    _in_part(organisation_id)
    told = {kind: request.form.get(f"usernames_{kind}", "") for kind in username.KINDS}
    said = {kind: form for kind, form in told.items() if form in username.FORMS}
    username_rules.state(context.db(), {organisation_id: said})
    log.write(
        context.db(),
        "admin:usernames:ruled",
        context.actor(),
        organisation_id=organisation_id,
        envelope={"forms": said},
    )
    return _done(organisation_id, context.texts().gettext(N_("People who come from now on get their usernames so.")))


@blueprint.post("/organisations/<uuid:organisation_id>/usernames/give")
@guard.requires("codes.issue")
@guard.recent(_ORGANISATION)
def give_usernames(organisation_id: UUID) -> AnyResponse:
    """Give a username by rule to those who are here and have none, as far as the reader stands over all of them."""
    _in_part(organisation_id)
    given = usernames.by_rule(context.db(), username_section.given(organisation_id), context.actor())
    said = context.texts().gettext(N_("Usernames given: %(count)s.")) % {"count": given}
    return _done(organisation_id, said)


def _in_part(organisation_id: UUID) -> None:
    if not may_touch(context.db(), guard.part(), organisation_id):
        raise NotFound


def _again(subject: Subject, error: AvainError, text: str) -> AnyResponse:
    context.db().rollback()
    said: person.Errors = [(one.field, _sentence(one)) for one in error.problems]
    return person.show(subject, "signin", error.status, said, sent=request.endpoint, typed=text[: usernames.LONGEST])


def _sentence(problem: Problem) -> str:
    texts = context.texts()
    return " ".join(texts.gettext(part) for part in (problem.message, problem.remedy) if part)


def _done(organisation_id: UUID, sentence: str) -> AnyResponse:
    return frame.done(sentence, _ORGANISATION.format(organisation_id=organisation_id))

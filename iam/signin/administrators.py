"""Making somebody an administrator by login: how the first one comes to be."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, may_touch
from iam.access.commands import delegation
from iam.audit import log
from iam.change import Actor, begin
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.errors import Conflict, NotFound
from iam.signin.passwords import credentials

ADMIN = "admin"


def make(session: Session, login: str, organisation_key: str | None, part: Part, actor: Actor) -> Organisation:
    """Give ``login`` the permission ``admin`` over an organisation (None: the root) from now on, and return the
    organisation.

    What they hold there besides stays. Raises ``NotFound`` for an unknown login or an organisation outside ``part``,
    ``Conflict`` when there is no single root to mean.
    """
    known = credentials.find(session, login)
    if known is None:
        raise NotFound(
            Problem(
                "Nobody has the login %(login)s.", "Declare the person first, with iam apply.", params={"login": login}
            )
        )
    organisation = _organisation(session, organisation_key)
    if not may_touch(session, part, organisation.id):
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    holder = (known.person_id, organisation.id)
    held = list(delegation.grants(session, [known.person_id]).get(holder, {}).values())
    now = clock.now()
    if any(permission == ADMIN and start <= now < end for permission, start, end in held):
        return organisation
    change = begin(session, "command", actor, "administrator made on the command line")
    delegation.set_grants(session, change, {holder: [*held, (ADMIN, now, clock.FOREVER)]})
    log.write(
        session,
        "admin:grant:given",
        actor,
        subject_id=known.person_id,
        organisation_id=organisation.id,
        change_id=change.id,
        envelope={"permission": ADMIN},
    )
    return organisation


def _organisation(session: Session, key: str | None) -> Organisation:
    if key is not None:
        found = session.scalars(select(Organisation).where(Organisation.key == key)).one_or_none()
        if found is None:
            raise NotFound(Problem("There is no such organisation, or it is outside your part."))
        return found
    roots = _roots(session)
    if len(roots) != 1:
        raise Conflict(
            Problem(
                "There are %(n)s organisations at the root.", "Name one with --organisation.", params={"n": len(roots)}
            )
        )
    return session.get_one(Organisation, roots[0])


def _roots(session: Session) -> list[UUID]:
    now = clock.now()
    query = select(OrganisationPlace.organisation_id).where(
        OrganisationPlace.parent_id.is_(None),
        OrganisationPlace.closed_by.is_(None),
        OrganisationPlace.valid_from <= now,
        OrganisationPlace.valid_to > now,
    )
    return list(session.scalars(query))

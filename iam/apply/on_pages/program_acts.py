"""A client is granted something of its own on a page, as a declaration that waits as any does; ending is at once.

Downwards only: nobody grants what they do not hold over the whole of that part and for all of that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.asker import Asker
from iam.access.client_asker import CLIENT_PERMISSIONS
from iam.access.commands import delegation
from iam.access.commands.appointing import APPOINTS, may_give
from iam.apply.comparison.state import State
from iam.apply.declared.written import Row, plain
from iam.apply.on_pages.stating import Stating, write
from iam.apply.registry import BY_NAME
from iam.apply.run import Report
from iam.audit import log
from iam.change import Actor, begin
from iam.directory.organisation import Organisation
from iam.errors import Denied, Invalid, NotFound
from iam.oidc.programs import ProgramGrant
from iam.texts import N_
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class StatedProgram:
    """What a client is to be granted over a part, until a last day, and which organisation answers for it."""

    client_id: str
    organisation: Organisation
    owner: Organisation
    permissions: Sequence[str]
    last: date


def stated(session: Session, asker: Asker, one: StatedProgram) -> Stating:
    """Return the declaration by which the client has this besides what it has there.

    Raises ``NotFound`` outside the asker's part, ``Denied`` for what the asker may not give, ``Invalid``.
    """
    _check(session, asker, one)
    row = {
        "client": one.client_id,
        "organisation": one.organisation.key,
        "owner": one.owner.key,
        "permissions": sorted(one.permissions),
        "to": one.last.isoformat(),
    }
    key = f"{one.client_id} in {one.organisation.key}"
    return Stating({"client_grants": [*_rows(session, key), row]}, frozenset({("client grant", key)}))


def perform(
    session: Session, asker: Asker, one: StatedProgram, actor: Actor, vault: Vault, *, consortium: str = ""
) -> Report:
    """State it in the session's transaction, with its event; the report says whether it is written or waits. Raises as
    ``stated`` and ``stating.write``."""
    place = one.organisation.id
    report = write(session, stated(session, asker, one), actor, vault, consortium=consortium)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"client": one.client_id, "permissions": sorted(one.permissions), "waits": report.held is not None}
    log.write(session, "admin:program:stated", actor, organisation_id=place, change_id=change_id, envelope=told)
    return report


def end(session: Session, asker: Asker, one: ProgramGrant, actor: Actor) -> None:
    """End at once what a client was granted together: whoever stops a program waits for nobody. Raises ``Denied``."""
    own = may_give(session, asker, one.organisation.id)
    if APPOINTS not in own or not set(one.permissions) <= own.keys():
        raise Denied(_NOT_HELD)
    change = begin(session, "command", actor, "programs: end")
    holder = (one.client_id, one.organisation.id, one.owner.id)
    gone = {(name, one.valid_from, one.valid_to) for name in one.permissions}
    held = delegation.client_grants(session, [one.client_id]).get(holder, {}).values()
    delegation.set_client_grants(session, change, {holder: [permit for permit in held if permit not in gone]})
    told = {"client": one.client_id, "permissions": sorted(one.permissions)}
    where = one.organisation.id
    log.write(session, "admin:program:ended", actor, organisation_id=where, change_id=change.id, envelope=told)


_NOT_HELD = Problem(
    N_("Nobody gives, changes or ends what they do not hold themselves over the whole of that part."),
    N_("Choose less, or ask who holds it."),
    field="permission",
)


def _check(session: Session, asker: Asker, one: StatedProgram) -> None:
    own = may_give(session, asker, one.organisation.id)
    if APPOINTS not in own:
        raise NotFound(Problem(N_("There is no such organisation, or it is outside your part.")))
    if not one.permissions or not set(one.permissions) <= CLIENT_PERMISSIONS:
        message = N_("It is not said what the program may do.")
        raise Invalid(Problem(message, N_("Choose at least one permission."), field="permission"))
    if not set(one.permissions) <= own.keys():
        raise Denied(_NOT_HELD)
    if one.last < clock.today():
        message = N_("The last day is over, or before the first.")
        raise Invalid(Problem(message, N_("Write a later last day."), field="last"))
    if clock.day_end(one.last) > min(own[name] for name in one.permissions):
        message = N_("Nobody gives anything for longer than they hold it themselves.")
        raise Denied(Problem(message, N_("Write an earlier last day."), field="last"))


def _rows(session: Session, key: str) -> list[Row]:
    """What the client has there already, as a declaration states it."""
    state, kind = State(), BY_NAME["client grant"]
    for name in ("organisation", kind.name):
        BY_NAME[name].stand(session, state, None)
    assert kind.export is not None
    return [plain(row) for row in kind.export(session, state) if f"{row['client']} in {row['organisation']}" == key]

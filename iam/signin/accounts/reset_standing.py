"""Who may give somebody a person's account: an administrator alone, or several of them together, for one use.

An administrator whose part holds all of the person may do it alone (``access.standing``). Any other makes a request,
which others press until the parts of all of them hold all of the person; the parts are those of the moment of its use.
No help opens the account of a person who administers more than the one who asks: ``use`` refuses.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import NOTHING, Part
from iam.access.asker import Asker, asker_of
from iam.access.standing import OUTRANKED, is_in, over, stand, together
from iam.audit import log
from iam.change import Actor
from iam.directory.queries import held
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.signin.accounts.standing_request import StandingPress, StandingRequest

CODE, FACTORS, RESTORE, ADDRESS, USERNAME = "code", "factors", "restore", "address", "username"
ACTS = {
    CODE: "codes.issue",
    FACTORS: "factors.reset",
    RESTORE: "access.end",
    ADDRESS: "codes.issue",
    USERNAME: "codes.issue",
}
"""What gives somebody a person's account, with the permission that it needs."""
LIFE = timedelta(days=3)
"""How long others may press a request, and its asker use it."""
KEPT = timedelta(days=90)
"""How long one is kept after that; the events stay."""
_SOME = 1_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """An act that may be done now: the part that holds all of the person, and the request that was used up for it."""

    part: Part
    request_id: UUID | None = None

    @property
    def told(self) -> dict[str, str]:
        """What an event says of it."""
        return {"request": str(self.request_id)} if self.request_id else {}


@dataclass(frozen=True, slots=True)
class ResetStanding:
    """How an asker stands towards an act on a person.

    ``alone``: the asker's part holds all of the person. ``outranked``: the person administers what the asker does not,
    and no help makes up for that. ``request``: the asker's own that is open, ``presses`` on it, ``complete`` when the
    parts together (``part``) hold all.
    """

    alone: bool = False
    outranked: bool = False
    request: StandingRequest | None = None
    presses: int = 0
    complete: bool = False
    part: Part = NOTHING


def read(session: Session, asker: Asker, act: str, person_id: UUID) -> ResetStanding:
    """Return how an asker stands towards an act (of ``ACTS``) on a person."""
    return read_each(session, asker, [act], person_id)[act]


def read_each(session: Session, asker: Asker, acts: Collection[str], person_id: UUID) -> dict[str, ResetStanding]:
    """Return how an asker stands towards each of some acts on a person; two statements, and some for each request that
    is open."""
    if not acts:
        return {}
    needed = {ACTS[act] for act in acts}
    stands = stand(session, asker, needed, person_id)
    alone = {permission for permission in needed if stands[permission].holds and not stands[permission].outranked}
    helped = [act for act in acts if not stands[ACTS[act]].outranked and ACTS[act] not in alone]
    requests = _own_open(session, asker, helped, person_id)
    found = {}
    for act in acts:
        if stands[ACTS[act]].outranked:
            found[act] = ResetStanding(outranked=True)
        elif ACTS[act] in alone:
            found[act] = ResetStanding(alone=True, part=asker.part(ACTS[act]))
        else:
            found[act] = _helped(session, asker, act, requests.get(act))
    return found


def _helped(session: Session, asker: Asker, act: str, request: StandingRequest | None) -> ResetStanding:
    """How somebody stands whose own part does not hold all of a person, with the request that is open."""
    if request is None:
        return ResetStanding()
    permission, person_id = ACTS[act], request.person_id
    own = asker.part(permission)
    pressed = _pressed(session, request)
    joint = together([own, *_parts(session, pressed, permission)])
    complete = over(session, joint, person_id).capacities
    return ResetStanding(request=request, presses=len(pressed), complete=complete, part=joint)


def use(session: Session, asker: Asker, act: str, person_id: UUID) -> Allowed:
    """Return that the asker may do an act now, alone or by a request that this uses up; raises ``Denied`` otherwise."""
    stands = read(session, asker, act, person_id)
    if stands.outranked:
        raise Denied(OUTRANKED)
    if stands.alone:
        return Allowed(stands.part)
    if stands.request is not None and stands.complete and _used(session, stands.request):
        return Allowed(stands.part, stands.request.id)
    raise Denied(
        Problem(
            "Your part does not hold all of this person.",
            "The page of the person, under Sign-in, says who else can help.",
        )
    )


def ask(session: Session, asker: Asker, act: str, person_id: UUID, reason: str, actor: Actor) -> StandingRequest:
    """Ask other administrators to press for an act; raises ``Invalid`` without a reason, ``Conflict`` when it is not
    needed or asked."""
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why this is needed.", field="reason"))
    stands = read(session, asker, act, person_id)
    if stands.outranked or asker.person_id is None:
        raise Denied(OUTRANKED)
    if stands.alone or stands.request is not None:
        raise Conflict(Problem("Nothing more needs to be asked.", "See the page of the person."))
    row = StandingRequest(
        person_id=person_id,
        act=act,
        reason=reason.strip(),
        asked_by=asker.person_id,
        asked_at=clock.now(),
        expires_at=clock.now() + LIFE,
        used_at=None,
    )
    session.add(row)
    session.flush()
    log.write(session, "person:help:asked", actor, subject_id=person_id, envelope={"act": act, "request": str(row.id)})
    return row


def press(session: Session, asker: Asker, person_id: UUID, request_id: UUID, actor: Actor) -> None:
    """Press a request: the asker's part counts for it. Raises ``NotFound`` when it is none that they could press."""
    row = session.scalar(waiting(asker).where(StandingRequest.id == request_id, StandingRequest.person_id == person_id))
    if row is None or asker.person_id is None:
        raise NotFound(Problem("There is no such request, or it is outside your part."))
    session.add(StandingPress(request_id=row.id, pressed_by=asker.person_id, pressed_at=clock.now()))
    session.flush()
    envelope = {"act": row.act, "request": str(row.id)}
    log.write(session, "person:help:pressed", actor, subject_id=person_id, envelope=envelope)


def waiting(asker: Asker) -> Select[StandingRequest]:
    """Select the open requests of others that the asker could press and has not: of persons who are, or will be, in
    their part."""
    mine = exists().where(StandingPress.request_id == StandingRequest.id, StandingPress.pressed_by == asker.person_id)
    return (
        select(StandingRequest)
        .where(
            *_open(),
            StandingRequest.asked_by != asker.person_id,
            StandingRequest.person_id != asker.person_id,
            ~mine,
            or_(*(_helps(asker.part(permission), act) for act, permission in ACTS.items())),
        )
        .order_by(StandingRequest.asked_at, StandingRequest.id)
    )


def tidy(session: Session) -> int:
    """Forget requests that ran out long ago, with their presses; return how many."""
    old = StandingRequest.expires_at < clock.now() - KEPT
    ids = list(session.scalars(select(StandingRequest.id).where(old).limit(_SOME)))
    session.execute(delete(StandingPress).where(StandingPress.request_id.in_(ids)))
    session.execute(delete(StandingRequest).where(StandingRequest.id.in_(ids)))
    return len(ids)


def _helps(part: Part, act: str) -> ColumnElement[bool]:
    person_id = StandingRequest.person_id
    return (StandingRequest.act == act) & part.shows(person_id) & is_in(part, person_id)


def _open() -> tuple[ColumnElement[bool], ...]:
    return StandingRequest.used_at.is_(None), StandingRequest.expires_at > clock.now()


def _own_open(session: Session, asker: Asker, acts: Collection[str], person_id: UUID) -> dict[str, StandingRequest]:
    """Return the oldest of the asker's own open requests for each act."""
    if not acts:
        return {}
    own = (
        StandingRequest.asked_by == asker.person_id,
        StandingRequest.act.in_(acts),
        StandingRequest.person_id == person_id,
    )
    query = select(StandingRequest).where(*_open(), *own).order_by(StandingRequest.asked_at.desc())
    return {row.act: row for row in session.scalars(query)}


def _pressed(session: Session, request: StandingRequest) -> list[UUID]:
    return list(session.scalars(select(StandingPress.pressed_by).where(StandingPress.request_id == request.id)))


def _parts(session: Session, pressed: list[UUID], permission: str) -> list[Part]:
    """The parts of those who pressed, as they are now; whose own access has ended meanwhile counts for nothing."""
    now = clock.now()
    return [asker_of(session, one).part(permission) for one in pressed if held(session, one, now) is None]


def _used(session: Session, request: StandingRequest) -> bool:
    query = update(StandingRequest).where(StandingRequest.id == request.id, *_open()).values(used_at=clock.now())
    done = session.execute(query.returning(StandingRequest.id), execution_options={"synchronize_session": False})
    return done.first() is not None

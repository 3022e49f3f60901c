"""Whose page it is, what the reader may do there, and how values that tell where a person is are shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from sqlalchemy.orm import Session

from admin_ui.parts import frame
from admin_ui.parts.seen import profiles
from admin_ui.people import listing as persons
from admin_ui.people.listing import PATH, PersonLine
from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, knows_protected, parts_with, speaks_freely
from iam.database.types import Protected
from iam.directory.pages.ties import Tied, ties
from iam.directory.person import Hold
from iam.directory.protected import release
from iam.directory.queries import Profile
from iam.errors import NotFound
from iam.lifecycle import leave
from iam.signin.accounts import reset_standing as standing
from iam.signin.accounts.reset_standing import ResetStanding
from iam.texts import N_
from iam.web import context, guard

__all__ = ["PATH", "Subject", "names", "subject_of"]

ON_A_PERSON = (
    "persons.read",
    "persons.code",
    "access.end",
    "rights.grant",
    "codes.issue",
    "factors.reset",
    "sessions.end",
    "audit.search",
    "persons.write",
)


@dataclass(frozen=True)
class HeldHere:
    """An ended access as a page shows it. ``restoring`` is how the reader stands towards giving it back, None when it
    is not theirs."""

    row: Hold
    restoring: ResetStanding | None


@dataclass(frozen=True)
class Subject:
    """A person on a page. ``allowed`` are the permissions the reader holds over this very person, ``positions`` theirs
    in ``part``."""

    id: UUID
    name: str
    profile: Profile
    line: PersonLine
    positions: Sequence[Tied]
    holds: tuple[HeldHere, ...]
    part: Part
    allowed: frozenset[str]

    @cached_property
    def purpose(self) -> str:
        """For what values that tell a place are released to this reader: only who may see the code sees where a
        protected person is.

        It must be held over the whole part that the page shows: a telephone number or a reason tells of no one place.
        """
        return (
            "administration with protected data"
            if knows_protected(context.db(), self.part)
            else "administration of a person without protection"
        )

    @property
    def is_hidden(self) -> bool:
        """Whether places are not told to this reader."""
        return release(Protected("place"), protected=self.profile.protected, purpose=self.purpose) is None

    @cached_property
    def is_open(self) -> bool:
        """Whether anything may be said to this reader that concerns the part, of whom this person is a guardian of
        too."""
        return bool(speaks_freely(context.db(), self.part, [self.id]))

    def told(self, value: str | None) -> str | None:
        """Return a value that tells a place as this reader may see it; a protected one reads so and is never blank."""
        if value is None:
            return None
        marked = value if isinstance(value, Protected) else Protected(value)
        shown = release(marked, protected=self.profile.protected, purpose=self.purpose)
        return context.texts().gettext(N_("protected")) if shown is None else shown


def subject_of(person_id: UUID) -> Subject:
    """Return the person a view is about; raises ``NotFound`` when there is none in the part of the view's
    permission."""
    session, part = context.db(), guard.part()
    theirs = {permission: frame.part_of(permission) for permission in ON_A_PERSON}
    with_them = parts_with(session, {part, *theirs.values()}, person_id)
    if part not in with_them:
        raise NotFound(Problem("There is no such person, or they are outside your part."))
    shown = profiles(session, [person_id]).get(person_id, Profile())
    found = ties(session, part, [person_id])[person_id]
    line = persons.line(person_id, shown, found)
    name = shown.display_name or context.texts().gettext(N_("No name"))
    allowed = frozenset(permission for permission, over in theirs.items() if over in with_them)
    holds = _holds(session, part, person_id) if found.has_holds else ()
    return Subject(person_id, name, shown, line, found.affiliations, holds, part, allowed)


def _holds(session: Session, part: Part, person_id: UUID) -> tuple[HeldHere, ...]:
    """Return what was ended of a person, as far as it lies on the reader's part."""
    lasting, now = leave.lasting_holds(session, person_id), clock.now()
    ended = [hold for hold in lasting if hold.kind == leave.END_NOW and leave.concerns(session, hold, part)]
    other = next((hold for hold in lasting if hold.whole and hold.valid_from <= now), None)
    shown = [HeldHere(hold, _restoring(session, hold)) for hold in ended]
    if other is not None and other not in ended:
        shown.append(HeldHere(other, None))
    return tuple(shown)


def _restoring(session: Session, hold: Hold) -> ResetStanding | None:
    own = frame.part_of("access.end")
    if not own:
        return None
    if hold.whole:
        return standing.read(session, guard.asker(), standing.RESTORE, hold.person_id)
    return ResetStanding(alone=True) if leave.may_lift(session, hold, own) else None


def names(person_ids: Collection[UUID], session: Session | None = None) -> dict[UUID, str]:
    """Return the names of other people on the page, or in a file that reads in a session of its own: one statement."""
    return {person_id: shown.display_name for person_id, shown in profiles(session or context.db(), person_ids).items()}

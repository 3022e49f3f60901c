"""The shape of an act for many: read from fields, sorted, written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, may_touch
from iam.access.asker import Asker
from iam.access.model.role import Application, Role
from iam.access.pages import listing as roles
from iam.change import Actor, Change
from iam.errors import Invalid
from iam.settings import Settings
from iam.signin.codes.words import Slip
from iam.texts import N_
from iam.vault import Vault

Fields = Mapping[str, str]
"""What a form, or what waits, says of an act."""
REASON = 500
"""Characters of a reason."""
NO_ROLE = Problem("Choose a role.", field="role")
NO_SCOPE = Problem("Choose an organisation in your part.", field="scope")
NO_REASON = Problem("A reason is needed.", N_("Write why; it is kept in the log."), field="reason")


@dataclass(frozen=True, slots=True)
class BulkAsker:
    """Who asks for an act, by whom it is then done (``actor``), and with what: in ``zone`` days are days; ``settings``
    are needed for codes alone."""

    asker: Asker
    actor: Actor
    vault: Vault
    zone: str = clock.HELSINKI
    settings: Settings | None = None

    def part(self, permission: str) -> Part:
        """The part over which the asker holds a permission."""
        return self.asker.part(permission)

    def is_self(self, person_id: UUID) -> bool:
        """Whether a person is the one who asks, or the one by whom it is done."""
        return person_id in (self.asker.person_id, self.actor.person_id)


@dataclass(frozen=True, slots=True)
class SortedPeople:
    """For whom an act is done, and who is left out of it, each with why; ``rows`` are what the act makes of the
    first, ``roles`` which roles it names, whoever gains by them today. Of an act on rules these are rules."""

    done: Sequence[UUID]
    left: Mapping[UUID, Problem] = field(default_factory=dict)
    rows: Sequence[Any] = ()
    roles: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class WrittenAct:
    """What an act wrote: whose facts it touched, or which rules, from which rights follow, and letters to be printed
    now."""

    touched: Collection[UUID] = ()
    rules: Collection[UUID] = ()
    slips: Sequence[Slip] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAct(ABC):
    """An act for many people, or (``people`` False) on many rules. ``moves``: rights come or go by it, so that it is
    tried first and may wait.

    ``place_id`` is where it happens: a protected person is done for only where that may be told. ``said`` are the
    fields that it was read from.
    """

    key: ClassVar[str]
    permission: ClassVar[str]
    label: ClassVar[str]
    fields: ClassVar[tuple[str, ...]] = ("reason",)
    moves: ClassVar[bool] = True
    people: ClassVar[bool] = True

    said: Fields
    place_id: UUID | None = None
    reason: str = ""

    @classmethod
    @abstractmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """Return the act that fields say; raises ``Invalid`` with everything that is wrong, each with its field."""

    @abstractmethod
    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """Return for whom it can be done and who is left out; a few statements. With a ``change`` it has the turn of
        all of them first."""

    def whose(self, session: Session, found: SortedPeople) -> UUID | None:
        """Return over which organisation somebody decides it where it waits; None: over the whole."""
        return self.place_id

    @abstractmethod
    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """Write it for those sorted, with an event for each; a few statements."""


def text(said: Fields, name: str, longest: int = REASON) -> str:
    """Return a field without blanks around it."""
    return said.get(name, "").strip()[:longest]


def reason(said: Fields, problems: list[Problem]) -> str:
    """Return why; notes what is wrong."""
    found = text(said, "reason")
    if not found:
        problems.append(NO_REASON)
    return found


def role(session: Session, part: Part, said: Fields, problems: list[Problem]) -> UUID | None:
    """Return the role that ``role`` names by its code, of an application that concerns the part; notes what is
    wrong."""
    application, _, key = said.get("role", "").partition(":")
    query = roles.roles(part, application=application).where(Role.key == key, ~Role.retired, ~Application.retired)
    found: UUID | None = session.scalar(query.with_only_columns(Role.id))
    if found is None:
        problems.append(NO_ROLE)
    return found


def place(session: Session, part: Part, said: Fields, name: str, problems: list[Problem]) -> UUID | None:
    """Return the organisation of the part that a field names by its id; notes what is wrong."""
    found = as_id(said.get(name))
    if found is None or not may_touch(session, part, found):
        problems.append(Problem(NO_SCOPE.message, field=name))
        return None
    return found


def last_day(said: Fields, zone: str, problems: list[Problem]) -> datetime | None:
    """Return the half-open end of the day that ``until`` says; notes what is wrong."""
    try:
        found = date.fromisoformat(said.get("until", ""))
    except ValueError:
        found = date.min
    if not 1901 <= found.year <= 9000:
        problems.append(Problem("Choose the last day.", field="until"))
        return None
    end = clock.day_end(found, zone)
    if end <= clock.now():
        problems.append(Problem("The end must be in the future.", "Choose a later day.", field="until"))
        return None
    return end


def as_id(written: str | None) -> UUID | None:
    """Return the id that is written out; None when it is none."""
    try:
        return UUID(written or "")
    except ValueError:
        return None


def refuse(problems: Sequence[Problem]) -> None:
    """Raise ``Invalid`` when something is wrong."""
    if problems:
        raise Invalid(*problems)

"""How many people sign in: usernames by rule, letters with one-time codes, an end of what is signed in."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.standing import OUTRANKED, holds_grants, may_be_given
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields, SortedPeople, WrittenAct
from iam.change import Change
from iam.directory import holds
from iam.directory.person import Person
from iam.errors import Invalid
from iam.signin.accounts import ending
from iam.signin.accounts.account import Account, Credential
from iam.signin.codes import letters
from iam.signin.usernames import give as usernames
from iam.texts import N_

BEYOND = Problem(
    "Your part does not hold all of this person.", "The page of the person, under Sign-in, says who else can help."
)
NAMELESS = Problem(N_("Has no username."))
HAS_NAME = Problem(N_("Has a username already."))
NO_RULE = Problem(N_("No rule of usernames gives one."))
HAS_PASSWORD = Problem(N_("Has a password already: a code is given on the person's own page."))
HELD = Problem(N_("The access has been ended."))


class _Account(NamedTuple):
    """How a person signs in, and whether the asker alone may give somebody the account."""

    named: bool
    has_password: bool
    held: bool
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfAccount(BulkAct, ABC):
    permission = "codes.issue"
    fields = ()
    moves = False

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        return cls(said=said)

    def _accounts(self, session: Session, who: BulkAsker, ids: Sequence[UUID]) -> dict[UUID, _Account]:
        """One statement for all of them."""
        query = select(
            Person.id,
            exists().where(Account.person_id == Person.id),
            exists().where(Credential.person_id == Person.id),
            holds.whole(Person.id, clock.now()),
            may_be_given(who.asker, self.permission, Person.id),
        ).where(Person.id.in_(ids))
        return {id_: _Account(*map(bool, row)) for id_, *row in session.execute(query)}


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUsernames(_OfAccount):
    """A username by rule to those who have none."""

    key = "give-usernames"
    label = N_("Give usernames")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        found = self._accounts(session, who, ids)
        ruled = set(session.scalars(usernames.waiting(select(Person.id).where(Person.id.in_(ids)))))
        left = dict[UUID, Problem]()
        for one, account in found.items():
            if account.named:
                left[one] = HAS_NAME
            elif not account.given:
                left[one] = BEYOND
            elif one not in ruled:
                left[one] = NO_RULE
        return SortedPeople([one for one in ids if one in found and one not in left], left)

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        if found.done:
            usernames.by_rule(session, select(Person.id).where(Person.id.in_(found.done)), who.actor)
        return WrittenAct()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintCodes(_OfAccount):
    """A letter with a one-time code to those who have a username and no password; earlier codes stop working."""

    key = "print-codes"
    label = N_("Print letters with one-time codes")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        found = self._accounts(session, who, ids)
        left = {one: why for one, account in found.items() if (why := _no_letter(account)) is not None}
        return SortedPeople([one for one in ids if one in found and one not in left], left)

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        if who.settings is None:
            raise Invalid(Problem(N_("Codes are given at once, or not at all.")))
        slips = letters.make_for(session, who.vault, who.settings, found.done, who.actor, who.asker)
        return WrittenAct(slips=slips)


def _no_letter(account: _Account) -> Problem | None:
    if not account.named:
        return NAMELESS
    if not account.given:
        return BEYOND
    return HELD if account.held else HAS_PASSWORD if account.has_password else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions(_OfAccount):
    """Ends every sign-in, and what it gave to services, of those who administer no more than the asker."""

    key = "end-sessions"
    permission = "sessions.end"
    label = N_("End all sign-ins")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        below = Person.id.in_(ids), holds_grants(who.part(self.permission), Person.id)
        mine = set(session.scalars(select(Person.id).where(*below)))
        return SortedPeople([one for one in ids if one in mine], {one: OUTRANKED for one in ids if one not in mine})

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        chosen = select(Person.id).where(Person.id.in_(found.done))
        ending.end_each(session, who.actor, "ended by an administrator", chosen)
        return WrittenAct()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHome(_OfAccount):
    """The list of exactly those who were chosen, as a file: whoever shows it writes that it was taken."""

    key = "export"
    permission = "persons.export"
    label = N_("Take home as a file (CSV)")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        return SortedPeople(list(ids))

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        return WrittenAct()

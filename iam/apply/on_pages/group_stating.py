"""A local group is stated on a page: made, renamed, people put in and taken out. It waits for a second person as any
declaration does where it takes or gives much.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.people import Named
from iam.apply.declared.written import Row
from iam.apply.guarded import Whose
from iam.apply.kinds.people.groups import waiting
from iam.apply.on_pages import stating
from iam.apply.on_pages.stating import Stating
from iam.apply.run import Report
from iam.audit import log
from iam.change import Actor
from iam.directory.affiliation import Membership
from iam.directory.organisation import Organisation
from iam.directory.pages.local_groups import is_in
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class StatedGroup:
    """A group as a page states it: its organisation by key, its own key, its name, and all in it, by username or
    identifier."""

    organisation: str
    key: str
    name: str
    members: Collection[str | Named]

    @property
    def named(self) -> str:
        """How a declaration names it."""
        return f"{self.organisation}/{self.key}"

    def stating(self) -> Stating:
        """Return the declaration of it, by which nothing but this very group may differ."""
        row: Row = {"key": self.key, "organisation": self.organisation, "name": self.name}
        row["members"] = sorted(one for one in self.members if isinstance(one, str))
        row["identified"] = [waiting(one) for one in sorted(one for one in self.members if not isinstance(one, str))]
        return Stating({"groups": [row]}, frozenset({("group", self.named)}))


def state(session: Session, stated: StatedGroup, actor: Actor, vault: Vault, *, consortium: str = "") -> Report:
    """State it, with its event, in the session's transaction; ``held`` of the report says why it waits. Raises as
    ``stating.write``."""
    owner_id = session.scalar(select(Organisation.id).where(Organisation.key == stated.organisation))
    whose = None if owner_id is None else Whose(owner_id, "persons.write")
    report = stating.write(session, stated.stating(), actor, vault, consortium=consortium, whose=whose)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"group": stated.named, "waits": report.held is not None}
    log.write(session, "group:members:stated", actor, change_id=change_id, envelope=told)
    return report


def names_in(session: Session, group_id: UUID) -> dict[UUID, str | Named]:
    """Return by what a declaration names all who are in a group now, those outside the asker's part too, by person."""
    here = select(Membership.person_id).where(Membership.group_id == group_id, *is_in())
    return people.names(session, session.scalars(here).all())

"""A local group is stated on a page: made, renamed, people put in and taken out. It is declared like any group, and
waits for a second person as any declaration does where it takes or gives much.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.access.commands.publish import Preview
from iam.apply.declared.said import Said
from iam.apply.export import in_yaml
from iam.apply.run import Report, look_at, run_said
from iam.audit import log
from iam.change import Actor
from iam.errors import Conflict, Invalid
from iam.texts import N_
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class StatedGroup:
    """A group as a page states it: its organisation by key, its own key, its name, and the usernames of all in it."""

    organisation: str
    key: str
    name: str
    members: Collection[str]

    def said(self) -> Said:
        """Return the declaration of it."""
        row = {"key": self.key, "organisation": self.organisation, "name": self.name, "members": sorted(self.members)}
        return Said([(f"group-{self.organisation}-{self.key}.yaml", in_yaml({"groups": [row]}))], {})


def preview(session: Session, stated: StatedGroup, actor: Actor, vault: Vault, part: Part) -> tuple[Report, Preview]:
    """Return what stating it would change and do to people, keeping nothing.

    Raises ``Invalid`` where it may not be declared, ``Conflict`` where the group is so already.
    """
    report, would = look_at(session, stated.said(), actor, vault, part)
    _require(report, stated)
    assert would is not None
    return report, would


def state(session: Session, stated: StatedGroup, actor: Actor, vault: Vault, *, consortium: str = "") -> Report:
    """State it, in the session's transaction; ``held`` of the report says why it waits. Raises as ``preview``."""
    report = run_said(session, stated.said(), actor, vault, consortium=consortium)
    _require(report, stated)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"group": f"{stated.organisation}/{stated.key}", "waits": report.held is not None}
    log.write(session, "group:members:stated", actor, change_id=change_id, envelope=told)
    return report


def _require(report: Report, stated: StatedGroup) -> None:
    """Nothing but this very group may differ."""
    if report.problems:
        raise Invalid(*report.problems)
    changed = [(one.kind, one.key) for one in report.differences if one.action != "none"]
    if not changed:
        raise Conflict(Problem(N_("The group is so already.")))
    if changed != [("group", f"{stated.organisation}/{stated.key}")]:
        raise Invalid(Problem(N_("More than this group would change.")))

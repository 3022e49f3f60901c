"""A list of occupation codes is made or changed on a page, as a declaration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from iam.apply.guarded import Whose
from iam.apply.on_pages.stating import Stating, write
from iam.apply.run import Report
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.vault import Vault


@dataclass(frozen=True, slots=True)
class StatedList:
    """A list as a page states it: its key, whose it is, its codes, and its name by language (None: it has none)."""

    key: str
    owner: Organisation
    codes: Collection[str]
    name: Mapping[str, str] | None = None


def stated(said: StatedList) -> Stating:
    """Return the declaration by which a list has just these codes and this name."""
    key, name = said.key, None if said.name is None else dict(said.name)
    row = {"key": key, "name": name, "owner": said.owner.key, "codes": sorted(said.codes)}
    return Stating({"code_lists": [row]}, frozenset({("code list", key)}))


def perform(session: Session, said: StatedList, actor: Actor, vault: Vault, *, consortium: str = "") -> Report:
    """State it in the session's transaction, with its event; the report says whether it is written or waits. Raises as
    ``stating.write``."""
    owner_id = said.owner.id
    whose = Whose(owner_id, "rules.write")
    report = write(session, stated(said), actor, vault, consortium=consortium, whose=whose)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"list": said.key, "waits": report.held is not None}
    log.write(session, "rule:codes:stated", actor, organisation_id=owner_id, change_id=change_id, envelope=told)
    return report

"""A list of occupation codes is made or changed on a page, as a declaration."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from iam.apply.guarded import Whose
from iam.apply.on_pages.stating import Stating, write
from iam.apply.run import Report
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.vault import Vault


def stated(key: str, owner: Organisation, codes: Collection[str]) -> Stating:
    """Return the declaration by which a list has just these codes."""
    row = {"key": key, "owner": owner.key, "codes": sorted(codes)}
    return Stating({"code_lists": [row]}, frozenset({("code list", key)}))


def perform(
    session: Session,
    key: str,
    owner: Organisation,
    codes: Collection[str],
    actor: Actor,
    vault: Vault,
    *,
    consortium: str = "",
) -> Report:
    """State it in the session's transaction, with its event; the report says whether it is written or waits. Raises as
    ``stating.write``."""
    owner_id = owner.id
    whose = Whose(owner_id, "rules.write")
    report = write(session, stated(key, owner, codes), actor, vault, consortium=consortium, whose=whose)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"list": key, "waits": report.held is not None}
    log.write(session, "rule:codes:stated", actor, organisation_id=owner_id, change_id=change_id, envelope=told)
    return report

"""An occupation is called otherwise on a page, as a declaration: a name gives nobody anything, so it never waits."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from iam.apply.on_pages.stating import Stating, write
from iam.audit import log
from iam.change import Actor
from iam.vault import Vault


def call(session: Session, code: str, name: Mapping[str, str], actor: Actor, vault: Vault) -> None:
    """State it in the session's transaction, with its event; raises as ``stating.write``."""
    stated = Stating({"occupations": [{"code": code, "name": dict(name)}]}, frozenset({("occupation", code)}))
    report = write(session, stated, actor, vault)
    change_id = None if report.applied is None else report.applied.change_id
    log.write(session, "occupation:name:stated", actor, change_id=change_id, envelope={"occupation": code})

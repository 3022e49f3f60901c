"""An earlier version of a role is restored: what it said is declared anew, and waits as any declaration does.

Of a version are names, meaning, how the role takes hold, content, what it includes, who hands it out and whether it is
sensitive; in versions older than that was kept, the last three stay as they are. Whether it is retired is the role's
own.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.access.commands.publish import Preview
from iam.access.pages.role_versions import RoleSays
from iam.apply.declared.written import Row
from iam.apply.on_pages import stating
from iam.apply.on_pages.application_stating import application_row, role_stated, whose
from iam.apply.on_pages.stating import Stating
from iam.apply.run import Report
from iam.audit import log
from iam.change import Actor
from iam.errors import NotFound
from iam.texts import N_
from iam.vault import Vault

_SAME = Problem(N_("The role says this already."), N_("Choose another version."))


def preview(
    session: Session, role: str, says: RoleSays, actor: Actor, vault: Vault, part: Part
) -> tuple[Report, Preview]:
    """Return what restoring a version of ``role`` (application:role) would change and do to people, keeping nothing.

    Raises ``Invalid`` where it may not be declared as things are now, ``Conflict`` where the role says this already.
    """
    return stating.look(session, declared(session, role, says), actor, vault, part)


def restore(session: Session, role: str, says: RoleSays, actor: Actor, vault: Vault, *, consortium: str = "") -> Report:
    """Declare what a version of ``role`` said, in the session's transaction; ``held`` of the report says why it waits.

    Raises as ``preview``, and ``Denied`` when the actor would gain a sensitive role by it.
    """
    whose_is = whose(session, role.partition(":")[0])
    said = declared(session, role, says)
    report = stating.write(session, said, actor, vault, consortium=consortium, whose=whose_is)
    change_id = None if report.applied is None else report.applied.change_id
    told = {"role": role, "restored": says.n, "waits": report.held is not None}
    log.write(session, "role:version:restored", actor, change_id=change_id, envelope=told)
    return report


def declared(session: Session, role: str, says: RoleSays) -> Stating:
    """Return the declaration by which a role says again what a version said; raises ``NotFound``."""
    application, _, key = role.partition(":")
    row = application_row(session, application)
    then: Row = {"name": dict(says.name), "enforcement": says.enforcement, "content": list(says.content)}
    then |= {"meaning": None if says.meaning is None else dict(says.meaning)}
    if says.includes is not None:
        kept = {"sensitive": bool(says.sensitive), "handed_out": says.handed_out}
        then |= kept | {"includes": [one.partition(":")[2] for one in says.includes]}
    standing = next((one for one in row["roles"] if one["key"] == key), None)
    if standing is None:
        raise NotFound(Problem("There is no such role, or it is outside your part."))
    return replace(role_stated(row, standing | then), same=_SAME)

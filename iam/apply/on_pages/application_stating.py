"""An application, or one role of it, is stated on a page: as a declaration of just that, which waits as any does.

What is not stated of the application (other roles, its clients) stays as it is. Whether the asker may state it, by who
owns the application, is the caller's to know; what would be written beside what was asked is refused here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.role import Application
from iam.apply.comparison.state import State
from iam.apply.declared.written import Row, plain
from iam.apply.guarded import Whose
from iam.apply.on_pages import stating
from iam.apply.on_pages.stating import Stating
from iam.apply.registry import BY_NAME
from iam.apply.run import Report
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.errors import NotFound
from iam.texts import N_
from iam.vault import Vault


def application_row(session: Session, key: str) -> Row:
    """Return an application as it stands, as a declaration states it, with its roles and without its clients; raises
    ``NotFound``."""
    kind = BY_NAME["application"]
    assert kind.export is not None
    for row in kind.export(session, _standing(session)):
        if row["key"] == key:
            return {name: value for name, value in row.items() if name != "clients"} | {"roles": row.get("roles", [])}
    raise NotFound(Problem(N_("There is no such application, or it is outside your part.")))


def _standing(session: Session) -> State:
    """Applications and roles as they stand; of organisations, of which a country has thousands, the keys alone."""
    state = State()
    state.ids["organisation"] = dict(session.execute(select(Organisation.key, Organisation.id)).all())
    for name in ("application", "role"):
        BY_NAME[name].stand(session, state, None)
    return state


def role_stated(application: Row, role: Row) -> Stating:
    """Return the statement of one role; other roles of its application are not spoken of.

    The application is stated as it stands: what differs of it is how it was once written, as a name that is given in
    one language only.
    """
    here, of = ("role", f"{application['key']}:{role['key']}"), ("application", application["key"])
    return Stating({"applications": [application | {"roles": [plain(role)]}]}, frozenset({here, of}), about=here)


def application_stated(row: Row) -> Stating:
    """Return the statement of an application without its roles."""
    return _without_roles(row, {})


def data_groups_stated(row: Row, groups: Sequence[Row]) -> Stating:
    """Return the statement of what an application calls its data groups, all that have a name; its roles are not spoken
    of."""
    return _without_roles(row, {"data_groups": list(groups)})


def _without_roles(row: Row, more: Row) -> Stating:
    told, here = plain({name: value for name, value in row.items() if name != "roles"}), ("application", row["key"])
    return Stating({"applications": [told | more]}, frozenset({here}), about=here)


def digest_of(row: Row | None) -> str:
    """Return what stands for a row as it stood when somebody began to change it; of what is new, that of nothing."""
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()


def whose(session: Session, application: str) -> Whose | None:
    """Return whose it is to decide about an application that is there."""
    owner_id = session.scalar(select(Application.owner_id).where(Application.key == application))
    return None if owner_id is None else Whose(owner_id, "applications.write")


def write(
    session: Session,
    stated: Stating,
    actor: Actor,
    vault: Vault,
    fields: Collection[str] = (),
    *,
    consortium: str = "",
) -> Report:
    """State it in the session's transaction, with its event, in which ``fields`` are named; ``held`` of the report says
    why it waits. Raises as ``stating.write``."""
    assert stated.about is not None
    kind, key = stated.about
    who = whose(session, key.partition(":")[0])
    report = stating.write(session, stated, actor, vault, consortium=consortium, whose=who)
    change_id = None if report.applied is None else report.applied.change_id
    told = {kind: key, "fields": sorted(fields), "waits": report.held is not None}
    log.write(session, f"{kind}:page:stated", actor, change_id=change_id, envelope=told)
    return report

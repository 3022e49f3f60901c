"""An application, or one role of it, is stated on a page: as a declaration of just that, which waits as any does.

What is not stated of the application (other roles, its clients) stays as it is. Whether the asker may state it, by who
owns the application, is the caller's to know; what would be written beside what was asked is refused here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.access.commands.publish import Preview
from iam.access.model.role import Application
from iam.apply.comparison.state import State
from iam.apply.declared.said import Said
from iam.apply.declared.written import Row, plain
from iam.apply.export import in_yaml
from iam.apply.guarded import Whose
from iam.apply.registry import BY_NAME
from iam.apply.run import Report, look_at, run_said
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.errors import Conflict, Invalid, NotFound
from iam.texts import N_
from iam.vault import Vault


class PageStated(NamedTuple):
    """What is stated: the only thing that may differ, by its kind and key, and the declaration that says it."""

    kind: str
    key: str
    said: Said

    @property
    def application(self) -> str:
        """The key of the application."""
        return self.key.partition(":")[0]


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


def role_stated(application: Row, role: Row) -> PageStated:
    """Return the statement of one role; other roles of its application are not spoken of."""
    named = f"{application['key']}:{role['key']}"
    text = in_yaml({"applications": [application | {"roles": [plain(role)]}]})
    return PageStated("role", named, Said([("role.yaml", text)], {}))


def application_stated(row: Row) -> PageStated:
    """Return the statement of an application without its roles."""
    told = plain({name: value for name, value in row.items() if name != "roles"})
    return PageStated("application", row["key"], Said([("application.yaml", in_yaml({"applications": [told]}))], {}))


def data_groups_stated(row: Row, groups: Sequence[Row]) -> PageStated:
    """Return the statement of what an application calls its data groups, all that have a name; its roles are not spoken
    of."""
    told = plain({name: value for name, value in row.items() if name != "roles"}) | {"data_groups": list(groups)}
    return PageStated("application", row["key"], Said([("application.yaml", in_yaml({"applications": [told]}))], {}))


def digest_of(row: Row | None) -> str:
    """Return what stands for a row as it stood when somebody began to change it; of what is new, that of nothing."""
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()


def whose(session: Session, application: str) -> Whose | None:
    """Return whose it is to decide about an application that is there."""
    owner_id = session.scalar(select(Application.owner_id).where(Application.key == application))
    return None if owner_id is None else Whose(owner_id, "applications.write")


def look(session: Session, stated: PageStated, actor: Actor, vault: Vault, part: Part) -> Preview:
    """Return what the statement would do to people, keeping nothing.

    Raises ``Invalid`` with what is wrong with it, ``Conflict`` where nothing differs, or something else would.
    """
    report, would = look_at(session, stated.said, actor, vault, part)
    _require(report, stated)
    assert would is not None
    return would


def write(
    session: Session,
    stated: PageStated,
    actor: Actor,
    vault: Vault,
    fields: Collection[str] = (),
    *,
    consortium: str = "",
) -> Report:
    """Write what is stated, in the session's transaction; ``held`` of the report says why it waits. ``fields`` are
    named in the event.

    Raises as ``look``, and ``Denied`` when the actor would gain a sensitive role by it.
    """
    report = run_said(
        session, stated.said, actor, vault, consortium=consortium, whose=whose(session, stated.application)
    )
    _require(report, stated)
    change_id = None if report.applied is None else report.applied.change_id
    told = {stated.kind: stated.key, "fields": sorted(fields), "waits": report.held is not None}
    log.write(session, f"{stated.kind}:page:stated", actor, change_id=change_id, envelope=told)
    return report


def _require(report: Report, stated: PageStated) -> None:
    if report.problems:
        raise Invalid(*report.problems)
    differs = {(one.kind, one.key) for one in report.differences if one.action != "none"}
    if (stated.kind, stated.key) not in differs:
        raise Conflict(Problem(N_("Nothing differs from what stands."), N_("Change something first.")))
    # The application of a role is stated as it stands: what differs of it is how it was once written, as a name that is
    # given in one language only.
    if not differs <= {(stated.kind, stated.key), ("application", stated.application)}:
        raise Conflict(
            Problem(N_("Something else changed meanwhile."), N_("Open the page again, and look at it as it is now."))
        )

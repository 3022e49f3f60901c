"""Commands on what administrators declare, as sets: code lists, applications, roles and what they include, rules.

One rule at a time is published by ``publish``, with its effects shown first; here a whole declaration is.

Facts are written by ``lifecycle``; these are definitions, written under a change like everything else. The caller owns
the transaction and derives rights afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.proposal import drop_of_rules
from iam.access.model.role import (
    Application,
    ApplicationEnabled,
    DataGroup,
    Role,
    RoleClosure,
    RoleContent,
    RoleVersion,
)
from iam.access.model.rule import CodeList, CodeListOwner, Rule, RuleVersion
from iam.audit import log
from iam.audit.log import Told
from iam.change import Actor, Change, begin
from iam.database.types import uuid7
from iam.directory.organisation import Organisation
from iam.errors import Invalid

Row = Mapping[str, Any]
NO_NAMES: Mapping[str, Row | None] = MappingProxyType({})
K = TypeVar("K", bound=Hashable)
LONGEST_KEY = 63
Right = tuple[str, str]
"""A data group and an operation."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a role is to be from now on. ``includes`` are the roles it includes directly, ``application:role`` each;
    they, ``sensitive`` and ``handed_out`` are kept as what the role's own are now (None: they are not)."""

    role_id: UUID
    name: Mapping[str, str]
    enforcement: str
    content: Collection[Right]
    meaning: Mapping[str, str] | None = None
    includes: Sequence[str] | None = None
    sensitive: bool | None = None
    handed_out: str | None = None


def write_code_lists(session: Session, lists: Mapping[str, Collection[str]]) -> None:
    """Make these the codes of the lists, in two statements."""
    if lists:
        session.execute(delete(CodeList).where(CodeList.key.in_(lists)).execution_options(synchronize_session=False))
        _insert(
            session,
            CodeList,
            [{"key": key, "code": code} for key, codes in lists.items() for code in sorted(set(codes))],
        )


def own_code_lists(session: Session, owners: Mapping[str, UUID], names: Mapping[str, Row | None] = NO_NAMES) -> None:
    """Make these organisations the owners of the lists, and these their names, in two statements."""
    if owners:
        gone = delete(CodeListOwner).where(CodeListOwner.key.in_(owners))
        session.execute(gone.execution_options(synchronize_session=False))
        rows = [{"key": key, "owner_id": owner_id, "name": names.get(key)} for key, owner_id in owners.items()]
        _insert(session, CodeListOwner, rows)


def copy_code_list(session: Session, key: str, owner: Organisation, actor: Actor) -> str:
    """Copy a list for an organisation that is to have its own; return the copy's key, made of both keys.

    A copy that the organisation has already under that key is left as it is. Raises ``Invalid`` when the key is
    another's.
    """
    copy = f"{key}-{owner.key}"[:LONGEST_KEY]
    whose = session.scalar(select(CodeListOwner.owner_id).where(CodeListOwner.key == copy))
    if whose is not None:
        if whose != owner.id:
            raise Invalid(
                Problem("The list cannot be copied: the name is taken.", "Ask an operator.", field="code_list")
            )
        return copy
    codes = session.scalars(select(CodeList.code).where(CodeList.key == key)).all()
    write_code_lists(session, {copy: codes})
    own_code_lists(session, {copy: owner.id})
    change = begin(session, "command", actor, f"code list {copy}")
    log.write(
        session,
        "rule:list:copied",
        actor,
        organisation_id=owner.id,
        change_id=change.id,
        envelope={"list": copy, "of": key},
    )
    return copy


def add_applications(session: Session, rows: Sequence[Row]) -> None:
    """Add applications: whole rows with their ids."""
    _insert(session, Application, rows)


def amend_applications(session: Session, rows: Sequence[Row]) -> None:
    """Write other columns of applications, found by ``id``."""
    if rows:
        session.execute(update(Application), list(rows))


def set_enabled(session: Session, enabled: Mapping[UUID, Collection[UUID]]) -> None:
    """Make these the organisations that enable each application for their people."""
    if enabled:
        gone = delete(ApplicationEnabled).where(ApplicationEnabled.application_id.in_(enabled))
        session.execute(gone.execution_options(synchronize_session=False))
        rows = [
            {"application_id": one, "organisation_id": other}
            for one, others in enabled.items()
            for other in sorted(set(others))
        ]
        _insert(session, ApplicationEnabled, rows)


def add_roles(session: Session, rows: Sequence[Row]) -> None:
    """Add roles: whole rows with their ids, each including itself; they have no version yet."""
    _insert(session, Role, rows)
    _insert(session, RoleClosure, [{"role_id": row["id"], "included_id": row["id"]} for row in rows])


def amend_roles(session: Session, rows: Sequence[Row]) -> None:
    """Write other columns of roles, found by ``id``. A retired role gives nothing."""
    if rows:
        session.execute(update(Role), list(rows))


def publish_versions(session: Session, change: Change, versions: Sequence[NewVersion]) -> None:
    """Put a new version of each role in force; three statements, however many."""
    wanted = [version.role_id for version in versions]
    if not wanted:
        return
    newest = (
        select(RoleVersion.role_id, func.max(RoleVersion.n))
        .where(RoleVersion.role_id.in_(wanted))
        .group_by(RoleVersion.role_id)
    )
    last = dict(session.execute(newest).all())
    rows, contents = [], []
    for version in versions:
        row = {"id": uuid7(), "role_id": version.role_id, "n": last.get(version.role_id, 0) + 1, "change_id": change.id}
        rows.append(row | _said(version))
        contents += [
            {"role_version_id": row["id"], "data_group": group, "operation": operation}
            for group, operation in sorted(version.content)
        ]
    _insert(session, RoleVersion, rows)
    _insert(session, RoleContent, contents)


def _said(version: NewVersion) -> dict[str, Any]:
    return {
        "name": dict(version.name),
        "enforcement": version.enforcement,
        "meaning": None if version.meaning is None else dict(version.meaning),
        "includes": None if version.includes is None else list(version.includes),
        "sensitive": version.sensitive,
        "handed_out": version.handed_out,
    }


def set_data_groups(session: Session, groups: Mapping[UUID, Mapping[str, Row]]) -> None:
    """Make these the data groups of each application, by key with ``name`` and ``meaning``; two statements."""
    if groups:
        gone = delete(DataGroup).where(DataGroup.application_id.in_(groups))
        session.execute(gone.execution_options(synchronize_session=False))
        rows = [
            {"application_id": one, "key": key, "name": said["name"], "meaning": said["meaning"]}
            for one, named in groups.items()
            for key, said in named.items()
        ]
        _insert(session, DataGroup, rows)


class Circular(ValueError):
    """Roles include each other in a circle; ``key`` is one of them."""

    def __init__(self, key: Any) -> None:
        super().__init__("roles include each other in a circle")
        self.key = key


def closure(includes: Mapping[K, Collection[K]]) -> dict[K, frozenset[K]]:
    """Return, for every role, all roles it includes directly or not, itself among them; raises ``Circular``."""
    found: dict[K, frozenset[K]] = {}

    def visit(key: K, above: frozenset[K]) -> frozenset[K]:
        if key in above:
            raise Circular(key)
        if key not in found:
            below = (visit(other, above | {key}) for other in includes.get(key, ()))
            found[key] = frozenset({key}).union(*below)
        return found[key]

    for key in includes:
        visit(key, frozenset())
    return found


def reduction(closed: Mapping[K, Collection[K]]) -> dict[K, frozenset[K]]:
    """Return the fewest direct inclusions that give ``closed``: the inverse of ``closure``, unique because it has no
    circle."""
    found = {}
    for key, reached in closed.items():
        others = set(reached) - {key}
        indirect = {far for near in others for far in set(closed.get(near, ())) - {near}}
        found[key] = frozenset(others - indirect)
    return found


def write_closure(session: Session, includes: Mapping[UUID, Collection[UUID]]) -> None:
    """Make these the roles that each role includes, directly or not, itself among them."""
    if includes:
        gone = delete(RoleClosure).where(RoleClosure.role_id.in_(includes))
        session.execute(gone.execution_options(synchronize_session=False))
        rows = [
            {"role_id": one, "included_id": other}
            for one, others in includes.items()
            for other in sorted({one, *others})
        ]
        _insert(session, RoleClosure, rows)


def _insert(session: Session, model: type[Any], rows: Iterable[Row]) -> None:
    found = [dict(row) for row in rows]
    if found:
        session.execute(insert(model), found)


@dataclass(frozen=True, slots=True)
class NewRule:
    """A pattern, already checked, to be published as the next version of a rule."""

    rule_id: UUID
    pattern: Mapping[str, Any]
    role_id: UUID


def add_rules(session: Session, rows: Sequence[Row]) -> None:
    """Add rules (``id``, ``key``, ``owner_id``); they have no version yet."""
    _insert(session, Rule, rows)


def publish_rules(session: Session, change: Change, rules: Sequence[NewRule]) -> None:
    """Publish the next version of each rule, the one before withdrawn; its author is whoever made the change."""
    if not rules:
        return
    ids = [rule.rule_id for rule in rules]
    query = (
        select(RuleVersion.rule_id, func.max(RuleVersion.n))
        .where(RuleVersion.rule_id.in_(ids))
        .group_by(RuleVersion.rule_id)
    )
    last = dict(session.execute(query).all())
    withdraw_rules(session, ids)
    _insert(
        session,
        RuleVersion,
        [
            {
                "id": uuid7(),
                "rule_id": rule.rule_id,
                "n": last.get(rule.rule_id, 0) + 1,
                "pattern": dict(rule.pattern),
                "role_id": rule.role_id,
                "state": "published",
                "author_id": change.actor_person_id,
                "published_by": change.actor_person_id,
                "change_id": change.id,
            }
            for rule in rules
        ],
    )


def give_rules(session: Session, change: Change, owners: Mapping[UUID, UUID], actor: Actor) -> None:
    """Give rules to other owners under ``change``, each with its event; two statements and one for each owner."""
    if not owners:
        return
    stood = session.execute(select(Rule.id, Rule.key, Rule.owner_id).where(Rule.id.in_(owners))).all()
    for owner_id in set(owners.values()):
        theirs = update(Rule).where(Rule.id.in_([one for one, to in owners.items() if to == owner_id]))
        session.execute(theirs.values(owner_id=owner_id), execution_options={"synchronize_session": False})
    told = [Told(None, owners[id_], {"rule": key, "from": str(before)}) for id_, key, before in stood]
    log.write_all(session, "rule:owner:changed", actor, told, change_id=change.id)


def withdraw_rules(session: Session, rule_ids: Collection[UUID], *, drafts_only: bool = False) -> None:
    """Withdraw the published versions of rules and what waits to replace them, in as many statements whatever the
    number.

    ``drafts_only``: what is published stays.
    """
    if rule_ids:
        states = ("draft",) if drafts_only else ("draft", "published")
        query = update(RuleVersion).where(RuleVersion.rule_id.in_(rule_ids), RuleVersion.state.in_(states))
        session.execute(query.values(state="withdrawn"))
        drop_of_rules(session, rule_ids)

"""Rules: patterns over facts that give a role in a scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row as DatabaseRow, select
from sqlalchemy.orm import Session

from iam.access.commands import catalogue, renaming
from iam.access.commands.catalogue import NewRule
from iam.access.model.rule import Rule as RuleRow, RuleVersion, as_it_stands
from iam.access.rules import naming, resolve
from iam.access.rules.handing import Handing
from iam.access.rules.names import Names as Known
from iam.access.rules.pattern import parse
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Things, one_each
from iam.apply.declared.shapes import Shape, names as by_language
from iam.apply.declared.written import Row
from iam.apply.kind import Kind
from iam.apply.kinds.access import occupations
from iam.apply.schema.item import Item, Key, Names
from iam.database.types import uuid7
from iam.lifecycle.organisations.tree import ever_under, settle
from iam.plans.definition_guard import Touched

_OF_VERSIONS = frozenset({"owner", "pattern", "retired"})
"""What moves rights when it differs; the name alone gives and takes nothing."""


class Rule(Item):
    """A rule: its pattern is what it binds, subtracts and gives; ``retired`` withdraws it. ``name`` stays as it is
    where it is not stated."""

    rule: Key
    name: Names | None = None
    owner: Key
    bind: dict[str, Any]
    unless: dict[str, Any] | None = None
    gives: dict[str, Any]
    retired: bool = False

    @property
    def pattern(self) -> dict[str, Any]:
        """The pattern as it is stored."""
        unless = {} if self.unless is None else {"unless": self.unless}
        return {"bind": self.bind, **unless, "gives": self.gives}


def _shape(item: Rule) -> Shape:
    """Return the shape of a rule; the pattern of a retired one does not matter any more."""
    live = {} if item.retired else {"pattern": item.pattern}
    named = {"name": by_language(item.name)} if "name" in item.model_fields_set else {}
    return {"owner": item.owner, "retired": item.retired} | named | live


def _stand(session: Session, state: State, things: Things | None) -> None:
    owners = state.keys("organisation")
    newest: dict[UUID, DatabaseRow[Any]] = {}
    for version in session.execute(select(RuleVersion.__table__).order_by(*as_it_stands(RuleVersion))):
        if version.state != "draft":
            newest.setdefault(version.rule_id, version)
    for row in session.execute(select(RuleRow.__table__).order_by(RuleRow.key)):
        last = newest.get(row.id)
        shape = {
            "owner": owners[row.owner_id],
            "name": row.name,
            "pattern": last and last.pattern,
            "retired": last is None or last.state == "withdrawn",
        }
        state.put("rule", row.key, row.id, shape)


def _check(draft: Draft) -> None:
    """Check every pattern; with rules, the last that name occupations, doubts about occupations can be told."""
    _patterns(draft)
    occupations.check(draft)


def _patterns(draft: Draft) -> None:
    """Check every pattern against everything that stands or is stated."""
    stated = draft.stated("rule")
    if not stated:
        return
    names = _names(draft)
    for one in stated.values():
        item, where = one.items[0]
        if draft.organisation(item.owner, where.at("owner")) is None or item.retired:
            continue
        _, problems = resolve.check(item.pattern, item.owner, names)
        # What is named in an item that could not be read would only seem to be missing.
        unsure = draft.declaration.broken and parse(item.pattern)[0] is not None
        for problem in () if unsure else problems:
            draft.wrong(where.at(*(problem.field or "").split(".")), problem.message, problem.remedy, **problem.params)


def _names(draft: Draft) -> Known:
    """Return what rules can name once the declaration is applied."""
    names = naming.load(draft.session)
    gone = {key for key, one in draft.stated("role").items() if one.shape["retired"]}
    shut = {key for key, one in draft.stated("application").items() if one.shape["retired"]}
    roles = dict(names.roles) | {key: (uuid7(), uuid7()) for key in draft.stated("role")}
    lists = dict(names.lists) | {key: frozenset(one.shape["codes"]) for key, one in draft.stated("code list").items()}
    groups = dict(names.groups)
    for one in draft.stated("group").values():
        item, _ = one.items[0]
        groups[(draft.organisations.get(item.organisation, uuid7()), item.key)] = uuid7()
    standing, _ = settle(draft.tree)
    entities = naming.together((place.organisation_id, place.legal_entity_id) for place in standing)
    ids = draft.organisations
    owners = {
        key: ids[one.shape["owner"]] for key, one in draft.stated("code list").items() if one.shape["owner"] in ids
    }
    return replace(
        names,
        organisations=ids,
        under=ever_under(draft.tree),
        lists=lists,
        groups=groups,
        entities=entities,
        covers=_covers(draft, names),
        list_owners=dict(names.list_owners) | owners,
        handing=_handing(draft),
        roles={key: ids for key, ids in roles.items() if key not in gone and key.partition(":")[0] not in shut},
    )


def _covers(draft: Draft, names: Known) -> dict[UUID, frozenset[UUID]]:
    """Return what areas cover once the declaration is applied."""
    found = [(area, one) for area, others in names.covers.items() for one in others]
    for one in draft.stated("relation").values():
        item, _ = one.items[0]
        if item.kind == "covers" and {item.organisation, item.other} <= draft.organisations.keys():
            found.append((draft.organisations[item.organisation], draft.organisations[item.other]))
    return naming.together(found)


def _handing(draft: Draft) -> dict[str, Handing]:
    """Return who may hand each role out once the declaration is applied."""
    ids, found = draft.organisations, {}
    shapes = {kind: draft.overlaid(kind) for kind in ("application", "role")}
    for key, role in shapes["role"].items():
        of = shapes["application"].get(key.partition(":")[0])
        if of is not None and of["owner"] in ids:
            enabled = frozenset(ids[other] for other in of["enabled"] if other in ids)
            found[key] = Handing(role["handed_out"], ids[of["owner"]], enabled)
    return found


def _write(writing: Writing) -> None:
    """Publish the rules that differ, withdraw those that are retired, and name those that are called otherwise."""
    ids = writing.draft.organisations
    added = [
        {"id": writing.id_of("rule", key), "key": key, "owner_id": ids[shape["owner"]], "name": shape.get("name")}
        for key, shape in writing.some("rule", "create")
    ]
    catalogue.add_rules(writing.session, added)
    _give(writing)
    moved = [(key, shape) for key, shape in writing.all("rule") if writing.differs("rule", key, "pattern", "retired")]
    live = [(key, shape) for key, shape in moved if not shape["retired"]]
    rules = [
        NewRule(writing.id_of("rule", key), shape["pattern"], writing.id_of("role", shape["pattern"]["gives"]["role"]))
        for key, shape in live
    ]
    catalogue.publish_rules(writing.session, writing.change, rules)
    stood = writing.draft.standing("rule")
    retired = [writing.id_of("rule", key) for key, shape in moved if shape["retired"] and key in stood]
    catalogue.withdraw_rules(writing.session, retired)
    called = {
        writing.id_of("rule", key): shape["name"]
        for key, shape in writing.some("rule", "change")
        if "name" in writing.differences["rule", key].fields
    }
    renaming.name_rules(writing.session, writing.change, called, writing.actor)


def _give(writing: Writing) -> None:
    """Give the rules that differ in it to the owner that is stated; what waits about them was judged by the earlier."""
    ids = writing.draft.organisations
    found = [(key, shape) for key, shape in writing.some("rule", "change") if writing.differs("rule", key, "owner")]
    owners = {writing.id_of("rule", key): ids[shape["owner"]] for key, shape in found}
    catalogue.withdraw_rules(writing.session, owners, drafts_only=True)
    catalogue.give_rules(writing.session, writing.change, owners, writing.actor)


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["rule"].items():
        if shape["pattern"] is not None:
            yield (
                {"rule": key}
                | ({"name": shape["name"]} if shape["name"] else {})
                | {"owner": shape["owner"]}
                | shape["pattern"]
                | ({"retired": True} if shape["retired"] else {})
            )


def _touches(draft: Draft, one: Difference) -> Touched:
    """The roles that the rule gave and gives; none where it is only called otherwise."""
    if one.action == "change" and not _OF_VERSIONS & one.fields.keys():
        return Touched()
    ids = draft.state.ids["role"]
    shapes = (draft.standing("rule").get(one.key), draft.stated("rule")[one.key].shape)
    # A retired rule is stated without its pattern.
    keys = {shape["pattern"]["gives"]["role"] for shape in shapes if shape and shape.get("pattern")}
    return Touched(frozenset(ids[key] for key in keys if key in ids))


def _ids(writing: Writing) -> list[UUID]:
    return [writing.id_of("rule", key) for key, _ in writing.all("rule")]


KIND = Kind(
    name="rule",
    section="rules",
    model=Rule,
    declare=one_each("rule", "rule", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    touches=_touches,
    guarded=True,
    derives="by some rules",
    rules=_ids,
)

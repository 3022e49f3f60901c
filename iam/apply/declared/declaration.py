"""What all files together state, by kind and key: items merged where several make one thing, refused where they
contradict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.problem import Problem
from iam.apply.declared import shapes
from iam.apply.declared.place import Where
from iam.apply.declared.read import Reading
from iam.apply.declared.shapes import Interval, Shape
from iam.apply.schema.item import Dated
from iam.apply.schema.moments import end_of, start_of
from iam.signin.accounts.account import normal

ATTRIBUTES = ("kind", "name", "oph_oid", "school_code", "business_id", "second_factor", "sessions", "usernames")
"""What is said of an organisation once, however many places it has."""


@dataclass(slots=True)
class Stated:
    """One thing as stated: its shape, where it stands, and the items it was stated by."""

    shape: Shape
    where: Where
    items: list[tuple[Any, Where]]


@dataclass(slots=True)
class Declaration:
    """Everything stated, by kind and key. ``broken`` are the top-level keys under which an item could not be read."""

    things: dict[str, dict[str, Stated]] = field(default_factory=lambda: {kind: {} for kind in shapes.ORDER})
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def __getitem__(self, kind: str) -> dict[str, Stated]:
        return self.things[kind]

    def add(self, kind: str, key: str, shape: Shape, item: Any, where: Where) -> None:
        """State one thing; a second statement of the same is a problem."""
        first = self.things[kind].get(key)
        if first is None:
            self.things[kind][key] = Stated(shape, where, [(item, where)])
        else:
            self.problems.append(
                where.problem(
                    "This is stated twice; first at %(first)s.",
                    "Remove one of them.",
                    first=_elsewhere(first.where, where),
                )
            )

    def merge(self, kind: str, key: str, item: Any, where: Where) -> Stated:
        """State one thing of which there may be several items."""
        stated = self.things[kind].setdefault(key, Stated({}, where, []))
        stated.items.append((item, where))
        return stated


def _elsewhere(first: Where, second: Where) -> str:
    return first.words if first.file == second.file else f"{first.file}, {first.words}"


def declare(reading: Reading) -> Declaration:
    """Return what the files state together, and their problems."""
    found = Declaration(problems=list(reading.problems), broken=set(reading.broken))
    for top, (kind, naming, shape) in shapes.SIMPLE.items():
        for item, where in reading.items[top]:
            name = getattr(item, naming)
            found.add(kind, normal(name) if kind == "person" else name, shape(item), item, where)
    for item, where in reading.items["applications"]:
        _application(found, item, where)
    for item, where in reading.items["accounts"]:
        found.add("account", normal(item.login), {}, item, where)
    for item, where in reading.items["groups"]:
        _group(found, item, where)
    _merged(found, reading)
    for kind in (
        "organisation",
        "relation",
        "opened source",
        "opened connection",
        "administrator",
        "confirmed guardian",
    ):
        for stated in found[kind].values():
            found.problems += _interval_problems(stated.items)
    return found


def _application(found: Declaration, item: Any, where: Where) -> None:
    for place, role in enumerate(item.roles):
        found.add("role", f"{item.key}:{role.key}", shapes.role(role), role, where.at("roles", place))
    for place, client in enumerate(item.clients):
        found.add("client", client.client_id, shapes.client(client, item.key), client, where.at("clients", place))


def _group(found: Declaration, item: Any, where: Where) -> None:
    """Bring the members of a group's items together; its rules may be stated before its people are here."""
    stated = found.merge("group", f"{item.organisation}/{item.key}", item, where)
    shape = shapes.group(item)
    if stated.shape.get("name", shape["name"]) != shape["name"]:
        found.problems.append(where.at("name").problem("This differs from what is stated elsewhere.", "State it once."))
    stated.shape = shape | {"members": sorted({*shape["members"], *stated.shape.get("members", ())})}


def _merged(found: Declaration, reading: Reading) -> None:
    for item, where in reading.items["organisations"]:
        found.merge("organisation", item.key, item, where)
    for key, stated in found["organisation"].items():
        stated.shape = _attributes(found, key, stated)
    for item, where in reading.items["relations"]:
        shape = found.merge(
            "relation", shapes.relation_key(item.organisation, item.kind, item.other), item, where
        ).shape
        shape["intervals"] = sorted([*shape.get("intervals", ()), shapes.interval(item)])
    for kind in ("source", "connection"):
        for item, where in reading.items[f"opened_{kind}s"]:
            key = shapes.opened_key(item.organisation, getattr(item, kind))
            shape = found.merge(f"opened {kind}", key, item, where).shape
            shape["opened"] = sorted([*shape.get("opened", ()), shapes.interval(item)])
    for item, where in reading.items["confirmed_guardians"]:
        key = shapes.confirmed_key(item.guardian.named, item.child.named)
        shape = found.merge("confirmed guardian", key, item, where).shape
        shape["intervals"] = sorted([*shape.get("intervals", ()), shapes.interval(item)])
    for item, where in reading.items["administrators"]:
        shape = found.merge("administrator", f"{normal(item.login)} in {item.organisation}", item, where).shape
        shape["permissions"] = sorted({*shape.get("permissions", ()), *shapes.permits(item)})


def _attributes(found: Declaration, key: str, stated: Stated) -> Shape:
    """Bring the attributes of an organisation's items together; kind and name must be in one of them."""
    shape: Shape = {}
    for name in ATTRIBUTES:
        given = [(getattr(item, name), where) for item, where in stated.items if getattr(item, name) is not None]
        shape[name] = given[0][0] if given else None
        for value, where in given[1:]:
            if value != shape[name]:
                found.problems.append(
                    where.at(name).problem("This differs from what is stated elsewhere.", "State it once.")
                )
        if not given and name in ("kind", "name"):
            found.problems.append(stated.where.at(name).problem("This is missing.", "State it."))
    shape["name"] = shapes.names(shape["name"])
    for name in ("second_factor", "sessions"):
        shape[name] = shape[name] and shape[name].model_dump()
    if shape["usernames"] is None:
        # A page says it too, and must not be overruled by files that know nothing of it.
        del shape["usernames"]
    return shape


def _interval_problems(items: list[tuple[Dated, Where]]) -> Iterator[Problem]:
    for item, where in items:
        yield from empty_interval((start_of(item.from_), end_of(item.to)), where)


def empty_interval(given: Interval, where: Where) -> Iterator[Problem]:
    """Yield a problem when an interval ends before it begins."""
    if given[0] >= given[1]:
        yield where.at("to").problem("This ends before it begins.", "Write a last day that is not before the first.")

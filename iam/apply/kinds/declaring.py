"""How each kind is stated: by which key, in which shape."""

from __future__ import annotations

from iam.apply.declared import shapes
from iam.apply.declared.declaration import Declaration, Items
from iam.apply.kinds.sources import openings
from iam.signin.accounts.account import normal


def persons(found: Declaration, items: Items) -> None:
    """State local persons by login."""
    for item, where in items:
        found.add("person", normal(item.login), shapes.person(item), item, where)


def roles(found: Declaration, items: Items) -> None:
    """State the roles of applications."""
    for item, where in items:
        for place, role in enumerate(item.roles):
            found.add("role", f"{item.key}:{role.key}", shapes.role(role), role, where.at("roles", place))


def clients(found: Declaration, items: Items) -> None:
    """State the clients of applications."""
    for item, where in items:
        for place, client in enumerate(item.clients):
            found.add("client", client.client_id, shapes.client(client, item.key), client, where.at("clients", place))


def accounts(found: Declaration, items: Items) -> None:
    """State accounts by login."""
    for item, where in items:
        found.add("account", normal(item.login), {}, item, where)


def groups(found: Declaration, items: Items) -> None:
    """Bring the members of a group's items together; its rules may be stated before its people are here."""
    for item, where in items:
        stated = found.merge("group", f"{item.organisation}/{item.key}", item, where)
        shape = shapes.group(item)
        if stated.shape.get("name", shape["name"]) != shape["name"]:
            found.problems.append(
                where.at("name").problem("This differs from what is stated elsewhere.", "State it once.")
            )
        stated.shape = shape | {"members": sorted({*shape["members"], *stated.shape.get("members", ())})}


def opened_sources(found: Declaration, items: Items) -> None:
    """State what organisations are opened to which sources."""
    openings.declare("source", found, items)


def confirmed_guardians(found: Declaration, items: Items) -> None:
    """State confirmations by both of their ends."""
    for item, where in items:
        key = shapes.confirmed_key(item.guardian.named, item.child.named)
        found.gather("confirmed guardian", key, "intervals", item, where)


def administrators(found: Declaration, items: Items) -> None:
    """Bring together what somebody may administer in one part of the tree."""
    for item, where in items:
        shape = found.merge("administrator", f"{normal(item.login)} in {item.organisation}", item, where).shape
        shape["permissions"] = sorted({*shape.get("permissions", ()), *shapes.permits(item)})

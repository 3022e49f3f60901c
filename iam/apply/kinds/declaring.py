"""How each kind is stated: by which key, in which shape."""

from __future__ import annotations

from iam.apply.declared import shapes
from iam.apply.declared.declaration import Declaration, Items
from iam.apply.kinds.sources import openings


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


def opened_sources(found: Declaration, items: Items) -> None:
    """State what organisations are opened to which sources."""
    openings.declare("source", found, items)

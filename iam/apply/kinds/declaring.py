"""How each kind is stated: by which key, in which shape."""

from __future__ import annotations

from iam.apply.declared.declaration import Declaration, Items
from iam.apply.kinds.sources import openings


def opened_sources(found: Declaration, items: Items) -> None:
    """State what organisations are opened to which sources."""
    openings.declare("source", found, items)

"""How each kind is written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from iam.apply.comparison.state import State
from iam.apply.declared.written import plain
from iam.apply.kinds.check_sources import secret_names
from iam.apply.kinds.sources import openings


def sources(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    for key, shape in standing.shapes["source"].items():
        hidden = secret_names(shape["connector"])
        settings = {name: value for name, value in shape["settings"].items() if name not in hidden}
        yield {"key": key} | plain(shape | {"settings": settings, "disabled": shape["disabled"] or None})


def opened_sources(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    return openings.export("source", standing)

"""How each kind is written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from iam.apply.comparison.state import State
from iam.apply.kinds.sources import openings


def opened_sources(session: Session, standing: State) -> Iterator[dict[str, Any]]:
    """Yield them as items."""
    return openings.export("source", standing)

"""What occupations are called: names by language, which give nobody anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from iam.directory.occupation import Occupation


def name_occupations(session: Session, names: Mapping[str, Mapping[str, Any]]) -> None:
    """Call occupations so, each by its code, in two statements."""
    if names:
        gone = delete(Occupation).where(Occupation.code.in_(names))
        session.execute(gone.execution_options(synchronize_session=False))
        session.execute(insert(Occupation), [{"code": code, "name": dict(name)} for code, name in names.items()])

"""A town with a school, a county beside it, an application and a teacher: what most tests of rights begin with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from tests.kit.factories import access, facts


@dataclass(frozen=True, slots=True)
class Town:
    """Ids of what there is. Town and county are legal entities; ``role`` is ``wilma:opettaja``."""

    root: UUID
    town: UUID
    school: UUID
    county: UUID
    clinic: UUID
    wilma: UUID
    role: UUID


@pytest.fixture
def town(session: Session) -> Town:
    """Two legal entities under one root, each with one organisation under it, and the town's application."""
    ids = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("koulu", "school", "kunta", False),
        ("hva", "wellbeing-county", "marjala", True),
        ("opiskeluhuolto", "unit", "hva", False),
    )
    wilma = access.application(session, ids["kunta"])
    root, town, school, county, clinic = ids.values()
    return Town(root, town, school, county, clinic, wilma, access.role(session, wilma))

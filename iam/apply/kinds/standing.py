"""What stands of each kind."""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.apply.comparison.state import State
from iam.apply.declared.declaration import Things
from iam.apply.kinds.sources import openings as opening_names
from iam.lifecycle.organisations import openings


def put_opened_sources(session: Session, state: State, things: Things | None) -> None:
    """Put them in."""
    organisations_, sources = state.keys("organisation"), state.keys("source")
    for (organisation_id, source_id), intervals in openings.standing(session).items():
        key = opening_names.opened_key(organisations_[organisation_id], sources[source_id])
        state.shapes["opened source"][key] = {"opened": intervals}

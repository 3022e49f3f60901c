"""What a new password of somebody must be: how long, and without which words (NIST SP 800-63B-4 section 3.1.1.2,
security AU-01, AU-02)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.settings import Settings
from iam.signin import step_up
from iam.signin.factors import policy
from iam.signin.passwords import credentials, password
from iam.signin.passwords.credentials import Known


def least(session: Session, person_id: UUID, settings: Settings, has: step_up.Held | None = None) -> int:
    """Return the fewest characters: 8 where a second factor is always asked and the person has one, else 15.

    ``has`` is what the person has set up, where that is known.
    """
    held = step_up.held(session, person_id) if has is None else has
    two = held and policy.always_asks(session, person_id, settings.signin)
    return password.LEAST_OF_TWO if two else password.LEAST


def problems(session: Session, known: Known, text: str, settings: Settings) -> list[Problem]:
    """Return what is wrong with a password that somebody chose."""
    words = credentials.own_words(session, known, settings.consortium)
    return password.problems(text, words, least(session, known.person_id, settings))

"""From files to a draft in which everything has been checked: read, stated by key, laid over what stands."""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.apply import standing
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Declaration
from iam.apply.declared.read import Reading, read
from iam.apply.declared.said import Said
from iam.apply.registry import KINDS
from iam.vault import Vault

MODELS = {kind.section: kind.model for kind in KINDS if kind.model is not None}
"""The top-level keys of a file, and an item under each."""


def checked(session: Session, said: Said, vault: Vault, consortium: str) -> Draft:
    """Return what the files state, checked, with every problem found on the way."""
    declaration = declare(read(said, MODELS))
    draft = Draft(session, declaration, standing.load(session, declaration), vault, said, consortium)
    for kind in KINDS:
        # What a later one completes rests on what an earlier one completed.
        kind.check(draft)
    return draft


def declare(reading: Reading) -> Declaration:
    """Return what the files state together, and their problems."""
    found = Declaration(problems=list(reading.problems), broken=set(reading.broken))
    for kind in KINDS:
        kind.declare(found, reading.items[kind.section])
    return found

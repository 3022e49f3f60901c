"""What stands, in the shapes of what is stated. A fixed number of queries for each 5,000 people.

Definitions are thousands at most and are read whole; people and what hangs on them only as far as they are named.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from iam.apply.comparison import people
from iam.apply.comparison.people import People
from iam.apply.comparison.state import State
from iam.apply.declared.declaration import Declaration
from iam.apply.registry import KINDS


def load(session: Session, declaration: Declaration | None = None) -> State:
    """Return what stands: of people, what a declaration speaks of; everybody with a login when there is none."""
    state = State(people=_people(session, declaration))
    for kind in KINDS:
        kind.stand(session, state, None if declaration is None else declaration[kind.name])
    return state


def _people(session: Session, declaration: Declaration | None) -> People:
    if declaration is None:
        return people.load(session, None, ())
    asked = {one for kind in KINDS for one in kind.asks(declaration[kind.name])}
    named = [one for one in asked if not isinstance(one, str)]
    return people.load(session, {one for one in asked if isinstance(one, str)}, named)

"""Who holds a role is looked up by the very roles that give it, whatever the statement was planned for before."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql

from iam.access.administration import WHOLE
from iam.access.pages.listing import holders
from iam.database.types import uuid7


def test_a_role_that_few_hold_is_not_planned_as_one_that_all_hold() -> None:
    roles = [uuid7(), uuid7()]
    query = holders(WHOLE, roles).compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"render_postcompile": True},
    )
    assert all(str(one) in str(query) for one in roles)

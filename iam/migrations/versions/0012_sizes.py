"""What a source stated, what a change moved and what was closed are found by index, whatever the size of the
directory."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OPEN, _CLOSED = text("closed_by IS NULL"), text("closed_by IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_assignment_opened_by", "assignment", ["opened_by"])
    for table, *columns in (
        ("assignment", "closed_by"),
        ("assignment", "role_id", "scope_id"),
        ("affiliation", "organisation_id", "valid_to"),
        ("relationship", "source_id", "valid_to"),
        ("membership", "source_id", "valid_to"),
    ):
        name = f"ix_{table}_closed_{'_'.join(columns)}"
        op.create_index(name, table, columns, postgresql_where=_CLOSED, sqlite_where=_CLOSED)
    for table, *columns in (
        ("affiliation", "source_id", "organisation_id"),
        ("absence", "source_id"),
        ("relationship", "source_id"),
        ("membership", "source_id"),
    ):
        name = f"ix_{table}_{'_'.join(columns)}"
        op.create_index(name, table, columns, postgresql_where=_OPEN, sqlite_where=_OPEN)
    by_clause = text("clause_id IS NOT NULL")
    op.create_index(
        "ix_assignment_by_clause", "assignment", ["clause_id"], postgresql_where=by_clause, sqlite_where=by_clause
    )
    op.create_index("ix_plan_source_id_at", "plan", ["source_id", "at"])

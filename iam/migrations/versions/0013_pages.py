"""Who begins or ends soon is found by index, whatever the size of the directory."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_OPEN = text("closed_by IS NULL")


def upgrade() -> None:
    for columns in (["valid_from"], ["valid_to", "valid_from"]):
        name = f"ix_affiliation_{'_'.join(columns)}"
        op.create_index(name, "affiliation", columns, postgresql_where=_OPEN, sqlite_where=_OPEN)

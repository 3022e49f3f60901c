"""What waits for a second person, or was refused: a source's rows and whole inputs, and the texts of declarations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record", sa.Column("waits", sa.LargeBinary(), nullable=True))
    op.add_column("record", sa.Column("refused", sa.LargeBinary(), nullable=True))
    waits = sa.text("waits IS NOT NULL")
    op.create_index("ix_record_waits", "record", ["source_id"], postgresql_where=waits, sqlite_where=waits)
    op.add_column("plan", sa.Column("undone_by", sa.Uuid(), nullable=True))
    op.add_column("proposal", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("source", sa.Column("refused", sa.String(), nullable=True))

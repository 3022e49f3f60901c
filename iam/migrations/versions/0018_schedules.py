"""When sources are read by themselves, how long that may take, and what was last told of one that is amiss."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source", sa.Column("schedule", sa.String(), nullable=True))
    op.add_column("source", sa.Column("deadline", sa.Integer(), nullable=False, server_default="120"))
    op.add_column("source", sa.Column("scheduled_at", UtcDateTime(), nullable=True))
    op.add_column("source", sa.Column("alarm", sa.String(), nullable=True))

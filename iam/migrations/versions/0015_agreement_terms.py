"""What an agreement says besides: its next review, its annexes, how its use is supervised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agreement", sa.Column("review_on", sa.Date(), nullable=True))
    op.add_column("agreement", sa.Column("supervision", sa.String(), nullable=True))
    op.add_column("agreement", sa.Column("annexes", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))

"""What people lose: over which organisation a right by hand was granted, which run holds a source, whom a name finds, which effects
take something away, and what a question about a person rests on.

Rights that were granted by hand before keep no organisation: they end as they did. Everybody is found by every name that is shown or
was held.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("assignment", sa.Column("granter_id", sa.Uuid(), nullable=True))


def _add(table: str, *columns: sa.Column[Any]) -> None:
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)

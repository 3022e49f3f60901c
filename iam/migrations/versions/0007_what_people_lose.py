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
    _add("source", sa.Column("leased_by", sa.Uuid(), nullable=True))
    _add("plan_effect", sa.Column("loss", sa.String(), nullable=True))
    _add(
        "plan",
        sa.Column("refused_by", sa.Uuid(), nullable=True),
        sa.Column("refusal", sa.String(), nullable=True),
    )
    _add(
        "ambiguity",
        sa.Column("reason", sa.String(), nullable=False, server_default="several"),
        sa.Column("told", sa.JSON(), nullable=False, server_default="{}"),
    )
    op.create_table(
        "person_name_word",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "word", name="pk_person_name_word"),
    )
    op.create_index("ix_person_name_word_word_person_id", "person_name_word", ["word", "person_id"])
    with op.batch_alter_table("ambiguity") as batch:
        batch.alter_column("reason", server_default=None)
        batch.alter_column("told", server_default=None)


def _add(table: str, *columns: sa.Column[Any]) -> None:
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)

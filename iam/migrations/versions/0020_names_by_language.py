"""Names by language of occupations, of their lists, of sources and of what agreements are for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "occupation",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_occupation")),
    )
    for table, column in (("code_list_owner", "name"), ("source", "name"), ("agreement", "purpose_names")):
        op.add_column(table, sa.Column(column, sa.JSON(), nullable=True))

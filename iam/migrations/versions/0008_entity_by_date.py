"""The legal entity of whoever holds a right follows from the tree by date: an affiliation no longer keeps one. A clause
says who accepted that rights under it are enforced otherwise than at use.

Rights are derived anew with the next change of whoever holds them; until then they stand as they were.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("affiliation", "legal_entity_id")
    where = sa.text("closed_by IS NULL AND origin = 'hand'")
    op.create_index("ix_assignment_by_hand", "assignment", ["person_id"], postgresql_where=where, sqlite_where=where)
    op.add_column("agreement_clause", sa.Column("weaker_accepted_by", sa.String(), nullable=True))
    op.add_column("agreement_clause", sa.Column("weaker_accepted_on", sa.Date(), nullable=True))

"""Groups are unique by source: two sources may use the same class key in one school. Relationships may wait for their
person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("group_") as table:
        table.drop_constraint(op.f("uq_group__organisation_id_key"), type_="unique")
    op.create_index(op.f("ix_group__organisation_id_key"), "group_", ["organisation_id", "key"], unique=False)
    _unique("uq_group__local", ["organisation_id", "key"], "source_id IS NULL")
    _unique("uq_group__source", ["source_id", "kind", "record_key"], "source_id IS NOT NULL")
    op.create_table(
        "awaited_relationship",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.Column("other_key", sa.String(), nullable=False),
        sa.Column("key_kind", sa.String(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_awaited_relationship_source_id_source")),
        sa.PrimaryKeyConstraint("record_id", "kind", "person_key", "other_key", name=op.f("pk_awaited_relationship")),
    )
    op.create_index(op.f("ix_awaited_relationship_source_id"), "awaited_relationship", ["source_id"], unique=False)


def _unique(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "group_", columns, unique=True, postgresql_where=sa.text(where), sqlite_where=sa.text(where))

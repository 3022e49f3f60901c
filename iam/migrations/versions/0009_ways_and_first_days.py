"""Ways on and first days: public halves of keys that sign no more, for telling hints of ours; by which rule the people
of an organisation get usernames, and which somebody had before; which vault key sealed the database, and which accounts
failed to sign in from which network."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_key",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_past_key"),
    )
    op.create_table(
        "username_rule",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "kind", name="pk_username_rule"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_username_rule_organisation_id_organisation"
        ),
        sa.CheckConstraint("form IN ('given.family', 'none')", name="ck_username_rule_form"),
    )
    op.create_table(
        "former_username",
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("login", name="pk_former_username"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_former_username_person_id_person"),
    )
    op.create_index("ix_former_username_person_id", "former_username", ["person_id"])
    op.create_table(
        "vault_check",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vault_check"),
    )
    op.create_table(
        "network_failure",
        sa.Column("network", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("network", "account", name="pk_network_failure"),
    )
    op.create_index("ix_network_failure_network_at", "network_failure", ["network", "at"])

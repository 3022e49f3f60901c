"""How long sign-ins last: an organisation's own limits, and on each sign-in until when it may be unused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_policy",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("idle_minutes", sa.Integer(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_session_policy_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_session_policy"),
    )
    long_ago = sa.text("'1970-01-01 00:00:00'")
    op.add_column("login_session", sa.Column("idle_until", UtcDateTime(), nullable=False, server_default=long_ago))
    # Sign-ins from before keep the end they have.
    op.execute("UPDATE login_session SET idle_until = expires_at")

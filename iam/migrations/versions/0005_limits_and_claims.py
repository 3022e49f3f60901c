"""How long sign-ins last, by organisation and on each sign-in; when a provider last told a person's groups; by which
connection an application's people come."""

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
    op.add_column("connection_link", sa.Column("told_at", UtcDateTime(), nullable=True))
    op.add_column("connection", sa.Column("applications", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    _move_applications()


def _move_applications() -> None:
    """What stood in the connection's ``identifier`` is a column now."""
    table = sa.table(
        "connection",
        sa.column("id", sa.Uuid()),
        sa.column("identifier", sa.JSON()),
        sa.column("applications", sa.JSON()),
    )
    for row in op.get_bind().execute(sa.select(table)).all():
        rest = {name: value for name, value in row.identifier.items() if name != "applications"}
        if rest != row.identifier:
            values = {"identifier": rest, "applications": row.identifier["applications"]}
            op.get_bind().execute(table.update().where(table.c.id == row.id).values(values))

"""Names of rules and data groups, what roles mean and include by version; grants of clients; requests sent twice; what
was once said of a person is found by the person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_OF_A_PERSON = (
    "person_profile",
    "identifier",
    "affiliation",
    "absence",
    "relationship",
    "membership",
    "assignment",
)


def upgrade() -> None:
    op.add_column("rule", sa.Column("name", sa.JSON(), nullable=True))
    for name, type_ in (
        ("meaning", sa.JSON()),
        ("includes", sa.JSON()),
        ("sensitive", sa.Boolean()),
        ("handed_out", sa.String()),
    ):
        op.add_column("role_version", sa.Column(name, type_, nullable=True))
    _data_groups()
    _client_grants()
    _requests()
    _versions_of_a_person()


def _data_groups() -> None:
    op.create_table(
        "data_group",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("meaning", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_data_group_application_id_application")
        ),
        sa.PrimaryKeyConstraint("application_id", "key", name=op.f("pk_data_group")),
    )


def _client_grants() -> None:
    op.create_table(
        "client_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("permission", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_client_grant_valid")),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("fk_client_grant_client_id_client")),
        *(
            sa.ForeignKeyConstraint([name], ["organisation.id"], name=op.f(f"fk_client_grant_{name}_organisation"))
            for name in ("organisation_id", "owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_grant")),
    )
    open_ = sa.text("closed_by IS NULL")
    op.create_index(
        op.f("ix_client_grant_client_id"),
        "client_grant",
        ["client_id"],
        postgresql_where=open_,
        sqlite_where=open_,
    )


def _requests() -> None:
    op.create_table(
        "keyed_request",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_keyed_request")),
    )
    op.create_index(op.f("ix_keyed_request_at"), "keyed_request", ["at"])


def _versions_of_a_person() -> None:
    closed, open_ = sa.text("closed_by IS NOT NULL"), sa.text("closed_by IS NULL")
    columns = [(name, "person_id") for name in _OF_A_PERSON] + [
        ("relationship", "other_person_id"),
        ("relationship", "fact_id"),
    ]
    for table, column in columns:
        name = f"ix_{table}_closed_{column}"
        op.create_index(name, table, [column], postgresql_where=closed, sqlite_where=closed)
    op.create_index(op.f("ix_absence_person_id"), "absence", ["person_id"], postgresql_where=open_, sqlite_where=open_)

"""Parties of agreements are facts on both time axes, each with its own signature; an agreement can be suspended
and given notice of.

Until now no clause lived before all had signed. Where an agreement has clauses and more than two parties that stays
said, so that nothing is given by an upgrade; with two, either way means the same.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from iam import clock
from iam.database.types import UtcDateTime, uuid7

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_by IS NULL")


def upgrade() -> None:
    connection = op.get_bind()
    standing = connection.execute(
        sa.text("SELECT agreement_id, legal_entity_id, role, signed_on FROM agreement_party").columns(
            agreement_id=sa.Uuid(), legal_entity_id=sa.Uuid(), signed_on=sa.Date()
        )
    ).all()
    opened: dict[Any, Any] = dict(
        connection.execute(
            sa.text("SELECT agreement_id, opened_by FROM agreement_term ORDER BY version_id DESC").columns(
                agreement_id=sa.Uuid(), opened_by=sa.Uuid()
            )
        ).all()
    )
    first = connection.scalar(sa.text("SELECT id FROM change ORDER BY at, id LIMIT 1").columns(id=sa.Uuid()))
    op.drop_table("agreement_party")
    parties = _create()
    rows = [_fact(row, opened.get(row.agreement_id, first)) for row in standing]
    if rows:
        connection.execute(parties.insert(), rows)
    op.create_table(
        "agreement_reminder",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("whom", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_reminder_agreement_id_agreement")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "last_day", "days", "whom", name=op.f("pk_agreement_reminder")),
    )
    for name in ("notice_months", "notice_days"):
        op.add_column("agreement", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("proposal", sa.Column("stated", sa.JSON(), nullable=True))
    op.add_column("agreement_term", sa.Column("all_sign", sa.Boolean(), nullable=False, server_default=sa.false()))
    many = sa.text(
        "UPDATE agreement_term SET all_sign = true WHERE agreement_id IN (SELECT agreement_id FROM agreement_clause) "
        "AND agreement_id IN (SELECT agreement_id FROM agreement_party GROUP BY agreement_id HAVING count(*) > 2)"
    )
    connection.execute(many)


def _fact(row: Any, opened_by: Any) -> dict[str, Any]:
    id_ = uuid7()
    return {
        "version_id": id_,
        "fact_id": id_,
        "agreement_id": row.agreement_id,
        "legal_entity_id": row.legal_entity_id,
        "role": row.role,
        "signed_on": row.signed_on,
        "in_from": None if row.signed_on is None else clock.day_start(row.signed_on),
        "valid_from": clock.LONG_AGO,
        "valid_to": clock.FOREVER,
        "opened_by": opened_by,
    }


def _create() -> sa.Table:
    said = ("signed_by", "document_number", "signing_service")
    parties = _facts(
        "agreement_party",
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=True) for name in said),
        sa.Column("in_from", UtcDateTime(), nullable=True),
        sa.Column("notice_on", sa.Date(), nullable=True),
    )
    _facts("agreement_suspension", sa.Column("reason", sa.String(), nullable=False))
    _open_index("agreement_party", "agreement_id", "legal_entity_id", unique=True)
    _open_index("agreement_suspension", "agreement_id")
    return parties


def _facts(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A table of facts on an agreement, each of one of its parties."""
    table = op.create_table(
        name,
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        *columns,
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f(f"ck_{name}_valid")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f(f"fk_{name}_agreement_id_agreement")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["organisation.id"], name=op.f(f"fk_{name}_legal_entity_id_organisation")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f(f"pk_{name}")),
    )
    _open_index(name, "fact_id", unique=True)
    return table


def _open_index(table: str, *columns: str, unique: bool = False) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, columns, unique=unique, postgresql_where=_OPEN, sqlite_where=_OPEN)

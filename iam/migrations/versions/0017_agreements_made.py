"""What agreements are made of and amended by; who decides while one is away; what was read of runs that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, type_ in (
        ("supervised_by", sa.String()),
        ("report_months", sa.Integer()),
        ("processing", sa.JSON()),
        ("cancelled_on", sa.Date()),
        ("cancelled_because", sa.String()),
    ):
        op.add_column("agreement", sa.Column(name, type_, nullable=True))
    op.create_table(
        "agreement_amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=True),
        sa.Column("delegation", sa.String(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_amendment_agreement_id_agreement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_amendment")),
        sa.UniqueConstraint("agreement_id", "n", name=op.f("uq_agreement_amendment_agreement_id_n")),
    )
    op.add_column("agreement_clause", sa.Column("amendment_id", sa.Uuid(), nullable=True))
    op.add_column("agreement_clause", sa.Column("over_area", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("proposal", sa.Column("shown", sa.LargeBinary(), nullable=True))
    _templates()
    _deputies()
    _kept_readings()


def _templates() -> None:
    op.create_table(
        "agreement_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        *(sa.Column(f"name_{language}", sa.String(), nullable=False) for language in ("fi", "sv", "en")),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["organisation.id"], name=op.f("fk_agreement_template_owner_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_template")),
        sa.UniqueConstraint("key", name=op.f("uq_agreement_template_key")),
    )


def _deputies() -> None:
    persons = ("person_id", "for_person_id")
    op.create_table(
        "deputy",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in persons),
        sa.Column("permission", sa.String(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_deputy_valid")),
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_deputy_{name}_person")) for name in persons),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    open_ = sa.text("closed_by IS NULL")
    for name in persons:
        op.create_index(op.f(f"ix_deputy_{name}"), "deputy", [name], postgresql_where=open_, sqlite_where=open_)


def _kept_readings() -> None:
    op.create_table(
        "kept_reading",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "source_id", "run_id")),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_kept_reading_source_id_source")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_kept_reading_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_reading")),
        sa.UniqueConstraint("run_id", "n", name=op.f("uq_kept_reading_run_id_n")),
    )
    op.create_index(op.f("ix_kept_reading_source_id"), "kept_reading", ["source_id"])

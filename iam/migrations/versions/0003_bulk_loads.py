"""What a bulk load writes is no longer checked reference by reference, has narrower indexes, and gets its ids from a
quicker function."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from iam.database.postgresql import UUID7

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UNCHECKED = {
    "absence": ("person_id_person",),
    "affiliation": ("person_id_person", "organisation_id_organisation", "legal_entity_id_organisation"),
    "assignment": (
        "person_id_person",
        "role_id_role",
        "role_version_id_role_version",
        "scope_id_organisation",
        "rule_version_id_rule_version",
    ),
    "identifier": ("person_id_person",),
    "membership": ("group_id_group_", "person_id_person"),
    "person_key": ("person_id_person",),
    "person_profile": ("person_id_person",),
    "plan_effect": ("plan_id_plan",),
    "record": ("source_id_source", "run_id_run", "person_id_person"),
    "relationship": ("person_id_person", "other_person_id_person"),
    "vault_item": ("person_id_person",),
}
_REFERENCE = r",\s*CONSTRAINT \"?fk_{}_{}\"? FOREIGN KEY\s*\([^)]*\) REFERENCES \"?\w+\"? \([^)]*\)"


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        op.execute(UUID7)
    for table, references in _UNCHECKED.items():
        if on_postgresql:
            for reference in references:
                op.drop_constraint(f"fk_{table}_{reference}", table, type_="foreignkey")
        else:
            _rebuild(table, references)
    _narrow(
        "uq_identifier_open_value", "identifier", ["kind", "issuer", "value"], "closed_by IS NULL AND value IS NOT NULL"
    )
    _narrow(
        "uq_identifier_open_mac",
        "identifier",
        ["kind", "issuer", "value_mac"],
        "closed_by IS NULL AND value_mac IS NOT NULL",
    )
    _narrow("uq_affiliation_open", "affiliation", ["record_id", "organisation_id", "valid_from"], "closed_by IS NULL")


def _narrow(name: str, table: str, columns: list[str], where: str) -> None:
    op.drop_index(name, table_name=table)
    op.create_index(name, table, columns, unique=True, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def _rebuild(table: str, references: tuple[str, ...]) -> None:
    """Make a table of SQLite anew without its references, from its own text: reading it back would lose what it
    checks."""
    rows = op.get_bind().execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :table"), {"table": table}
    )
    texts = [(kind, text) for kind, text in rows if text is not None]
    (made,) = (text for kind, text in texts if kind == "table")
    for reference in references:
        made, found = re.subn(_REFERENCE.format(table, reference), "", made)
        if found != 1:
            raise RuntimeError(f"{table} has no reference {reference}")
    new = re.sub(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE new_{table}", made)
    for statement in (
        new,
        f"INSERT INTO new_{table} SELECT * FROM {table}",  # noqa: S608
        f"DROP TABLE {table}",
        f"ALTER TABLE new_{table} RENAME TO {table}",
        *(text for kind, text in texts if kind == "index"),
    ):
        op.get_bind().exec_driver_sql(statement)

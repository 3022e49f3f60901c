"""Identifiers are found by their value first and compared byte by byte; the database's own ids stand in the order in
which they were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.postgresql import UUID7

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_FOUND_BY = {"value": "uq_identifier_open_value", "value_mac": "uq_identifier_open_mac"}


def upgrade() -> None:
    for name in _FOUND_BY.values():
        op.drop_index(name, "identifier")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(UUID7)
        kinds = ", ".join(f'ALTER {name} TYPE varchar COLLATE "C"' for name in ("kind", "issuer", "value"))
        op.execute(f"ALTER TABLE identifier {kinds}")
    for value, name in _FOUND_BY.items():
        named = sa.text(f"closed_by IS NULL AND {value} IS NOT NULL")
        columns = [value, "kind", "issuer"]
        op.create_index(name, "identifier", columns, unique=True, postgresql_where=named, sqlite_where=named)

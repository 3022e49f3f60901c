"""How old a sign-in may be for a client has a column of its own; until now it stood among the client's metadata."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME = "default_max_age"


def upgrade() -> None:
    op.add_column("client", sa.Column(_NAME, sa.Integer(), nullable=True))
    table = sa.table(
        "client", sa.column("id", sa.Uuid()), sa.column("metadata", sa.JSON()), sa.column(_NAME, sa.Integer())
    )
    stated = [row for row in op.get_bind().execute(sa.select(table)) if _NAME in (row.metadata or {})]
    moved = [
        {
            "client": row.id,
            "age": row.metadata[_NAME],
            "rest": {name: value for name, value in row.metadata.items() if name != _NAME},
        }
        for row in stated
    ]
    if moved:
        values: dict[str, sa.BindParameter[Any]] = {_NAME: sa.bindparam("age"), "metadata": sa.bindparam("rest")}
        op.get_bind().execute(table.update().where(table.c.id == sa.bindparam("client")).values(values), moved)

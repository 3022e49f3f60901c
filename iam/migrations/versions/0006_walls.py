"""Walls: where sources may state facts and connections prove people, who may hand roles and code lists out, what waits
for a second person, holds over a part, and what an account is given by.

What stands keeps working: a connection and a code list get the first root as their owner, an application that people
enter by a role becomes enabled for the legal entities whose people hold one in it today, and a role that a school gives
today may be given by schools.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_HANDED_OUT = "handed_out IN ('owner', 'enabled', 'parts')"


def upgrade() -> None:
    _sources()
    _people()
    _definitions()
    _sign_in()
    now = datetime.now(UTC)
    _owners(now)
    _enable(now)
    _hand_out(now)


def _id(name: str = "id", *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=null)


def _at(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime(), nullable=null)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _refers(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
        for column, other in columns.items()
    ]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=f"pk_{table}")


def _valid(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint("valid_to > valid_from", name=op.f(f"ck_{table}_valid"))


def _open_index(table: str, *columns: str, where: str = "closed_by IS NULL", **options: Any) -> None:
    name = options.pop("name", f"ix_{table}_{'_'.join(columns)}")
    op.create_index(name, table, list(columns), postgresql_where=sa.text(where), sqlite_where=sa.text(where), **options)


def _dated() -> list[sa.Column[Any]]:
    return [_at("valid_from"), _at("valid_to"), _id("opened_by"), _id("closed_by", null=True)]


def _sources() -> None:
    op.add_column("source", sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("source", sa.Column("walled", sa.Boolean(), nullable=False, server_default=sa.false()))
    for table, other in (("source_opening", "source"), ("connection_opening", "connection")):
        op.create_table(
            table,
            _id(),
            _id(f"{other}_id"),
            _id("organisation_id"),
            *_dated(),
            _valid(table),
            *_refers(table, **{f"{other}_id": other, "organisation_id": "organisation"}),
            _key(table),
        )
        _open_index(table, f"{other}_id")
        _open_index(table, "organisation_id")


def _people() -> None:
    op.add_column("hold", sa.Column("whole", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "hold_part",
        _id("hold_id"),
        _id("organisation_id"),
        *_refers("hold_part", organisation_id="organisation"),
        _key("hold_part", "hold_id", "organisation_id"),
    )
    confirmed = "guardian_confirmation"
    op.create_table(
        confirmed,
        _id(),
        _id("person_id"),
        _id("other_person_id"),
        *_dated(),
        _valid(confirmed),
        *_refers(confirmed, person_id="person", other_person_id="person"),
        _key(confirmed),
    )
    _open_index(confirmed, "person_id", "other_person_id")


def _definitions() -> None:
    op.add_column("role", sa.Column("sensitive", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("role", sa.Column("handed_out", sa.String(), nullable=False, server_default="enabled"))
        op.create_check_constraint(op.f("ck_role_handed_out"), "role", _HANDED_OUT)
    else:
        op.execute(
            "ALTER TABLE role ADD COLUMN handed_out VARCHAR DEFAULT 'enabled' NOT NULL"
            f" CONSTRAINT ck_role_handed_out CHECK ({_HANDED_OUT})"
        )
    op.create_table(
        "code_list_owner",
        _text("key"),
        _id("owner_id"),
        *_refers("code_list_owner", owner_id="organisation"),
        _key("code_list_owner", "key"),
    )
    op.add_column("rule_version", sa.Column("digest", sa.String(), nullable=True))
    op.create_table(
        "proposal",
        _id(),
        _text("kind"),
        _text("key"),
        _text("digest"),
        _id("owner_id", null=True),
        _json("counts"),
        _json("reasons"),
        _id("proposed_by", null=True),
        _at("proposed_at"),
        _id("accepted_by", null=True),
        _at("accepted_at", null=True),
        _at("withdrawn_at", null=True),
        sa.CheckConstraint("accepted_by IS NULL OR accepted_by <> proposed_by", name=op.f("ck_proposal_second_person")),
        *_refers("proposal", owner_id="organisation"),
        _key("proposal"),
    )
    op.create_table(
        "taken_out",
        _id(),
        _text("kind"),
        _text("key"),
        _id("owner_id"),
        _text("reason"),
        _id("taken_by", null=True),
        _at("taken_at"),
        _id("seen_by", null=True),
        _at("seen_at", null=True),
        *_refers("taken_out", owner_id="organisation"),
        _key("taken_out"),
    )


def _sign_in() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("connection", _id("owner_id", null=True))
        op.create_foreign_key("fk_connection_owner_id_organisation", "connection", "organisation", ["owner_id"], ["id"])
    else:
        op.execute(
            "ALTER TABLE connection ADD COLUMN owner_id CHAR(32)"
            " CONSTRAINT fk_connection_owner_id_organisation REFERENCES organisation (id)"
        )
    op.add_column("login_session", _id("connection_id", null=True))
    op.create_index("ix_login_session_connection_id", "login_session", ["connection_id"])
    # Nobody knows any more by what these were made; they keep what they have until they end.
    op.add_column(
        "login_session", sa.Column("proofs", sa.JSON(), nullable=False, server_default=sa.text("'[\"own\"]'"))
    )
    op.add_column("grant_", _at("device_until", null=True))
    op.create_table(
        "factor_replacement",
        _id(),
        _id("person_id"),
        _text("kind"),
        _json("data"),
        _at("begun_at"),
        _at("effective_at"),
        _at("done_at", null=True),
        _at("stopped_at", null=True),
        *_refers("factor_replacement", person_id="person"),
        _key("factor_replacement"),
    )
    op.create_index("ix_factor_replacement_person_id", "factor_replacement", ["person_id"])
    op.create_table(
        "standing_request",
        _id(),
        _id("person_id"),
        _text("act"),
        _text("reason"),
        _id("asked_by"),
        _at("asked_at"),
        _at("expires_at"),
        _at("used_at", null=True),
        *_refers("standing_request", person_id="person"),
        _key("standing_request"),
    )
    op.create_index("ix_standing_request_person_id", "standing_request", ["person_id"])
    op.create_table(
        "standing_press",
        _id("request_id"),
        _id("pressed_by"),
        _at("pressed_at"),
        *_refers("standing_press", request_id="standing_request"),
        _key("standing_press", "request_id", "pressed_by"),
    )
    address = "sign_in_address"
    op.create_table(
        address,
        _id(),
        _id("person_id"),
        _text("address"),
        _at("since"),
        _at("usable_from"),
        _id("confirmed_by", null=True),
        _at("ended_at", null=True),
        *_refers(address, person_id="person"),
        _key(address),
    )
    op.create_index("ix_sign_in_address_person_id", address, ["person_id"])
    _open_index(address, "person_id", where="ended_at IS NULL", unique=True, name="uq_person_id_present")
    _open_index(
        "affiliation",
        "fact_id",
        where="closed_by IS NOT NULL AND is_primary",
        name="ix_affiliation_formerly_is_primary",
    )


_PLACE = sa.table(
    "organisation_place",
    sa.column("organisation_id", sa.Uuid()),
    sa.column("parent_id", sa.Uuid()),
    sa.column("valid_from", UtcDateTime()),
    sa.column("valid_to", UtcDateTime()),
    sa.column("closed_by", sa.Uuid()),
)
_CLOSURE = sa.table(
    "organisation_closure",
    sa.column("ancestor_id", sa.Uuid()),
    sa.column("descendant_id", sa.Uuid()),
    sa.column("valid_from", UtcDateTime()),
    sa.column("valid_to", UtcDateTime()),
)
_ENABLED = sa.table(
    "application_enabled", sa.column("application_id", sa.Uuid()), sa.column("organisation_id", sa.Uuid())
)
_APPLICATION = sa.table(
    "application", sa.column("id", sa.Uuid()), sa.column("owner_id", sa.Uuid()), sa.column("entry", sa.String())
)
_ROLE = sa.table(
    "role", sa.column("id", sa.Uuid()), sa.column("application_id", sa.Uuid()), sa.column("handed_out", sa.String())
)
_RULE = sa.table("rule", sa.column("id", sa.Uuid()), sa.column("owner_id", sa.Uuid()))
_VERSION = sa.table(
    "rule_version",
    sa.column("rule_id", sa.Uuid()),
    sa.column("role_id", sa.Uuid()),
    sa.column("state", sa.String()),
)
_ASSIGNMENT = sa.table(
    "assignment",
    sa.column("role_id", sa.Uuid()),
    sa.column("holder_entity_id", sa.Uuid()),
    sa.column("scope_id", sa.Uuid()),
    sa.column("origin", sa.String()),
    sa.column("closed_by", sa.Uuid()),
    sa.column("valid_from", UtcDateTime()),
    sa.column("valid_to", UtcDateTime()),
)


def _holds(table: Any, at: datetime) -> Any:
    return sa.and_(table.c.valid_from <= at, table.c.valid_to > at)


def _owners(now: datetime) -> None:
    p = _PLACE.c
    roots = sa.select(p.organisation_id).where(p.parent_id.is_(None), p.closed_by.is_(None), _holds(_PLACE, now))
    root = op.get_bind().execute(roots.order_by(p.valid_from, p.organisation_id).limit(1)).scalar()
    if root is None:
        return
    connection = sa.table("connection", sa.column("owner_id", sa.Uuid()))
    op.execute(connection.update().values(owner_id=root))
    lists, owners = (
        sa.table("code_list", sa.column("key", sa.String())),
        sa.table("code_list_owner", sa.column("key", sa.String()), sa.column("owner_id", sa.Uuid())),
    )
    keys = sa.select(lists.c.key, sa.literal(root, sa.Uuid())).distinct()
    op.execute(owners.insert().from_select(["key", "owner_id"], keys))


def _enable(now: datetime) -> None:
    a, r, app = _ASSIGNMENT.c, _ROLE.c, _APPLICATION.c
    held = (
        sa.select(r.application_id, a.holder_entity_id)
        .join(_ROLE, r.id == a.role_id)
        .join(_APPLICATION, app.id == r.application_id)
        .where(a.closed_by.is_(None), _holds(_ASSIGNMENT, now), app.entry == "role")
        .distinct()
        .subquery()
    )
    already = sa.exists().where(
        _ENABLED.c.application_id == held.c.application_id, _ENABLED.c.organisation_id == held.c.holder_entity_id
    )
    rows = sa.select(held.c.application_id, held.c.holder_entity_id).where(~already)
    op.execute(_ENABLED.insert().from_select(["application_id", "organisation_id"], rows))


def _hand_out(now: datetime) -> None:
    """A role that somebody gives today who is not an enabled organisation itself (a school's rule) may be given by the
    parts."""
    v, rule, role, app, c = _VERSION.c, _RULE.c, _ROLE.c, _APPLICATION.c, _CLOSURE
    enabled = sa.exists().where(
        _ENABLED.c.application_id == role.application_id, _ENABLED.c.organisation_id == rule.owner_id
    )
    over = sa.exists().where(c.c.ancestor_id == rule.owner_id, c.c.descendant_id == app.owner_id, _holds(c, now))
    by_parts = (
        sa.select(v.role_id)
        .join(_RULE, rule.id == v.rule_id)
        .join(_ROLE, role.id == v.role_id)
        .join(_APPLICATION, app.id == role.application_id)
        .where(v.state == "published", ~enabled, ~over)
    )
    op.execute(_ROLE.update().where(_ROLE.c.id.in_(by_parts)).values(handed_out="parts"))

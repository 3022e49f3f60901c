"""The whole provider: second factors, upstream connections, registration, logout to applications, opaque tokens, the
trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OLD, _NEW = "id_token_alg IN ('RS256', 'ES256')", "id_token_alg IN ('RS256', 'ES256', 'PS256')"


def upgrade() -> None:
    _tables()
    _columns()
    _client()


def _tables() -> None:

    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_client_id_id", "attempt", ["client_id", "id"])
    op.create_index("ix_attempt_person_id_id", "attempt", ["person_id", "id"])

    op.create_table(
        "connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("identifier", sa.JSON(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_connection"),
        sa.UniqueConstraint("key", name="uq_connection_key"),
    )
    op.create_table(
        "opaque_token",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_opaque_token"),
    )
    op.create_index("ix_opaque_token_expires_at", "opaque_token", ["expires_at"])

    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("given_up_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        postgresql_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL AND given_up_at IS NULL"),
    )

    op.create_table(
        "connection_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name="fk_connection_link_connection_id_connection"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_connection_link_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_connection_link"),
        sa.UniqueConstraint(
            "connection_id", "issuer", "subject", name="uq_connection_link_connection_id_issuer_subject"
        ),
    )
    op.create_index("ix_connection_link_person_id", "connection_link", ["person_id"])

    op.create_table(
        "factor_policy",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("remember_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_factor_policy_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_factor_policy"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_passkey_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_person_id", "passkey", ["person_id"])

    op.create_table(
        "recovery_code",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_recovery_code_person_id_person"),
        sa.PrimaryKeyConstraint("hash", name="pk_recovery_code"),
    )
    op.create_index("ix_recovery_code_person_id", "recovery_code", ["person_id"])

    op.create_table(
        "remembered_device",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_remembered_device_person_id_person"),
        sa.PrimaryKeyConstraint("hash", name="pk_remembered_device"),
    )
    op.create_index("ix_remembered_device_person_id", "remembered_device", ["person_id"])

    op.create_table(
        "totp",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_totp_person_id_person"),
        sa.PrimaryKeyConstraint("person_id", name="pk_totp"),
    )
    op.create_table(
        "agreed",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name="fk_agreed_application_id_application"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_agreed_person_id_person"),
        sa.PrimaryKeyConstraint("person_id", "application_id", name="pk_agreed"),
    )
    op.create_table(
        "initial_access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("pkce_optional", sa.Boolean(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_initial_access_token_application_id_application"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_initial_access_token"),
        sa.UniqueConstraint("hash", name="uq_initial_access_token_hash"),
    )


def _columns() -> None:
    empty, nothing = sa.text("'[]'"), sa.text("'{}'")
    for table, column in (
        ("application", sa.Column("least_acr", sa.String(), nullable=True)),
        ("client", sa.Column("userinfo_alg", sa.String(), nullable=True)),
        ("client", sa.Column("par_required", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("client", sa.Column("legacy_audience", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("client", sa.Column("resources", sa.JSON(), nullable=False, server_default=empty)),
        ("client", sa.Column("jwks_uri", sa.String(), nullable=True)),
        ("client", sa.Column("sector_identifier_uri", sa.String(), nullable=True)),
        ("client", sa.Column("backchannel_logout_uri", sa.String(), nullable=True)),
        ("client", sa.Column("frontchannel_logout_uri", sa.String(), nullable=True)),
        ("client", sa.Column("metadata", sa.JSON(), nullable=False, server_default=nothing)),
        ("client", sa.Column("management_hash", sa.LargeBinary(), nullable=True)),
        ("grant_", sa.Column("resources", sa.JSON(), nullable=False, server_default=empty)),
        ("grant_", sa.Column("claims", sa.JSON(), nullable=False, server_default=nothing)),
    ):
        op.add_column(table, column)
    op.create_index("uq_client_management_hash", "client", ["management_hash"], unique=True)


def _client() -> None:
    """What a client's columns may hold. SQLite cannot change a check, so its table is made anew from its own text."""
    check = "token_format IN ('jwt', 'opaque')"
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("client", sa.Column("token_format", sa.String(), nullable=False, server_default="jwt"))
        op.drop_constraint(op.f("ck_client_id_token_alg"), "client", type_="check")
        op.create_check_constraint(op.f("ck_client_id_token_alg"), "client", _NEW)
        op.create_check_constraint(op.f("ck_client_token_format"), "client", check)
        return
    op.execute(
        "ALTER TABLE client ADD COLUMN token_format VARCHAR DEFAULT 'jwt' NOT NULL"
        f" CONSTRAINT ck_client_token_format CHECK ({check})"
    )
    rows = list(
        op.get_bind().exec_driver_sql(
            "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'client' AND sql IS NOT NULL"
        )
    )
    (made,) = (text for kind, text in rows if kind == "table")
    _, _, rest = made.partition("(")
    if _OLD not in rest:
        raise RuntimeError("client does not check id_token_alg")
    for statement in (
        f"CREATE TABLE new_client ({rest.replace(_OLD, _NEW)}",
        "INSERT INTO new_client SELECT * FROM client",
        "DROP TABLE client",
        "ALTER TABLE new_client RENAME TO client",
        *(text for kind, text in rows if kind == "index"),
    ):
        op.get_bind().exec_driver_sql(statement)

"""The first schema: facts, sources, rights, agreements, plans, tokens, clients, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from iam.database.postgresql import UUID7
from iam.database.types import ProtectedText, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(UUID7)
    op.create_table(
        "assertion_seen",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("jti_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti_hash", name=op.f("pk_assertion_seen")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_actor_id_id"), "audit_event", ["actor_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_event_change_id"), "audit_event", ["change_id"], unique=False)
    op.create_index(op.f("ix_audit_event_subject_id_id"), "audit_event", ["subject_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_event_type_id"), "audit_event", ["type", "id"], unique=False)
    op.create_table(
        "cache_generation",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cache_generation")),
    )
    op.create_table(
        "change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor_person_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.CheckConstraint("kind IN ('run', 'plan', 'command', 'undo')", name=op.f("ck_change_kind")),
        sa.ForeignKeyConstraint(["undoes"], ["change.id"], name=op.f("fk_change_undoes_change")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_actor_person_id"), "change", ["actor_person_id"], unique=False)
    op.create_index(op.f("ix_change_at"), "change", ["at"], unique=False)
    op.create_table(
        "code_list",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", "code", name=op.f("pk_code_list")),
    )
    op.create_table(
        "failure_budget",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("window", UtcDateTime(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "window", name=op.f("pk_failure_budget")),
    )
    op.create_table(
        "grant_",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("capacity_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("auth_time", UtcDateTime(), nullable=False),
        sa.Column("acr", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rotated_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_")),
    )
    op.create_index(op.f("ix_grant__capacity_id"), "grant_", ["capacity_id"], unique=False)
    op.create_index(op.f("ix_grant__person_id_revoked_at"), "grant_", ["person_id", "revoked_at"], unique=False)
    op.create_index(op.f("ix_grant__session_id"), "grant_", ["session_id"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("auth_time", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("acr", sa.String(), nullable=False),
        sa.Column("amr", sa.JSON(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_login_session_secret_hash")),
    )
    op.create_index(
        op.f("ix_login_session_person_id_ended_at"), "login_session", ["person_id", "ended_at"], unique=False
    )
    op.create_table(
        "one_shot",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_one_shot")),
    )
    op.create_index(op.f("ix_one_shot_expires_at"), "one_shot", ["expires_at"], unique=False)
    op.create_index(op.f("ix_one_shot_person_id"), "one_shot", ["person_id"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("oph_oid", sa.String(), nullable=True),
        sa.Column("school_code", sa.String(), nullable=True),
        sa.Column("business_id", sa.String(), nullable=True),
        sa.Column("name_fi", sa.String(), nullable=False),
        sa.Column("name_sv", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("key", name=op.f("uq_organisation_key")),
        sa.UniqueConstraint("oph_oid", name=op.f("uq_organisation_oph_oid")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("sort_name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["person.id"], name=op.f("fk_person_merged_into_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_sort_name_id", "person", ["sort_name", "id"], unique=False)
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("promoted_at", UtcDateTime(), nullable=True),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('next', 'current', 'previous', 'refused')", name=op.f("ck_signing_key_state")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_index(
        "uq_signing_key_current",
        "signing_key",
        ["algorithm"],
        unique=True,
        postgresql_where=sa.text("state = 'current'"),
        sqlite_where=sa.text("state = 'current'"),
    )
    op.create_table(
        "absence",
        sa.Column("affiliation_fact_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_absence_valid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_absence_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_absence")),
    )
    op.create_index(
        op.f("ix_absence_affiliation_fact_id"),
        "absence",
        ["affiliation_fact_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_absence_fact_id"),
        "absence",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "account",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_table(
        "admin_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_admin_grant_valid")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_admin_grant_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_admin_grant_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_grant")),
    )
    op.create_index(
        op.f("ix_admin_grant_person_id"),
        "admin_grant",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "affiliation",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occupation", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("substitute_for", sa.String(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_affiliation_valid")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["organisation.id"], name=op.f("fk_affiliation_legal_entity_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_affiliation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_affiliation_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_affiliation")),
    )
    op.create_index(
        op.f("ix_affiliation_fact_id"),
        "affiliation",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_affiliation_organisation_id_kind_occupation"),
        "affiliation",
        ["organisation_id", "kind", "occupation"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_affiliation_person_id"),
        "affiliation",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        "uq_affiliation_open",
        "affiliation",
        ["source_id", "record_id", "organisation_id", "valid_from"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("legal_basis", sa.JSON(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_agreement_owner_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("key", name=op.f("uq_agreement_key")),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("ask_capacity", sa.Boolean(), nullable=False),
        sa.Column("subject_mode", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.CheckConstraint("entry IN ('role', 'everyone')", name=op.f("ck_application_entry")),
        sa.CheckConstraint("notice IN ('inform', 'consent', 'none')", name=op.f("ck_application_notice")),
        sa.CheckConstraint("subject_mode IN ('pairwise', 'public')", name=op.f("ck_application_subject_mode")),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_application_owner_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("key", name=op.f("uq_application_key")),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('password', 'directory')", name=op.f("ck_credential_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credential_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("person_id", "kind", name=op.f("uq_credential_person_id_kind")),
    )
    op.create_table(
        "hold",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_hold_valid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hold_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_hold")),
    )
    op.create_index(
        op.f("ix_hold_fact_id"),
        "hold",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_hold_person_id"),
        "hold",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "identifier",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("value_mac", sa.LargeBinary(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(value IS NULL) <> (value_mac IS NULL)", name=op.f("ck_identifier_one_value")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_identifier_valid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identifier_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_identifier")),
    )
    op.create_index(
        "ix_identifier_person_id",
        "identifier",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        "uq_identifier_open_mac",
        "identifier",
        ["kind", "issuer", "value_mac"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        "uq_identifier_open_value",
        "identifier",
        ["kind", "issuer", "value"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "organisation_closure",
        sa.Column("ancestor_id", sa.Uuid(), nullable=False),
        sa.Column("descendant_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_organisation_closure_valid")),
        sa.ForeignKeyConstraint(
            ["ancestor_id"], ["organisation.id"], name=op.f("fk_organisation_closure_ancestor_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["descendant_id"], ["organisation.id"], name=op.f("fk_organisation_closure_descendant_id_organisation")
        ),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", "valid_from", name=op.f("pk_organisation_closure")),
    )
    op.create_index(
        op.f("ix_organisation_closure_descendant_id"), "organisation_closure", ["descendant_id"], unique=False
    )
    op.create_table(
        "organisation_place",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_organisation_place_valid")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["organisation.id"], name=op.f("fk_organisation_place_legal_entity_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_place_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organisation.id"], name=op.f("fk_organisation_place_parent_id_organisation")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_organisation_place")),
    )
    op.create_index(
        op.f("ix_organisation_place_fact_id"),
        "organisation_place",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_organisation_place_organisation_id"),
        "organisation_place",
        ["organisation_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_organisation_place_parent_id"),
        "organisation_place",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "organisation_relation",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('covers', 'owns', 'continues')", name=op.f("ck_organisation_relation_kind")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_organisation_relation_valid")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_relation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["organisation.id"], name=op.f("fk_organisation_relation_other_id_organisation")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_organisation_relation")),
    )
    op.create_index(
        op.f("ix_organisation_relation_fact_id"),
        "organisation_relation",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_organisation_relation_organisation_id_kind"),
        "organisation_relation",
        ["organisation_id", "kind"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_organisation_relation_other_id_kind"),
        "organisation_relation",
        ["other_id", "kind"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "person_key",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_key_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_key")),
    )
    op.create_table(
        "person_profile",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("given_names", sa.String(), nullable=True),
        sa.Column("call_name", sa.String(), nullable=True),
        sa.Column("family_name", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", ProtectedText(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_person_profile_valid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_profile_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_person_profile")),
    )
    op.create_index(
        op.f("ix_person_profile_person_id_source_id"),
        "person_profile",
        ["person_id", "source_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "relationship",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("other_person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("person_id <> other_person_id", name=op.f("ck_relationship_two_persons")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_relationship_valid")),
        sa.ForeignKeyConstraint(
            ["other_person_id"], ["person.id"], name=op.f("fk_relationship_other_person_id_person")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_relationship_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_relationship")),
    )
    op.create_index(
        op.f("ix_relationship_fact_id"),
        "relationship",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_relationship_other_person_id_kind"),
        "relationship",
        ["other_person_id", "kind"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_relationship_person_id_kind"),
        "relationship",
        ["person_id", "kind"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_rule_owner_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        sa.UniqueConstraint("key", name=op.f("uq_rule_key")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("matching", sa.JSON(), nullable=True),
        sa.Column("correlate", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("keep_good_rows", sa.Boolean(), nullable=False),
        sa.Column("missing_hours", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.String(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_source_owner_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("key", name=op.f("uq_source_key")),
    )
    op.create_table(
        "subject",
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sub", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_subject_person_id_person")),
        sa.PrimaryKeyConstraint("sector", "person_id", name=op.f("pk_subject")),
        sa.UniqueConstraint("sub", name=op.f("uq_subject_sub")),
    )
    op.create_table(
        "vault_item",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_vault_item_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_vault_item")),
    )
    op.create_table(
        "agreement_clause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("grantor_id", sa.Uuid(), nullable=False),
        sa.Column("grantee_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("with_descendants", sa.Boolean(), nullable=False),
        sa.Column("relationship_kind", sa.String(), nullable=True),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_clause_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["grantee_id"], ["organisation.id"], name=op.f("fk_agreement_clause_grantee_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["grantor_id"], ["organisation.id"], name=op.f("fk_agreement_clause_grantor_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["scope_id"], ["organisation.id"], name=op.f("fk_agreement_clause_scope_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_clause")),
        sa.UniqueConstraint("agreement_id", "n", name=op.f("uq_agreement_clause_agreement_id_n")),
    )
    op.create_index(
        op.f("ix_agreement_clause_grantee_id_grantor_id"),
        "agreement_clause",
        ["grantee_id", "grantor_id"],
        unique=False,
    )
    op.create_table(
        "agreement_party",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_party_agreement_id_agreement")
        ),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["organisation.id"], name=op.f("fk_agreement_party_legal_entity_id_organisation")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "legal_entity_id", name=op.f("pk_agreement_party")),
    )
    op.create_table(
        "agreement_term",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_agreement_term_valid")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_term_agreement_id_agreement")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_agreement_term")),
    )
    op.create_index(
        op.f("ix_agreement_term_agreement_id"),
        "agreement_term",
        ["agreement_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_agreement_term_fact_id"),
        "agreement_term",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "application_enabled",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_enabled_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_application_enabled_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("application_id", "organisation_id", name=op.f("pk_application_enabled")),
    )
    op.create_table(
        "client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("post_logout_redirect_uris", sa.JSON(), nullable=False),
        sa.Column("grants", sa.JSON(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("id_token_alg", sa.String(), nullable=False),
        sa.Column("pkce", sa.String(), nullable=False),
        sa.Column("jwks", sa.JSON(), nullable=True),
        sa.Column("mapper", sa.JSON(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "auth IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')",
            name=op.f("ck_client_auth"),
        ),
        sa.CheckConstraint("id_token_alg IN ('RS256', 'ES256')", name=op.f("ck_client_id_token_alg")),
        sa.CheckConstraint("pkce = 'required' OR (pkce = 'optional' AND auth <> 'none')", name=op.f("ck_client_pkce")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_client_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_client_client_id")),
    )
    op.create_table(
        "group_",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_key", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", ProtectedText(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_group__organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_group__source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_group__organisation_id_key")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('computed', 'held', 'applied', 'partly', 'refused')", name=op.f("ck_plan_state")),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name=op.f("ck_plan_second_person")),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_plan_owner_id_organisation")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_plan_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_table(
        "remembered_capacity",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("capacity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_remembered_capacity_application_id_application")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_remembered_capacity_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "application_id", name=op.f("pk_remembered_capacity")),
    )
    op.create_table(
        "role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_role_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("application_id", "key", name=op.f("uq_role_application_id_key")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("actor_person_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("phases", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("completeness", sa.String(), nullable=True),
        sa.Column("header", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_run_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_source_id_id"), "run", ["source_id", "id"], unique=False)
    op.create_table(
        "acceptance",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("accepted_by", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["accepted_by"], ["person.id"], name=op.f("fk_acceptance_accepted_by_person")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_acceptance_run_id_run")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_acceptance_source_id_source")),
        sa.PrimaryKeyConstraint("source_id", "digest", name=op.f("pk_acceptance")),
    )
    op.create_table(
        "ambiguity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("decided_person_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_person_id"], ["person.id"], name=op.f("fk_ambiguity_decided_person_id_person")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_ambiguity_run_id_run")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_ambiguity_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ambiguity")),
        sa.UniqueConstraint("source_id", "person_key", name=op.f("uq_ambiguity_source_id_person_key")),
    )
    op.create_table(
        "clause_content",
        sa.Column("clause_id", sa.Uuid(), nullable=False),
        sa.Column("occupation", sa.String(), nullable=False),
        sa.Column("data_group", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clause_id"], ["agreement_clause.id"], name=op.f("fk_clause_content_clause_id_agreement_clause")
        ),
        sa.PrimaryKeyConstraint("clause_id", "occupation", "data_group", "operation", name=op.f("pk_clause_content")),
    )
    op.create_table(
        "client_secret",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name=op.f("fk_client_secret_client_id_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_secret")),
    )
    op.create_index(op.f("ix_client_secret_client_id"), "client_secret", ["client_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_membership_valid")),
        sa.ForeignKeyConstraint(["group_id"], ["group_.id"], name=op.f("fk_membership_group_id_group_")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id_person")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_membership")),
    )
    op.create_index(
        op.f("ix_membership_fact_id"),
        "membership",
        ["fact_id"],
        unique=True,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_membership_group_id"),
        "membership",
        ["group_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_membership_person_id"),
        "membership",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "plan_effect",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("affiliation_kind", sa.String(), nullable=True),
        sa.Column("role_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", UtcDateTime(), nullable=True),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('start', 'end', 'move', 'change', 'gain', 'lose')", name=op.f("ck_plan_effect_kind")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_effect_plan_id_plan")),
        sa.PrimaryKeyConstraint("plan_id", "id", name=op.f("pk_plan_effect")),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("person_key", sa.String(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("missing_since", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_person_id_person")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_record_run_id_run")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_record_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("source_id", "kind", "key", name=op.f("uq_record_source_id_kind_key")),
    )
    op.create_index(op.f("ix_record_person_id"), "record", ["person_id"], unique=False)
    op.create_table(
        "role_closure",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("included_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["included_id"], ["role.id"], name=op.f("fk_role_closure_included_id_role")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_role_closure_role_id_role")),
        sa.PrimaryKeyConstraint("role_id", "included_id", name=op.f("pk_role_closure")),
    )
    op.create_index(op.f("ix_role_closure_included_id"), "role_closure", ["included_id"], unique=False)
    op.create_table(
        "role_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("enforcement", sa.String(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "enforcement IN ('at use', 'by token', 'by push', 'by ticket')", name=op.f("ck_role_version_enforcement")
        ),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_role_version_role_id_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_version")),
        sa.UniqueConstraint("role_id", "n", name=op.f("uq_role_version_role_id_n")),
    )
    op.create_table(
        "rule_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.JSON(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name=op.f("ck_rule_version_state")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_rule_version_role_id_role")),
        sa.ForeignKeyConstraint(["rule_id"], ["rule.id"], name=op.f("fk_rule_version_rule_id_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_version")),
        sa.UniqueConstraint("rule_id", "n", name=op.f("uq_rule_version_rule_id_n")),
    )
    op.create_index(op.f("ix_rule_version_role_id"), "rule_version", ["role_id"], unique=False)
    op.create_table(
        "run_reject",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_reject_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", "n", name=op.f("pk_run_reject")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("capacity_id", sa.Uuid(), nullable=False),
        sa.Column("capacity_kind", sa.String(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("role_version_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("holder_entity_id", sa.Uuid(), nullable=False),
        sa.Column("scope_entity_id", sa.Uuid(), nullable=False),
        sa.Column("clause_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("rule_version_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("needs_relationship", sa.Boolean(), nullable=False),
        sa.Column("fact_1", sa.Uuid(), nullable=False),
        sa.Column("fact_2", sa.Uuid(), nullable=False),
        sa.Column("fact_3", sa.Uuid(), nullable=False),
        sa.Column("fact_4", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(origin = 'rule') = (rule_version_id IS NOT NULL)", name=op.f("ck_assignment_rule_origin")),
        sa.CheckConstraint("origin IN ('rule', 'hand')", name=op.f("ck_assignment_origin")),
        sa.CheckConstraint(
            "holder_entity_id = scope_entity_id OR clause_id IS NOT NULL",
            name=op.f("ck_assignment_clause_across_entities"),
        ),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_assignment_valid")),
        sa.ForeignKeyConstraint(
            ["clause_id"], ["agreement_clause.id"], name=op.f("fk_assignment_clause_id_agreement_clause")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id_person")),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_assignment_role_id_role")),
        sa.ForeignKeyConstraint(
            ["role_version_id"], ["role_version.id"], name=op.f("fk_assignment_role_version_id_role_version")
        ),
        sa.ForeignKeyConstraint(
            ["rule_version_id"], ["rule_version.id"], name=op.f("fk_assignment_rule_version_id_rule_version")
        ),
        sa.ForeignKeyConstraint(["scope_id"], ["organisation.id"], name=op.f("fk_assignment_scope_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(
        op.f("ix_assignment_person_id"),
        "assignment",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_assignment_role_id_scope_id"),
        "assignment",
        ["role_id", "scope_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_index(
        op.f("ix_assignment_rule_version_id"),
        "assignment",
        ["rule_version_id"],
        unique=False,
        postgresql_where=sa.text("closed_by IS NULL"),
        sqlite_where=sa.text("closed_by IS NULL"),
    )
    op.create_table(
        "role_content",
        sa.Column("role_version_id", sa.Uuid(), nullable=False),
        sa.Column("data_group", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_version_id"], ["role_version.id"], name=op.f("fk_role_content_role_version_id_role_version")
        ),
        sa.PrimaryKeyConstraint("role_version_id", "data_group", "operation", name=op.f("pk_role_content")),
    )

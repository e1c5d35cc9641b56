"""The gateway's first tables, with row-level security."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit import migrate

revision = "0001"
down_revision = None

UUID = postgresql.UUID(as_uuid=False)
MOMENT = sa.DateTime(timezone=True)
SERVICE = "gateway"
WEB = migrate.role_name(SERVICE)

PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
ROLE = "current_setting('doorstep.role', true)"
UNITS = "string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[]"
COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"

# The same rule as gateway.visibility.may_see, so that the database holds it too.
VISIBLE = f"""{migrate.in_tenant()} AND CASE
    WHEN {ROLE} = 'resident' THEN visible_to_resident AND (requester_id = {PERSON} OR unit_id = ANY ({UNITS}))
    WHEN {ROLE} = 'crew' THEN community_id = ANY ({COMMUNITIES})
    WHEN {ROLE} IN ('dispatcher', 'manager', 'admin')
        THEN {COMMUNITIES} IS NULL OR community_id = ANY ({COMMUNITIES})
    ELSE false END"""


def upgrade() -> None:
    _accounts()
    _stream()
    _plumbing_tables()
    for statement in _statements():
        op.execute(statement)


def _accounts() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("badge", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("community_ids", postgresql.ARRAY(UUID), nullable=False),
        sa.Column("unit_ids", postgresql.ARRAY(UUID), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_accounts_organisation_id"),
        sa.UniqueConstraint("login", name="uq_accounts_login"),
        sa.CheckConstraint(
            "role IN ('resident', 'crew', 'dispatcher', 'manager', 'admin')", name=op.f("ck_accounts_role")
        ),
    )
    op.create_index("ix_accounts_organisation_id_id", "accounts", ["organisation_id", "id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("family", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.Column("predecessor", sa.Text()),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_refresh_tokens_account_id"),
    )
    for column in ("family", "account_id", "expires_at"):
        op.create_index(f"ix_refresh_tokens_{column}", "refresh_tokens", [column])


def _stream() -> None:
    op.create_table(
        "stream_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("community_id", UUID),
        sa.Column("requester_id", UUID),
        sa.Column("unit_id", UUID),
        sa.Column("owner_id", UUID),
        sa.Column("visible_to_resident", sa.Boolean(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("stored_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stream_events"),
    )
    op.create_index("ix_stream_events_organisation_id_id", "stream_events", ["organisation_id", "id"])
    op.create_index("ix_stream_events_stored_at", "stream_events", ["stored_at"])


def _plumbing_tables() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("written_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("published_at", MOMENT),
        sa.Column("parked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )
    op.create_index("ix_outbox_unpublished", "outbox", ["id"], postgresql_where=sa.text("published_at IS NULL"))
    op.create_table(
        "inbox",
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", MOMENT),
        sa.Column("reason", sa.Text()),
        sa.Column("headers", postgresql.JSONB()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("received_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_retry", "inbox", ["next_attempt_at"], postgresql_where=sa.text("state = 'retry'"))
    op.create_index("ix_inbox_dead", "inbox", ["received_at"], postgresql_where=sa.text("state = 'dead'"))
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "person_id", "route", "key", name="pk_idempotency_keys"),
    )


def _statements() -> list[str]:
    everything = "SELECT, INSERT, UPDATE, DELETE"
    return [
        *migrate.protect(SERVICE, "organisations", migrate.in_tenant("id"), web="SELECT", worker=everything),
        *migrate.protect(SERVICE, "accounts", migrate.in_tenant(), web="SELECT, INSERT, UPDATE", worker=everything),
        # Signing in happens before a tenant is known: it may read the one account whose login it names.
        f"CREATE POLICY accounts_sign_in ON accounts FOR SELECT TO {WEB}"
        " USING (login = NULLIF(current_setting('doorstep.login', true), ''))",
        *migrate.protect(
            SERVICE, "refresh_tokens", migrate.in_tenant(), web="SELECT, INSERT, UPDATE", worker=everything
        ),
        # In the same way a session is renewed by whoever holds its token, whose hash is named.
        f"CREATE POLICY refresh_tokens_holder ON refresh_tokens FOR SELECT TO {WEB}"
        " USING (token_hash = NULLIF(current_setting('doorstep.token_hash', true), ''))",
        *migrate.protect(SERVICE, "stream_events", VISIBLE, web="SELECT", worker=everything),
        # One listener per web process feeds the streams of all tenants, which filter by the same rule; ids only.
        f"CREATE POLICY stream_events_feed ON stream_events FOR SELECT TO {WEB}"
        " USING (current_setting('doorstep.feed', true) = 'on')",
        *migrate.plumbing(SERVICE),
    ]

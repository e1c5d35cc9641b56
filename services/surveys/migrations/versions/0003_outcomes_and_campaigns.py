"""What became of tickets, opinion campaigns with their answers and estimates, and a scope for reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UUID = postgresql.UUID(as_uuid=False)
MOMENT = sa.DateTime(timezone=True)

_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_UNITS = "string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[]"
_HERE = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"

# A report reads under a role of its own (services.surveys.api.reporting), so that counting answers does not let the
# person who asks for the figures look at single visits.
_REPORT = f"{in_tenant()} AND {_ROLE} = 'report' AND {_HERE}"
_VISIT = "SELECT FROM return_visits WHERE return_visits.id = {table}.survey_id"

_HOUSEHOLD = "SELECT FROM campaign_households WHERE campaign_households.{column}"
_CAMPAIGN = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} IN ('system', 'resident') THEN EXISTS ({_HOUSEHOLD.format(column="campaign_id = campaigns.id")})
    WHEN {_ROLE} IN ('manager', 'admin', 'report') THEN {_HERE}
    ELSE false END"""
_NEW_CAMPAIGN = f"{in_tenant()} AND {_ROLE} IN ('manager', 'admin') AND {_HERE} AND author_id = {_PERSON}"
_OWN_HOME = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'system' THEN id = {_PERSON}
    WHEN {_ROLE} = 'resident' THEN unit_id = ANY({_UNITS})
    ELSE false END"""
_HOME = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'system' THEN id = {_PERSON}
    WHEN {_ROLE} = 'resident' THEN unit_id = ANY({_UNITS})
    WHEN {_ROLE} IN ('manager', 'admin', 'report') THEN {_HERE}
    ELSE false END"""
_OF_HOME = f"{in_tenant()} AND EXISTS ({_HOUSEHOLD.format(column='id = {table}.household_id')})"
_SAID_AT_HOME = f"{_OF_HOME} AND {_ROLE} IN ('system', 'resident')"
_OF_CAMPAIGN = f"""{in_tenant()} AND {_ROLE} IN ('manager', 'admin', 'report')
    AND EXISTS (SELECT FROM campaigns WHERE campaigns.id = campaign_estimates.campaign_id)"""
_OWN_ESTIMATE = f"{_OF_CAMPAIGN} AND manager_id = {_PERSON}"


def upgrade() -> None:
    """Create the tables and put them under row-level security."""
    _outcomes()
    _campaigns()
    _answers()
    for statement in _security():
        op.execute(statement)


def _outcomes() -> None:
    op.create_table(
        "ticket_steps",
        sa.Column("ticket_id", UUID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("unit_id", UUID),
        sa.Column("work_type", sa.Text, nullable=False),
        sa.Column("urgency", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("promised_at", MOMENT),
        sa.PrimaryKeyConstraint("ticket_id", "version", name="pk_ticket_steps"),
        sa.CheckConstraint(
            "step IN ('filed', 'promised', 'completed', 'reopened', 'ended')", name=op.f("ck_ticket_steps_step")
        ),
    )
    op.create_index(
        "ix_ticket_steps_filed",
        "ticket_steps",
        ["organisation_id", "at"],
        postgresql_where=sa.text("step = 'filed'"),
    )
    op.create_table(
        "clock_outcomes",
        sa.Column("ticket_id", UUID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("generation", sa.SmallInteger, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("basis", sa.Text),
        sa.Column("target_seconds", sa.Integer),
        sa.Column("allowed_seconds", sa.Integer),
        sa.Column("taken_seconds", sa.Integer),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "generation", name="pk_clock_outcomes"),
        sa.CheckConstraint("state IN ('met', 'breached', 'unknown')", name=op.f("ck_clock_outcomes_state")),
        sa.CheckConstraint(
            "(taken_seconds IS NULL) = (target_seconds IS NULL)", name=op.f("ck_clock_outcomes_stopped_with_figures")
        ),
        sa.CheckConstraint(
            "state = 'breached' OR taken_seconds IS NOT NULL", name=op.f("ck_clock_outcomes_only_breaches_run_on")
        ),
    )


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("question_set", sa.Text, nullable=False),
        sa.Column("question_set_version", sa.Integer, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("households", sa.Integer),
        sa.Column("unplaced", sa.Integer),
        sa.Column("author_id", UUID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.CheckConstraint("state IN ('planned', 'open', 'closed')", name=op.f("ck_campaigns_state")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_campaigns_opens_before_it_closes")),
        sa.CheckConstraint("(state = 'planned') = (households IS NULL)", name=op.f("ck_campaigns_counted_when_opened")),
        sa.CheckConstraint("(households IS NULL) = (unplaced IS NULL)", name=op.f("ck_campaigns_counted_whole")),
    )
    op.create_index("ix_campaigns_community", "campaigns", ["organisation_id", "community_id", "opens_at"])
    op.create_index("ix_campaigns_to_open", "campaigns", ["opens_at"], postgresql_where=sa.text("state = 'planned'"))
    op.create_index("ix_campaigns_to_close", "campaigns", ["closes_at"], postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "campaign_households",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("unit_id", UUID, nullable=False),
        sa.Column("token_sha256", sa.Text),
        sa.Column("invited_at", MOMENT),
        sa.Column("answered_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_households"),
        sa.UniqueConstraint("campaign_id", "unit_id", name="uq_campaign_households_campaign_id_unit_id"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_households_campaign_id"),
        sa.CheckConstraint(
            "(token_sha256 IS NULL) = (invited_at IS NULL)", name=op.f("ck_campaign_households_invited_with_a_link")
        ),
        sa.CheckConstraint(
            "answered_at IS NULL OR invited_at IS NOT NULL", name=op.f("ck_campaign_households_asked_before_answered")
        ),
    )
    op.create_index(
        "ix_campaign_households_to_invite",
        "campaign_households",
        ["id"],
        postgresql_where=sa.text("invited_at IS NULL"),
    )
    op.create_index("ix_campaign_households_unit", "campaign_households", ["unit_id"])


def _answers() -> None:
    op.create_table(
        "campaign_answers",
        sa.Column("household_id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("person_id", UUID),
        sa.Column("comment", sa.Text),
        sa.Column("answered_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("household_id", name="pk_campaign_answers"),
        sa.ForeignKeyConstraint(["household_id"], ["campaign_households.id"], name="fk_campaign_answers_household_id"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_answers_campaign_id"),
        sa.CheckConstraint("channel IN ('link', 'in_app')", name=op.f("ck_campaign_answers_channel")),
        sa.CheckConstraint(
            "(channel = 'in_app') = (person_id IS NOT NULL)", name=op.f("ck_campaign_answers_signed_in_is_somebody")
        ),
    )
    op.create_index("ix_campaign_answers_campaign", "campaign_answers", ["campaign_id", "answered_at"])
    op.create_table(
        "campaign_answer_items",
        sa.Column("household_id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("value", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("household_id", "item", name="pk_campaign_answer_items"),
        sa.ForeignKeyConstraint(
            ["household_id"], ["campaign_answers.household_id"], name="fk_campaign_answer_items_household_id"
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_answer_items_campaign_id"),
    )
    op.create_index("ix_campaign_answer_items_campaign", "campaign_answer_items", ["campaign_id", "item"])
    op.create_table(
        "campaign_estimates",
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("manager_id", UUID, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("value", sa.SmallInteger, nullable=False),
        sa.Column("answers_before", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("campaign_id", "manager_id", "item", name="pk_campaign_estimates"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_campaign_estimates_campaign_id"),
    )


def _security() -> list[str]:
    of_home, said = (
        {table: rule.format(table=table) for table in ("campaign_answers", "campaign_answer_items")}
        for rule in (_OF_HOME, _SAID_AT_HOME)
    )
    return [
        *_for_reports("return_visits", _REPORT),
        *_for_reports("answers", f"{in_tenant()} AND {_ROLE} = 'report' AND EXISTS ({_VISIT.format(table='answers')})"),
        "GRANT SELECT (id, organisation_id, survey_id, answered_by, solved, satisfaction, answered_at) ON answers"
        " TO doorstep_surveys",
        *_for_reports(
            "answer_items", f"{in_tenant()} AND {_ROLE} = 'report' AND EXISTS ({_VISIT.format(table='answer_items')})"
        ),
        "GRANT SELECT ON answer_items TO doorstep_surveys",
        *protect("surveys", "ticket_steps", _REPORT, web="SELECT", worker="SELECT, INSERT, UPDATE"),
        *protect("surveys", "clock_outcomes", _REPORT, web="SELECT", worker="SELECT, INSERT, UPDATE"),
        *protect(
            "surveys", "campaigns", _CAMPAIGN, check=_NEW_CAMPAIGN, web="SELECT, INSERT",
            worker="SELECT, INSERT, UPDATE",
        ),
        *protect(
            "surveys", "campaign_households", _HOME, check=_OWN_HOME, web="SELECT, UPDATE (answered_at)",
            worker="SELECT, INSERT, UPDATE",
        ),
        *(
            statement
            for table in of_home
            for statement in protect(
                "surveys", table, of_home[table], check=said[table], web="SELECT, INSERT", worker="SELECT"
            )
        ),
        *protect(
            "surveys", "campaign_estimates", _OF_CAMPAIGN, check=_OWN_ESTIMATE, web="SELECT, INSERT", worker="SELECT"
        ),
    ]  # fmt: skip


def _for_reports(table: str, condition: str) -> list[str]:
    return [f"CREATE POLICY {table}_report ON {table} FOR SELECT TO doorstep_surveys USING ({condition})"]

"""Calls drawn at random and claimed by staff, answers told apart by who gave them, and who there is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UUID = postgresql.UUID(as_uuid=False)
MOMENT = sa.DateTime(timezone=True)

_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_UNITS = "string_to_array(NULLIF(current_setting('doorstep.units', true), ''), ',')::uuid[]"
_HOUSEHOLD = f"requester_id = {_PERSON} OR unit_id = ANY({_UNITS})"

# A call is for the desk of its community, and for nobody who did the work or asked for it. The link and the household
# reach it too, because their answer ends it.
_CALL = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'system' THEN survey_id = {_PERSON}
    WHEN {_ROLE} = 'resident' THEN {_HOUSEHOLD}
    WHEN {_ROLE} IN ('dispatcher', 'manager')
        THEN ({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES})) AND NOT {_PERSON} = ANY(not_for)
    ELSE false END"""
# A link opens one visit, a household sees its own, and staff the one whose call they have taken.
_VISIT = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'system' THEN id = {_PERSON}
    WHEN {_ROLE} = 'resident' THEN {_HOUSEHOLD}
    WHEN {_ROLE} IN ('dispatcher', 'manager') THEN EXISTS (
        SELECT FROM callbacks WHERE callbacks.survey_id = return_visits.id
        AND callbacks.state = 'claimed' AND callbacks.claimed_by = {_PERSON})
    ELSE false END"""
_OF_VISIT = f"{in_tenant()} AND EXISTS (SELECT FROM return_visits WHERE return_visits.id = {{table}}.survey_id)"
_OF_CALL = f"{in_tenant()} AND EXISTS (SELECT FROM callbacks WHERE callbacks.id = call_attempts.callback_id)"
_DESK = f"{in_tenant()} AND {_ROLE} IN ('dispatcher', 'manager')"
# Only who answers for all of a place says how it draws.
_RULE = f"""{in_tenant()} AND {_ROLE} = 'manager' AND author_id = {_PERSON}
    AND ({_COMMUNITIES} IS NULL OR scope_id = ANY({_COMMUNITIES}))"""


def upgrade() -> None:
    """Create the tables, and say anew what of a visit and its answers the web role may reach."""
    _visits()
    _answers()
    _sampling()
    _callbacks()
    _people()
    for statement in _security():
        op.execute(statement)


def _visits() -> None:
    for name, kind in (
        ("completed_by", UUID),
        ("late_until", MOMENT),
        ("superseded_at", MOMENT),
        ("proxied_at", MOMENT),
        ("silence_due_at", MOMENT),
    ):
        op.add_column("return_visits", sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_return_visits_silent",
        "return_visits",
        ["silence_due_at"],
        postgresql_where=sa.text("silence_due_at IS NOT NULL"),
    )
    op.create_index("ix_return_visits_requester", "return_visits", ["requester_id", "invited_at"])
    op.create_index("ix_return_visits_unit", "return_visits", ["unit_id", "invited_at"])
    # What was asked before can be answered late as well.
    _over_all(
        "return_visits",
        "UPDATE return_visits SET late_until = invited_at + interval '180 days' WHERE invited_at IS NOT NULL",
    )


def _over_all(table: str, statement: str) -> None:
    """Run a statement over every tenant's rows: the tables' owner is held to the policies too."""
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _answers() -> None:
    for column in (
        sa.Column("channel", sa.Text, nullable=False, server_default="link"),
        sa.Column("recorded_by", UUID),
        sa.Column("spoken_by", sa.Text),
        sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("question_set", sa.Text, nullable=False, server_default="return_visit"),
        sa.Column("question_set_version", sa.Integer, nullable=False, server_default="1"),
    ):
        op.add_column("answers", column)
    op.drop_constraint("uq_answers_survey_id", "answers", type_="unique")
    op.create_unique_constraint("uq_answers_survey_id_answered_by", "answers", ["survey_id", "answered_by"])
    for name, rule in (
        ("channel", "channel IN ('link', 'in_app', 'phone')"),
        ("recorded_by_somebody", "(channel = 'phone') = (recorded_by IS NOT NULL)"),
        ("proxy_is_somebody", "(answered_by = 'proxy') = (spoken_by IS NOT NULL)"),
        ("proxy_by_phone", "answered_by = 'household' OR channel = 'phone'"),
        ("spoken_by", "spoken_by IN ('relative', 'carer', 'neighbour', 'colleague', 'other')"),
    ):
        op.create_check_constraint(op.f(f"ck_answers_{name}"), "answers", rule)
    op.create_table(
        "answer_items",
        sa.Column("answer_id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("survey_id", UUID, nullable=False),
        sa.Column("question_set", sa.Text, nullable=False),
        sa.Column("question_set_version", sa.Integer, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("value", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("answer_id", "question_set", "item", name="pk_answer_items"),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name="fk_answer_items_answer_id"),
        sa.ForeignKeyConstraint(["survey_id"], ["return_visits.id"], name="fk_answer_items_survey_id"),
    )
    op.create_index("ix_answer_items_survey", "answer_items", ["survey_id"])
    columns = "answer_id, organisation_id, survey_id, question_set, question_set_version, item, value"
    _over_all(
        "answers",
        f"INSERT INTO answer_items ({columns})"
        " SELECT id, organisation_id, survey_id, question_set, 1, 'solved', solved::int FROM answers"
        " UNION ALL SELECT id, organisation_id, survey_id, question_set, 1, 'satisfaction', satisfaction FROM answers"
        " WHERE satisfaction IS NOT NULL",
    )


def _sampling() -> None:
    op.create_table(
        "sampling_rules",
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("scope_id", UUID, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("phone_percent", sa.SmallInteger, nullable=False),
        sa.Column("silent_percent", sa.SmallInteger, nullable=False),
        sa.Column("silent_after_days", sa.SmallInteger, nullable=False),
        sa.Column("author_id", UUID, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("organisation_id", "scope_id", "version", name="pk_sampling_rules"),
        sa.CheckConstraint("phone_percent BETWEEN 0 AND 100", name=op.f("ck_sampling_rules_phone_percent")),
        sa.CheckConstraint("silent_percent BETWEEN 0 AND 100", name=op.f("ck_sampling_rules_silent_percent")),
        sa.CheckConstraint("silent_after_days BETWEEN 1 AND 60", name=op.f("ck_sampling_rules_silent_after_days")),
    )
    op.create_table(
        "draws",
        sa.Column("survey_id", UUID, nullable=False),
        sa.Column("round", sa.Text, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("drawn_with", sa.Numeric(5, 4), nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("drawn", sa.Boolean, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("survey_id", "round", name="pk_draws"),
        sa.ForeignKeyConstraint(["survey_id"], ["return_visits.id"], name="fk_draws_survey_id"),
        sa.CheckConstraint("drawn_with BETWEEN 0 AND 1", name=op.f("ck_draws_drawn_with")),
        sa.CheckConstraint("round IN ('completion', 'silence')", name=op.f("ck_draws_round")),
        sa.CheckConstraint("method IN ('always', 'system_random')", name=op.f("ck_draws_method")),
        sa.CheckConstraint("reason IN ('random', 'complaint', 'emergency', 'silent')", name=op.f("ck_draws_reason")),
        sa.CheckConstraint("drawn OR drawn_with < 1", name=op.f("ck_draws_certainty_is_certain")),
        sa.CheckConstraint("NOT drawn OR drawn_with > 0", name=op.f("ck_draws_never_is_never")),
    )


def _callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("survey_id", UUID, nullable=False),
        sa.Column("ticket_id", UUID, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("completion", sa.Integer, nullable=False),
        sa.Column("community_id", UUID, nullable=False),
        sa.Column("unit_id", UUID),
        sa.Column("requester_id", UUID, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("completed_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("drawn_with", sa.Numeric(5, 4), nullable=False),
        sa.Column("not_for", postgresql.ARRAY(UUID), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("next_call_at", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("claimed_by", UUID),
        sa.Column("claimed_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("ended_because", sa.Text),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
        sa.UniqueConstraint("survey_id", name="uq_callbacks_survey_id"),
        sa.ForeignKeyConstraint(["survey_id"], ["return_visits.id"], name="fk_callbacks_survey_id"),
        sa.CheckConstraint("state IN ('waiting', 'open', 'claimed', 'ended')", name=op.f("ck_callbacks_state")),
        sa.CheckConstraint(
            "(state = 'claimed') = (claimed_by IS NOT NULL)", name=op.f("ck_callbacks_claimed_by_somebody")
        ),
        sa.CheckConstraint(
            "(claimed_by IS NULL) = (claimed_at IS NULL) AND (claimed_by IS NULL) = (claimed_until IS NULL)",
            name=op.f("ck_callbacks_claimed_at_some_time"),
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_because IS NOT NULL)", name=op.f("ck_callbacks_ended_with_reason")
        ),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_callbacks_ended_at_some_time")),
        sa.CheckConstraint(
            "state IN ('waiting', 'ended') OR next_call_at IS NOT NULL", name=op.f("ck_callbacks_open_from_some_time")
        ),
        sa.CheckConstraint(
            "ended_because IN ('answered', 'proxy', 'wrong_number', 'refused', 'exhausted', 'answered_elsewhere',"
            " 'withdrawn', 'lapsed')",
            name=op.f("ck_callbacks_ended_because"),
        ),
    )
    op.create_index(
        "ix_callbacks_queue", "callbacks", ["next_call_at", "id"], postgresql_where=sa.text("state <> 'ended'")
    )
    op.create_index(
        "ix_callbacks_lapsing",
        "callbacks",
        ["expires_at"],
        postgresql_where=sa.text("state IN ('open', 'claimed')"),
    )
    op.create_table(
        "call_attempts",
        sa.Column("callback_id", UUID, nullable=False),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("survey_id", UUID, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("called_by", UUID, nullable=False),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("call_again_at", MOMENT),
        sa.Column("recorded_at", MOMENT, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("callback_id", "number", name="pk_call_attempts"),
        sa.ForeignKeyConstraint(["callback_id"], ["callbacks.id"], name="fk_call_attempts_callback_id"),
        sa.CheckConstraint(
            "outcome IN ('answered', 'proxy', 'no_answer', 'busy', 'wrong_number', 'refused', 'call_later')",
            name=op.f("ck_call_attempts_outcome"),
        ),
        sa.CheckConstraint(
            "(outcome = 'call_later') = (call_again_at IS NOT NULL)", name=op.f("ck_call_attempts_later_is_a_time")
        ),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", UUID, nullable=False),
        sa.Column("organisation_id", UUID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("badge", sa.Text),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("community_ids", postgresql.ARRAY(UUID), nullable=False),
        sa.Column("unit_ids", postgresql.ARRAY(UUID), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_organisation_id_role", "people", ["organisation_id", "role"])


def _security() -> list[str]:
    changed = "state, attempts, next_call_at, claimed_by, claimed_at, claimed_until, ended_because, ended_at"
    return [
        f"ALTER POLICY return_visits_web ON return_visits USING ({_VISIT}) WITH CHECK ({_VISIT})",
        "GRANT UPDATE (proxied_at) ON return_visits TO doorstep_surveys",
        f"ALTER POLICY answers_web ON answers USING ({_OF_VISIT.format(table='answers')})"
        f" WITH CHECK ({_OF_VISIT.format(table='answers')})",
        *protect(
            "surveys", "answer_items", _OF_VISIT.format(table="answer_items"), web="INSERT", worker="SELECT, INSERT"
        ),
        *protect("surveys", "sampling_rules", _DESK, check=_RULE, web="SELECT, INSERT", worker="SELECT"),
        *protect("surveys", "draws", _DESK, web="", worker="SELECT, INSERT"),
        *protect("surveys", "callbacks", _CALL, web=f"SELECT, UPDATE ({changed})", worker="SELECT, INSERT, UPDATE"),
        *protect("surveys", "call_attempts", _OF_CALL, web="SELECT, INSERT", worker="SELECT"),
        *protect("surveys", "people", f"{_DESK} AND role <> 'resident'", web="SELECT", worker="SELECT, INSERT, UPDATE"),
    ]

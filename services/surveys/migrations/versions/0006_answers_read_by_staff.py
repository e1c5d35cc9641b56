"""Staff read what households said in words, each reading on record before the words are shown."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UUID = postgresql.UUID(as_uuid=False)
_ROLE = "current_setting('doorstep.role', true)"
_PERSON = "NULLIF(current_setting('doorstep.person', true), '')::uuid"
_COMMUNITIES = "string_to_array(NULLIF(current_setting('doorstep.communities', true), ''), ',')::uuid[]"
_HERE = f"({_COMMUNITIES} IS NULL OR community_id = ANY({_COMMUNITIES}))"

# Reading is a role of its own (services.surveys.api.readings), as reports have one: who may read what was said does
# not thereby see it in passing.
_READER = f"{in_tenant()} AND {_ROLE} = 'reader' AND {_HERE}"
_OWN_READING = f"""{in_tenant()} AND {_ROLE} = 'reader' AND viewer_id = {_PERSON} AND EXISTS (
    SELECT FROM return_visits WHERE return_visits.id = answer_views.survey_id
    AND return_visits.ticket_id = answer_views.ticket_id AND return_visits.community_id = answer_views.community_id)"""
_READINGS = f"""{in_tenant()} AND CASE
    WHEN {_ROLE} = 'reader' THEN viewer_id = {_PERSON}
    WHEN {_ROLE} = 'manager' THEN {_HERE}
    ELSE false END"""
_ON_RECORD = f"""COALESCE({_ROLE}, '') <> 'reader' OR EXISTS (
    SELECT FROM answer_views WHERE answer_views.survey_id = answers.survey_id
    AND answer_views.viewer_id = {_PERSON} AND answer_views.at >= transaction_timestamp())"""
_WRITTEN = "id, organisation_id, community_id, survey_id, ticket_id, viewer_id, viewer_role, purpose"


def upgrade() -> None:
    """Create the record of readings, and let a reader see what is on it in the same transaction."""
    op.create_table(
        "answer_views",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("community_id", _UUID, nullable=False),
        sa.Column("survey_id", _UUID, nullable=False),
        sa.Column("ticket_id", _UUID, nullable=False),
        sa.Column("viewer_id", _UUID, nullable=False),
        sa.Column("viewer_role", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_views")),
        sa.ForeignKeyConstraint(["survey_id"], ["return_visits.id"], name=op.f("fk_answer_views_survey_id")),
        sa.CheckConstraint("viewer_role IN ('dispatcher', 'manager')", name=op.f("ck_answer_views_viewer_role")),
        sa.CheckConstraint(
            "purpose IN ('ticket', 'call', 'complaint', 'quality')", name=op.f("ck_answer_views_purpose")
        ),
    )
    op.create_index(op.f("ix_answer_views_organisation_id_id"), "answer_views", ["organisation_id", "id"])
    op.create_index(op.f("ix_answer_views_survey_id_viewer_id"), "answer_views", ["survey_id", "viewer_id"])
    for statement in [
        *protect(
            "surveys", "answer_views", _READINGS, check=_OWN_READING, web=f"SELECT, INSERT ({_WRITTEN})",
            worker="SELECT",
        ),
        f"CREATE POLICY return_visits_reader ON return_visits FOR SELECT TO doorstep_surveys USING ({_READER})",
        f"CREATE POLICY answers_on_record ON answers AS RESTRICTIVE FOR SELECT TO doorstep_surveys USING ({_ON_RECORD})",
        "CREATE POLICY answers_no_reader_writes ON answers AS RESTRICTIVE FOR INSERT TO doorstep_surveys"
        f" WITH CHECK (COALESCE({_ROLE}, '') <> 'reader')",
        "GRANT SELECT (comment, channel, recorded_by, spoken_by, late) ON answers TO doorstep_surveys",
    ]:  # fmt: skip
        op.execute(statement)

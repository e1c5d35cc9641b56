"""A ticket says when somebody comes: the window that one side proposes, and the one that both agreed to."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("appointment_version", sa.Integer()),
    ("proposed_from", sa.DateTime(timezone=True)),
    ("proposed_until", sa.DateTime(timezone=True)),
    ("proposed_by", sa.Text()),
    ("agreed_from", sa.DateTime(timezone=True)),
    ("agreed_until", sa.DateTime(timezone=True)),
)
_WHOLE = {
    "proposed_by_known": "proposed_by IN ('household', 'desk')",
    "proposal_whole": "num_nulls(proposed_from, proposed_until, proposed_by) IN (0, 3)",
    "agreement_whole": "num_nulls(agreed_from, agreed_until) IN (0, 2)",
    "appointment_whole": "(appointment_version IS NULL) = (proposed_from IS NULL AND agreed_from IS NULL)",
}


def upgrade() -> None:
    """Add the columns, which both roles change, and what the report on appointments reads."""
    for name, kind in _COLUMNS:
        op.add_column("tickets", sa.Column(name, kind, nullable=True))
    for name, condition in _WHOLE.items():
        op.execute(f"ALTER TABLE tickets ADD CONSTRAINT ck_tickets_{name} CHECK ({condition})")
    listed = ", ".join(name for name, _ in _COLUMNS)
    for role in ("doorstep_tickets", "doorstep_tickets_worker"):
        op.execute(f"GRANT UPDATE ({listed}) ON tickets TO {role}")
    op.create_index(
        "ix_history_agreed",
        "history",
        ["organisation_id", "at"],
        postgresql_where=sa.text("action = 'agree'"),
    )

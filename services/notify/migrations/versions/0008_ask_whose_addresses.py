"""Asks whose the addresses are that were there before addresses were confirmed: until then nothing is sent to them."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("contacts", "address_confirmations")
# Longer than the two days of an address just set: these people did not ask for a letter today.
_ASK = """
INSERT INTO address_confirmations
    (id, organisation_id, person_id, address, locale, created_at, expires_at, next_attempt_at)
SELECT gen_random_uuid(), organisation_id, person_id, email, coalesce(preferred_locale, locale), now(),
    now() + interval '30 days', now()
FROM contacts c
WHERE active AND email IS NOT NULL AND email_confirmed_at IS NULL
    AND NOT EXISTS (SELECT FROM address_confirmations a WHERE a.person_id = c.person_id)
"""


def upgrade() -> None:
    """Write a letter for each; the worker sends them."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_ASK)
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")

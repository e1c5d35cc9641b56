"""Tells others once how people want to be told who said so before that was published: they heard only of changes."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Whoever never set anything has the defaults, of which others need not hear. A revision heard before changes nothing.
_TELL = """
INSERT INTO outbox (event_id, type, subject, organisation_id, occurred_at, correlation_id, traceparent, data)
SELECT gen_random_uuid(), 'preferences.changed.v1', person_id::text, organisation_id, now(), '', '', jsonb_build_object(
    'account_id', person_id,
    'revision', version,
    'locale', preferred_locale,
    'timezone', timezone,
    'channels', to_jsonb(array_remove(ARRAY[
        CASE WHEN email_confirmed_at IS NOT NULL THEN 'email' END,
        CASE WHEN apprise_urls <> '{}' THEN 'apprise' END,
        CASE WHEN sms_urls <> '{}' THEN 'sms' END
    ], NULL)),
    'quiet_from', to_char(quiet_from, 'HH24:MI'),
    'quiet_until', to_char(quiet_until, 'HH24:MI'),
    'digest_at', to_char(digest_at, 'HH24:MI')
)
FROM contacts WHERE active AND version > 0 ORDER BY person_id
"""


def upgrade() -> None:
    """Write an event for each; the relay brings them out."""
    op.execute("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY")
    op.execute(_TELL)
    op.execute("ALTER TABLE contacts FORCE ROW LEVEL SECURITY")

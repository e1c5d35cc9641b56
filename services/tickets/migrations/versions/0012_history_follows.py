"""History can only be continued, at the moment it is; what a request was can be changed by nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# It looks past the policies: whoever hands a job over may no longer see its history when the row is written.
_FOLLOWS = """
CREATE FUNCTION history_follows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before public.history;
BEGIN
    SELECT * INTO before FROM public.history
    WHERE ticket_id = NEW.ticket_id AND seq = NEW.seq - 1;
    IF before.hash = NEW.previous_hash
        AND before.status = NEW.from_status
        AND before.organisation_id = NEW.organisation_id
        AND before.at <= NEW.at
        AND NEW.action <> 'file' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'entry % of the history does not follow from the one before', NEW.seq
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
_REFUSE = """
CREATE FUNCTION refuse_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entry % of the history %', NEW.seq, TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
END $$
"""
# A filing pays for two comparisons and no look-up: its key keeps a second first entry out.
_TRIGGERS = (
    """CREATE TRIGGER history_begins BEFORE INSERT ON history FOR EACH ROW
    WHEN (NEW.seq < 2 AND (NEW.seq, NEW.action, NEW.from_status, NEW.previous_hash)
        IS DISTINCT FROM (1, 'file', '', repeat('0', 64)))
    EXECUTE FUNCTION refuse_entry('begins no history')""",
    "CREATE TRIGGER history_follows BEFORE INSERT ON history FOR EACH ROW WHEN (NEW.seq > 1)"
    " EXECUTE FUNCTION history_follows()",
    # No statement and no wait inside a transaction lasts so long; and a program whose clock is a minute off would judge
    # deadlines by it.
    """CREATE TRIGGER history_is_of_now BEFORE INSERT ON history FOR EACH ROW
    WHEN (NEW.at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() + interval '1 minute')
    EXECUTE FUNCTION refuse_entry('is not of this minute')""",
)
_NEVER_CHANGES = (
    "id", "organisation_id", "number", "community_id", "unit_id", "requester_id", "filed_by", "filed_at", "title",
    "description", "location", "words_salt", "channel", "about_ticket_id",
)  # fmt: skip
_WORDS = ("title", "description", "location", "words_salt")


def upgrade() -> None:
    """Add the salt of the words, the triggers on history, and grants that leave out what never changes."""
    op.add_column("tickets", sa.Column("words_salt", sa.Text(), nullable=True))
    # The tables' owner is held to the policies too, and the function looks for it.
    for statement in (
        "CREATE POLICY history_owner ON history FOR SELECT TO CURRENT_USER USING (true)",
        _FOLLOWS,
        _REFUSE,
        *_TRIGGERS,
    ):
        op.execute(statement)
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns("tickets")]
    changing = [name for name in columns if name not in _NEVER_CHANGES]
    for role, names in (
        ("doorstep_tickets", changing),
        ("doorstep_tickets_worker", [*changing, *_WORDS]),
    ):
        op.execute(f"REVOKE UPDATE ON tickets FROM {role}")
        op.execute(f"GRANT UPDATE ({', '.join(names)}) ON tickets TO {role}")
    op.execute(
        f"CREATE TRIGGER tickets_words_only_while_erasing BEFORE UPDATE OF {', '.join(_WORDS)} ON tickets"
        " FOR EACH STATEMENT EXECUTE FUNCTION only_while_erasing()"
    )

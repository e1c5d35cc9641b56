"""How residents want to be told, as the notify service tells of them; for the desk, which calls and writes too."""

from sqlalchemy import ARRAY, Column, Integer, Table, Text

from services.tickets.models.columns import Id, metadata, organisation

# A row each for a resident of whom something was heard. `account_locale` comes with the account, by its revision; the
# rest is what they chose, by theirs. `channels` are those they gave an address for, and no address is here.
resident_preferences = Table(
    "resident_preferences",
    metadata,
    Column("person_id", Id, primary_key=True),
    organisation(),
    Column("account_locale", Text),
    Column("account_revision", Integer, nullable=False, server_default="-1"),
    Column("locale", Text),
    Column("timezone", Text),
    Column("quiet_from", Text),
    Column("quiet_until", Text),
    Column("digest_at", Text),
    Column("channels", ARRAY(Text), nullable=False, server_default="{}"),
    Column("revision", Integer, nullable=False, server_default="-1"),
)

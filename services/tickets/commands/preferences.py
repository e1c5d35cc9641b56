"""How residents want to be told, kept as others tell of it; the newest wins, whatever the order."""

from typing import Any

from sqlalchemy import Column, Connection
from sqlalchemy.dialects.postgresql import insert

from services.contracts.gateway import AccountChanged
from services.contracts.notify import PreferencesChanged
from services.tickets.models import resident_preferences

_CHOSEN = ("locale", "timezone", "quiet_from", "quiet_until", "digest_at")


def remember_language(db: Connection, organisation_id: str, account: AccountChanged) -> None:
    """Keep the language of a resident's account; an erased one, which is closed, has none here any more."""
    if account.role != "resident" or not account.active:
        return
    said = {"account_locale": account.locale, "account_revision": account.revision}
    _keep(db, organisation_id, account.account_id, said, resident_preferences.c.account_revision)


def remember_preferences(db: Connection, organisation_id: str, fact: PreferencesChanged) -> None:
    """Keep what a resident chose."""
    said = {name: getattr(fact, name) for name in _CHOSEN}
    said |= {"channels": list(fact.channels), "revision": fact.revision}
    _keep(db, organisation_id, fact.account_id, said, resident_preferences.c.revision)


def _keep(db: Connection, organisation_id: str, person_id: str, said: dict[str, Any], revision: Column[int]) -> None:
    row = insert(resident_preferences).values(person_id=person_id, organisation_id=organisation_id, **said)
    db.execute(
        row.on_conflict_do_update(
            index_elements=["person_id"],
            set_={name: row.excluded[name] for name in said},
            where=revision < row.excluded[revision.name],
        )
    )

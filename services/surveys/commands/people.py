"""Who there is: people as the gateway tells of them, ids and roles."""

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from services.contracts.gateway import AccountChanged
from services.surveys.models import people


def remember_person(db: Connection, organisation_id: str, account: AccountChanged) -> None:
    """Keep what an account says of a person; an older revision arriving late changes nothing."""
    values = {
        "id": account.account_id,
        "organisation_id": organisation_id,
        "role": account.role,
        "badge": account.badge,
        "locale": account.locale,
        "community_ids": list(account.community_ids),
        "unit_ids": list(account.unit_ids),
        "active": account.active,
        "revision": account.revision,
    }
    statement = insert(people).values(values)
    db.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in values if name != "id"},
            where=people.c.revision < statement.excluded.revision,
        )
    )

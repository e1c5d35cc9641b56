"""How households are drawn for a call, as it was last written down."""

from typing import Any

from sqlalchemy import Connection, select

from services.surveys.models import sampling_rules


def newest_rule(db: Connection, organisation_id: str, scope_id: str) -> Any:
    """Return the newest rule of an organisation or one of its communities, or None where nobody has written one."""
    rules = sampling_rules.c
    newest = (
        select(sampling_rules)
        .where(rules.organisation_id == organisation_id, rules.scope_id == scope_id)
        .order_by(rules.version.desc())
        .limit(1)
    )
    return db.execute(newest).one_or_none()

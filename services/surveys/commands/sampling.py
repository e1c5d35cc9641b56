"""How an organisation or one of its communities draws households for a call; every version stays."""

from typing import Any

from sqlalchemy import Connection, func, insert, select

from services.kit.errors import Stale
from services.kit.identity import Actor
from services.surveys.drawing import Sampling
from services.surveys.models import sampling_rules
from services.surveys.queries.sampling import newest_rule


def set_sampling(db: Connection, actor: Actor, scope_id: str, wanted: Sampling, *, expected: int | None) -> Any:
    """Write the next version of a rule and return it. Raises Stale where somebody else wrote one meanwhile."""
    # Two who write at once would both find the same newest version.
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"sampling {scope_id}", 0))))
    newest = newest_rule(db, actor.organisation_id, scope_id)
    version = 0 if newest is None else newest.version
    if expected is not None and expected != version:
        raise Stale(
            f"The rule has changed since you read it (now version {version}). Read it again.",
            f"规则已被更新（当前版本 {version}），请重新读取后再操作。",
            version=version,
        )
    db.execute(
        insert(sampling_rules).values(
            organisation_id=actor.organisation_id,
            scope_id=scope_id,
            version=version + 1,
            phone_percent=wanted.phone_percent,
            silent_percent=wanted.silent_percent,
            silent_after_days=wanted.silent_after_days,
            author_id=actor.id,
        )
    )
    return newest_rule(db, actor.organisation_id, scope_id)

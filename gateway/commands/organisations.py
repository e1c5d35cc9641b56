"""Changing what an organisation says of itself; every change is on record with who made it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gateway import models
from services.kit import clock
from services.kit.errors import NotFound, Stale
from services.kit.events import new_id
from services.kit.identity import Actor

organisations = models.organisations


def change_organisation(db: Connection, by: Actor, changes: Mapping[str, Any], expected: int | None) -> dict[str, Any]:
    """Change facts of the caller's organisation, if it is still at revision `expected`; raises Stale. Locks it.

    What is said again changes nothing. No other service keeps a copy, so that nothing is published.
    """
    wanted = select(organisations).where(organisations.c.id == by.organisation_id).with_for_update()
    found = db.execute(wanted).mappings().one_or_none()
    if found is None:
        raise NotFound("There is no such organisation.", "没有该组织。")
    if expected is not None and found["revision"] != expected:
        raise Stale(
            "Somebody changed the organisation since you read it. Read it again and repeat your change.",
            "该组织信息已被他人更新，请重新读取后再修改。",
        )
    moved = {name: [found[name], value] for name, value in changes.items() if found[name] != value}
    if not moved:
        return dict(found)
    now = {name: value for name, (_before, value) in moved.items()} | {"revision": found["revision"] + 1}
    db.execute(update(organisations).where(organisations.c.id == by.organisation_id).values(now))
    noted = {"organisation_id": by.organisation_id, "author_id": by.id, "at": clock.now(), "changes": moved}
    db.execute(insert(models.organisation_changes).values(id=str(new_id()), **noted))
    return {**found, **now}

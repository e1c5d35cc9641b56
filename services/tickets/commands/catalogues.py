"""Publishing a new version of the organisation's catalogue, for what is filed from now on."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, func, insert, select

from services.kit import clock as time
from services.kit.errors import Forbidden, Invalid, Stale, invalid_field
from services.kit.identity import Actor
from services.tickets import catalogue, own_catalogue, shelves
from services.tickets.models.catalogues import catalogue_versions
from services.tickets.own_catalogue import NotPossible, Overlay

log = structlog.get_logger()

Changes = Sequence[Mapping[str, Any]]


def publish_catalogue(
    db: Connection, actor: Actor, *, changes: Changes, revert: Sequence[str], reason: str, version: int | None
) -> None:
    """Write the next version. Tickets already filed keep the item they have. Raises Stale, Forbidden, Invalid."""
    if actor.community_ids:
        raise Forbidden(
            "The catalogue is the whole organisation's; somebody who looks after all of it changes it.",
            "服务目录适用于整个组织，须由负责全部小区的人员修改。",
        )
    key = f"catalogue of {actor.organisation_id}"
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    now = shelves.newest(db, actor.organisation_id)
    if version not in (None, now):
        raise Stale(
            f'The catalogue has changed since you read it. GET it again; the ETag for If-Match is now "v{now}".',
            f'服务目录已被更新，请重新读取后再修改；If-Match 现应为 "v{now}"。',
            version=now,
        )
    before = shelves.overlay_of(db, actor.organisation_id, now)
    after = overlay_after(before, changes, revert)
    changed = differing(before, after)
    if not changed:
        raise Invalid("Nothing would change.", "没有变化。", fields={"changes": ["give some that differ"]})
    row = {"organisation_id": actor.organisation_id, "version": now + 1, "document": after, "changed": changed}
    db.execute(insert(catalogue_versions).values(**row, reason=reason, author_id=actor.id, at=time.now()))
    log.info("catalogue.published", version=now + 1, author_id=actor.id, changed=changed)


def overlay_after(before: Overlay, changes: Changes, revert: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the organisation's catalogue after some changes; raises Invalid naming the change and the field."""
    try:
        return own_catalogue.merged(catalogue.load(), before, changes, revert)
    except NotPossible as problem:
        codes = [change["code"] for change in changes]
        place = "revert" if problem.field == "revert" else "changes"
        if problem.code in codes and place == "changes":
            place = f"changes.{codes.index(problem.code)}.{problem.field}"
        raise invalid_field(place, f"{problem.code}: {problem.en}", f"{problem.code}：{problem.zh}") from problem


def differing(before: Overlay, after: Overlay) -> list[str]:
    """Return the codes of the items that are not in both alike."""
    return sorted(code for code in {*before, *after} if before.get(code) != after.get(code))

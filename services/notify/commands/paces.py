"""How often a device is disturbed with what can wait, and what then goes out in one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.notify.audience import HURRIED
from services.notify.models import notices, paces

_GATHER = text(
    """
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1, next_attempt_at = :until, lease = :lease
    WHERE id IN (
        SELECT waiting.id FROM deliveries AS waiting JOIN tellings USING (notice_id)
        WHERE waiting.person_id = :person AND waiting.channel = :channel AND waiting.address_key = :key
          AND waiting.state = 'queued' AND waiting.attempts = 0 AND NOT tellings.urgency = ANY (:hurried)
        ORDER BY waiting.id LIMIT 50 FOR UPDATE OF waiting SKIP LOCKED
    )
    RETURNING *
    """
)


def take_turn(connection: Connection, claimed: Mapping[str, Any], now: datetime, until: datetime) -> datetime | None:
    """Take the device's turn and let the next begin at `until`; returns when it is free where it is not now.

    One statement decides: of two deliverers at once one gets the turn.
    """
    mine = {"person_id": claimed["person_id"], "address_key": claimed["address_key"]}
    first = insert(paces).values(**mine, organisation_id=claimed["organisation_id"], free_at=until)
    taken = first.on_conflict_do_update(
        index_elements=["person_id", "address_key"], set_={"free_at": until}, where=paces.c.free_at <= now
    )
    if connection.execute(taken.returning(paces.c.free_at)).one_or_none() is not None:
        return None
    free_at: datetime = connection.execute(select(paces.c.free_at).filter_by(**mine)).scalar_one()
    return free_at


def give_turn_back(connection: Connection, claimed: Mapping[str, Any], now: datetime) -> None:
    """Nothing came of the turn: the next attempt may have it."""
    mine = (paces.c.person_id == claimed["person_id"]) & (paces.c.address_key == claimed["address_key"])
    connection.execute(update(paces).where(mine).values(free_at=now))


def gather(connection: Connection, claimed: Mapping[str, Any], until: datetime) -> list[dict[str, Any]]:
    """Take what else waits for the same address and can go out in one with `claimed`, under the same lease."""
    given = {
        "person": claimed["person_id"],
        "channel": claimed["channel"],
        "key": claimed["address_key"],
        "lease": claimed["lease"],
        "until": until,
        "hurried": list(HURRIED),
    }
    rows = [dict(row) for row in connection.execute(_GATHER, given).mappings()]
    for row in rows:
        row.update({name: str(row[name]) for name in ("id", "organisation_id", "notice_id", "person_id", "lease")})
    wanted: Sequence[str] = [row["notice_id"] for row in rows]
    known = {
        row["id"]: dict(row) for row in connection.execute(select(notices).where(notices.c.id.in_(wanted))).mappings()
    }
    return [{**row, "notice": known[row["notice_id"]]} for row in sorted(rows, key=lambda row: str(row["id"]))]

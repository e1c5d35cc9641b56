"""Calls for the desk to make: taken by one, with an outcome, tried again a few times."""

from typing import Any

from sqlalchemy import Connection, select, update

from services.kit import clock
from services.kit.errors import Conflict, NotFound
from services.kit.identity import Actor
from services.notify.models import phone_tasks
from services.notify.promptness import terms

OUTCOMES = ("reached", "not_reached", "no_number")


def claim_phone_task(connection: Connection, actor: Actor, task_id: str) -> dict[str, Any]:
    """Take a call; of several at once one wins. Raises NotFound, or Conflict that says who has it."""
    take = (
        update(phone_tasks)
        .where(phone_tasks.c.id == task_id, phone_tasks.c.state == "open")
        .values(state="claimed", claimed_by=actor.id, claimed_at=clock.now())
        .returning(phone_tasks)
    )
    row = connection.execute(take).mappings().one_or_none()
    if row is not None:
        return dict(row)
    task = _find(connection, task_id)
    if task["state"] == "claimed" and task["claimed_by"] == actor.id:
        return task
    raise Conflict(
        "Somebody else has this call, or it was made already.",
        "该电话任务已由其他同事接手，或已完成。",
        state=task["state"],
        claimed_by=task["claimed_by"],
    )


def release_phone_task(connection: Connection, actor: Actor, task_id: str) -> dict[str, Any]:
    """Give a call back to the desk. Raises NotFound, or Conflict where the caller does not have it."""
    return _mine(connection, actor, task_id, state="open", claimed_by=None, claimed_at=None)


def settle_phone_task(connection: Connection, actor: Actor, task_id: str, outcome: str) -> dict[str, Any]:
    """Record how a call went. One that reached nobody comes back a little later, a few times.

    The ladder learns from the outcome: `reached` acknowledges the emergency. Raises NotFound or Conflict.
    """
    now, given = clock.now(), terms()
    task = _find(connection, task_id)
    attempts = task["attempts"] + 1
    again = outcome == "not_reached" and attempts < given.phone_attempts
    values: dict[str, Any] = {"outcome": outcome, "attempts": attempts}
    if again:
        later = {"state": "open", "claimed_by": None, "claimed_at": None, "call_from": now + given.phone_again_after}
        return _mine(connection, actor, task_id, **values, **later)
    return _mine(connection, actor, task_id, **values, state="done", done_at=now)


def _mine(connection: Connection, actor: Actor, task_id: str, **values: Any) -> dict[str, Any]:
    change = (
        update(phone_tasks)
        .where(phone_tasks.c.id == task_id, phone_tasks.c.state == "claimed", phone_tasks.c.claimed_by == actor.id)
        .values(**values)
        .returning(phone_tasks)
    )
    row = connection.execute(change).mappings().one_or_none()
    if row is not None:
        return dict(row)
    task = _find(connection, task_id)
    raise Conflict(
        "You do not have this call. Claim it first.",
        "您尚未接手该电话任务，请先接手。",
        state=task["state"],
        claimed_by=task["claimed_by"],
    )


def _find(connection: Connection, task_id: str) -> dict[str, Any]:
    row = connection.execute(select(phone_tasks).where(phone_tasks.c.id == task_id)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such call to make.", "没有这个电话任务。")
    return dict(row)

"""Walking a round: each checkpoint ticked off by who is there, and a repair filed once for each that failed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from services.kit.errors import Conflict, Forbidden, NotFound, invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.remarks import comment
from services.tickets.commands.steps import Ticket, lock
from services.tickets.models import people, photos
from services.tickets.models.plans import ticket_checkpoints
from services.tickets.plans.labels import same_label

LAST = 32767  # Beyond it no number is one of ours, and none that the column could be compared with.
OK, FAILED = "ok", "failed"
RESULTS = (OK, FAILED)
ON_THE_ROUND = ("on_site", "in_progress")


def tick(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    n: int,
    *,
    result: str,
    note: str | None,
    photo_id: str | None,
    code: str | None,
    phone: Phone | None = None,
) -> Mapping[str, Any]:
    """Tick a checkpoint off; returns its row. Locks the ticket, so that of two who find it broken one files.

    It counts from the phone's own time, within bounds. Raises NotFound, Forbidden, Conflict, and Invalid naming the
    field. One that failed stays failed: what was found is put right by the repair that was filed for it.
    """
    ticket = lock(db, ticket_id)
    table = ticket_checkpoints
    of_point = (table.c.ticket_id == ticket_id, table.c.n == n)
    found = db.execute(select(table).where(*of_point)).mappings().one_or_none() if n <= LAST else None
    if found is None:
        raise NotFound("This ticket has no such checkpoint.", "该工单没有此检查点。")
    row = dict(found)
    _require_there(ticket, actor)
    if row["result"] == FAILED:
        raise Conflict(
            "This checkpoint failed, and its repair is on the way.",
            "该检查点已记为异常，维修工单已生成。",
            why="already_done" if result == FAILED else "not_now",
            repair_ticket_id=row["repair_ticket_id"],
        )
    _require_sense(db, ticket_id, row, result=result, note=note, photo_id=photo_id, code=code)
    act = act_of(db, actor, ticket, "tick", phone)
    repair = _repair(db, actor, ticket, row, str(note)) if result == FAILED else None
    change = {
        "result": result,
        "note": note,
        "photo_id": photo_id,
        "ticked_by": actor.id,
        "ticked_at": act.done_at,
        "repair_ticket_id": repair and repair["id"],
    }
    db.execute(update(table).where(*of_point).values(change))
    return {**row, **change}


def require_all_ticked(db: Connection, ticket_id: str) -> None:
    """Raise Conflict naming the checkpoints of a ticket that nobody has looked at yet."""
    table = ticket_checkpoints
    wanted = select(table.c.n, table.c.name).where(table.c.ticket_id == ticket_id, table.c.result.is_(None))
    left = [dict(row) for row in db.execute(wanted.order_by(table.c.n)).mappings()]
    if left:
        named = "、".join(f"{point['n']} {point['name']}" for point in left)
        raise Conflict(
            f"The round has checkpoints that are not ticked off: {named}.",
            f"以下检查点尚未确认：{named}。",
            checkpoints=[{"n": point["n"], "name": point["name"]} for point in left],
        )


def _require_there(ticket: Ticket, actor: Actor) -> None:
    if ticket["owner_id"] != actor.id:
        raise Forbidden(
            "A round is ticked off by who walks it. Claim the job first.",
            "检查点由当前责任人确认，请先接单。",
            why="not_yours",
        )
    if ticket["status"] not in ON_THE_ROUND:
        raise Conflict(
            f"The ticket is {ticket['status']}; checkpoints are ticked off from: {', '.join(ON_THE_ROUND)}.",
            "到场或处理中才能确认检查点。",
            why="not_now",
            status_now=ticket["status"],
            possible_from=list(ON_THE_ROUND),
        )


def _require_sense(
    db: Connection,
    ticket_id: str,
    row: Mapping[str, Any],
    *,
    result: str,
    note: str | None,
    photo_id: str | None,
    code: str | None,
) -> None:
    if result == FAILED and note is None:
        raise invalid_field("note", "Say what is wrong there.", "请说明异常情况。")
    if row["code"] is not None and not same_label(code, row["code"]):
        raise invalid_field("code", "Read the code at the checkpoint itself.", "请扫描检查点现场的二维码。")
    if photo_id is not None:
        shown = select(photos.c.id).where(photos.c.id == photo_id, photos.c.ticket_id == ticket_id)
        if db.execute(shown).one_or_none() is None:
            raise invalid_field("photo_id", "This ticket has no such photo.", "该工单没有此照片。")


def _repair(db: Connection, actor: Actor, ticket: Ticket, row: Mapping[str, Any], note: str) -> Ticket:
    """File the repair for a failed checkpoint, and say so in the round's own history."""
    said = select(people.c.id).where(
        people.c.id == ticket["requester_id"], people.c.role == "resident", people.c.active
    )
    filing = Filing(
        description=f"{row['name']}：{note}",
        catalogue_code=row["repair_code"],
        unit_id=ticket["unit_id"],
        location=ticket["location"] if ticket["unit_id"] else f"{ticket['location']} {row['name']}"[:200],
        channel="patrol",
        on_behalf_of=db.execute(said).scalar_one_or_none(),
        community_id=ticket["community_id"],
        about_ticket_id=ticket["id"],
    )
    repair = file_ticket(db, actor, filing)
    words = f"检查点 {row['n']} 异常，维修工单 {repair['number']}。 Checkpoint {row['n']} failed: {repair['number']}."
    comment(db, actor, ticket["id"], body=words, visible=False)
    return repair

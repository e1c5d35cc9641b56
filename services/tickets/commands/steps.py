"""The one writer of a ticket's status: it locks, checks the table, writes history, clocks and event together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from services.contracts import to_event
from services.contracts.tickets import TicketCompleted, TicketFact, TicketReopened
from services.kit.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from services.kit.events import new_id
from services.kit.identity import ROLE_NAMES_ZH, Actor, system_actor
from services.tickets import appointments, books, chain, lifecycle, service_levels, writing
from services.tickets.acts import Act, Phone, at_once
from services.tickets.commands import following
from services.tickets.commands.acting import act_of, now, require_status
from services.tickets.desk_scope import as_the_desk
from services.tickets.models import NAMED_TICKETS, firings, history, people, tickets

Ticket = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What one verb does to a ticket, decided before anything is written.

    `changes` are columns beside the status, `fact` is the event to publish with its own fields in `told`, `data`
    goes into history as it is, and `note` is what the actor wrote, visible to the resident or not. A step that
    `acknowledges` is a human's first answer where there was none before.
    """

    action: str
    fact: type[TicketFact]
    changes: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    note_visible: bool = True
    note_id: str = field(default_factory=lambda: str(new_id()))
    acknowledges: bool = False


def no_such_ticket() -> NotFound:
    """Return the refusal for a ticket that is not there, or not theirs: the two look alike on purpose."""
    return NotFound("There is no such ticket.", "没有找到该工单。")


def lock(db: Connection, ticket_id: str) -> Ticket:
    """Lock a ticket for this transaction and return it with `timezone` and the names beside its ids."""
    wanted = NAMED_TICKETS.where(tickets.c.id == ticket_id).with_for_update(of=tickets)
    row = db.execute(wanted).mappings().one_or_none()
    if row is None:
        raise no_such_ticket()
    return dict(row)


def allow(ticket: Ticket, actor: Actor, action: str, *, settling: bool = False) -> lifecycle.Rule:
    """Return the rule that lets `actor` take `action` now; raises Forbidden or Conflict with what to do instead."""
    if ticket["joined_to"] is not None and action in following.NOT_BY_ITSELF and actor.role != "system":
        raise following.moves_with_another(ticket)
    try:
        return lifecycle.check(
            action,
            ticket["status"],
            actor.role,
            is_owner=ticket["owner_id"] == actor.id,
            in_household=in_household(ticket, actor),
            settling=settling,
        )
    except lifecycle.NotForRole:
        raise Forbidden(
            f"Your role ({actor.role}) has no action “{action}” on tickets.",
            f"您的角色（{ROLE_NAMES_ZH[actor.role]}）不能进行“{lifecycle.ACTION_NAMES_ZH[action]}”。",
            why="not_allowed",
        ) from None
    except lifecycle.NotYours:
        raise Forbidden(
            "This is for the ticket's owner. Ask the dispatch desk to assign it to you.",
            "此操作由当前责任人进行，可请调度员转派给您。",
            why="not_yours",
            owner_id=ticket["owner_id"],
        ) from None
    except lifecycle.NotNow as refusal:
        raise Conflict(
            f"The ticket is {ticket['status']}; “{action}” is possible from: {refusal}.",
            f"工单当前为“{lifecycle.STATUS_NAMES_ZH[ticket['status']]}”，"
            f"“{lifecycle.ACTION_NAMES_ZH[action]}”仅适用于："
            f"{'、'.join(lifecycle.STATUS_NAMES_ZH[status] for status in refusal.sources)}。",
            why="not_now",
            status_now=ticket["status"],
            possible_from=list(refusal.sources),
        ) from None


def in_household(ticket: Ticket, actor: Actor) -> bool:
    """True where the ticket is the actor's own or concerns their home."""
    return ticket["requester_id"] == actor.id or (ticket["unit_id"] is not None and ticket["unit_id"] in actor.unit_ids)


def require_version(ticket: Ticket, expected: int | None) -> None:
    """Raise Stale where the caller read another version than the current one."""
    if expected is not None and expected != ticket["version"]:
        raise Stale(
            f"The ticket has changed since you read it (now version {ticket['version']}). Read it again.",
            f"工单已被更新（当前版本 {ticket['version']}），请重新读取后再操作。",
            why="stale",
            version=ticket["version"],
        )


def take(
    db: Connection, actor: Actor, ticket: Ticket, step: Step, rule: lifecycle.Rule, act: Act | None = None
) -> Ticket:
    """Write one step of a locked ticket: row, history, clocks, remark and event in one statement.

    `act` is done now by default, asked after the lock was won and never before the last change, so that history is
    in order. One that was told later is an entry of now and counts from its own moment. Returns the ticket as it is
    afterwards.
    """
    act = act or now(ticket)
    moment = act.heard_at
    after = {
        **ticket,
        **step.changes,
        "status": rule.target or ticket["status"],
        "changed_at": moment,
        "version": ticket["version"] + 1,
    }
    if step.acknowledges and ticket["acknowledged_at"] is None:
        after["acknowledged_at"] = act.done_at
    if after["status"] != "waiting":
        after |= {"waiting_reason": None, "paused_until": None, "objected_at": None}
    if not appointments.counts(after["status"], after["joined_to"]):
        after |= appointments.OVER
    if after["owner_id"] != ticket["owner_id"]:
        after["owner_name"] = badge_of(db, after["owner_id"]) if after["owner_id"] else None
    remark, sealed = _note(step, actor, ticket, moment)
    entry = entry_after(ticket, actor, step.action, after["status"], {**step.data, **sealed, **act.said}, moment)
    after["history_hash"] = entry["hash"]
    moving = step.action in service_levels.MOVES_CLOCKS
    clock_rows = _clock_rows(db, after, entry) if moving else []
    event = event_of(step.fact, after, actor, moment, {**step.told, **_told_of(clock_rows, step.fact)})
    writing.write_step(db, after, entry, clock_rows, event, remark)
    if after["leads"] and step.action in following.LEADS:
        _bring_along(db, actor, after, step)
    return after


def plain(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    version: int | None,
    step: Step,
    lacks: Invalid | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Take a step that needs nothing but to be allowed; `lacks` is what is missing for it, said to who may take it."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, step.action)
    if lacks is not None:
        raise lacks
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, step.action, phone))


def _bring_along(db: Connection, actor: Actor, lead: Ticket, step: Step) -> None:
    """Let the requests that are joined to a locked one take their own step, each with its own history and news."""
    with as_the_desk(db, "dispatcher"):
        for row in following.followers_of(db, lead["id"]):
            catch_up(db, row, following.steps_after(db, row, lead, step, actor))


def catch_up(db: Connection, ticket: Ticket, steps: Iterable[Mapping[str, Any]]) -> Ticket:
    """Take steps on a locked ticket as the desk itself, each where it is possible from where the last one led."""
    system = system_actor(ticket["organisation_id"])
    for fields in steps:
        if fields["action"] in lifecycle.allowed(ticket["status"], "system", is_owner=False, in_household=False):
            rule = following.towards(ticket, allow(ticket, system, fields["action"]), fields)
            said = {name: value for name, value in fields.items() if name != "at"}
            act = at_once(fields["at"]) if "at" in fields else None
            ticket = take(db, system, ticket, Step(**said), rule, act)
    return ticket


def _told_of(clock_rows: list[dict[str, Any]], fact: type[TicketFact]) -> dict[str, Any]:
    """Return what an event tells of the ticket's clocks as the step left them."""
    if fact is TicketCompleted:
        return {"clocks": service_levels.told(clock_rows)}
    if fact is TicketReopened:
        return {"resolve_due_at": service_levels.due_of(clock_rows, "resolve")}
    return {}


def _note(
    step: Step, actor: Actor, ticket: Mapping[str, Any], at: datetime
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the remark row for what the actor wrote, and what history says of it: its id and sealed digest."""
    if not step.note:
        return None, {}
    salt, digest = chain.seal(step.note)
    remark = {
        "id": step.note_id,
        "organisation_id": ticket["organisation_id"],
        "ticket_id": ticket["id"],
        "author_id": actor.id,
        "author_role": actor.role,
        "kind": step.action,
        "visible": step.note_visible,
        "body": step.note,
        "salt": salt,
        "at": at,
    }
    return remark, {"remark_id": step.note_id, "remark_sha256": digest, "visible": step.note_visible}


def entry_after(
    ticket: Mapping[str, Any], actor: Actor, action: str, status: str, data: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Return the next row of a ticket's history, chained to the one before."""
    entry = {
        "ticket_id": ticket["id"],
        "seq": ticket["version"] + 1,
        "organisation_id": ticket["organisation_id"],
        "at": at,
        "actor_id": actor.id,
        "actor_role": actor.role,
        "action": action,
        "from_status": ticket["status"],
        "status": status,
        "data": dict(data),
        "previous_hash": ticket["history_hash"],
    }
    return {**entry, "hash": chain.digest(ticket["history_hash"], entry)}


def event_of(
    fact: type[TicketFact], ticket: Mapping[str, Any], actor: Actor, at: datetime, told: Mapping[str, Any]
) -> Any:
    """Return the event that says a step was taken."""
    told_fact = fact(
        ticket_id=ticket["id"],
        actor_id=actor.id,
        actor_role=actor.role,
        **{name: ticket[name] for name in TOLD},
        **told,
    )
    return to_event(told_fact, organisation_id=ticket["organisation_id"], subject=ticket["id"], at=at)


# What every event about a ticket tells of it, beside its id.
TOLD = (
    "number", "version", "community_id", "unit_id", "requester_id", "status", "owner_id", "owner_desk",
    "catalogue_code", "work_type", "need_level", "urgency", "joined_to",
)  # fmt: skip


def _clock_rows(db: Connection, after: Ticket, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every clock of a ticket, computed anew from its history and `entry`."""
    past = select(history).where(history.c.ticket_id == after["id"]).order_by(history.c.seq)
    entries = [dict(row) for row in db.execute(past).mappings()]
    entries.append(dict(entry))
    library = books.books_of(db, after["organisation_id"], after["community_id"], entries)
    judged = service_levels.judged_of(entries, after["community_id"], library, after["changed_at"])
    fired: list[Any] = []
    # Most steps of most tickets come before anything was fired, and then there is nothing to ask.
    clocks = [one.clock for one in judged]
    if any(at <= after["changed_at"] for clock in clocks for at in (*clock.warnings_at, clock.due_at) if at):
        gone = select(firings.c.kind, firings.c.generation, firings.c.level)
        fired = list(db.execute(gone.where(firings.c.ticket_id == after["id"])))
    return service_levels.rows_of(judged, after, entries, fired)


def badge_of(db: Connection, person_id: str) -> str | None:
    """Return the name a staff member works under."""
    return db.execute(select(people.c.badge).where(people.c.id == person_id)).scalar_one_or_none()

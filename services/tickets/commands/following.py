"""What a joined request does when the one that leads it moves: which steps follow from which, and from what status."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, cast, select

from services.contracts import tickets as facts
from services.contracts.joining import TicketParted
from services.kit import clock as time
from services.kit.errors import Conflict
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.lifecycle import Rule
from services.tickets.models import NAMED_TICKETS, history, tickets

if TYPE_CHECKING:
    from services.tickets.commands.steps import Step

Ticket = dict[str, Any]
# What one step says, as commands.steps.Step takes it, and `at` where its moment is in its columns too.
Fields = dict[str, Any]

DISPATCH = "dispatch"
# What whoever does the work does once, on the request that leads.
LED = frozenset(
    {"claim", "assign", "release", "escalate", "depart", "arrive", "start", "pause", "resume", "make_safe", "promise",
     "complete"}
)  # fmt: skip
# A time can still be promised to each household by itself; when somebody comes is agreed with the one that leads.
NOT_BY_ITSELF = (LED - {"promise"}) | {"propose", "agree", "call_off"}
ENDS = ("cancel", "decline")
LEADS = LED | {"disallow", *ENDS}
_MOVES: Mapping[str, type[facts.TicketFact]] = {
    "depart": facts.TicketDeparted,
    "arrive": facts.TicketArrived,
    "start": facts.TicketStarted,
}
_THERE = {"on_the_way": "depart", "on_site": "arrive", "in_progress": "start", "waiting": "start"}


def moves_with_another(ticket: Mapping[str, Any]) -> Conflict:
    """Return the refusal of work on a request that moves with another."""
    return Conflict(
        "This request is joined to another one and moves with it. Do this there, or part it first.",
        "该工单已合并到另一张工单并随其推进，请在那张工单上操作，或先拆分。",
        joined_to=ticket["joined_to"],
    )


def followers_of(db: Connection, lead_id: str) -> Sequence[Ticket]:
    """Lock and return the open requests that are joined to one, in the order of their ids.

    Whoever parts one of them at this moment decides first, and it is looked at again.
    """
    wanted = NAMED_TICKETS.where(tickets.c.joined_to == lead_id, tickets.c.status.in_(lifecycle.OPEN))
    return [dict(row) for row in db.execute(wanted.order_by(tickets.c.id).with_for_update(of=tickets)).mappings()]


def steps_after(db: Connection, ticket: Ticket, lead: Ticket, step: "Step", actor: Actor) -> Iterator[Fields]:
    """Yield the steps of a joined request after a step of the one that leads, which `actor` took."""
    of = {"lead": lead["id"], "by": actor.id}
    action = step.action
    if action in ENDS:
        yield from parting(ticket, of)
    elif action in ("claim", "assign"):
        yield _assigned(ticket, lead, of)
    elif action in _MOVES:
        yield {"action": action, "fact": _MOVES[action], "data": of}
    elif action == "complete":
        yield _completed(ticket, lead)
    elif action == "disallow":
        yield from _disallowed(db, ticket, step, of)
    else:
        yield {"action": action, "fact": step.fact, **_of_its_own(action, ticket, lead, step, of)}


def _of_its_own(action: str, ticket: Ticket, lead: Ticket, step: "Step", of: Fields) -> Fields:
    """Return what a step taken over as it is changes and tells; no words of the other household go with it."""
    before = {"previous_owner_id": ticket["owner_id"]}
    if action == "release":
        changes = {"owner_id": None, "owner_desk": DISPATCH}
        return {"changes": changes, "told": before, "data": {**of, **before, "joined": True}}
    if action == "escalate":
        owner = {"owner_id": lead["owner_id"], "owner_desk": lead["owner_desk"]}
        return {
            "changes": owner,
            "told": before,
            "data": {**of, **before, "to": step.data["to"], "desk": step.data["desk"]},
        }
    if action == "make_safe":
        at = moment(ticket)
        return {"changes": {"made_safe_at": ticket["made_safe_at"] or at}, "data": of, "at": at}
    data = {**of, **step.data}
    if action == "pause":
        # By its number in the other's history, so that it can be taken back with it.
        data["lead_pause"] = lead["version"]
    return {"changes": step.changes, "told": step.told, "data": data}


def moment(ticket: Mapping[str, Any]) -> Any:
    """Return now, and never before the last change of a ticket."""
    return max(time.now(), ticket["changed_at"])


def _assigned(ticket: Ticket, lead: Ticket, of: Fields) -> Fields:
    to, before = lead["owner_id"], {"previous_owner_id": ticket["owner_id"]}
    return {
        "action": "assign",
        "fact": facts.TicketAssigned,
        "changes": {"owner_id": to, "owner_desk": None},
        "told": before,
        "data": {**of, **before, "to": to},
    }


def _completed(ticket: Ticket, lead: Ticket) -> Fields:
    at, by, completion = moment(ticket), lead["completed_by"], ticket["completions"] + 1
    return {
        "action": "complete",
        "fact": facts.TicketCompleted,
        "changes": {
            "completed_by": by,
            "completions": completion,
            "completed_at": at,
            "first_completed_at": ticket["first_completed_at"] or at,
            "solved": None,
            "satisfaction": None,
        },
        "told": {"crew_id": by, "completed_at": at, "timezone": ticket["timezone"], "completion": completion},
        "data": {"lead": lead["id"], "by": by, "completion": completion},
        "at": at,
    }


def _disallowed(db: Connection, ticket: Ticket, step: "Step", of: Fields) -> Iterator[Fields]:
    """Yield the taking back of the pause that went with the one that was taken back."""
    with_it = cast(history.c.data["lead_pause"].astext, Integer) == step.data["pause"]
    mine = select(history.c.seq).where(history.c.ticket_id == ticket["id"], history.c.action == "pause", with_it)
    for seq in db.execute(mine).scalars():
        waiting = {"waiting_reason": step.data["waiting_reason"]}
        yield {
            "action": "disallow",
            "fact": facts.TicketDisallowed,
            "told": waiting,
            "data": {**of, **waiting, "pause": seq},
        }


def parting(ticket: Mapping[str, Any], of: Fields, **said: Any) -> Iterator[Fields]:
    """Yield the steps by which a request stands by itself again: parted, and where it is open, back in the pool."""
    yield {
        "action": "part",
        "fact": TicketParted,
        "changes": {"joined_to": None},
        "told": {"parted_from": ticket["joined_to"]},
        "data": {**of, "lead": ticket["joined_to"]},
        **said,
    }
    if ticket["status"] in lifecycle.OPEN:
        before = {"previous_owner_id": ticket["owner_id"]}
        changes = {"owner_id": None, "owner_desk": DISPATCH}
        told = {**before, "parted": True}
        yield {"action": "release", "fact": facts.TicketReleased, "changes": changes, "told": told, "data": before}


def arrival(ticket: Ticket, lead: Ticket) -> Iterator[Fields]:
    """Yield the steps that bring a request to where the one it was just joined to stands: its owner, and how far."""
    of = {"lead": lead["id"], "by": lead["owner_id"]}
    if lead["owner_id"] is None:
        return
    yield _assigned(ticket, lead, of)
    there = _THERE.get(lead["status"])
    if there is not None:
        yield {"action": there, "fact": _MOVES[there], "data": of}


def towards(ticket: Mapping[str, Any], rule: Rule, fields: Mapping[str, Any]) -> Rule:
    """Return the rule with where it leads this ticket: what nobody answered is let go unanswered."""
    if fields["action"] == "release" and ticket["acknowledged_at"] is None:
        return replace(rule, target="filed")
    if fields["action"] == "disallow" and ticket["status"] == "waiting":
        return replace(rule, target="in_progress")
    return rule

"""A story told by the product's own rules: the ticket, its history and its clocks, as they stand at a moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from doorstep.bench.sla_stories import Story
from services.kit.identity import NOBODY
from services.tickets import catalogue, chain, lifecycle, retold, service_levels
from services.tickets.books import Books
from services.tickets.commands.filing import DISPATCH
from services.tickets.commands.items import columns_of
from services.tickets.service_levels import BREACH, FIRST_CALENDAR
from services.tickets.sla.calendar import Calendar
from services.tickets.sla.clocks import Clock
from services.tickets.sla.policy import STANDARD_VERSION, standard_policy

# What history says of a filing, from which the clocks follow.
FILED = (
    "catalogue_code", "sla_class", "work_type", "need_level", "urgency", "circumstances", "community_id", "channel",
    "policy_version", "calendar_version",
)  # fmt: skip
# Long after a story ends, everything that can fall due has.
LONG_AFTER = timedelta(days=400)


class Who(NamedTuple):
    """Whose ticket it is, and who works on it: what differs between two tickets that live the same story."""

    ticket_id: str
    organisation_id: str
    community_id: str
    unit_id: str
    requester_id: str
    crew_id: str
    desk_id: str
    number: str

    def actor_id(self, role: str) -> str:
        """Return who acts in a role."""
        return {"resident": self.requester_id, "crew": self.crew_id, "system": NOBODY}.get(role, self.desk_id)

    def filed(self) -> dict[str, str]:
        """Return what the first entry of history says of them."""
        return {
            "community_id": self.community_id,
            "unit_id": self.unit_id,
            "requester_id": self.requester_id,
            "filed_by": self.requester_id,
            "number": self.number,
        }


@dataclass(frozen=True)
class Told:
    """A ticket as it stands at `asof`. `settled_at` is when nothing of it changes any more; None: it never does."""

    ticket: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    clocks: Sequence[Mapping[str, Any]]
    firings: Sequence[Mapping[str, Any]]
    settled_at: datetime | None


def tell(story: Story, filed_at: datetime, who: Who, calendar: Calendar, asof: datetime) -> Told:
    """Tell as much of a story as has happened by `asof`; every step is one that the lifecycle allows."""
    ticket = _filed(story, filed_at, who)
    ticket["words_salt"], seal = chain.seal(retold.words_of(ticket))
    first = {**{name: ticket[name] for name in (*FILED, *retold.FILED)}, retold.SEAL: seal}
    entries = [_entry(ticket, who, "file", "resident", "", first, filed_at)]
    ticket |= {"version": 1, "history_hash": entries[0]["hash"]}
    for happening in story.happenings:
        at = filed_at + happening.after
        if at > asof:
            break
        before = ticket["status"]
        rule = lifecycle.check(happening.action, before, happening.role, is_owner=True, in_household=True)
        data = {name: _moment(filed_at, value) for name, value in happening.data.items()}
        ticket |= {
            "status": rule.target or before,
            "changed_at": at,
            **_changes(ticket, happening.action, who, at, data),
        }
        entries.append(_entry(ticket, who, happening.action, happening.role, before, data, at))
        ticket |= {"version": ticket["version"] + 1, "history_hash": entries[-1]["hash"]}
    books = Books({STANDARD_VERSION: standard_policy()}, {FIRST_CALENDAR: calendar})
    judged = service_levels.judged_of(entries, who.community_id, books, asof)
    computed = [one.clock for one in judged]
    gone = list(_fired(computed, asof))
    rows = service_levels.rows_of(judged, ticket, entries, [key for key, _ in gone])
    settled_at = _settled_at(computed, filed_at + story.happenings[-1].after if story.happenings else filed_at)
    return Told(ticket, entries, rows, [_firing(who, key, at) for key, at in gone], settled_at)


def _filed(story: Story, filed_at: datetime, who: Who) -> dict[str, Any]:
    item = catalogue.load().get(story.catalogue_code)
    empty = (
        "location", "waiting_reason", "paused_until", "owner_id", "completed_by", "promised_at", "acknowledged_at",
        "first_completed_at", "completed_at", "solved", "satisfaction", "about_ticket_id", "made_safe_at",
    )  # fmt: skip
    return {
        **dict.fromkeys(empty),
        **columns_of(item),
        "id": who.ticket_id,
        "organisation_id": who.organisation_id,
        "number": who.number,
        "community_id": who.community_id,
        "unit_id": who.unit_id,
        "requester_id": who.requester_id,
        "filed_by": who.requester_id,
        "channel": "web",
        "title": item.zh,
        "description": f"{item.zh}，请尽快安排人员上门查看处理，来之前请先打电话。",
        "urgency": story.urgency,
        "because": [{"word": item.zh, "says": "由提交人选定"}],
        "status": "filed",
        "circumstances": list(story.circumstances),
        "owner_desk": DISPATCH,
        "completions": 0,
        "filed_at": filed_at,
        "changed_at": filed_at,
        "policy_version": STANDARD_VERSION,
        "calendar_version": FIRST_CALENDAR,
        "version": 0,
        "history_hash": chain.GENESIS,
    }


def _moment(filed_at: datetime, value: Any) -> Any:
    return (filed_at + value).isoformat() if isinstance(value, timedelta) else value


def _changes(ticket: Mapping[str, Any], action: str, who: Who, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns beside the status that a verb changes."""
    answered = {"acknowledged_at": ticket["acknowledged_at"] or at}
    match action:
        case "acknowledge":
            return answered
        case "claim":
            return {**answered, "owner_id": who.crew_id, "owner_desk": None}
        case "release":
            return {"owner_id": None, "owner_desk": DISPATCH}
        case "pause":
            until = datetime.fromisoformat(data["until"])
            return {"waiting_reason": data["waiting_reason"], "paused_until": until}
        case "resume":
            return {"waiting_reason": None, "paused_until": None}
        case "complete":
            first = ticket["first_completed_at"] or at
            done = {"completed_at": at, "first_completed_at": first, "completed_by": who.crew_id}
            return {**done, "completions": data["completion"], "solved": None, "satisfaction": None}
        case "promise":
            return {"promised_at": datetime.fromisoformat(data["promised_at"])}
        case "answer":
            return {"solved": data["solved"], "satisfaction": data["satisfaction"]}
        case "reopen":
            return {"completed_at": None}
        case _:
            return {}


def _entry(
    ticket: Mapping[str, Any], who: Who, action: str, role: str, before: str, data: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """Return the next row of history, chained to the one before as the product chains it."""
    entry = {
        "ticket_id": who.ticket_id,
        "seq": ticket["version"] + 1,
        "organisation_id": who.organisation_id,
        "at": at,
        "actor_id": who.actor_id(role),
        "actor_role": role,
        "action": action,
        "from_status": before,
        "status": ticket["status"],
        "data": dict(data),
        "previous_hash": ticket["history_hash"],
    }
    return {**entry, "hash": chain.digest(ticket["history_hash"], entry)}


def _fired(clocks: Sequence[Clock], asof: datetime) -> Iterator[tuple[tuple[str, int, int], datetime]]:
    """Yield what the timers will have fired by `asof`, and its true moment: they missed nothing."""
    for clock in clocks:
        until = clock.stopped_at or asof
        for level, at in enumerate(clock.warnings_at, start=1):
            if at <= until:
                yield (clock.kind, clock.generation, level), at
        if clock.breached_at is not None:
            yield (clock.kind, clock.generation, BREACH), clock.breached_at


def _firing(who: Who, key: tuple[str, int, int], at: datetime) -> dict[str, Any]:
    kind, generation, level = key
    return {
        "ticket_id": who.ticket_id,
        "kind": kind,
        "generation": generation,
        "level": level,
        "organisation_id": who.organisation_id,
        "true_at": at,
        "fired_at": at,
    }


def _settled_at(clocks: Sequence[Clock], ended_at: datetime) -> datetime | None:
    moments = [ended_at]
    for clock in clocks:
        if clock.stopped_at is None:
            if clock.breached_at is None:
                return None
            moments += [clock.breached_at, *clock.warnings_at]
    return max(moments)

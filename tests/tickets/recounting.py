"""Counts a report's figures again in Python, from history alone and by the pure rules, to hold the report against."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from scipy.stats import binomtest
from sqlalchemy import Connection, select

from services.tickets import service_levels
from services.tickets.books import books_of
from services.tickets.lifecycle import DONE
from services.tickets.models import history, tickets
from services.tickets.sla.clocks import Clock
from services.tickets.sla.resolution import resolution_of

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

EXACT = ("met", "breached", "open_overdue", "open_in_time", "unknown", "void")


@dataclass
class Told:
    """One ticket as its history tells it at a moment."""

    row: dict[str, Any]
    entries: list[dict[str, Any]]
    clocks: tuple[Clock, ...]
    now: datetime

    @property
    def judged(self) -> list[Clock]:
        return [clock for clock in self.clocks if clock.kind != "claim"]

    @property
    def done(self) -> bool:
        return self.row["status"] in DONE

    @property
    def counted(self) -> bool:
        return self.done or self.flawed

    @property
    def reopened(self) -> bool:
        return any(entry["action"] == "reopen" for entry in self.entries)

    @property
    def unhappy(self) -> bool:
        return self.row["solved"] is False or (self.row["satisfaction"] or 5) <= 2

    @property
    def missed(self) -> bool:
        return any(clock.breached_at is not None for clock in self.judged)

    @property
    def flawed(self) -> bool:
        """Whatever became of it: cancelling a job that came too late does not make it one that went well."""
        return self.missed or self.reopened or self.unhappy or "broken" in self.promises()

    @property
    def flawless(self) -> bool:
        return self.done and not self.flawed and all(clock.state in ("met", "void") for clock in self.judged)

    def promises(self) -> list[str]:
        """What became of every promise, in order."""
        found = []
        for number, entry in enumerate(self.entries):
            if entry["action"] == "promise":
                promised_at = datetime.fromisoformat(entry["data"]["promised_at"])
                ends = ("promise", "complete", "cancel", "decline")
                end = next((later for later in self.entries[number + 1 :] if later["action"] in ends), None)
                if promised_at < (end["at"] if end else self.now):
                    found.append("broken")
                elif end is None:
                    found.append("open")
                else:
                    found.append({"promise": "moved", "complete": "kept"}.get(end["action"], "withdrawn"))
        return found


def told(db: Connection, organisation_id: str, now: datetime) -> list[Told]:
    """Return every ticket of an organisation, with its clocks computed anew."""
    found = []
    for row in db.execute(select(tickets).where(tickets.c.organisation_id == organisation_id)).mappings():
        past = select(history).where(history.c.ticket_id == row["id"]).order_by(history.c.seq)
        entries = [dict(entry) for entry in db.execute(past).mappings()]
        library = books_of(db, organisation_id, row["community_id"], entries)
        clocks = service_levels.clocks_of(entries, row["community_id"], library, now)
        found.append(Told(dict(row), entries, clocks, now))
    return found


def verdict(clock: Clock) -> str:
    """Return the one verdict that is true of a clock."""
    if clock.breached_at is not None:
        return "open_overdue" if clock.stopped_at is None else "breached"
    if clock.state in ("met", "void", "unknown"):
        return clock.state
    return "unknown" if clock.due_at is None and clock.unknown else "open_in_time"


def said_at(one: Told, clock: Clock, name: str) -> Any:
    """Return need level, work type or policy of the ticket as it was when a clock was breached or stopped, or is.

    True of clocks whose deadline no correction has moved into the past.
    """
    decided = clock.breached_at or clock.stopped_at
    value = one.entries[0]["data"][name]
    for entry in one.entries:
        changes = entry["data"].get("changes", {})
        if name in changes and (decided is None or entry["at"] < decided):
            value = changes[name][1]
    return value


def accountable(one: Told, clock: Clock) -> str | None:
    """Return who had the job when a clock was breached or stopped, or has it."""
    decided = clock.breached_at or clock.stopped_at
    owner = completed_by = None
    for entry in one.entries:
        if decided is None or entry["at"] <= decided:
            data = entry["data"]
            if entry["action"] in ("claim", "complete"):
                owner = entry["actor_id"]
            elif entry["action"] in ("assign", "escalate"):
                owner = data["to"]
            elif entry["action"] == "release":
                owner = None
            completed_by = entry["actor_id"] if entry["action"] == "complete" else completed_by
            owner = completed_by if entry["action"] == "reopen" else owner
    return owner


def group_key(grouping: str, one: Told, clock: Clock | None, zone: str = "UTC") -> str | None:
    """Return the key of the group that a ticket, or a clock of it, belongs to."""
    if grouping == "rule":
        return clock.rule if clock else None
    if grouping == "month":
        return str(one.row["filed_at"].astimezone(ZoneInfo(zone)).strftime("%Y-%m"))
    if grouping == "organisation":
        return None
    if grouping == "crew":
        return accountable(one, clock) if clock else one.row["completed_by"] or one.row["owner_id"]
    if grouping == "item":
        return str(one.row["catalogue_code"])
    name = {"community": "community_id", "policy": "policy_version"}.get(grouping, grouping)
    value = one.row[name] if clock is None or grouping == "community" else said_at(one, clock, name)
    return None if value is None else str(value)


def spread(values: Iterable[float | None]) -> dict[str, Any]:
    """Return how many there are and the values that so many percent do not exceed."""
    known = sorted(value for value in values if value is not None)
    at = {f"p{p}": known[max(math.ceil(p / 100 * len(known)), 1) - 1] if known else None for p in (50, 90, 95)}
    return {"n": len(known)} | at


def _share(called: str, count: int, n: int) -> dict[str, float | None]:
    if not n:
        return {called: None, "low": None, "high": None}
    interval = binomtest(count, n).proportion_ci(0.95, "wilson")
    return {called: count / n, "low": interval.low, "high": interval.high}


def figures(clocks: Sequence[Clock]) -> dict[str, Any]:
    """Return the figures of one kind of clock, without links and what was carried over."""
    counts = Counter(verdict(clock) for clock in clocks)
    measured = [clock for clock in clocks if clock.stopped_at is not None and clock.state != "void"]
    breached = counts["breached"] + counts["open_overdue"]
    decided = counts["met"] + breached
    pause = sum(clock.pause_seconds for clock in measured)
    lived = sum(clock.lived_seconds for clock in measured)
    return {
        **{name: counts[name] for name in EXACT},
        "breached": breached,
        "decided": decided,
        **_share("met_share", counts["met"], decided),
        "contract": spread(clock.elapsed_seconds for clock in measured),
        "lived": spread(clock.lived_seconds for clock in measured),
        "pause_seconds": pause,
        "lived_seconds": lived,
        "pause_share": pause / lived if lived else None,
    }


def times(job: Told) -> dict[str, float | None]:
    """Return how long a job took to its first solution and to its last, by both clocks, as far as it has them."""
    told = resolution_of(job.clocks, completed=job.row["completions"] > 0)
    completed, ended = told and told.first_lived_seconds is not None, told and job.done
    return {
        "first_contract": told.first_contract_seconds if told and completed else None,
        "first_lived": told.first_lived_seconds if told and completed else None,
        "total_contract": told.total_contract_seconds if told and ended else None,
        "total_lived": told.total_lived_seconds if told and ended else None,
    }


def wholes(jobs: Sequence[Told]) -> dict[str, Any]:
    """Return what is said of jobs as wholes, without links."""
    done = [job for job in jobs if job.done]
    flawless, flawed = [job for job in jobs if job.flawless], [job for job in jobs if job.flawed]
    counted = [job for job in jobs if job.counted]
    took = [times(job) for job in jobs]
    promises = Counter(name for job in jobs for name in job.promises())
    answered = [job for job in flawless if job.row["solved"] is not None or job.row["status"] == "confirmed"]
    return {
        "filed": len(jobs),
        **{
            which: {clock: spread(one[f"{which}_{clock}"] for one in took) for clock in ("contract", "lived")}
            for which in ("first", "total")
        },
        "reopened": sum(job.reopened for job in jobs),
        "promises": {
            **{name: promises[name] for name in ("kept", "broken", "open", "moved")},
            "decided": promises["kept"] + promises["broken"],
            **_share("kept_share", promises["kept"], promises["kept"] + promises["broken"]),
        },
        "finished": len(done),
        "counted": len(counted),
        "flawless": len(flawless),
        "flawed": len(flawed),
        "undecided": len(counted) - len(flawless) - len(flawed),
        "unanswered": len(flawless) - len(answered),
        "decided": len(flawless) + len(flawed),
        **_share("rate", len(flawless), len(flawless) + len(flawed)),
        "flawed_by": {
            "missed_clock": sum(job.missed for job in jobs),
            "broken_promise": sum("broken" in job.promises() for job in jobs),
            "was_reopened": sum(job.reopened for job in jobs),
            "unhappy": sum(job.unhappy for job in jobs),
        },
    }


def follow(estate: "Estate", link: str, name: str = "manager") -> set[str]:
    """Return the ids of all tickets of a list, page by page as its Link headers lead."""
    path, _, query = link.removeprefix("/api/v1").partition("?")
    asked: dict[str, str] = {**dict(parse_qsl(query, strict_parsing=bool(query))), "limit": "3"}
    found: list[str] = []
    while True:
        answer = estate.get(name, f"{path}?{urlencode(asked)}")
        assert answer.status_code == 200, (link, answer.json)
        found += [item["id"] for item in (answer.json or {})["items"]]
        more = answer.headers.get("Link")
        if more is None:
            assert len(found) == len(set(found))
            return set(found)
        asked = dict(parse_qsl(more.split(">")[0].partition("?")[2]))


def ids(jobs: Iterable[Told], having: Callable[[Told], bool]) -> set[str]:
    """Return the ids of the tickets of which something is true."""
    return {job.row["id"] for job in jobs if having(job)}

"""The proof that nothing was lost or doubled: each check compares two records that were written independently."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from doorstep.demo.books import Books, Row
from doorstep.demo.ledger import Ledger
from services.contracts import SUBSCRIPTIONS
from services.contracts.tickets import TicketUnclaimed
from services.kit import clock as time
from services.tickets import chain, service_levels
from services.tickets.commands.followups import LOW

# Steps that people took, against those the desk takes by itself.
BY_THE_DESK = {"system"}
# Who must hear of what, said here once more and apart from the rules of the service that tells them.
MUST_HEAR = {
    "ticket.filed.v1": ("requester_id",),
    "ticket.acknowledged.v1": ("requester_id",),
    "ticket.claimed.v1": ("requester_id",),
    "ticket.assigned.v1": ("requester_id", "owner_id"),
    "ticket.released.v1": ("requester_id",),
    "ticket.departed.v1": ("requester_id",),
    "ticket.arrived.v1": ("requester_id",),
    "ticket.paused.v1": ("requester_id",),
    "ticket.resumed.v1": ("requester_id",),
    "ticket.promised.v1": ("requester_id",),
    "ticket.completed.v1": ("requester_id",),
    "ticket.declined.v1": ("requester_id",),
    "ticket.reopened.v1": ("requester_id", "owner_id"),
    "survey.invited.v1": ("requester_id",),
}
FREED = ("release", "reopen")


def find_wrong(ledger: Ledger, books: Books) -> list[str]:
    """Return everything that is wrong, one sentence each; nothing means that nothing was lost or doubled."""
    checks: list[Callable[[Ledger, Books], Iterator[str]]] = [
        filings, chains, steps, races, events, notices, return_visits, reopenings, clocks,
    ]  # fmt: skip
    return [wrong for check in checks for wrong in check(ledger, books)]


def filings(ledger: Ledger, books: Books) -> Iterator[str]:
    """Every accepted filing is one ticket; beside them there is a complaint for each low answer, and no other."""
    accepted, kept = Counter(ledger.filed), {row["id"] for row in books.tickets}
    opened = {row["id"]: row["about_ticket_id"] for row in books.tickets if row["about_ticket_id"]}
    yield from _each("was answered to two filings", (one for one, times in accepted.items() if times > 1))
    yield from _each("was accepted and is lost", accepted.keys() - kept)
    yield from _each("exists and nobody was told of it: a doubled filing", kept - accepted.keys() - opened.keys())
    ticket_of = {visit["id"]: visit["ticket_id"] for visit in books.visits}
    low = Counter(ticket_of[said["survey_id"]] for said in books.answers if said["solved"] and _is_low(said))
    yield from _each("is a complaint that no low answer explains, or the other way round", _unlike(opened, low))


def _is_low(said: Row) -> bool:
    return said["satisfaction"] is not None and said["satisfaction"] <= LOW


def _unlike(opened: Mapping[str, str], low: Counter[str]) -> Iterator[str]:
    complaints = Counter(opened.values())
    yield from ((complaints - low) + (low - complaints)).elements()


def chains(_ledger: Ledger, books: Books) -> Iterator[str]:
    """Every history is chained without a gap and ends at the ticket's version, status and hash."""
    for ticket in books.tickets:
        entries = books.history.get(ticket["id"], [])
        broken = chain.first_break(entries)
        last = entries[-1] if entries else {}
        if broken is not None:
            yield f"ticket {ticket['id']}: history breaks at entry {broken}"
        elif (len(entries), last.get("status"), last.get("hash")) != (
            ticket["version"],
            ticket["status"],
            ticket["history_hash"],
        ):
            yield f"ticket {ticket['id']}: history ends at {len(entries)}, the ticket at version {ticket['version']}"


def steps(ledger: Ledger, books: Books) -> Iterator[str]:
    """Every accepted step is in history exactly as often as it was accepted, by whoever took it."""
    written = Counter(
        (entry["ticket_id"], entry["action"], entry["actor_id"])
        for entries in books.history.values()
        for entry in entries
        if entry["action"] != "file" and entry["actor_role"] not in BY_THE_DESK
    )
    for ticket_id, action, person in sorted(written.keys() | ledger.steps.keys()):
        answered, kept = ledger.steps[ticket_id, action, person], written[ticket_id, action, person]
        if answered != kept:
            yield f"ticket {ticket_id}: {action} by {person} was accepted {answered} times and is written {kept} times"


def races(_ledger: Ledger, books: Books) -> Iterator[str]:
    """Between two claims of a job it was put back: each race had one winner."""
    for ticket_id, entries in books.history.items():
        held = False
        for entry in entries:
            if entry["action"] == "claim" and held:
                yield f"ticket {ticket_id}: claimed at version {entry['seq']} while somebody had it"
            held = entry["action"] in ("claim", "assign") or (held and entry["action"] not in FREED)


def events(_ledger: Ledger, books: Books) -> Iterator[str]:
    """Every event went out and was handled once by everybody who listens; each version of a ticket made one."""
    for service, rows in books.outboxes.items():
        yield from _each(f"event of {service} was parked", (r["event_id"] for r in rows if r["parked_at"]))
        yield from _each(
            f"event of {service} was not published", (r["event_id"] for r in rows if not r["published_at"])
        )
    sent = {row["event_id"]: row["type"] for rows in books.outboxes.values() for row in rows}
    for service, inbox in books.inboxes.items():
        wanted = {event for event, kind in sent.items() if kind in SUBSCRIPTIONS[service]}
        yield from _each(f"event never reached {service}", (f"{e} ({sent[e]})" for e in wanted - inbox.keys()))
        yield from _each(f"event reached {service} from nowhere", inbox.keys() - sent.keys())
        for event, row in inbox.items():
            if row["state"] != "done":
                yield f"event {event} ({row['type']}) is {row['state']} in {service}: {row['reason']}"
    versions = Counter(
        (row["subject"], row["data"]["version"])
        for row in books.outboxes["tickets"]
        # That nobody takes a job is no step on it.
        if row["type"].startswith("ticket.") and row["type"] != TicketUnclaimed.type
    )
    written = Counter((ticket, entry["seq"]) for ticket, rows in books.history.items() for entry in rows)
    yield from _each("version made no event, or two", (versions - written) + (written - versions))


def notices(_ledger: Ledger, books: Books) -> Iterator[str]:
    """Whoever must hear of a step has one notice of it, delivered in the app; nobody has one of nothing."""
    told = Counter((row["event_id"], row["person_id"]) for row in books.notices)
    yield from _each("notice (event, person) was written twice", (key for key, times in told.items() if times > 1))
    sent = {row["event_id"]: row for rows in books.outboxes.values() for row in rows}
    yield from _each("notice speaks of no event", {event for event, _ in told} - sent.keys())
    for event, row in sent.items():
        people = {row["data"].get(field) for field in MUST_HEAR.get(row["type"], ())} - {None}
        for person in people:
            own = row["data"].get("actor_id") == person and row["type"] not in ("ticket.filed.v1", "ticket.reopened.v1")
            if not own and (event, person) not in told:
                yield f"nobody told {person} of {row['type']} ({event}) about {row['subject']}"
    in_app = Counter(
        row["notice_id"] for row in books.deliveries if row["channel"] == "in_app" and row["state"] == "sent"
    )
    yield from _each(
        "notice was not delivered once in the app", (n["id"] for n in books.notices if in_app[n["id"]] != 1)
    )


def return_visits(ledger: Ledger, books: Books) -> Iterator[str]:
    """Each completion has one return visit, and each accepted answer is kept once as it was given."""
    completions = Counter(
        (ticket, entry["data"]["completion"])
        for ticket, entries in books.history.items()
        for entry in entries
        if entry["action"] == "complete"
    )
    visits = Counter((row["ticket_id"], row["completion"]) for row in books.visits)
    yield from _each("completion has no return visit, or two", (completions - visits) + (visits - completions))
    if len(books.answers) != ledger.answered:
        yield f"{ledger.answered} survey answers were accepted and {len(books.answers)} are kept"
    asked = Counter(row["survey_id"] for row in books.answers)
    yield from _each("survey was answered twice", (survey for survey, times in asked.items() if times > 1))
    silent = {row["id"] for row in books.visits if row["state"] == "answered"} ^ asked.keys()
    yield from _each("survey says answered without an answer, or the other way round", silent)


def reopenings(ledger: Ledger, books: Books) -> Iterator[str]:
    """Each “not solved” reopened its ticket once; nothing else did in its name."""
    ticket_of = {row["id"]: row["ticket_id"] for row in books.visits}
    said = Counter((ticket_of[row["survey_id"]], row["survey_id"]) for row in books.answers if not row["solved"])
    done = Counter(
        (ticket, entry["data"].get("survey_id"))
        for ticket, entries in books.history.items()
        for entry in entries
        if entry["action"] == "reopen" and entry["data"]["cause"] == "survey"
    )
    yield from _each("“not solved” (ticket, survey) did not reopen, or twice", (said - done) + (done - said))
    heard, kept = Counter(ledger.not_solved), Counter(ticket for ticket, _ in said.elements())
    yield from _each(
        "“not solved” was accepted and is not kept, or the other way round", (heard - kept) + (kept - heard)
    )


def clocks(_ledger: Ledger, books: Books) -> Iterator[str]:
    """Every stored clock is what its ticket's history says."""
    stored: dict[str, list[Row]] = {}
    for row in books.clocks:
        stored.setdefault(row["ticket_id"], []).append(row)
    fired: dict[str, list[tuple[str, int, int]]] = {}
    for row in books.firings:
        fired.setdefault(row["ticket_id"], []).append((row["kind"], row["generation"], row["level"]))
    now = time.now()
    for ticket in books.tickets:
        entries, library = books.history.get(ticket["id"], []), books.libraries[ticket["id"]]
        if chain.first_break(entries) is not None:
            continue  # A history that was changed is told of already, and says nothing about clocks.
        judged = service_levels.judged_of(entries, ticket["community_id"], library, now)
        rows = service_levels.rows_of(judged, ticket, entries, fired.get(ticket["id"], []))
        if _by_kind(rows) != _by_kind(stored.get(ticket["id"], [])):
            yield f"ticket {ticket['id']}: stored clocks {stored.get(ticket['id'])} are not what history gives: {rows}"


def _by_kind(rows: Iterable[Row]) -> dict[Any, Row]:
    return {(row["kind"], row["generation"]): row for row in rows}


def _each(what: str, things: Iterable[Any]) -> Iterator[str]:
    for thing in sorted(map(str, things)):
        yield f"{thing}: {what}"

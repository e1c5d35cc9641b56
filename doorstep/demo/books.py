"""The desk's books as they stand when the demo is over, read from the databases themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from doorstep.sample import HUATING
from gateway import models as gateway
from services.kit.database import make_engine
from services.notify import models as notify
from services.surveys import models as surveys
from services.tickets import models as tickets
from services.tickets.books import Books as Library
from services.tickets.books import books_of

Row = dict[str, Any]
OUTBOXES = {"tickets": tickets.outbox, "surveys": surveys.outbox, "gateway": gateway.outbox}
INBOXES = {"tickets": tickets.inbox, "notify": notify.inbox, "surveys": surveys.inbox, "gateway": gateway.inbox}


@dataclass(frozen=True)
class Books:
    """Everything of the demo's organisation: rows as the services wrote them.

    Boxes are by service, `libraries` hold the policies and calendars that a ticket's history speaks of, by ticket.
    """

    tickets: list[Row]
    history: dict[str, list[Row]]
    clocks: list[Row]
    firings: list[Row]
    libraries: dict[str, Library]
    notices: list[Row]
    deliveries: list[Row]
    visits: list[Row]
    answers: list[Row]
    outboxes: dict[str, list[Row]]
    inboxes: dict[str, dict[str, Row]]


def read(env: dict[str, str]) -> Books:
    """Read all of it; `env` is the stack's environment, which holds each service's database."""
    with _database(env, "tickets") as db:
        ours = tickets.tickets.c.organisation_id == HUATING.id
        history: dict[str, list[Row]] = {}
        mine = select(tickets.history).where(tickets.history.c.organisation_id == HUATING.id)
        for row in _rows(db, mine.order_by(tickets.history.c.ticket_id, tickets.history.c.seq)):
            history.setdefault(row["ticket_id"], []).append(row)
        found = _rows(db, select(tickets.tickets).where(ours))
        clocks = _rows(db, select(tickets.clocks).where(tickets.clocks.c.organisation_id == HUATING.id))
        firings = _rows(db, select(tickets.firings))
        libraries = {
            row["id"]: books_of(db, row["organisation_id"], row["community_id"], history[row["id"]]) for row in found
        }
    with _database(env, "notify") as db:
        notices = _rows(db, select(notify.notices))
        deliveries = _rows(db, select(notify.deliveries))
    with _database(env, "surveys") as db:
        visits = _rows(db, select(surveys.return_visits))
        answers = _rows(db, select(surveys.answers))
    outboxes = {name: _read(env, name, select(table).order_by(table.c.id)) for name, table in OUTBOXES.items()}
    inboxes = {
        name: {row["event_id"]: row for row in _read(env, name, select(table))} for name, table in INBOXES.items()
    }
    return Books(found, history, clocks, firings, libraries, notices, deliveries, visits, answers, outboxes, inboxes)


def unsettled(env: dict[str, str]) -> dict[str, int]:
    """Return what is still under way, by box: events not published, not arrived, to be tried again, not delivered."""
    waiting = {}
    for name, table in OUTBOXES.items():
        with _database(env, name) as db:
            left = select(func.count()).where(table.c.published_at.is_(None), table.c.parked_at.is_(None))
            waiting[f"{name}: not published"] = db.execute(left).scalar_one()
    for name, table in INBOXES.items():
        with _database(env, name) as db:
            again = select(func.count()).where(table.c.state == "retry")
            waiting[f"{name}: to be tried again"] = db.execute(again).scalar_one()
    with _database(env, "notify") as db:
        queued = select(func.count()).where(notify.deliveries.c.state.in_(("queued", "sending")))
        waiting["notify: not delivered"] = db.execute(queued).scalar_one()
    return {what: count for what, count in waiting.items() if count}


def _read(env: dict[str, str], service: str, statement: Any) -> list[Row]:
    with _database(env, service) as db:
        return _rows(db, statement)


def _rows(db: Connection, statement: Any) -> list[Row]:
    return [dict(row) for row in db.execute(statement).mappings()]


@contextmanager
def _database(env: dict[str, str], service: str) -> Iterator[Connection]:
    engine = make_engine(env[f"{service.upper()}_WORKER_DATABASE_URL"], pool_size=1, name="doorstep-demo")
    try:
        # One snapshot: the timers go on, and what they write must not fall between two of our reads.
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection
    finally:
        engine.dispose()

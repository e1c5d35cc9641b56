"""The loop that reminds both sides of what was agreed: once, before somebody comes."""

from collections.abc import Callable

from prometheus_client import Counter
from sqlalchemy import ARRAY, Connection, Engine, RowMapping, all_, bindparam, select, update

from services.contracts.appointments import AppointmentReminded
from services.kit import clock as time
from services.kit import outbox as kit_outbox
from services.kit.identity import system_actor
from services.tickets.appointments import HOUSEHOLD, is_awaited
from services.tickets.commands.steps import TOLD, event_of
from services.tickets.models import Id, history, outbox, tickets
from services.tickets.one_by_one import one_by_one

REMINDED = Counter("doorstep_visits_reminded_total", "Agreed visits whose reminder was due.", ["outcome"])

_DUE = (
    select(*(tickets.c[name] for name in ("id", "organisation_id", "remind_at", "agreed_from", "agreed_until", *TOLD)))
    .where(tickets.c.remind_at <= bindparam("now"), tickets.c.id != all_(bindparam("left", type_=ARRAY(Id))))
    .order_by(tickets.c.remind_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def remind_of_visits(engine: Engine, committed: Callable[[], None]) -> int:
    """Remind of every visit that is near enough, each in a transaction; returns how many reminders were due.

    The ticket is locked: whoever calls the visit off, agrees to another or finishes the job at this moment decides,
    and any number of processes remind once. After downtime nobody is reminded of a window that has begun.
    """
    total = 0
    due = _DUE.params(now=time.now())
    for _, outcome in one_by_one(engine, due, _remind, "some visits could not be reminded of"):
        committed()
        total += 1
        REMINDED.labels(outcome).inc()
    return total


def _remind(db: Connection, row: RowMapping) -> str:
    db.execute(update(tickets).where(tickets.c.id == row["id"]).values(remind_at=None))
    if not is_awaited(row["status"], row["agreed_from"], time.now()):
        return "not_needed"
    agreement = (history.c.ticket_id == row["id"]) & (history.c.action == "agree")
    last = select(history.c.data["by"].astext).where(agreement).order_by(history.c.seq.desc()).limit(1)
    named = {"by_household": db.execute(last).scalar_one() == HOUSEHOLD}
    window = {"begins_at": row["agreed_from"], "ends_at": row["agreed_until"], **named}
    actor = system_actor(row["organisation_id"])
    kit_outbox.emit(db, outbox, event_of(AppointmentReminded, dict(row), actor, row["remind_at"], window))
    return "told"

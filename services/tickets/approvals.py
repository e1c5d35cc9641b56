"""The loop that notices approvals nobody gave in time."""

from collections.abc import Callable
from typing import Any

from prometheus_client import Counter
from sqlalchemy import ARRAY, Connection, Engine, RowMapping, all_, bindparam, func, select

from services.kit.identity import system_actor
from services.tickets.commands.complaints import tell_overdue
from services.tickets.models import Id, complaints, tickets
from services.tickets.one_by_one import one_by_one

LATE = Counter("doorstep_approvals_late_total", "Approvals of complaints that nobody gave in time.")


def tell_late(engine: Engine, committed: Callable[[], None]) -> int:
    """Tell of every approval whose time is over, once each; returns how many. Any number of processes may do this.

    Each ticket is a transaction of its own and locked first, so that a manager who approves at this moment decides.
    """
    total = 0
    for _, _ in one_by_one(engine, _LATE, _tell, "some late approvals could not be told of"):
        committed()
        LATE.inc()
        total += 1
    return total


def _tell(db: Connection, row: RowMapping) -> Any:
    return tell_overdue(db, system_actor(row["organisation_id"]), row["id"])


# The status is asked too: a request withdrawn while it waited for its approval waits for nothing.
_LATE = (
    select(complaints.c.ticket_id.label("id"), complaints.c.organisation_id)
    .join(tickets, tickets.c.id == complaints.c.ticket_id)
    .where(complaints.c.step == "chosen", complaints.c.approval_late_at.is_(None))
    .where(complaints.c.approval_due_at <= func.clock_timestamp())
    .where(tickets.c.status.not_in(("completed", "confirmed", "closed", "cancelled", "declined")))
    .where(complaints.c.ticket_id != all_(bindparam("left", type_=ARRAY(Id))))
    .order_by(complaints.c.approval_due_at)
    .limit(1)
    .with_for_update(of=tickets, skip_locked=True)
)

"""The loop that files what is planned: each due time once, by any number of workers, also after downtime."""

from collections.abc import Callable

import structlog
from prometheus_client import Counter
from sqlalchemy import ARRAY, Engine, all_, bindparam, select

from services.kit import clock as time
from services.tickets.commands.occurrences import settle_occurrence
from services.tickets.models import Id, communities
from services.tickets.models.plans import plans

log = structlog.get_logger()

PLANNED = Counter("doorstep_plan_occurrences_total", "Times a plan was due, by what came of it.", ["outcome"])


def file_planned(engine: Engine, committed: Callable[[], None]) -> int:
    """Settle everything that is due, one occurrence a transaction; returns how many.

    The plan is locked, and its occurrence is one row by its key, written with the ticket or not at all: a worker that
    is killed between the two leaves neither. One that cannot be settled holds no other plan up: the troubles are
    raised together at the end.
    """
    total = 0
    left: list[str] = []
    troubles: list[Exception] = []
    while True:
        now = time.now()
        with engine.begin() as db:
            plan = db.execute(_DUE, {"left": left, "now": now}).mappings().one_or_none()
            if plan is None:
                break
            try:
                with db.begin_nested():
                    settled = settle_occurrence(db, dict(plan), now)
            except Exception as trouble:
                left.append(plan["id"])
                troubles.append(trouble)
                continue
        committed()
        total += 1
        PLANNED.labels(settled["outcome"]).inc()
        if settled["because"] is not None:
            log.warning("plan.left_out", plan_id=plan["id"], because=settled["because"])
    if troubles:
        raise ExceptionGroup("some plans could not be filed", troubles)
    return total


_DUE = (
    select(plans, communities.c.timezone)
    .join(communities, communities.c.id == plans.c.community_id)
    .where(plans.c.file_at <= bindparam("now"))
    .where(plans.c.id != all_(bindparam("left", type_=ARRAY(Id))))
    .order_by(plans.c.file_at)
    .limit(1)
    .with_for_update(of=plans, skip_locked=True)
)

"""The loop that files what is planned: each due time once, by any number of workers, also after downtime."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import ARRAY, Connection, Engine, RowMapping, all_, bindparam, select

from services.kit import clock as time
from services.tickets.commands.occurrences import settle_occurrence
from services.tickets.models import Id, communities
from services.tickets.models.plans import plans
from services.tickets.one_by_one import one_by_one

log = structlog.get_logger()

PLANNED = Counter("doorstep_plan_occurrences_total", "Times a plan was due, by what came of it.", ["outcome"])


def file_planned(engine: Engine, committed: Callable[[], None]) -> int:
    """Settle everything that is due, one occurrence a transaction; returns how many.

    The plan is locked, and its occurrence is one row by its key, written with the ticket or not at all: a worker that
    is killed between the two leaves neither.
    """
    total = 0
    for plan, settled in one_by_one(engine, _DUE.params(now=time.now()), _settle, "some plans could not be filed"):
        committed()
        total += 1
        PLANNED.labels(settled["outcome"]).inc()
        if settled["because"] is not None:
            log.warning("plan.left_out", plan_id=plan["id"], because=settled["because"])
    return total


def _settle(db: Connection, plan: RowMapping) -> Mapping[str, Any]:
    return settle_occurrence(db, dict(plan), time.now())


_DUE = (
    select(plans, communities.c.timezone)
    .join(communities, communities.c.id == plans.c.community_id)
    .where(plans.c.file_at <= bindparam("now"))
    .where(plans.c.id != all_(bindparam("left", type_=ARRAY(Id))))
    .order_by(plans.c.file_at)
    .limit(1)
    .with_for_update(of=plans, skip_locked=True)
)

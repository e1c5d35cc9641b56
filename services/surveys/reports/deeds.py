"""What the tickets service told of the jobs filed in a period: targets, clocks, whether they are done, and promises."""

from collections import defaultdict
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Subquery, func, select

from services.surveys import promises
from services.surveys.models import clock_outcomes, ticket_steps
from services.surveys.models.outcomes import COMPLETED, ENDED, FILED, PROMISED, REOPENED
from services.surveys.promises import Promise, Step
from services.surveys.reports.asked import Asked
from services.surveys.reports.gap_deeds import DELIVERED, HOUR, MISSED, Deeds, Late
from services.surveys.reports.gap_views import Targets

REPAIR, URGENT, ATTEND = "repair", "urgent", "attend"


class Promised(NamedTuple):
    """A promise about a job, the time that was told, and what became of it; `number` counts those of the job."""

    ticket_id: str
    number: int
    promised_at: datetime
    promise: Promise


def filed(asked: Asked) -> list[ColumnElement[bool]]:
    """Return the conditions that a step is the filing of what the report is about."""
    return [*asked.of(ticket_steps), *asked.within(ticket_steps.c.at), ticket_steps.c.step == FILED]


def targeted() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a clock is an urgent repair's with a target; one still running late has told none."""
    steps, clocks = ticket_steps.c, clock_outcomes.c
    urgent_repair = (steps.work_type == REPAIR, steps.urgency == URGENT)
    return (*urgent_repair, clocks.kind == ATTEND, clocks.target_seconds.is_not(None))


def targets(db: Connection, asked: Asked) -> dict[str, Targets]:
    """Return by community the targets that urgent repairs ran under."""
    steps, clocks = ticket_steps.c, clock_outcomes.c
    wanted = (
        select(steps.community_id, clocks.target_seconds, clocks.basis, func.count())
        .join(clock_outcomes, clocks.ticket_id == steps.ticket_id)
        .where(*filed(asked), *targeted())
        .group_by(steps.community_id, clocks.target_seconds, clocks.basis)
    )
    found: dict[str, Targets] = defaultdict(Targets)
    for community, seconds, basis, count in db.execute(wanted):
        found[community].hours.extend([seconds / HOUR] * count)
        found[community].bases[basis] += count
    return found


def read(db: Connection, asked: Asked) -> dict[str, Deeds]:
    """Count the clocks of what was filed in the period; those that missed are read each, for how late they were."""
    found: dict[str, Deeds] = defaultdict(Deeds)
    steps, clocks = ticket_steps.c, clock_outcomes.c
    of_filed = select(steps.community_id).join(clock_outcomes, clocks.ticket_id == steps.ticket_id)
    states = of_filed.add_columns(clocks.kind, clocks.state, func.count()).where(*filed(asked))
    for community, kind, state, count in db.execute(states.group_by(steps.community_id, clocks.kind, clocks.state)):
        found[community].counted[kind, state] = count
    hours = (clocks.taken_seconds - clocks.allowed_seconds) / float(HOUR)
    missed = of_filed.add_columns(clocks.ticket_id, clocks.kind, hours).where(*filed(asked), clocks.state == MISSED)
    for community, *late in db.execute(missed.where(clocks.kind.in_(DELIVERED))):
        found[community].late.append(Late(*late))
    of_period = jobs(asked)
    counted = select(of_period.c.community_id, func.count(), func.count().filter(of_period.c.finished))
    for community, everything, finished in db.execute(counted.group_by(of_period.c.community_id)):
        found[community].jobs, found[community].open_jobs = everything, everything - finished
    return found


def jobs(asked: Asked) -> Subquery:
    """Return the jobs of the period; `finished` is true of those completed or ended as far as was heard."""
    steps, later = ticket_steps.c, ticket_steps.alias("later")
    done = func.max(later.c.version).filter(later.c.step.in_((COMPLETED, ENDED)))
    again = func.max(later.c.version).filter(later.c.step == REOPENED)
    return (
        select(
            steps.ticket_id,
            steps.community_id,
            steps.unit_id,
            steps.at,
            func.coalesce(done > func.coalesce(again, 0), False).label("finished"),
        )
        .join(later, later.c.ticket_id == steps.ticket_id)
        .where(*filed(asked))
        .group_by(steps.ticket_id, steps.version)
        .subquery("jobs")
    )


def promised(db: Connection, asked: Asked, now: datetime) -> dict[str, list[Promised]]:
    """Return by community what became of each promise about what was filed in the period, job by job."""
    first, steps, made = ticket_steps.c, ticket_steps.alias("steps"), ticket_steps.alias("made")
    any_made = select(made.c.ticket_id).where(made.c.ticket_id == first.ticket_id, made.c.step == PROMISED).exists()
    wanted = (
        select(first.community_id, steps.c.ticket_id, steps.c.step, steps.c.at, steps.c.promised_at)
        .join(steps, steps.c.ticket_id == first.ticket_id)
        .where(*filed(asked), any_made)
        .order_by(steps.c.ticket_id, steps.c.version)
    )
    found: dict[str, list[Promised]] = defaultdict(list)
    for (community, ticket_id), rows in groupby(db.execute(wanted), key=itemgetter(0, 1)):
        told = [Step(*row[2:]) for row in rows]
        moments = [step.promised_at for step in told if step.step == PROMISED]
        for number, (moment, promise) in enumerate(zip(moments, promises.judge(told, now), strict=True), 1):
            assert moment is not None
            found[community].append(Promised(ticket_id, number, moment, promise))
    return found

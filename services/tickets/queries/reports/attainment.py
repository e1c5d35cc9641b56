"""Which need level a community attains, and up to which without a gap in the evidence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from services.kit import clock as time
from services.kit.identity import Actor
from services.tickets.books import policy_of
from services.tickets.catalogue import NEED_LEVELS
from services.tickets.models import clocks, communities
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.behind import counted_again, surplus
from services.tickets.queries.reports.clocks import Figures
from services.tickets.queries.reports.words import blocking_sentence
from services.tickets.queries.verdicts import DECIDED, OPEN_OVERDUE, has_verdict, is_open_overdue, verdict
from services.tickets.sla.allowances import Attainment
from services.tickets.sla.clocks import BREACHED, MET
from services.tickets.sla.targets import JUDGED

REACHED, MISSED, NO_EVIDENCE = "met", "missed", "no_evidence"
_COUNTS = (MET, BREACHED, OPEN_OVERDUE, DECIDED)

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Told:
    """What the clocks of the period say, by community, need level and kind.

    `late` is how many from before it are open and overdue, `again` how many more clocks there are than tickets. By
    community and need level alone: how many jobs those decided are of, and those late.
    """

    counts: Mapping[Key, Counter[str]]
    late: Mapping[Key, int]
    again: Mapping[Key, Counter[str]]
    decided_jobs: Mapping[Key, int]
    late_jobs: Mapping[Key, int]


def attainment_report(db: Connection, actor: Actor, asked: Asked) -> dict[str, Any]:
    """Return, per community the caller may see, the need level it attained in the period and what blocks the next.

    A level meets its targets when the share its community's current policy asks for was met by all its decided clocks
    together, and by each kind of them: a thousand quick answers hide no repair that came late. With fewer decided than
    the policy wants it has no evidence, and neither attains nor blocks. But too little to call it met is enough to
    call it missed: where one of those few is open and overdue, or so many were missed that the share is out of reach.
    What was filed before the period and is still open and overdue counts as missed.

    `attained_level` is the highest level met with none missed up to it; one without evidence is not attained and does
    not hold up the next. `without_gaps` is the highest up to which every level is met.
    """
    prepare(db)
    now = time.now()
    wanted = select(communities.c.id, communities.c.name, communities.c.policy_version).where(
        communities.c.organisation_id == asked.organisation_id
    )
    if asked.community_id is not None:
        wanted = wanted.where(communities.c.id == asked.community_id)
    if actor.community_ids:
        wanted = wanted.where(communities.c.id.in_(actor.community_ids))
    places = db.execute(wanted.order_by(communities.c.name, communities.c.id)).mappings().all()
    by = (clocks.c.community_id, clocks.c.need_level)
    again = surplus(counted_again(db, asked.clock_conditions(), by, now))
    told = Told(
        _counted(db, asked, now),
        _carried_over(db, asked, now),
        again,
        _jobs(db, [*asked.clock_conditions(), has_verdict(DECIDED, now)]),
        _jobs(db, [*asked.clock_conditions(carried_over=True), is_open_overdue(now)]) if asked.since else {},
    )
    return {
        "asof": now.isoformat(),
        **asked.period(),
        "communities": [_community(db, place, asked, told) for place in places],
    }


def _counted(db: Connection, asked: Asked, now: datetime) -> Mapping[Key, Counter[str]]:
    columns = (clocks.c.community_id, clocks.c.need_level, clocks.c.kind, verdict(now).label("verdict"))
    seen = select(*columns).where(*asked.clock_conditions()).subquery("seen")
    found: dict[tuple[str, int, str], Counter[str]] = {}
    for row in db.execute(select(*seen.c, func.count().label("n")).group_by(*seen.c)):
        found.setdefault((row.community_id, row.need_level, row.kind), Counter())[row.verdict] = row.n
    return found


def _carried_over(db: Connection, asked: Asked, now: datetime) -> Mapping[Key, int]:
    if asked.since is None:
        return {}
    columns = (clocks.c.community_id, clocks.c.need_level, clocks.c.kind)
    late = select(*columns, func.count()).where(*asked.clock_conditions(carried_over=True), is_open_overdue(now))
    return {(community, level, kind): n for community, level, kind, n in db.execute(late.group_by(*columns))}


def _jobs(db: Connection, conditions: Sequence[ColumnElement[bool]]) -> Mapping[Key, int]:
    """Return by community and need level how many tickets have such a clock, of whatever kind that is judged."""
    by = (clocks.c.community_id, clocks.c.need_level)
    jobs = select(*by, clocks.c.ticket_id).where(*conditions, clocks.c.kind.in_(JUDGED)).distinct().subquery("jobs")
    of = (jobs.c.community_id, jobs.c.need_level)
    return {(community, level): n for community, level, n in db.execute(select(*of, func.count()).group_by(*of))}


def _community(db: Connection, place: RowMapping, asked: Asked, told: Told) -> dict[str, Any]:
    asked = replace(asked, community_id=place["id"])
    attainment = policy_of(db, asked.organisation_id, place["policy_version"]).attainment
    levels = [_level(place["id"], level, asked, attainment, told) for level in NEED_LEVELS]
    missed = next((level for level in levels if level["verdict"] == MISSED), None)
    reached = [
        level["need_level"]
        for level in levels
        if level["verdict"] == REACHED and (missed is None or level["need_level"] < missed["need_level"])
    ]
    attained = max(reached, default=0)
    unmet = (number for number, level in enumerate(levels) if level["verdict"] != REACHED)
    above = missed or next((level for level in levels if level["need_level"] > attained), None)
    return {
        "community_id": place["id"],
        "name": place["name"],
        "policy_version": place["policy_version"],
        "attained_level": attained,
        "without_gaps": next(unmet, len(levels)),
        "levels": levels,
        "blocked_by": _blocked(above) if above else None,
    }


def _level(community: str, level: int, asked: Asked, attainment: Attainment, told: Told) -> dict[str, Any]:
    """Return one level of a community: its share over all clocks and by kind, beside the share that is asked for."""
    asked = replace(asked, need_level=str(level))
    kinds = {}
    everything = Figures()
    needed, least = attainment[level], attainment.least_decided
    for kind in JUDGED:
        key = (community, level, kind)
        figures = Figures(Counter(told.counts.get(key, {})), surplus=told.again.get(key, Counter()))
        filed, carried = figures.said(), told.late.get(key, 0)
        figures.counts[OPEN_OVERDUE] += carried
        everything.counts.update(figures.counts)
        kinds[kind] = {
            **_share(figures),
            "verdict": _verdict(_share(figures), needed, least),
            "carried_over": carried,
            "filed_in_period": {name: filed[name] for name in _COUNTS},
            "behind": {
                name: {"tickets": filed["tickets_counted"][name], "link": asked.link(clock=kind, verdict=name)}
                for name in _COUNTS
            },
            "carried_over_tickets": asked.before().link(clock=kind, verdict=OPEN_OVERDUE) if asked.since else None,
        }
    whole, late = _share(everything), sum(kind["carried_over"] for kind in kinds.values())
    said = MISSED if any(kind["verdict"] == MISSED for kind in kinds.values()) else _verdict(whole, needed, least)
    return {
        "need_level": level,
        "need": NEED_LEVELS[level],
        "verdict": said,
        **whole,
        "needed_share": needed,
        "least_decided": least,
        "carried_over": late,
        "decided_in_period": whole[DECIDED] - late,
        "behind": _behind(asked, told, community, level),
        "clocks": kinds,
    }


def _behind(asked: Asked, told: Told, community: str, level: int) -> dict[str, dict[str, Any]]:
    """Return the lists behind what a level counts: each job once, whichever of its clocks, and however many, count."""
    found = {"decided_in_period": (told.decided_jobs, asked.link(verdict=DECIDED))}
    if asked.since:
        found["carried_over"] = (told.late_jobs, asked.before().link(verdict=OPEN_OVERDUE))
    return {name: {"tickets": jobs.get((community, level), 0), "link": link} for name, (jobs, link) in found.items()}


def _verdict(share: Mapping[str, Any], needed: float, least: int) -> str:
    """Return what a share says. Too little to be met is missed all the same once enough more could not mend it."""
    if share["decided"] >= least:
        return REACHED if share["met_share"] >= needed else MISSED
    if share["open_overdue"] or (least - share["breached"]) / least < needed:
        return MISSED
    return NO_EVIDENCE


def _share(figures: Figures) -> dict[str, Any]:
    said = figures.said()
    return {name: said[name] for name in (*_COUNTS, "met_share", "low", "high")}


def _blocked(level: dict[str, Any]) -> dict[str, Any]:
    """Return what stands in the way of a level: its worst clock, or that too little was decided to tell."""
    decided = {kind: figures for kind, figures in level["clocks"].items() if figures["decided"]}
    among = {kind: figures for kind, figures in decided.items() if figures["verdict"] == MISSED} or decided
    missed = level["verdict"] == MISSED
    worst = min(among, key=lambda kind: among[kind]["met_share"]) if missed else None
    figures = level["clocks"][worst] if worst else level
    blocked = {
        "need_level": level["need_level"],
        "need": level["need"],
        "verdict": level["verdict"],
        "clock": worst,
        "met_share": figures["met_share"],
        "needed_share": level["needed_share"],
        "decided": figures["decided"],
        "least_decided": level["least_decided"],
        "open_overdue": figures["open_overdue"],
        "tickets": figures["behind"][BREACHED]["link"] if worst else None,
        "carried_over_tickets": figures["carried_over_tickets"] if worst else None,
    }
    return {**blocked, "sentence": {locale: blocking_sentence(blocked, locale) for locale in ("zh-CN", "en")}}

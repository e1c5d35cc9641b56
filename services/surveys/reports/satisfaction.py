"""How satisfied households say they are: who was asked, who answered, and figures of human answers alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from services.kit import clock
from services.kit.database import database_now
from services.surveys import statistics
from services.surveys.models import AnsweredBy, State, answers, clock_outcomes, return_visits, ticket_steps
from services.surveys.models.outcomes import FILED
from services.surveys.reports import ratings, thumb
from services.surveys.reports.asked import Asked
from services.surveys.reports.ratings import Ratings
from services.surveys.statistics import Asked as Outcomes

ANSWERED, PROXY, SILENT, OPEN, WITHDRAWN = "answered", "proxy", "silent", "open", "withdrawn"
HAPPY, UNHAPPY = 4, 2
COMPLAINT, RESOLVE, MET = "complaint", "resolve", "met"


@dataclass
class Said:
    """What one kind of speaker said in one community: how many said solved or not, and how many gave each rating."""

    solved: Counter[bool] = field(default_factory=Counter)
    rated: Counter[int] = field(default_factory=Counter)

    def add(self, other: "Said") -> None:
        """Count another's in."""
        self.solved += other.solved
        self.rated += other.rated

    def figures(self) -> dict[str, Any]:
        """Return the figures; without answers they are empty."""
        satisfied = sum(self.rated[rating] for rating in statistics.SATISFIED)
        return {
            "solved": statistics.share(self.solved[True], self.solved.total()).to_json(),
            "csat": statistics.share(satisfied, self.rated.total()).to_json(),
            "ratings": {str(rating): self.rated[rating] for rating in range(1, 6)},
        }


@dataclass
class Voice:
    """One community's return visits: how many ended in which way, what households said, and what proxies did."""

    ways: Counter[str] = field(default_factory=Counter)
    household: Said = field(default_factory=Said)
    proxy: Said = field(default_factory=Said)
    complaints: int = 0
    stay: Counter[str] = field(default_factory=Counter)
    unhappy: int = 0
    happy: int = 0

    def add(self, other: "Voice") -> None:
        """Count another community's in."""
        self.ways += other.ways
        self.household.add(other.household)
        self.proxy.add(other.proxy)
        self.complaints += other.complaints
        self.stay += other.stay
        self.unhappy += other.unhappy
        self.happy += other.happy

    def to_json(self, rated: Ratings) -> dict[str, Any]:
        """Return the report's entry."""
        ways = self.ways
        outcomes = Outcomes(ways[ANSWERED], ways[PROXY], ways[SILENT], ways[OPEN])
        counts = {
            "complaints": self.complaints,
            "unhappy": self.unhappy,
            "happy": self.happy,
            "complaints_solved": self.stay["solved"],
            "complaints_solved_in_time": self.stay["in_time"],
        }
        return {
            "return_visits": {**outcomes.to_json(), "withdrawn": ways[WITHDRAWN]},
            "household": {**self.household.figures(), **rated.figures()},
            "proxies": {"n": self.proxy.solved.total(), **self.proxy.figures()},
            "estimates": thumb.estimates(counts),
        }


def satisfaction_report(db: Connection, asked: Asked) -> dict[str, Any]:
    """Return who was asked in the period, by when they were, and what they said: per community and in all."""
    voices = _voices(db, asked)
    for community, complaints in _complaints(db, asked):
        voices.setdefault(community, Voice()).complaints = complaints
    rated = ratings.read(db, asked)
    everywhere = sorted(voices.keys() | rated.keys())
    whole = Voice()
    for voice in voices.values():
        whole.add(voice)
    return {
        "asof": clock.now().isoformat(),
        **asked.said(),
        "communities": [
            {"community_id": one, **voices.get(one, Voice()).to_json(rated.get(one, Ratings()))} for one in everywhere
        ],
        "total": whole.to_json(ratings.together(rated.values())),
    }


def _voices(db: Connection, asked: Asked) -> dict[str, Voice]:
    voices: dict[str, Voice] = {}
    for row in db.execute(_ways(db, asked)):
        voice = voices.setdefault(row.community_id, Voice())
        voice.ways[row.way] += row.n
        for said, solved, rating in (
            (voice.household, row.solved, row.satisfaction),
            (voice.proxy, row.proxy_solved, row.proxy_satisfaction),
        ):
            if solved is not None:
                said.solved[solved] += row.n
            if rating is not None:
                said.rated[rating] += row.n
        if row.way == ANSWERED:
            _weigh(voice, row)
    return voices


def _weigh(voice: Voice, row: Any) -> None:
    """Count one group of answers as happy, unhappy or neither, and as a complaint that was solved."""
    if not row.solved or (row.satisfaction or HAPPY) <= UNHAPPY:
        voice.unhappy += row.n
    elif row.satisfaction is not None and row.satisfaction >= HAPPY:
        voice.happy += row.n
    if row.complaint and row.solved:
        voice.stay["in_time" if row.in_time else "solved"] += row.n


def _ways(db: Connection, asked: Asked) -> Any:
    """Return the visits of the period counted by community, how they ended and what was said."""
    visits, own, other = return_visits.c, answers.alias("own"), answers.alias("other")
    filed, resolved = ticket_steps.alias("filed"), clock_outcomes.alias("resolved")
    way = case(
        (own.c.id.is_not(None), ANSWERED),
        (other.c.id.is_not(None), PROXY),
        (visits.state == State.WITHDRAWN, WITHDRAWN),
        (and_(visits.state == State.INVITED, visits.expires_at > database_now(db)), OPEN),
        else_=SILENT,
    )
    told = (
        select(
            visits.community_id,
            way.label("way"),
            own.c.solved,
            own.c.satisfaction,
            other.c.solved.label("proxy_solved"),
            other.c.satisfaction.label("proxy_satisfaction"),
            func.coalesce(filed.c.work_type == COMPLAINT, False).label("complaint"),
            func.coalesce(resolved.c.state == MET, False).label("in_time"),
        )
        .select_from(return_visits)
        .outerjoin(own, and_(own.c.survey_id == visits.id, own.c.answered_by == AnsweredBy.HOUSEHOLD.value))
        .outerjoin(other, and_(other.c.survey_id == visits.id, other.c.answered_by == AnsweredBy.PROXY.value))
        .outerjoin(filed, and_(filed.c.ticket_id == visits.ticket_id, filed.c.step == FILED))
        .outerjoin(resolved, and_(resolved.c.ticket_id == visits.ticket_id, *_first_resolution(resolved)))
        .where(*asked.of(return_visits), visits.invited_at.is_not(None), *asked.within(visits.invited_at))
        .subquery("told")
    )
    return select(told, func.count().label("n")).group_by(*told.c)


def _first_resolution(resolved: Any) -> tuple[ColumnElement[bool], ...]:
    return (resolved.c.kind == RESOLVE, resolved.c.generation == 1)


def _complaints(db: Connection, asked: Asked) -> Iterable[tuple[str, int]]:
    steps = ticket_steps.c
    counted = (
        select(steps.community_id, func.count())
        .where(*asked.of(ticket_steps), *asked.within(steps.at), steps.step == FILED, steps.work_type == COMPLAINT)
        .group_by(steps.community_id)
    )
    return [(community, complaints) for community, complaints in db.execute(counted)]

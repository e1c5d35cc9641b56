"""What is measured on a filled database: each figure by the product's own function, many times over."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle, islice
from random import Random
from threading import Event as Pause

from sqlalchemy import Connection, Engine, func, select

from doorstep.bench.sla_casting import Cast, Mould
from doorstep.bench.sla_filling import Filling, cast_of, write
from doorstep.bench.sla_stories import due_in_a_day
from doorstep.bench.sla_telling import tell
from doorstep.bench.sla_world import CALENDARS, FROM_UTC, Organisation
from doorstep.replay import differences
from doorstep.told import pages
from services.kit import clock
from services.kit.database import transaction
from services.tickets import queries, service_levels, timers
from services.tickets.models import firings, tickets
from services.tickets.queries.reports.asked import Asked
from services.tickets.service_levels import BREACH
from services.tickets.worker import TICK_SECONDS

LOOK_UPS, REPORTS, REPLAYS = 400, 36, 400
DUE = 10_000
MINUTE = timedelta(minutes=1)
# How long before the first deadline the tickets are written: copying ten thousand takes some seconds.
AHEAD = timedelta(seconds=15)
# How long after its filing the job of `due_in_a_day` is due.
TARGET = timedelta(days=1)


@dataclass(frozen=True)
class Figure:
    """One measurement: milliseconds of every run, and the aim it is held against."""

    what: str
    aim_milliseconds: float
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Milliseconds of the run in the middle."""
        return self.within(0.5)

    def within(self, share: float) -> float:
        """Milliseconds that this share of the runs stayed within."""
        ordered = sorted(self.runs)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def timed(runs: Iterator[Callable[[], object]]) -> tuple[float, ...]:
    """Call each and return the milliseconds it took."""
    taken = []
    for run in runs:
        begun = time.perf_counter()
        run()
        taken.append((time.perf_counter() - begun) * 1000)
    return tuple(taken)


@dataclass(frozen=True)
class Desk:
    """A filled database as the product's processes see it: its web role and its worker's."""

    filling: Filling
    web: Engine
    worker: Engine

    def look_ups(self) -> Figure:
        """What the timers ask twice a second: is anything due? Nothing is, and nothing was tidied up before."""
        timers.fire_due(self.worker, _nobody)
        return Figure("next due: looked up", 5, timed(self._look_up for _ in range(LOOK_UPS)))

    def _look_up(self) -> None:
        with self.worker.begin() as db:
            timers.fire_batch(db)

    def sweep(self, first: int, due: int) -> Figure:
        """So many tickets whose minute has just passed, fired by one process in one go."""
        timers.fire_due(self.worker, _nobody)
        self._write_due(range(first, first + due), clock.now() - MINUTE)

        def run() -> None:
            fired = timers.fire_due(self.worker, _nobody)
            if fired < due:
                raise AssertionError(f"{due} deadlines were due, and {fired} were fired")

        return Figure(f"sweep of {due:,} due", MINUTE.total_seconds() * 1000, timed(iter([run])))

    def keep_up(self, first: int, due: int, ahead: timedelta = AHEAD, within: timedelta = MINUTE) -> Figure:
        """So many tickets due within the minute to come, the timers ticking as the worker does: how late each is."""
        begins = clock.now() + ahead
        self._write_due(range(first, first + due), begins, within)
        pause = Pause()
        while clock.now() < begins + within + timedelta(seconds=2):
            timers.fire_due(self.worker, _nobody)
            pause.wait(TICK_SECONDS)
        late = func.extract("epoch", firings.c.fired_at - firings.c.true_at) * 1000
        wanted = select(late).where(
            firings.c.true_at >= begins, firings.c.true_at < begins + within, firings.c.level == BREACH
        )
        with self.worker.connect() as db:
            runs = tuple(float(row[0]) for row in db.execute(wanted))
        if len(runs) < due:
            raise AssertionError(f"{due} deadlines came in time, and {len(runs)} were fired")
        return Figure(f"{due:,} due within a minute: late by", 2_000, runs)

    def _write_due(self, numbers: range, begins: datetime, within: timedelta = MINUTE) -> None:
        casts = list(_falling_due(self.filling, numbers, begins, within))
        for start in range(0, len(casts), 2_000):
            write(self.filling.url, casts[start : start + 2_000])

    def reports(self, organisation: Organisation, what: str) -> Figure:
        """A month's report as the company's manager asks for it, one month after the other."""
        months = list(islice(_months(self.filling.now), 12))
        runs = (partial(self._report, organisation, *month) for month in islice(cycle(months), REPORTS))
        return Figure(f"month's report: {what}", 150, timed(runs))

    def _report(self, organisation: Organisation, since: datetime, until: datetime) -> Mapping[str, object]:
        asked = Asked(organisation.id, since, until)
        with transaction(self.web, organisation.manager) as db:
            return queries.sla_report(db, asked, "need_level")

    def replays(self) -> Figure:
        """One ticket's clocks from its history, held against those stored, for tickets from anywhere."""
        with self.worker.connect() as db:
            ids = _some_tickets(db, REPLAYS)
        return Figure("one ticket's replay", 20, timed(partial(self._replay, key) for key in ids))

    def _replay(self, key: str) -> None:
        with self.worker.connect() as db:
            (told,) = next(pages(db, tickets.c.id == key))
            wrong = differences(told, None)
        if wrong:
            raise AssertionError(f"{told.name}: {wrong[0]}")


def _nobody() -> None:
    """Hear of a commit: no relay waits for it here."""


def _some_tickets(db: Connection, count: int) -> list[str]:
    """Return tickets from all over the table. Ids begin with their moment, so evenly spread moments are fair."""
    random = Random(2)  # noqa: S311 - picks tickets, keeps no secret
    oldest, newest = db.execute(select(func.min(tickets.c.filed_at), func.max(tickets.c.filed_at))).one()
    found: list[str] = []
    for _ in range(count):
        digits = f"{int((oldest + (newest - oldest) * random.random()).timestamp() * 1000):012x}"
        least = f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"
        found += db.execute(select(tickets.c.id).where(tickets.c.id >= least).order_by(tickets.c.id).limit(1)).scalars()
    return found


def _months(now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the whole months before this one where the companies are, the latest first."""
    first = (now + FROM_UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        before = (first - timedelta(days=1)).replace(day=1)
        yield before - FROM_UTC, first - FROM_UTC
        first = before


def _falling_due(filling: Filling, numbers: range, begins: datetime, within: timedelta) -> Iterator[Cast]:
    """Yield tickets that fall due evenly over the time from `begins`, each owing its breach and nothing else."""
    random = Random(numbers.start)  # noqa: S311 - spreads tickets, keeps no secret
    story = due_in_a_day()
    calendar = service_levels.calendar_of(CALENDARS[0])
    filed_at = begins - TARGET
    mould: Mould | None = None
    for place, number in enumerate(numbers):
        organisation = random.choice(filling.organisations)
        later = within * place / len(numbers)
        who = cast_of(random, organisation, random.choice(organisation.communities), filed_at + later, number)
        if mould is None:
            mould = Mould(tell(story, filed_at, who, calendar, begins - timedelta(seconds=1)), who)
        yield mould.cast(who, later)

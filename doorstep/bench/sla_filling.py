"""Fills the tickets database: several processes tell and cast stories, and COPY takes them in."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import psycopg

from doorstep.bench import sla_stories
from doorstep.bench.sla_casting import TABLES, Cast, Mould
from doorstep.bench.sla_telling import LONG_AFTER, Who, tell
from doorstep.bench.sla_world import CALENDARS, FROM_UTC, Community, Organisation
from services.tickets import catalogue, service_levels
from services.tickets.sla.calendar import Calendar

STORIES = 3_000
WEEKS = 104
BATCH = 2_000
_DIGITS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
# Multiplying by a number without a common divisor visits every number once, in no visible order.
_ALL_NUMBERS, _STRIDE = len(_DIGITS) ** 6, 467_895_101
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Filling:
    """What every process needs to know: the database as its superuser, whose tickets, and the moment it is."""

    url: str
    organisations: tuple[Organisation, ...]
    now: datetime


class Author:
    """Makes tickets; each process has one, for what was told once is cast again and again."""

    def __init__(self, filling: Filling) -> None:
        self.filling = filling
        self._calendars: list[Calendar] = [service_levels.calendar_of(document) for document in CALENDARS]
        usual = {item.code: item.urgency for item in catalogue.load()}
        random = Random(1)  # noqa: S311 - the same stories in every process and every run, and no secret
        self._stories = [sla_stories.draw(random, usual) for _ in range(STORIES)]
        self._moulds: dict[tuple[int, int], tuple[Mould, datetime | None]] = {}
        local = (filling.now + FROM_UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._monday = local - local.weekday() * DAY - FROM_UTC

    def tickets(self, numbers: range, share: tuple[float, float]) -> Iterator[Cast]:
        """Yield each ticket's lines, filed between two parts of the whole time, from 0 (long ago) to 1 (now)."""
        random = Random(numbers.start)  # noqa: S311 - spreads tickets, keeps no secret
        weights = [organisation.share for organisation in self.filling.organisations]
        for number in numbers:
            organisation = random.choices(self.filling.organisations, weights)[0]
            community = random.choice(organisation.communities)
            chosen = random.randrange(STORIES)
            back = WEEKS - 1 - int(WEEKS * random.uniform(*share))
            filed_at = self._monday + self._stories[chosen].at - max(back, 0) * sla_stories.WEEK
            if filed_at > self.filling.now:
                filed_at -= sla_stories.WEEK
            who = cast_of(random, organisation, community, filed_at, number)
            yield self._ticket(chosen, community, who, filed_at)

    def _ticket(self, chosen: int, community: Community, who: Who, filed_at: datetime) -> Cast:
        story, calendar = self._stories[chosen], self._calendars[community.calendar]
        key = (chosen, community.calendar)
        if key not in self._moulds:
            told = tell(story, self._monday + story.at, who, calendar, self._monday + story.at + LONG_AFTER)
            self._moulds[key] = Mould(told, who), told.settled_at
        mould, settled_at = self._moulds[key]
        later = filed_at - self._monday - story.at
        if settled_at is not None and settled_at + later <= self.filling.now:
            return mould.cast(who, later)
        # What is not over yet depends on the hour it is, so it is told for itself.
        return Mould(tell(story, filed_at, who, calendar, self.filling.now), who).cast(who, timedelta(0))


def cast_of(random: Random, organisation: Organisation, community: Community, filed_at: datetime, number: int) -> Who:
    """Return who is who in a ticket. Its id is of the moment it was filed, as the product makes them."""
    return Who(
        _id(filed_at, random),
        organisation.id,
        community.id,
        random.choice(community.units),
        _id(filed_at, random),
        random.choice(community.crew),
        community.desk_id,
        f"{filed_at:%y%m%d}-{_code(number)}",
    )


def _id(at: datetime, random: Random) -> str:
    digits = f"{int(at.timestamp() * 1000):012x}7{random.getrandbits(12):03x}{8 << 60 | random.getrandbits(60):016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _code(number: int) -> str:
    left = number * _STRIDE % _ALL_NUMBERS
    code = ""
    for _ in range(6):
        left, digit = divmod(left, len(_DIGITS))
        code += _DIGITS[digit]
    return code


_author: Author | None = None


def _begin(filling: Filling) -> None:
    global _author
    _author = Author(filling)


def _load(numbers: range, share: tuple[float, float]) -> int:
    assert _author is not None
    write(_author.filling.url, list(_author.tickets(numbers, share)))
    return len(numbers)


def write(url: str, casts: Sequence[Cast]) -> None:
    """Copy tickets in, in one transaction."""
    with psycopg.connect(url) as database:
        # Foreign keys hold by the way the rows were made, and asking after each of ten million takes its time. The same
        # goes for the triggers that let history only be continued, and only at the moment it is: these tell two years.
        database.execute("SET session_replication_role = replica")
        for table, names in casts[0].columns.items():
            listed = ", ".join(names)
            with database.cursor() as cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
                copy.write("".join([cast.lines[table] for cast in casts]))


def fill(filling: Filling, numbers: range, filled: Callable[[int], None], processes: int) -> None:
    """Make the tickets of these numbers; `filled` hears of every batch. Indexes are built when all are there."""
    jobs = []
    for first in range(numbers.start, numbers.stop, BATCH):
        batch = range(first, min(first + BATCH, numbers.stop))
        share = ((batch.start - numbers.start) / len(numbers), (batch.stop - numbers.start) / len(numbers))
        jobs.append((batch, share))
    with without_indexes(filling.url):
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, spawning, _begin, (filling,)) as pool:
            for done in as_completed([pool.submit(_load, *job) for job in jobs]):
                filled(done.result())
    settle(filling.url)


def settle(url: str) -> None:
    """Do what autovacuum has done on a desk that is some minutes old: statistics, and which pages all may see."""
    with psycopg.connect(url, autocommit=True) as database:
        for table in TABLES:
            database.execute(f"VACUUM (ANALYZE) {table.name}")


_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid::regclass::text = ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
"""


@contextmanager
def without_indexes(url: str) -> Iterator[None]:
    """Take the indexes away while a great many rows come in, but for those that keep rows apart; build them after."""
    with psycopg.connect(url, autocommit=True) as database:
        found = database.execute(_INDEXES, ([table.name for table in TABLES],)).fetchall()
        for name, _ in found:
            database.execute(f"DROP INDEX {name}")
    yield
    with ThreadPoolExecutor(2) as pool:
        for built in [pool.submit(_build, url, definition) for _, definition in found]:
            built.result()


def _build(url: str, definition: str) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SET maintenance_work_mem = '256MB'")
        database.execute(definition.encode())

"""Lives through a month in a home that has none: prepares its databases, tells every story, gives the time back."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from doorstep import processes, wiring
from doorstep.demo import texts
from doorstep.embedded_postgres import EmbeddedPostgres
from doorstep.keys import keep_keys
from doorstep.month import community, loose_ends, office, setting_up
from doorstep.month.agenda import Agenda, Story
from doorstep.month.desk import Desk, desk
from doorstep.month.moved_clock import MovedClock, moved_clock
from doorstep.month.people import WAYS, ZONE, Town
from doorstep.processes import CannotStart
from doorstep.sample import HUATING, loading
from services.kit import clock, migrate

# Longer than any month is, so that two months can be compared.
DAYS = 40
REQUESTS_A_DAY = 6
# The sample is there a day before anybody files.
BEFORE = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SEED = 7


def live(home: Path, console: Console, days: int = DAYS, seed: int = SEED) -> dict[str, int]:
    """Fill an empty home with a month that ends a minute ago; returns what was lived. Raises CannotStart.

    The databases are a server of the home's own, whatever DATABASE_URL says: its clock is moved meanwhile.
    """
    home.mkdir(parents=True, exist_ok=True)
    with processes.lock(home / "lock", f"A desk runs in {home}. Stop it first, or name another folder."):
        if (home / "postgres").exists():
            raise CannotStart(f"There is a desk in {home} already. Name an empty folder, or remove that one.")
        keys, server = keep_keys(home), EmbeddedPostgres(home)
        ends = clock.now() - MINUTE
        begins = ends - timedelta(days=days)
        try:
            url = server.start()
            ports = wiring.keep_ports(home, processes.kept_port(home / "port"))
            plan = wiring.Wiring(home, url, None, keys, ports, {"SMTP_URL": ""})
            with moved_clock(url) as moved:
                moved.set(begins - BEFORE)
                _prepare(url, keys.role_secret, moved)
                with desk(plan) as people_at:
                    luck = random.Random(seed)  # noqa: S311 - The same month for the same seed; nothing is secret.
                    return _lived(people_at, moved, begins, ends, luck, console)
        finally:
            server.stop()


def _prepare(url: str, role_secret: str, moved: MovedClock) -> None:
    for service in migrate.SERVICES:
        migrate.provision(url, role_secret, service)
        moved.move_in(service)
        migrate.upgrade(url, service)
    migrate.provision(url, role_secret, migrate.BUS)
    loading.load(url, role_secret, "development")


def _lived(
    people_at: Desk, moved: MovedClock, begins: datetime, ends: datetime, luck: random.Random, console: Console
) -> dict[str, int]:
    agenda = Agenda(people_at, moved)
    town = Town(people_at, luck, [person for person in HUATING.people if person.role == "resident"])
    days = (ends - begins).days
    chosen = texts.sample((days + 1) * REQUESTS_A_DAY, luck)
    ways = luck.choices(list(WAYS), list(WAYS.values()), k=len(chosen))
    for number, (text, way) in enumerate(zip(chosen, ways, strict=True)):
        filed_at = _filed_at(begins + timedelta(days=number // REQUESTS_A_DAY), luck)
        if begins <= filed_at < ends:
            agenda.add(filed_at, town.request(text, way))
    for moment, story in _around(town, begins, days):
        agenda.add(moment, story)
    columns = (TextColumn("A month"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=(ends - begins).total_seconds())

        def show(moment: datetime) -> None:
            done = (moment - begins).total_seconds()
            progress.update(bar, completed=done, description=f"{moment.astimezone(ZONE):%d.%m. %H:%M}")

        open_stories = agenda.live(begins, ends, show)
    return {"requests": town.filed, "days": days, "under way": open_stories}


def _around(town: Town, begins: datetime, days: int) -> Iterator[tuple[datetime, Story]]:
    """Yield what happens beside the requests: the desk's days, complaints, and the life of the community."""
    yield begins + timedelta(hours=1), community.volunteers(town)
    yield begins + timedelta(hours=2), community.households(town)
    yield begins + timedelta(hours=3), community.plans(town)
    yield begins + timedelta(hours=4), setting_up.estate(town)
    yield begins + timedelta(hours=6), setting_up.letters(town, days)
    yield begins + timedelta(days=days / 4), setting_up.catalogue(town)
    yield begins + timedelta(days=days / 3), community.campaign(town, "年度业主意见征集", 14)
    # The last of them is still to come.
    for number in range(days // 6 + 1):
        yield begins + timedelta(days=number * 6 + 1, hours=2), community.event(town, number)
    for number in range(max(2, days // 3)):
        yield begins + timedelta(days=number * 3, hours=4, minutes=30), office.complaint(town, number)
    yield begins + timedelta(days=days / 2), community.outage(town, 3)
    yield begins + timedelta(days=days * 0.7, hours=1), community.lift(town)
    yield begins + timedelta(days=days * 0.9), community.campaign(town, "小区绿化改造征求意见", 12)
    yield begins + timedelta(days=days - 0.5), community.outage(town, 2)
    # As many complaints at once as leave one at most stages.
    for number, ago in enumerate((0.15, 0.4, 0.8, 1.4, 2.2)[: days + 2]):
        yield begins + timedelta(days=days - ago), office.complaint(town, number)
    yield begins + timedelta(days=days - 1), setting_up.invitations(town)
    yield begins + timedelta(days=days - 0.9), loose_ends.looking(town)
    yield begins + timedelta(days=days - 0.3), loose_ends.announcing(town)
    yield begins + timedelta(days=days - 0.2), loose_ends.in_hand(town)
    yield begins + timedelta(days=days - 0.1), loose_ends.at_home(town)
    yield begins + timedelta(days=days - 0.1), loose_ends.to_approve(town)
    # Of what takes some minutes from here the household is asked a day after its end.
    calls_until = loose_ends.last_call_from(begins + timedelta(days=days)) - timedelta(minutes=20)
    yield calls_until - timedelta(days=1), loose_ends.to_call(town)
    yield from office.every_day(begins, days, 10, lambda: office.day(town, calls_until))
    yield from office.every_day(begins, days, 13, lambda: office.catching_up(town))
    yield from office.every_day(begins, days, 16, lambda: office.day(town, calls_until))
    yield from office.every_day(begins, days, 20.5, lambda: community.rounds(town))
    yield from office.every_day(begins, days, 21, lambda: office.reading(town))


def _filed_at(day: datetime, luck: random.Random) -> datetime:
    """Return a moment of a day: most people write in the morning and the evening, some at night."""
    hour = luck.choices(range(24), (2, 1, 1, 1, 1, 2, 4, 8, 9, 9, 7, 5, 4, 4, 5, 5, 5, 6, 8, 9, 7, 5, 3, 2))[0]
    return day.astimezone(ZONE).replace(hour=hour, minute=luck.randrange(60), second=luck.randrange(60))

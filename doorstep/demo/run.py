"""Runs the demo: brings the desk up, lets everybody work, looks at the books, and takes the desk away again."""

import os
import queue
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from doorstep import processes, sample
from doorstep.demo import books, checks, report, texts
from doorstep.demo.books import Books
from doorstep.demo.chaos import Chaos, NotBack, Rounds
from doorstep.demo.client import Client, Door, NoAnswer, Refused
from doorstep.demo.ledger import Day, Ledger
from doorstep.demo.people import Crew, Desk, Filing, Households
from doorstep.sample import HUATING, PASSWORD
from doorstep.servers import Broker
from doorstep.stack import Stack
from services.tickets.catalogue import SKILLS

# The demo's people do in a minute what others do in a week, and are asked back a second after the work.
PACE = {
    "DOORSTEP_ENV": "development",
    "DOORSTEP_RETURN_VISIT_DELAY": "PT1S",
    "DOORSTEP_RETURN_VISIT_NIGHT": "none",
    "DOORSTEP_LOGIN_LIMIT": "100000/minute",
    "DOORSTEP_RATE_LIMIT": "100000/minute",
    # Nobody gets mail from a demo, whatever mail server this machine uses.
    "SMTP_URL": "",
}
# A throw-away desk never works on somebody's real database, broker or home.
NOT_OURS = ("DATABASE_URL", "AMQP_URL", "DOORSTEP_PUBLIC_URL")
FILING_THREADS, HOUSEHOLD_THREADS, MORE_CREWS = 3, 3, 3
# Where no bar moves, as in a log, a line now and then says how far it is.
QUIET_SECONDS = 10.0
# What a process says when something dies is in its log; the terminal shows how it begins.
LINE = 240
DAY_SECONDS, SETTLE_SECONDS = 900.0, 60.0


@dataclass
class Demo:
    """What is to be shown. `wanted` requests; `chaos` says what is killed together; `keep` leaves the desk on."""

    wanted: int = 500
    broker: Broker | None = None
    chaos: Rounds | None = None
    keep: bool = False
    seed: int = 2
    console: Console = field(default_factory=Console)
    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    ledger: Ledger | None = None
    books: Books | None = None

    def run(self) -> bool:
        """Show it; returns whether nothing was lost or doubled. The desk and its data are gone afterwards."""
        home = Path(tempfile.mkdtemp(prefix="doorstep-demo-"))
        try:
            with _without(NOT_OURS):
                self._on(home)
        except Exception:
            self._keep_logs(home)
            raise
        else:
            if self.wrong:
                self._keep_logs(home)
        finally:
            shutil.rmtree(home)
        return not self.wrong

    def _on(self, home: Path) -> None:
        began = time.monotonic()
        stack = Stack(
            home,
            processes.kept_port(home / "port"),
            broker=self.broker,
            extra_env=PACE,
            echo=lambda line: self._say(line if len(line) < LINE else f"{line[:LINE]}…"),
        )
        try:
            stack.start()
            self._say(f"The desk is at {stack.url} after {time.monotonic() - began:.0f} s")
            self._day(stack, began)
            if self.keep:
                self._stay(stack)
        finally:
            stack.stop()

    def _day(self, stack: Stack, began: float) -> None:
        stop = threading.Event()
        door, ledger = Door(stack.url, stop), Ledger(self.wanted)
        day = Day(ledger, stop)
        self.wrong = _went_wrong(lambda: _Work(self, stack, door, day).run())
        stop.clear()
        if self.wrong:
            self.wrong += [f"ticket {ticket} did not come to its end" for ticket in ledger.unfinished()]
        kept, found = _settled(stack.env, ledger)
        self.wrong += [*found, *(f"{fault}, {times} times" for fault, times in door.faults.items())]
        self.ledger, self.books = ledger, kept
        self.figures = report.figures(ledger, kept)
        report.show_figures(self.console, self.figures, door)
        if not self.wrong:
            manager = Client(door, "manager1", PASSWORD)
            report.show_levels(self.console, manager.get("/reports/sla").wanted())
        report.show_wrong(self.console, self.wrong, door)
        self._say(
            f"{stack.url} · {time.monotonic() - began:.0f} s in all, {time.monotonic() - day.began:.0f} s of work"
        )

    def _stay(self, stack: Stack) -> None:
        """Leave the desk running until Ctrl-C."""
        self._say(f"Logins: {', '.join(sample.LOGINS)}   password: {PASSWORD}")
        self._say(f"The desk stays at {stack.url} until Ctrl-C; then it and its data are removed.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            self._say("Stopping")

    def _keep_logs(self, home: Path) -> None:
        if (home / "logs").exists():
            logs = Path(tempfile.mkdtemp(prefix="doorstep-demo-logs-"))
            shutil.copytree(home / "logs", logs, dirs_exist_ok=True)
            self._say(f"The logs of every process are kept in {logs}")

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, style="dim", soft_wrap=True)


class _Work:
    """The day itself: everybody at work at once, each in a thread, under one progress bar."""

    def __init__(self, demo: Demo, stack: Stack, door: Door, day: Day) -> None:
        self._demo = demo
        self._stack = stack
        self._door = door
        self._day = day

    def run(self) -> None:
        """Return when every request has come to its end; raises what ended somebody's work."""
        residents = self._sign_in([p.login for p in HUATING.people if p.role == "resident"])
        desk = self._sign_in(["dispatcher1", "manager1"])
        crews = self._sign_in(["crew1", "crew2", "crew3", *self._engage()])
        self._wait_for_staff(desk[0], crews)
        parts = [*self._filing(residents), *self._working(residents, desk, crews)]
        with ThreadPoolExecutor(len(parts)) as pool:
            futures = [pool.submit(part) for part in parts]
            try:
                self._watch(futures)
            finally:
                if not self._day.ledger.done:
                    self._day.stop.set()
        for future in futures:
            future.result()

    def _sign_in(self, logins: list[str]) -> list[Client]:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda login: Client(self._door, login, PASSWORD).sign_in(), logins))

    def _engage(self) -> list[str]:
        """Open accounts for more crew members, as an admin does; the services hear of them by way of the bus."""
        admin = Client(self._door, "admin1", PASSWORD)
        logins = [f"crew{number}" for number in range(4, 4 + MORE_CREWS)]
        for login in logins:
            account = {
                "login": login, "password": PASSWORD, "role": "crew", "badge": login.title(),
                "skills": list(SKILLS), "communities": [community.id for community in HUATING.communities],
            }  # fmt: skip
            admin.post("/accounts", account).wanted()
        return logins

    def _wait_for_staff(self, dispatcher: Client, crews: list[Client]) -> None:
        deadline, wanted = time.monotonic() + SETTLE_SECONDS, {crew.id for crew in crews}
        while not wanted <= {one["id"] for one in dispatcher.get("/staff").wanted()["items"]}:
            if time.monotonic() > deadline:
                raise NoAnswer("the desk has not heard of its new crew members")
            self._day.wait(0.1)

    def _filing(self, residents: list[Client]) -> list[Callable[[], None]]:
        chosen, source = texts.choose(self._demo.wanted, random.Random(self._demo.seed))  # noqa: S311
        self._demo._say(f"{len(chosen)} requests in {source}")
        locale_of = {person.login: person.locale for person in HUATING.people}
        self._work: queue.Queue[tuple[Client, texts.Text]] = queue.Queue()
        turns = {texts.CHINESE: 0, texts.ENGLISH: 0}
        for text in chosen:
            speakers = [resident for resident in residents if locale_of[resident.login] == text.locale]
            self._work.put((speakers[turns[text.locale] % len(speakers)], text))
            turns[text.locale] += 1
        self._desk: queue.Queue[str] = queue.Queue()
        filing = Filing(self._day, self._work, self._desk)
        parts: list[Callable[[], None]] = [filing.run] * FILING_THREADS
        if self._demo.chaos:
            chaos = Chaos(self._day, self._stack, self._demo.chaos(self._stack.pids), self._demo._say)
            filing.gate = chaos.gate
            parts.append(chaos.run)
        return parts

    def _working(self, residents: list[Client], desk: list[Client], crews: list[Client]) -> list[Callable[[], None]]:
        ids = [crew.id for crew in crews]
        return [
            *(Desk(self._day, who, self._desk, ids).run for who in desk),
            *(Crew(self._day, who, ids).run for who in crews),
            *(Households(self._day, residents[n::HOUSEHOLD_THREADS]).run for n in range(HOUSEHOLD_THREADS)),
        ]

    def _watch(self, futures: list[Future[None]]) -> None:
        """Show the progress until everything is done, somebody's work ended badly, or the day is too long."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        ledger, deadline = self._day.ledger, time.monotonic() + DAY_SECONDS
        with Progress(*columns, console=self._demo.console) as progress:
            filed = progress.add_task("filed", total=ledger.wanted)
            settled = progress.add_task("settled", total=ledger.wanted)
            spoken = time.monotonic()
            while not (ledger.done and all(future.done() for future in futures)):
                progress.update(filed, completed=len(ledger.filed))
                progress.update(settled, completed=len(ledger.settled))
                if not self._demo.console.is_terminal and time.monotonic() - spoken > QUIET_SECONDS:
                    spoken = time.monotonic()
                    self._demo._say(f"{len(ledger.filed)} filed, {len(ledger.settled)} settled of {ledger.wanted}")
                if any(future.done() and future.exception() for future in futures):
                    return
                if time.monotonic() > deadline:
                    raise NoAnswer(f"not everything was settled after {DAY_SECONDS:.0f} s")
                self._day.wait(0.1)
            progress.update(filed, completed=len(ledger.filed))
            progress.update(settled, completed=len(ledger.settled))


def _went_wrong(work: Callable[[], None]) -> list[str]:
    try:
        work()
    except (NoAnswer, NotBack, Refused) as problem:
        return [f"{type(problem).__name__}: {problem}"]
    return []


def _settled(env: dict[str, str], ledger: Ledger) -> tuple[Books, list[str]]:
    """Return the books when nothing is under way and nothing wrong, or what is still wrong when patience ends."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        waiting = books.unsettled(env)
        kept = books.read(env)
        wrong = [f"{what}: {count} after {SETTLE_SECONDS:.0f} s" for what, count in waiting.items()]
        wrong += checks.find_wrong(ledger, kept)
        if not wrong or time.monotonic() > deadline:
            return kept, wrong
        time.sleep(0.5)


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)

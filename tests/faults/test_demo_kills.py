"""The demo, shortened: a whole day with every process killed under it, and checks that do see what is wrong."""

import copy
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from doorstep.demo import checks, texts
from doorstep.demo.books import Books
from doorstep.demo.chaos import by_kind, one_by_one
from doorstep.demo.ledger import Ledger
from doorstep.demo.run import Demo

# Two whole desks start and stop here; a machine that does much else needs its time for that.
pytestmark = pytest.mark.timeout(300)


def shown(demo: Demo) -> str:
    """Run a demo and return what it printed; what went wrong is in there."""
    demo.console = Console(file=io.StringIO(), width=120)
    well = demo.run()
    assert isinstance(demo.console.file, io.StringIO)
    printed = demo.console.file.getvalue()
    assert well, printed
    return printed


def test_nothing_is_lost_or_doubled_while_every_process_the_broker_and_the_database_are_killed():
    demo = Demo(wanted=40, broker="rabbitmq", chaos=by_kind)
    printed = shown(demo)
    assert printed.count("killed with -9") == 4
    assert printed.count("whole again") == 4
    assert "rabbitmq (process" in printed
    assert "postgres (process" in printed
    assert demo.figures["filed"] == 40


@pytest.fixture(scope="module")
def day() -> Demo:
    """A short day over the queue in PostgreSQL; its books stay at hand."""
    demo = Demo(wanted=30, broker="postgres")
    shown(demo)
    return demo


def test_a_day_over_the_queue_in_postgresql_walks_every_path(day: Demo):
    assert day.figures["filed"] == 30
    idle = [name for name, times in day.figures.items() if not times]
    assert idle == []


def test_without_real_requests_the_samples_own_are_filed_again_and_again(tmp_path: Path):
    chosen, source = texts.choose(500, random.Random(1), tmp_path)
    assert len(chosen) == 500
    assert source == f"{len(set(chosen))} different texts, the sample's own"
    assert {text.locale for text in chosen} == {"zh-CN", "en"}


def test_every_process_is_killed_and_the_servers_in_the_middle_of_the_day():
    names = ["postgres", "rabbitmq", "tickets-worker", "tickets-web", "notify-worker", "notify-web"]
    assert [name for (name,) in one_by_one(names)] == [
        "tickets-worker", "tickets-web", "postgres", "rabbitmq", "notify-worker", "notify-web",
    ]  # fmt: skip
    assert by_kind(names) == [
        ("tickets-worker", "notify-worker"), ("postgres",), ("rabbitmq",), ("tickets-web", "notify-web"),
    ]  # fmt: skip


def lose_a_ticket(ledger: Ledger, books: Books) -> None:
    gone = next(row for row in books.tickets if row["id"] == ledger.filed[-1])
    books.tickets.remove(gone)
    del books.history[gone["id"]]


def double_a_ticket(ledger: Ledger, books: Books) -> None:
    ledger.filed.pop()


def rewrite_history(ledger: Ledger, books: Books) -> None:
    next(iter(books.history.values()))[0]["data"] = {}


def lose_a_step(ledger: Ledger, books: Books) -> None:
    ledger.steps[next(iter(ledger.steps))] += 1


def let_two_win(ledger: Ledger, books: Books) -> None:
    entries = next(rows for rows in books.history.values() if any(row["action"] == "claim" for row in rows))
    claim = next(row for row in entries if row["action"] == "claim")
    entries.insert(claim["seq"], claim)


def lose_an_event(ledger: Ledger, books: Books) -> None:
    event = next(row["event_id"] for row in books.outboxes["tickets"] if row["type"] == "ticket.filed.v1")
    del books.inboxes["notify"][event]


def bury_an_event(ledger: Ledger, books: Books) -> None:
    next(iter(books.inboxes["surveys"].values()))["state"] = "dead"


def park_an_event(ledger: Ledger, books: Books) -> None:
    row = books.outboxes["tickets"][0]
    row["parked_at"], row["published_at"] = row["published_at"], None


def lose_a_notice(ledger: Ledger, books: Books) -> None:
    books.notices.remove(next(row for row in books.notices if row["kind"] == "ticket.completed"))


def tell_twice(ledger: Ledger, books: Books) -> None:
    books.notices.append(books.notices[0])


def lose_a_return_visit(ledger: Ledger, books: Books) -> None:
    books.visits.remove(next(row for row in books.visits if row["state"] == "invited"))


def lose_an_answer(ledger: Ledger, books: Books) -> None:
    books.answers.remove(next(row for row in books.answers if row["solved"]))


def reopen_twice(ledger: Ledger, books: Books) -> None:
    for entries in books.history.values():
        reopened = [row for row in entries if row["action"] == "reopen" and row["data"]["cause"] == "survey"]
        entries.extend(reopened)


def set_a_clock_back(ledger: Ledger, books: Books) -> None:
    clock = next(row for row in books.clocks if row["stopped_at"])
    clock["stopped_at"] = clock["started_at"]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lose_a_ticket, "was accepted and is lost"),
        (double_a_ticket, "a doubled filing"),
        (rewrite_history, "history breaks at entry 1"),
        (lose_a_step, "accepted"),
        (let_two_win, "while somebody had it"),
        (lose_an_event, "event never reached notify"),
        (bury_an_event, "is dead in surveys"),
        (park_an_event, "was parked"),
        (lose_a_notice, "nobody told"),
        (tell_twice, "was written twice"),
        (lose_a_return_visit, "has no return visit"),
        (lose_an_answer, "survey answers were accepted"),
        (reopen_twice, "did not reopen, or twice"),
        (set_a_clock_back, "are not what history gives"),
    ],
)
def test_the_check_sees_it(day: Demo, spoil: Callable[[Ledger, Books], None], complaint: str):
    assert day.ledger is not None
    assert day.books is not None
    ledger = Ledger(day.wanted, list(day.ledger.filed), copy.copy(day.ledger.steps))
    ledger.answered, ledger.not_solved = day.ledger.answered, list(day.ledger.not_solved)
    books = copy.deepcopy(day.books)
    assert checks.find_wrong(ledger, books) == []
    spoil(ledger, books)
    assert any(complaint in wrong for wrong in checks.find_wrong(ledger, books))

"""The stories that measured tickets live through: what was asked for, who did what, and how long each step took."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

# What the desk is asked for: the everyday first, since most requests are that.
ITEMS = {
    "water-leak-pipe": 10, "bathroom-fixture": 4, "drain-blocked": 8, "ventilation": 6, "garbage-removal": 8,
    "noise-equipment": 7, "door-window": 8, "water-outage": 3, "power-recurring-cut": 4, "network-signal": 4,
    "complaint-fees": 5, "abandoned-vehicle": 5, "wall-falling": 2, "tree-danger": 2, "dangerous-structure": 1,
    "school-kindergarten": 2, "question-supply": 4, "internal-engineering": 3,
}  # fmt: skip
CIRCUMSTANCES = ((), (), (), (), (), (), (), ("infant",), ("elderly_alone",), ("no_water",))
WAITING = {"parts": 5, "access": 2, "approval": 1}
# How often somebody is called back afterwards, where the policy asks for it and elsewhere.
CALLED, CALLED_ELSEWHERE = 0.85, 0.05
CALLED_ABOUT = frozenset({"complaint-fees"})
PROMISED, ANSWERED = 0.12, 0.2
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# Minutes to an answer and hours to the end that a job of each urgency usually takes: most are in time, some are not.
USUAL_MINUTES = {"emergency": 1.5, "urgent": 5.0, "routine": 30.0}
USUAL_HOURS = {"emergency": 3.0, "urgent": 7.0, "routine": 26.0}
CLOSES_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Happening:
    """One step of a story: how long after the filing, which verb, who takes it, and what history says of it.

    Timedeltas among `data` are moments: in a plot counted from the step itself, in a story from the filing, too.
    """

    after: timedelta
    action: str
    role: str = "crew"
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """One ticket's life apart from whose it is: `at` is its filing counted from a Monday's midnight."""

    catalogue_code: str
    urgency: str
    circumstances: tuple[str, ...]
    at: timedelta
    happenings: tuple[Happening, ...]


def draw(random: Random, usual: Mapping[str, str]) -> Story:
    """Return a story; `usual` is each catalogue item's usual urgency."""
    code = random.choices(list(ITEMS), list(ITEMS.values()))[0]
    urgency = random.choices([usual[code], "routine", "urgent"], [7, 2, 1])[0]
    answers = timedelta(minutes=USUAL_MINUTES[urgency] * random.lognormvariate(0, 0.7))
    long = timedelta(hours=USUAL_HOURS[urgency] * random.lognormvariate(0, 0.6))
    plot = random.choices(list(PLOTS), list(PLOTS.values()))[0]
    steps = list(plot(random, answers, max(long, 3 * answers)))
    if random.random() < PROMISED and steps[0].action == "claim":
        steps.insert(1, Happening(steps[0].after, "promise", data={"promised_at": long * random.uniform(0.7, 2.5)}))
    if steps[-1].action in ("confirm", "close"):
        steps[-1:-1] = _afterwards(random, steps[-2].after, code in CALLED_ABOUT)
    told = tuple(_in_order(steps))
    # Most people report by day; some of it is at night.
    hour = random.gauss(14, 4) % 24
    at = timedelta(days=random.randrange(7)) + timedelta(seconds=round(hour * 3600))
    return Story(code, urgency, random.choice(CIRCUMSTANCES), at, told)


def due_in_a_day() -> Story:
    """Return an urgent everyday job at work, of which only the end is still owed: a day after the filing.

    All its targets are elapsed time, so it is the same story at any moment of the week.
    """
    minute = timedelta(minutes=1)
    happenings = (
        Happening(3 * minute, "acknowledge", "dispatcher"),
        Happening(8 * minute, "claim"),
        Happening(25 * minute, "arrive"),
        Happening(30 * minute, "start"),
    )
    return Story("door-window", "urgent", (), timedelta(0), happenings)


def _afterwards(random: Random, done: timedelta, called: bool) -> Iterator[Happening]:
    """What is said about a job between its completion and its end."""
    if random.random() < (CALLED if called else CALLED_ELSEWHERE):
        outcome = random.choice(["reached", "reached", "not_reached"])
        yield Happening(done + HOUR / 4, "call_back", "dispatcher", {"outcome": outcome})
    if random.random() < ANSWERED:
        said = {"solved": True, "satisfaction": random.choice([3, 4, 5, 5])}
        yield Happening(done + HOUR / 3, "answer", "system", said)


def _in_order(happenings: Iterable[Happening]) -> Iterator[Happening]:
    """Whole seconds, each step after the one before: a story repeats in every week, and history is in order."""
    last = timedelta(0)
    for one in happenings:
        last = max(last + timedelta(seconds=1), timedelta(seconds=round(one.after.total_seconds())))
        moved = {name: last + value if isinstance(value, timedelta) else value for name, value in one.data.items()}
        yield Happening(last, one.action, one.role, moved)


def _begun(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    """Somebody takes the job and begins, in the first part of the time it takes."""
    yield Happening(answers, "claim")
    if random.random() < 0.1:
        yield Happening(answers + long * random.uniform(0.05, 0.1), "arrive")
    yield Happening(answers + long * random.uniform(0.1, 0.25), "start")


def _ended(random: Random, after: timedelta) -> Iterator[Happening]:
    if random.random() < 0.4:
        yield Happening(after + HOUR * random.uniform(0.5, 40), "confirm", "resident")
    else:
        yield Happening(after + CLOSES_AFTER, "close", "system")


def _plain(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    yield from _begun(random, answers, long)
    yield Happening(long, "complete", data={"completion": 1})
    yield from _ended(random, long)


def _paused(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    yield from _begun(random, answers, long)
    reason = random.choices(list(WAITING), list(WAITING.values()))[0]
    waits = HOUR * random.uniform(2, 60)
    resumes = random.random() < 0.7
    lasts = waits * 1.5 if resumes else waits
    yield Happening(long * 0.6, "pause", data={"waiting_reason": reason, "until": lasts})
    end = "crew" if resumes else "system"
    yield Happening(long * 0.6 + waits, "resume", end, {} if resumes else {"expired": True})
    yield Happening(long + waits + HOUR, "complete", data={"completion": 1})
    yield from _ended(random, long + waits + HOUR)


def _reopened(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    yield from _begun(random, answers, long)
    yield Happening(long, "complete", data={"completion": 1})
    again = long + HOUR * random.uniform(1, 50)
    yield Happening(again, "reopen", "resident", {"cause": "resident"})
    yield Happening(again + long * 0.3, "start")
    yield Happening(again + long * 0.8, "complete", data={"completion": 2})
    yield from _ended(random, again + long * 0.8)


def _handed_back(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    yield Happening(answers, "acknowledge", "dispatcher")
    yield Happening(answers * 1.5, "claim")
    yield Happening(answers * 2, "release")
    yield Happening(answers * 3, "claim")
    yield Happening(long * 0.5, "start")
    yield Happening(long, "complete", data={"completion": 1})
    yield from _ended(random, long)


def _withdrawn(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    yield Happening(answers, "acknowledge", "dispatcher")
    yield Happening(answers + long * random.uniform(0.2, 0.9), "cancel", "resident")


def _forgotten(random: Random, answers: timedelta, long: timedelta) -> Iterator[Happening]:
    """Somebody takes it and never comes back to it: it stays open, overdue, and counts in every report."""
    yield from _begun(random, answers, long)


# Each plot, and how many of a hundred jobs go that way; on average they make a little over five rows of history.
PLOTS = {_plain: 77, _paused: 8, _reopened: 4, _handed_back: 2, _withdrawn: 8, _forgotten: 1}

"""Replays real Boston 311 records through the clock engine: `python tests/evaluate_boston.py [folder]`.

Every record becomes events (filed, completed) and one target, and the engine's verdict is set beside the on-time flag
that the city wrote. Exit status 1 when a disagreement has no explanation that the record itself bears out.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from services.tickets.sla.calendar import ALWAYS, Calendar, between  # noqa: E402
from services.tickets.sla.clocks import Event, compute  # noqa: E402 - a script finds its own project first
from services.tickets.sla.switches import Switches  # noqa: E402
from services.tickets.sla.targets import CLOCK, WORKING, Target  # noqa: E402

DEFAULT_FOLDER = ROOT.parent / "shared" / "data"
NAME = "en_boston311_2015.csv.gz"
ON_TIME, OVERDUE = "ONTIME", "OVERDUE"
VERDICTS = {"met": ON_TIME, "running": ON_TIME, "breached": OVERDUE}

# The file writes wall time without an offset: many targets fall on 08:30, when the city's offices open.
ZONE = ZoneInfo("America/New_York")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = {"hours": {day: [["08:30", "17:00"]] for day in WEEKDAYS}, "country": "US", "subdivision": "MA"}
OFFICES = Calendar.from_json({"tz": str(ZONE), **OFFICE})
CITY = Switches(day="working_hours", at_closing="next_opening")
DAYS = {WORKING: "office days", CLOCK: "calendar days"}
OFFICE_DAY_SECONDS = 8.5 * 3600
DAY_SECONDS = 86_400
# Most targets of a type lie up to a minute after where they would be from the record's own opening: the opening seems
# to be stamped when the form is begun, and the city's clock to start when it is saved.
NEARLY_SECONDS = 120

# Why a record and the engine differ; `explain` returns one of these only where the record bears it out.
REASONS = {
    "no target": "no date was promised, so no clock runs and nothing is judged; the city flags such a record ONTIME",
    "no flag": "the city wrote no verdict",
    "same second": "closed in the very second of the target; the file cuts fractions off, so it may have been later",
    "repeated hour": "a moment lies in the hour that occurs twice in autumn, and its second occurrence agrees",
    "closed, no moment": "the status says closed, but not when, so the engine could only judge it as still open",
    "still open": "still open and due within a day of the extraction, whose exact moment the file does not state",
    "closed before opened": "the record closes before it opens, which no clock can have seen",
    "target before opened": "the promised date is before the opening, so the time was up from the start",
    "unreadable": "a moment that cannot be read, so there is nothing to compute from",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file; moments are its wall times read in the city's zone, None where empty."""

    id: str
    type: str
    opened_at: datetime | None
    target_at: datetime | None
    closed_at: datetime | None
    status: str
    flag: str
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A record, the engine's verdict in the city's words (None: no clock), and why they differ.

    `reason` is "" where they agree, a key of REASONS where they differ for a reason that was verified, and None where
    nobody knows why.
    """

    record: Record
    verdict: str | None
    reason: str | None


def read(rows: Iterable[Mapping[str, str]]) -> tuple[list[Record], int]:
    """Return the records in the file's order and how many rows were dropped for saying the same once more.

    Two rows of one id that differ both stay, since each carries a verdict of its own.
    """
    records = [_record(row) for row in rows]
    once = list(dict.fromkeys(records))
    return once, len(records) - len(once)


def _record(row: Mapping[str, str]) -> Record:
    opened, target, closed = (_moment(row[name]) for name in ("created", "target", "closed"))
    # What is written and cannot be read is not the same as what was left empty.
    unread = any(row[name] and _moment(row[name]) is None for name in ("created", "target", "closed"))
    unreadable = unread or opened is None
    return Record(row["id"], row["type"], opened, target, closed, row["status"], row["on_time"], unreadable)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE)
    except ValueError:
        return None


def extraction(records: Iterable[Record]) -> datetime:
    """Return the last moment (UTC) at which anything in the file happened: it was extracted then or a little later."""
    return max(at.astimezone(UTC) for record in records for at in (record.opened_at, record.closed_at) if at)


def judge(record: Record, asof: datetime) -> Judged:
    """Hold one record against the engine."""
    verdict = clock_verdict(record, asof)
    agreed = verdict is not None and verdict == record.flag
    return Judged(record, verdict, "" if agreed else explain(record, verdict, asof))


def clock_verdict(record: Record, asof: datetime) -> str | None:
    """Return what the product's clock engine says at `asof`, in the city's words; None where no clock runs.

    A closing before the opening counts from the opening, and so does a target: a clock cannot run backwards.
    """
    if record.unreadable or record.opened_at is None or record.target_at is None:
        return None
    opened, target = record.opened_at.astimezone(UTC), record.target_at.astimezone(UTC)
    events = [Event("file", opened)]
    if record.closed_at is not None:
        events.append(Event("complete", max(record.closed_at.astimezone(UTC), opened), actor_role="crew"))
    seconds = max(int((target - opened).total_seconds()), 0)
    (clock,) = compute(events, [Target("resolve", seconds)], ALWAYS, asof=asof)
    return VERDICTS.get(clock.state)


def explain(record: Record, verdict: str | None, asof: datetime) -> str | None:
    """Return the reason of REASONS that this record bears out, or None."""
    if record.unreadable or record.opened_at is None:
        return "unreadable"
    if record.flag == "":
        return "no flag"
    if record.target_at is None:
        return "no target" if record.flag == ON_TIME else None
    if record.closed_at is None:
        return _explain_open(record, asof)
    if _to_the_second(record.closed_at) == _to_the_second(record.target_at):
        return "same second"
    if _other_readings(record, asof, but_not=verdict) == {record.flag}:
        return "repeated hour"
    if record.closed_at < record.opened_at:
        return "closed before opened"
    return "target before opened" if record.target_at < record.opened_at else None


def _explain_open(record: Record, asof: datetime) -> str | None:
    if record.status == "Closed":
        return "closed, no moment"
    assert record.target_at is not None
    return "still open" if abs(record.target_at.astimezone(UTC) - asof) <= timedelta(days=1) else None


def _to_the_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _other_readings(record: Record, asof: datetime, but_not: str | None) -> set[str | None]:
    """Return the verdicts, other than the first, with each moment in turn read as the hour's second occurrence."""
    later = (
        replace(record, **{name: at.replace(fold=1)})
        for name in ("opened_at", "target_at", "closed_at")
        if (at := getattr(record, name)) is not None and at.utcoffset() != at.replace(fold=1).utcoffset()
    )
    return {clock_verdict(reading, asof) for reading in later} - {but_not}


def densest_month(records: Iterable[Record]) -> str:
    """Return the month ("2015-08") with the most records among those in which something was opened every day."""
    opened = [record.opened_at.date() for record in records if record.opened_at]
    days = Counter(day.isoformat()[:7] for day in set(opened))
    whole = {month for month, seen in days.items() if seen == _days_in(month)}
    months = Counter(month for day in opened if (month := day.isoformat()[:7]) in (whole or days))
    return max(months, key=lambda month: (months[month], month))


def _days_in(month: str) -> int:
    first = date.fromisoformat(f"{month}-01")
    return ((first + timedelta(days=31)).replace(day=1) - first).days


def promised_days(records: Iterable[Record]) -> dict[str, Target]:
    """Return for each type how it is promised: so many days of the offices ("working"), or on the wall ("clock").

    The file does not say; it is the number of days that most of the type's own records come to.
    """
    votes: dict[str, Counter[tuple[str, int]]] = {}
    for record in records:
        if record.opened_at and record.target_at:
            counted = votes.setdefault(record.type, Counter())
            open_seconds = between(OFFICES, record.opened_at, record.target_at)
            # Two moments of one zone are subtracted on its wall clock, so a day is a day when the clocks change, too.
            wall_seconds = (record.target_at - record.opened_at).total_seconds()
            for basis, days in ((WORKING, open_seconds / OFFICE_DAY_SECONDS), (CLOCK, wall_seconds / DAY_SECONDS)):
                if abs(days - round(days)) * DAY_SECONDS <= 3 * NEARLY_SECONDS:
                    counted[basis, round(days)] += 1
    best = {kind: max(counted, key=lambda key: counted[key]) for kind, counted in votes.items() if counted}
    return {kind: Target("resolve", 0, basis, days=days) for kind, (basis, days) in best.items() if days}


def made_again(record: Record, promise: Target) -> timedelta | None:
    """Return how far the target that the engine makes from the opening lies from the record's own; None without one.

    An office's day is its open time, and a target at closing time moves to the next opening; any other day is the same
    wall time of a later day.
    """
    if record.opened_at is None or record.target_at is None:
        return None
    (clock,) = compute([Event("file", record.opened_at)], [promise], OFFICES, switches=CITY)
    return None if clock.due_at is None else abs(clock.due_at - record.target_at.astimezone(UTC))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, help=f"where {NAME} is, or the file")
    parser.add_argument("--month", help="YYYY-MM instead of the densest whole month")
    parser.add_argument("--all", action="store_true", help="every record instead of one month")
    options = parser.parse_args()
    path = options.folder / NAME if options.folder.is_dir() else options.folder
    if not path.is_file():
        print(f"No {NAME} in {options.folder}, so there is nothing to replay.")
        return 0
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        records, dropped = read(csv.DictReader(file))
    asof = extraction(records)
    print(f"{len(records)} records and {dropped} repeated rows, extracted at {asof.astimezone(ZONE):%F %T} or later")
    chosen = "all" if options.all else options.month or densest_month(records)
    wanted = [record for record in records if chosen == "all" or _in_month(record, chosen)]
    judged = [judge(record, asof) for record in wanted]
    print("\n".join([*report(chosen, judged), *report_targets(wanted)]))
    return 1 if any(one.reason is None for one in judged) else 0


def _in_month(record: Record, month: str) -> bool:
    return record.opened_at is not None and record.opened_at.date().isoformat().startswith(month)


def report(chosen: str, judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the lines about verdicts: what agrees, every class that does not, and each record nobody can explain."""
    agreeing = [one.record for one in judged if one.reason == ""]
    both = sum(one.verdict is not None and one.record.flag != "" for one in judged)
    share = f"{len(agreeing) / both:.4%}" if both else "none"
    yield f"{chosen}: {len(judged)} records; {both} have both a target and a flag, and {len(agreeing)} agree ({share})"
    for (state, flag), count in sorted(Counter((_state(record), record.flag) for record in agreeing).items()):
        yield f"  agree:  {f'{state}, {flag}':<20} {count:>6}"
    early = [one.opened_at - one.closed_at for one in agreeing if one.opened_at and one.closed_at]
    backwards = [by.total_seconds() for by in early if by > timedelta(0)]
    most = f", by {max(backwards):.0f} s at the most," if backwards else ""
    yield f"  of these {len(backwards)} close before they open{most} and count as closed at once"
    for reason, meaning in REASONS.items():
        verdicts = Counter(one.verdict or "no clock" for one in judged if one.reason == reason)
        told = ", ".join(f"engine: {count} {verdict}" for verdict, count in sorted(verdicts.items()))
        yield f"  differ: {reason:<20} {verdicts.total():>6}  {meaning}{f' ({told})' if told else ''}"
    unexplained = [one for one in judged if one.reason is None]
    yield f"  unexplained: {len(unexplained)}"
    for one in unexplained:
        yield f"    {one.record.id}: flag {one.record.flag}, engine {one.verdict}"


def _state(record: Record) -> str:
    return "open" if record.closed_at is None else "closed"


def report_targets(records: Sequence[Record]) -> Iterator[str]:
    """Yield how many of the city's own targets come out of our calendar; a figure to know, not a condition."""
    promises = promised_days(records)
    off: Counter[str] = Counter()
    for record in records:
        difference = made_again(record, promises[record.type]) if record.type in promises else None
        if difference is not None:
            how = "same" if not difference else "near" if difference.total_seconds() <= NEARLY_SECONDS else "other"
            off[f"{DAYS[promises[record.type].basis]}, {how}"] += 1
    yield "Targets made again from the opening, by the days that most records of their type were promised:"
    for basis in DAYS.values():
        same, near, other = (off[f"{basis}, {word}"] for word in ("same", "near", "other"))
        yield (
            f"  {basis:<13} {same} to the second, {near} more within {NEARLY_SECONDS} s"
            f", {other} promised otherwise, of {same + near + other}"
        )


if __name__ == "__main__":
    raise SystemExit(main())

"""The report on waits: of estimates given with a probability, how many held; a history that shifts shows."""

import csv
import io
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection, Engine, insert, select, text

from services.kit import testing
from services.kit.identity import system_actor
from services.tickets import waiting
from services.tickets.commands.steps import entry_after
from services.tickets.commands.waits import estimate_row, first_estimates, forget_prepared
from services.tickets.models import history, tickets, wait_estimates
from services.tickets.queries.reports.waits import WAIT_GROUPINGS
from services.tickets.waits.judging import LATE, OUTCOMES, outcome

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BEGIN = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)  # A Monday morning in Shanghai.
DAYS = 50
PER_DAY = 24
SLOWER_FROM = 35


@pytest.fixture(autouse=True)
def _fresh_windows() -> Iterator[None]:
    forget_prepared()
    yield
    forget_prepared()


class Desk:
    """A desk whose waits are drawn from a distribution that the test knows, written as the service would have."""

    def __init__(self, estate: "Estate", engine: Engine, seed: int) -> None:
        self.estate, self.engine, self.random = estate, engine, random.Random(seed)
        with testing.at(BEGIN - timedelta(days=1)):
            self.like = estate.file("厨房水龙头滴水")
        with engine.connect() as db:
            self.row = dict(db.execute(select(tickets).where(tickets.c.id == self.like["id"])).mappings().one())
        self.given: list[dict[str, Any]] = []

    def lives_through(self, days: range, factor: float = 1.0) -> None:
        """File so many a day; a day's estimates are made from what was known in the morning."""
        for day in days:
            morning = BEGIN + timedelta(days=day)
            with testing.at(morning):
                waiting._learn_of(self.engine, self.estate.organisation_id)
            forget_prepared()
            with self.engine.begin() as db:
                for _ in range(PER_DAY):
                    self._one(db, morning + timedelta(minutes=self.random.uniform(0, 500)), factor)

    def _one(self, db: Connection, filed_at: datetime, factor: float) -> None:
        attended_at = filed_at + timedelta(hours=self.random.lognormvariate(0.5, 0.7) * factor)
        resolved_at = attended_at + timedelta(hours=self.random.lognormvariate(1, 0.5) * factor)
        withdrawn = self.random.random() < 0.05
        if withdrawn:  # Some before anybody came, some after.
            resolved_at = filed_at + timedelta(hours=self.random.uniform(0.1, 3))
        row = self.row | {
            "id": testing.fresh(),
            "number": testing.fresh()[-12:],
            "filed_at": filed_at,
            "changed_at": resolved_at,
            "status": "cancelled" if withdrawn else "closed",
            "completed_at": None if withdrawn else resolved_at,
            "version": 1,
        }
        told = first_estimates(db, row, "Asia/Shanghai")
        db.execute(insert(tickets).values(row))
        rows = [estimate_row(row, measure, 1, one, filed_at) for measure, one in told.items()]
        db.execute(insert(wait_estimates), rows)
        entries = self._history(row, attended_at, resolved_at, withdrawn)
        db.execute(insert(history), entries)
        ends = {"attend": attended_at, "resolve": resolved_at}
        for one in rows:
            ended = None if withdrawn and ends[one["measure"]] >= resolved_at else ends[one["measure"]]
            self.given.append(one | {"ended_at": ended, "withdrawn_at": resolved_at if withdrawn else None})

    def _history(
        self, row: dict[str, Any], attended_at: datetime, resolved_at: datetime, withdrawn: bool
    ) -> list[dict[str, Any]]:
        actor = system_actor(self.estate.organisation_id)
        steps = [("file", "filed", row["filed_at"])]
        if not withdrawn or attended_at < resolved_at:
            steps.append(("start", "in_progress", attended_at))
        steps.append(("cancel", "cancelled", resolved_at) if withdrawn else ("complete", "completed", resolved_at))
        entries: list[dict[str, Any]] = []
        before: dict[str, Any] = {**row, "version": 0, "status": "", "history_hash": "0" * 64}
        for action, status, at in steps:
            entries.append(entry_after(before, actor, action, status, {}, at))
            before |= {"version": before["version"] + 1, "status": status, "history_hash": entries[-1]["hash"]}
        return entries

    def report(self, name: str = "manager", at: datetime = BEGIN + timedelta(days=DAYS + 30), **query: str) -> Any:
        with testing.at(at):
            answer = self.estate.get(name, f"/reports/waits?{urlencode(query)}")
        assert answer.status_code == 200, answer.json
        return answer.json

    def period(self, first: int, last: int) -> dict[str, str]:
        return {"from": day(first).isoformat(), "to": day(last).isoformat()}


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


@pytest.fixture
def desk(estate: "Estate", worker_engine: Engine) -> Desk:
    """Return a desk at which waits were as they had been, and from a day on four times as long."""
    found = Desk(estate, worker_engine, seed=11)
    with worker_engine.begin() as db:
        db.execute(text("SET LOCAL lock_timeout = '5s'"))
    found.lives_through(range(SLOWER_FROM))
    found.lives_through(range(SLOWER_FROM, DAYS), factor=4)
    return found


def totals(report: dict[str, Any]) -> dict[str, Any]:
    return {one["measure"]: one["first"] for one in report["total"]}


def test_the_report_tells_whether_estimates_held(desk: Desk) -> None:
    _steady_and_shifted(desk)
    _adds_up(desk)
    _nothing_is_judged_early(desk)
    _as_tables(desk)
    _by_group(desk)


def _steady_and_shifted(desk: Desk) -> None:
    steady = totals(desk.report(**desk.period(10, SLOWER_FROM - 3)))
    for figures in steady.values():
        assert figures["judged"] > 450
        # The true probability is 0.8 and a little more, see `expected`; four standard errors of 500 are 0.07.
        assert figures["share"] == pytest.approx(0.8, abs=0.07)
        assert figures["low"] < 0.8 <= figures["expected"] < 0.85
        assert (figures["stated"], figures["verdict"]) == (pytest.approx(0.8), "as_stated")
    shifted = totals(desk.report(**desk.period(SLOWER_FROM, SLOWER_FROM + 4)))
    for figures in shifted.values():
        assert figures["verdict"] == "too_narrow"
        assert figures["high"] < 0.7
        assert figures["late"] > figures["within"] / 2 > figures["early"]


def _adds_up(desk: Desk) -> None:
    """The report counts what the pure rule says of every estimate given."""
    asof = day(40)
    counted = totals(desk.report(at=asof))
    for measure, figures in counted.items():
        given = [one for one in desk.given if one["measure"] == measure and one["low_at"] is not None]
        told = [
            outcome(
                one["low_at"],
                one["high_at"],
                # The report knows of a resolution as it stands; this history has none opened again.
                one["ended_at"],
                one["withdrawn_at"],
                asof,
            )
            for one in given
        ]
        assert {name: figures[name] for name in OUTCOMES} == {name: told.count(name) for name in OUTCOMES}
        assert figures["given"] == len(given)
        assert figures["without"] == len([one for one in desk.given if one["measure"] == measure]) + 1 - len(given)
        assert figures["share_at_most"] >= figures["share"]
        assert figures["late"] == told.count(LATE)


def _nothing_is_judged_early(desk: Desk) -> None:
    noon = day(30) + timedelta(hours=3)
    soon = totals(desk.report(at=noon, **desk.period(30, 31)))["attend"]
    # What was attended this morning is no proof before those that were not could be.
    assert soon["judged"] + soon["withdrawn"] < soon["pending"]


def _as_tables(desk: Desk) -> None:
    with testing.at(day(DAYS + 30)):
        answer = desk.estate.get("manager", "/reports/waits?format=csv", Accept_Language="en")
        book = desk.estate.get("manager", "/reports/waits?format=xlsx")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert {row["Verdict"] for row in rows} <= {"as stated", "too narrow", "too wide", "no evidence"}
    assert {row["Estimates"] for row in rows} == {"given at filing", "updates"}
    total = [row for row in rows if row["Group"] == "all" and row["Estimates"] == "given at filing"]
    assert [int(row["Judged"]) for row in total] == [one["judged"] for one in totals(desk.report()).values()]
    sheet = load_workbook(io.BytesIO(book.get_data())).active
    assert sheet.max_row == len(rows) + 1
    assert "区间内占比" in [cell.value for cell in sheet[1]]


def _by_group(desk: Desk) -> None:
    for grouping in WAIT_GROUPINGS:
        report = desk.report(group_by=grouping)
        for measure, figures in totals(report).items():
            parts = [one["first"] for one in report["groups"] if one["measure"] == measure]
            for name in ("given", "without", "judged", "within", "late"):
                assert sum(part[name] for part in parts) == figures[name], (grouping, name)
    names = {one["key"]: one["name"] for one in desk.report(group_by="community")["groups"]}
    assert names == {desk.estate.community_id: "桂花苑"}


def test_a_new_desk_has_no_evidence(estate: "Estate") -> None:
    report = estate.get("manager", "/reports/waits").json
    assert report["groups"] == []
    for one in report["total"]:
        assert (one["first"]["verdict"], one["first"]["share"], one["updates"]["judged"]) == ("no_evidence", None, 0)


def test_only_who_audits_reads_it(estate: "Estate") -> None:
    for name in ("resident", "crew", "dispatcher"):
        assert estate.get(name, "/reports/waits").status_code == 403
    assert estate.get("admin", "/reports/waits").status_code == 200


def test_another_community_is_not_in_it(estate: "Estate") -> None:
    estate.file()
    elsewhere = estate.join("elsewhere", "manager", community_ids=(testing.fresh(),))
    assert elsewhere.role == "manager"
    for name, count in (("elsewhere", 0), ("manager", 1)):
        report = estate.get(name, "/reports/waits").json
        assert [one["first"]["without"] for one in report["total"]] == [count] * 2

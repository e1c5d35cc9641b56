"""Plans of recurring work: each due time files one ticket, once, or goes on record with the reason why not."""

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import ProgrammingError

from services.kit import testing
from services.kit.database import transaction
from services.tickets import commands, planning
from services.tickets.models import people, plans, tickets
from services.tickets.planning import file_planned
from tests.tickets.planned import DAY, HOUR, MONDAY, body, made, nothing_due, recorded, told, worked
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _nothing_due_before(worker_engine: Engine) -> None:
    nothing_due(worker_engine)


def filed_of(engine: Engine, estate: "Estate") -> int:
    with engine.connect() as db:
        mine = tickets.c.organisation_id == estate.organisation_id
        return int(db.execute(select(func.count()).select_from(tickets).where(mine)).scalar_one())


def test_a_due_plan_files_its_ticket_once(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate)
    assert plan["next"][:2] == ["2031-03-03T09:00:00+08:00", "2031-03-10T09:00:00+08:00"]
    assert worked(worker_engine, MONDAY + HOUR - timedelta(seconds=1)) == 0
    assert worked(worker_engine, MONDAY + HOUR) == 1
    assert worked(worker_engine, MONDAY + 2 * HOUR) == 0
    (row,) = recorded(worker_engine, plan)
    assert (row["outcome"], row["because"]) == ("filed", None)
    ticket = estate.get("dispatcher", f"/tickets/{row['ticket_id']}").json
    assert (ticket["channel"], ticket["catalogue_code"], ticket["location"]) == (
        "plan", "equipment-maintenance", "水泵房",
    )  # fmt: skip
    assert "2031-03-03 09:00 (Asia/Shanghai)" in ticket["description"]
    assert ticket["urgency"] == "routine"
    listed = estate.get("manager", f"/plans/{plan['id']}/occurrences").json["items"]
    assert [item["number"] for item in listed] == [ticket["number"]]
    history = estate.get("dispatcher", f"/tickets/{row['ticket_id']}/history").json["items"]
    assert [entry["actor_role"] for entry in history] == ["system"]


def test_a_plan_files_ahead_of_its_time(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate, at=MONDAY - 2 * DAY, lead_hours=24)
    assert worked(worker_engine, MONDAY + HOUR - 25 * HOUR) == 0
    assert worked(worker_engine, MONDAY + HOUR - 24 * HOUR) == 1
    assert recorded(worker_engine, plan)[0]["occurs_at"] == MONDAY + HOUR


def test_words_of_a_check_make_no_emergency(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate, title="燃气泄漏报警器检查", description="检查燃气泄漏、火灾报警、触电防护。")
    worked(worker_engine, MONDAY + HOUR)
    found = estate.get("dispatcher", f"/tickets/{recorded(worker_engine, plan)[0]['ticket_id']}").json
    assert found["urgency"] == "routine"


def test_a_weekly_plan_stays_at_nine_when_the_clocks_change(estate: "Estate", worker_engine: Engine) -> None:
    with worker_engine.begin() as db:
        there = testing.fresh()
        place = commands.Place(there, "Lindenhof", {"tz": "Europe/Berlin", "hours": {"mon": [["08:00", "17:00"]]}}, {})
        commands.add_places(db, estate.organisation_id, [place])
    plan = made(estate, at=datetime(2031, 3, 20, tzinfo=UTC), community_id=there, starts_at="2031-03-24T09:00:00+01:00")
    for week in range(2):
        worked(worker_engine, datetime(2031, 3, 24, 8, 0, tzinfo=UTC) + week * 7 * DAY)
    rows = recorded(worker_engine, plan)
    assert [row["occurs_at"].astimezone(BERLIN).hour for row in rows] == [9, 9]
    # On 30 March the clocks go forward: nine o'clock is an hour earlier for everybody else.
    assert [row["occurs_at"].astimezone(UTC).hour for row in rows] == [8, 7]
    assert [row["outcome"] for row in rows] == ["filed", "filed_late"]


def test_two_workers_file_each_time_once(estate: "Estate", worker_engine: Engine) -> None:
    made_plans = [made(estate, rrule="FREQ=HOURLY", if_missed="file", late_hours=720) for _ in range(3)]
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait()
        file_planned(worker_engine, lambda: None)

    with testing.at(MONDAY + 9 * HOUR):
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        file_planned(worker_engine, lambda: None)
    for plan in made_plans:
        rows = recorded(worker_engine, plan)
        assert [row["occurs_at"] for row in rows] == [MONDAY + n * HOUR for n in range(1, 10)]
        assert len({row["ticket_id"] for row in rows}) == 9
    assert filed_of(worker_engine, estate) == 27


def test_a_worker_killed_between_ticket_and_record_leaves_neither(
    estate: "Estate", worker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = made(estate)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("services.tickets.commands.occurrences._move_on", killed)
        with pytest.raises(KeyboardInterrupt):
            worked(worker_engine, MONDAY + HOUR)
    assert (filed_of(worker_engine, estate), recorded(worker_engine, plan)) == (0, [])
    assert worked(worker_engine, MONDAY + HOUR) == 1
    assert filed_of(worker_engine, estate) == 1


def test_one_plan_in_trouble_holds_no_other_up(
    estate: "Estate", worker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = made(estate, title="坏"), made(estate, title="好")
    settle = planning.settle_occurrence

    def settling(db: Any, plan: Any, now: Any) -> Any:
        if plan["id"] == bad["id"]:
            raise RuntimeError("trouble")
        return settle(db, plan, now)

    with monkeypatch.context() as patch:
        patch.setattr(planning, "settle_occurrence", settling)
        with pytest.raises(ExceptionGroup, match="some plans"):
            worked(worker_engine, MONDAY + HOUR)
    assert len(recorded(worker_engine, good)) == 1
    worked(worker_engine, MONDAY + HOUR)
    assert len(recorded(worker_engine, bad)) == 1


@pytest.mark.parametrize(
    ("if_missed", "late_hours", "outcomes"),
    [
        ("skip", 72, ["skipped", "skipped", "skipped", "filed"]),
        ("file", 30, ["skipped", "skipped", "filed_late", "filed"]),
        ("file", 720, ["filed_late", "filed_late", "filed_late", "filed"]),
    ],
)
def test_what_was_missed_is_filed_late_or_recorded(
    estate: "Estate", worker_engine: Engine, if_missed: str, late_hours: int, outcomes: list[str]
) -> None:
    plan = made(estate, rrule="FREQ=DAILY", if_missed=if_missed, late_hours=late_hours)
    assert worked(worker_engine, MONDAY + HOUR + 3 * DAY) == 4
    rows = recorded(worker_engine, plan)
    assert [row["outcome"] for row in rows] == outcomes
    assert {row["because"] for row in rows if row["ticket_id"] is None} <= {"missed"}
    assert told(worker_engine, plan["id"]) == [("plan.skipped.v1", None)] * outcomes.count("skipped")


def test_a_resting_plan_says_what_it_left_out(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate, rrule="FREQ=DAILY")
    path = f"/plans/{plan['id']}"
    assert estate.post("dispatcher", f"{path}/pause").json["state"] == "paused"
    is_problem(estate.post("dispatcher", f"{path}/pause"), 409)
    worked(worker_engine, MONDAY + DAY)
    assert estate.post("manager", f"{path}/resume").json["state"] == "active"
    worked(worker_engine, MONDAY + HOUR + DAY)
    rows = recorded(worker_engine, plan)
    assert [(row["outcome"], row["because"]) for row in rows] == [("skipped", "paused"), ("filed", None)]
    assert told(worker_engine, plan["id"]) == []


def test_a_plan_ends_by_itself_and_by_hand(estate: "Estate", worker_engine: Engine) -> None:
    counted = made(estate, rrule="FREQ=DAILY;COUNT=2", if_missed="file", late_hours=72)
    worked(worker_engine, MONDAY + 3 * DAY)
    view = estate.get("dispatcher", f"/plans/{counted['id']}").json
    assert (view["state"], view["next"], len(recorded(worker_engine, counted))) == ("ended", [], 2)
    other = made(estate)
    with testing.at(MONDAY):
        assert estate.post("manager", f"/plans/{other['id']}/end").json["next_at"] is None
        is_problem(estate.post("manager", f"/plans/{other['id']}/resume"), 409)
        changed = estate.ask("PATCH", "manager", f"/plans/{other['id']}", {"title": "x"}, If_Match="*")
        is_problem(changed, 409)
    assert worked(worker_engine, MONDAY + DAY) == 0


def test_a_change_needs_the_version_and_counts_from_now_on(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate)
    path = f"/plans/{plan['id']}"
    with testing.at(MONDAY):
        is_problem(estate.ask("PATCH", "manager", path, {"title": "新"}), 428)
        is_problem(estate.ask("PATCH", "manager", path, {"title": "新"}, If_Match='"v9"'), 412)
        changed = estate.ask(
            "PATCH", "manager", path, {"rrule": "FREQ=WEEKLY;BYDAY=TU", "lead_hours": 2}, If_Match='"v1"'
        )
    assert changed.status_code == 200, changed.json
    assert (changed.json["next"][0], changed.json["version"]) == ("2031-03-04T09:00:00+08:00", 2)
    assert changed.json["file_at"] == "2031-03-03T23:00:00+00:00"
    with testing.at(MONDAY + 2 * DAY):
        # It is due and not filed yet: what is owed cannot be changed away.
        is_problem(estate.ask("PATCH", "manager", path, {"title": "新"}, If_Match='"v2"'), 409)
        is_problem(estate.post("manager", f"{path}/end"), 409)


def test_nobody_visits_a_home_that_the_resident_left(estate: "Estate", worker_engine: Engine) -> None:
    at_home = {"kind": "care_visit", "catalogue_code": "care-visit-elder", "unit_id": estate.home, "location": None}
    at_home |= {"resident_id": estate.people["resident"].id, "rrule": "FREQ=DAILY"}
    with testing.at(MONDAY):
        wrong = body(estate, **{**at_home, "resident_id": estate.people["neighbour"].id})
        assert "resident_id" in fields_of(estate.post("dispatcher", "/plans", wrong))
        alone = body(estate, **{**at_home, "resident_id": None})
        assert "resident_id" in fields_of(estate.post("dispatcher", "/plans", alone))
    plan = made(estate, **at_home)
    worked(worker_engine, MONDAY + HOUR)
    ticket = recorded(worker_engine, plan)[0]["ticket_id"]
    assert estate.get("resident", f"/tickets/{ticket}").json["requester_id"] == at_home["resident_id"]
    assert estate.get("neighbour", f"/tickets/{ticket}").status_code == 404
    with worker_engine.begin() as db:
        db.execute(update(people).where(people.c.id == at_home["resident_id"]).values(active=False))
    worked(worker_engine, MONDAY + HOUR + DAY)
    assert recorded(worker_engine, plan)[1]["because"] == "resident_left"
    resident = at_home["resident_id"]
    assert told(worker_engine, plan["id"]) == [("plan.filed.v1", resident), ("plan.skipped.v1", resident)]


def test_what_the_desk_would_refuse_is_on_record(estate: "Estate", worker_engine: Engine) -> None:
    plan = made(estate)
    with worker_engine.begin() as db:
        db.execute(update(plans).where(plans.c.id == plan["id"]).values(catalogue_code="gone"))
    worked(worker_engine, MONDAY + HOUR)
    (row,) = recorded(worker_engine, plan)
    assert (row["outcome"], row["because"], row["ticket_id"]) == ("refused", "not_possible", None)
    assert filed_of(worker_engine, estate) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM plans",
        "INSERT INTO plan_occurrences (plan_id, occurs_at, organisation_id, outcome, because)"
        " VALUES (gen_random_uuid(), now(), gen_random_uuid(), 'skipped', 'missed')",
        "UPDATE plan_occurrences SET outcome = 'filed'",
        "DELETE FROM plan_occurrences",
        "INSERT INTO ticket_checkpoints (ticket_id, n, organisation_id, name)"
        " VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'x')",
        "DELETE FROM ticket_checkpoints",
    ],
)
def test_the_web_role_writes_no_record_of_what_was_due(estate: "Estate", web_engine: Engine, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction(web_engine, estate.people["manager"]) as db,
    ):
        db.execute(text(statement))


def test_the_record_of_what_was_due_is_append_only(worker_engine: Engine) -> None:
    for statement in ("DELETE FROM plan_occurrences", "UPDATE plan_occurrences SET outcome = 'filed'"):
        with pytest.raises(ProgrammingError, match="permission denied|append-only"), worker_engine.begin() as db:
            db.execute(text(statement))

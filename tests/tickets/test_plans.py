"""Plans of recurring work: each due time files one ticket, once, or goes on record with the reason why not."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
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


BAD: dict[str, tuple[Any, ...]] = {
    "kind": ("party", 1, None, ""),
    "title": ("", "x" * 121, None, 5, "a\nb"),
    "description": ("", None, "x" * 4001),
    "catalogue_code": ("no-such-item", "", None),
    "community_id": ("x", testing.fresh()),
    "unit_id": ("x", testing.fresh()),
    "rrule": ("", "nonsense", "FREQ=MINUTELY", "FREQ=DAILY;COUNT=1001", "FREQ=DAILY;BYSECOND=1", None, 7, "x" * 301),
    "starts_at": ("tomorrow", "2031-03-03T09:00:00", None, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    "ends_at": ("2031-03-02T09:00:00+08:00", "x"),
    "lead_hours": (-1, 1441, "1", 1.5, True, 10**30),
    "late_hours": (-1, 721, None),
    "if_missed": ("perhaps", None),
    "urgency": ("whenever", 3),
    "resident_id": (testing.fresh(), "x"),
    "checkpoints": ("x", [{"name": ""}], [{"name": "a", "repair_code": "no-such"}], [{"name": "a"}] * 201, [3]),
    "unknown": (1,),
}


@pytest.mark.parametrize("field", BAD)
def test_a_bad_plan_is_refused_by_the_field(estate: "Estate", field: str) -> None:
    for value in BAD[field]:
        with testing.at(MONDAY):
            answer = estate.post("dispatcher", "/plans", body(estate, **{field: value}))
        is_problem(answer, 422)
        assert any(name.startswith(field) for name in fields_of(answer)), (value, answer.json)


def test_a_round_needs_checkpoints_and_a_plan_a_place(estate: "Estate") -> None:
    with testing.at(MONDAY):
        bare = estate.post("dispatcher", "/plans", body(estate, kind="patrol_round", catalogue_code="patrol"))
        assert fields_of(bare) == {"checkpoints"}
        nowhere = estate.post("dispatcher", "/plans", body(estate, location=None, community_id=None))
        assert fields_of(nowhere) == {"unit_id"}
        unsaid = estate.post("dispatcher", "/plans", body(estate, location=None))
        assert fields_of(unsaid) == {"location"}


@pytest.mark.parametrize("name", ["resident", "crew", "admin"])
def test_plans_are_the_desks(estate: "Estate", web_engine: Engine, name: str) -> None:
    plan = made(estate)
    path = f"/plans/{plan['id']}"
    for answer in (
        estate.post(name, "/plans", body(estate)),
        estate.get(name, "/plans"),
        estate.get(name, path),
        estate.get(name, f"{path}/occurrences"),
        estate.ask("PATCH", name, path, {"title": "x"}, If_Match="*"),
        *(estate.post(name, f"{path}/{verb}") for verb in ("pause", "resume", "end")),
    ):
        is_problem(answer, 403)
    with transaction(web_engine, estate.people[name]) as db:
        assert db.execute(text("SELECT count(*) FROM plans")).scalar_one() == 0


def test_another_organisation_and_another_community_see_no_plan(
    estate: "Estate", new_estate: Callable[[], "Estate"], web_engine: Engine, worker_engine: Engine
) -> None:
    plan = made(estate, kind="patrol_round", catalogue_code="patrol", checkpoints=[{"name": "东门"}])
    worked(worker_engine, MONDAY + HOUR)
    far = estate.join("far", "manager", community_ids=(testing.fresh(),))
    is_problem(estate.get("far", f"/plans/{plan['id']}"), 404)
    assert estate.get("far", "/plans").json["items"] == []
    for who in (new_estate().people["manager"], far, None):
        with transaction(web_engine, who) as db:
            for table in ("plans", "plan_checkpoints", "plan_occurrences", "ticket_checkpoints"):
                mine = {"organisation": estate.organisation_id}
                found = db.execute(text(f"SELECT count(*) FROM {table} WHERE organisation_id = :organisation"), mine)
                assert found.scalar_one() == 0, table
    with transaction(web_engine, estate.people["manager"]) as db:
        assert db.execute(text("SELECT count(*) FROM plan_occurrences")).scalar_one() == 1


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


def test_plans_are_listed_by_page_and_kind(estate: "Estate") -> None:
    made_plans = [made(estate, title=f"计划{n}") for n in range(3)]
    first = estate.get("manager", "/plans?limit=2&kind=preventive_maintenance")
    assert [item["id"] for item in first.json["items"]] == [made_plans[2]["id"], made_plans[1]["id"]]
    more = first.headers["Link"].split(">")[0].lstrip("<").removeprefix("/api/v1")
    assert [item["id"] for item in estate.get("manager", more).json["items"]] == [made_plans[0]["id"]]
    assert estate.get("manager", "/plans?state=ended").json["items"] == []
    is_problem(estate.get("manager", "/plans?after=x"), 422)
    is_problem(estate.get("manager", f"/plans/{testing.fresh()}"), 404)


def test_a_plan_is_made_once_per_key(estate: "Estate", worker_engine: Engine) -> None:
    with testing.at(MONDAY):
        answers = [estate.post("manager", "/plans", body(estate), Idempotency_Key='"once"') for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(estate.get("manager", "/plans").json["items"]) == 1


def times(estate: "Estate", at: datetime = MONDAY, **query: Any) -> Any:
    """Ask when a rule would be due."""
    asked = {"community_id": estate.community_id, "rrule": "FREQ=WEEKLY;BYDAY=MO,TH"} | query
    asked.setdefault("starts_at", "2031-03-03T09:00:00+08:00")
    with testing.at(at):
        return estate.get("dispatcher", f"/plans/times?{urlencode(asked)}")


def test_a_rule_is_looked_at_before_a_plan_has_it(estate: "Estate", worker_engine: Engine) -> None:
    told = times(estate, rrule="rrule:freq=weekly;byday=mo,th").json
    assert told["rrule"] == "FREQ=WEEKLY;BYDAY=MO,TH"
    assert told["timezone"] == "Asia/Shanghai"
    assert told["next"] == [f"2031-03-{day}T09:00:00+08:00" for day in ("03", "06", "10", "13", "17")]
    assert times(estate, at=MONDAY + DAY).json["next"][0] == "2031-03-06T09:00:00+08:00"
    assert times(estate, ends_at="2031-03-06T09:00:00+08:00").json["next"] == told["next"][:2]
    plan = made(estate, lead_hours=24)
    assert worked(worker_engine, MONDAY) == 1
    again = times(estate, plan_id=plan["id"]).json["next"]
    assert again[0] == "2031-03-06T09:00:00+08:00", "what was filed ahead is not due again"


def test_a_rule_that_is_looked_at_is_refused_as_a_plans_is(estate: "Estate") -> None:
    for field, query in (
        ("rrule", {"rrule": "FREQ=MINUTELY"}),
        ("rrule", {"rrule": "FREQ=DAILY;COUNT=1", "at": MONDAY + DAY}),
        ("ends_at", {"ends_at": "2031-03-01T09:00:00+08:00"}),
        ("starts_at", {"starts_at": "tomorrow"}),
        ("community_id", {"community_id": testing.fresh()}),
    ):
        answer = times(estate, **query)
        is_problem(answer, 422)
        assert fields_of(answer) == {field}, query
    for name in ("resident", "crew", "admin"):
        assert estate.get(name, "/plans/times").status_code == 403

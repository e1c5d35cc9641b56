"""Shifts over HTTP: who plans them, who sees them, and who is on duty for whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from services.contracts.gateway import AccountChanged
from services.kit.testing import at, fresh
from services.tickets import commands
from services.tickets.catalogue import SKILLS
from services.tickets.models import outbox
from services.tickets.models.shifts import days_off, shifts
from services.tickets.timers import fire_due
from tests.tickets.conftest import Estate

# A Monday, noon in Shanghai.
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def wanted(estate: Estate, **changes: Any) -> dict[str, Any]:
    return {
        "community_id": estate.community_id,
        "person_id": estate.people["crew"].id,
        "first_on": "2026-11-02",
        "begins": "08:00",
        "ends": "17:00",
        "rrule": "FREQ=WEEKLY;BYDAY=MO,TU",
        **changes,
    }


def given(estate: Estate, **changes: Any) -> dict[str, Any]:
    answer = estate.post("manager", "/shifts", wanted(estate, **changes))
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def present(estate: Estate, moment: datetime = NOON, name: str = "dispatcher", **query: str) -> list[str]:
    asked = "".join(f"&{key}={value}" for key, value in query.items())
    answer = estate.get(name, f"/duty?at={moment.isoformat().replace('+', '%2B')}{asked}")
    assert answer.status_code == 200, answer.text
    return [one["person_id"] for one in answer.get_json()["items"]]


def test_a_shift_says_who_is_on_duty_and_until_when(estate: Estate) -> None:
    made = given(estate)
    assert (made["timezone"], made["begins"], made["version"]) == ("Asia/Shanghai", "08:00", 1)
    asked = f"/duty?at={NOON.isoformat().replace('+', '%2B')}"
    (there,) = estate.get("crew", asked).get_json()["items"]
    assert (there["person_id"], there["badge"]) == (estate.people["crew"].id, "crew badge")
    assert datetime.fromisoformat(there["ends_at"]) == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert present(estate, NOON + timedelta(hours=5)) == []
    assert present(estate, NOON + timedelta(days=2)) == []


def test_a_night_and_its_day_off(estate: Estate) -> None:
    made = given(estate, begins="22:00", ends="06:00", rrule="FREQ=DAILY")
    night = datetime(2026, 11, 23, 20, tzinfo=UTC)  # 4 o'clock on the 24th, of the night that began on the 23rd.
    assert present(estate, night) == [estate.people["crew"].id]
    path = f"/shifts/{made['id']}/days-off"
    for off in (True, True):
        answer = estate.post("manager", path, {"since": "2026-11-23", "until": "2026-11-25", "off": off})
        assert answer.get_json()["days_off"] == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert present(estate, night) == []
    back = estate.post("admin", path, {"since": "2026-11-23", "until": "2026-11-23", "off": False})
    assert back.get_json()["days_off"] == ["2026-11-24", "2026-11-25"]
    assert present(estate, night) == [estate.people["crew"].id]
    assert present(estate, night + timedelta(days=1)) == []


def test_a_shift_is_changed_and_ended_as_it_was_read(estate: Estate) -> None:
    made = given(estate)
    path, tag = f"/shifts/{made['id']}", '"v1"'
    assert estate.ask("PATCH", "manager", path, {"last_on": "2026-11-16"}).status_code == 428
    ended = estate.ask("PATCH", "manager", path, {"last_on": "2026-11-16"}, If_Match=tag)
    assert (ended.status_code, ended.headers["ETag"]) == (200, '"v2"')
    assert present(estate) == []
    assert estate.ask("PATCH", "manager", path, {"last_on": None}, If_Match=tag).status_code == 412
    again = estate.ask("PATCH", "manager", path, {"last_on": None, "begins": "12:30"}, If_Match='"v2"')
    assert (again.get_json()["begins"], present(estate)) == ("12:30", [])
    assert estate.delete("manager", path, If_Match='"v3"').status_code == 204
    assert estate.get("manager", path).status_code == 404


def test_a_single_shift_is_on_one_day(estate: Estate) -> None:
    made = given(estate, rrule=None, first_on="2026-11-23")
    assert (made["rrule"], made["last_on"]) == (None, "2026-11-23")
    assert present(estate) == [estate.people["crew"].id]
    assert present(estate, NOON + timedelta(days=7)) == []
    two = estate.post("manager", "/shifts", wanted(estate, rrule=None, last_on="2026-11-24"))
    assert two.get_json()["errors"][0]["field"] == "last_on"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"rrule": "FREQ=HOURLY"}, "rrule"),
        ({"rrule": "FREQ=DAILY;BYHOUR=3"}, "rrule"),
        ({"rrule": "every day"}, "rrule"),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "rrule"),
        ({"last_on": "2026-11-01"}, "last_on"),
        ({"first_on": "1026-11-01"}, "first_on"),
        ({"first_on": "2026-02-30"}, "first_on"),
        ({"begins": "24:00"}, "begins"),
        ({"begins": "8:00"}, "begins"),
        ({"begins": "08:00:30"}, "begins"),
        ({"begins": "08:00\n"}, "begins"),
        ({"begins": 8}, "begins"),
        ({"begins": None}, "begins"),
        ({"ends": "08:00+08:00"}, "ends"),
        ({"person_id": "nobody"}, "person_id"),
        ({"community_id": "nowhere"}, "community_id"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_nonsense_is_refused_by_name(estate: Estate, changes: dict[str, Any], field: str) -> None:
    for language in ("zh-CN", "en"):
        answer = estate.post("manager", "/shifts", wanted(estate, **changes), Accept_Language=language)
        assert answer.status_code == 422, answer.text
        assert [one["field"] for one in answer.get_json()["errors"]] == [field]


def test_only_crew_of_the_community_get_shifts(estate: Estate, new_estate: Callable[[], Estate]) -> None:
    other_estate = new_estate()
    away = estate.join("away", "crew", community_ids=(fresh(),))
    for person in (estate.people["dispatcher"].id, estate.people["resident"].id, fresh(), away.id):
        answer = estate.post("manager", "/shifts", wanted(estate, person_id=person))
        assert answer.get_json()["errors"][0]["field"] == "person_id"
    for community in (other_estate.community_id, fresh()):
        answer = estate.post("manager", "/shifts", wanted(estate, community_id=community))
        assert answer.get_json()["errors"][0]["field"] == "community_id"
    stranger = estate.post("manager", "/shifts", wanted(estate, person_id=other_estate.people["crew"].id))
    assert stranger.get_json()["errors"][0]["field"] == "person_id"


def test_a_manager_plans_where_they_manage(estate: Estate) -> None:
    made = given(estate)
    estate.join("elsewhere", "manager", community_ids=(fresh(),))
    assert estate.post("elsewhere", "/shifts", wanted(estate)).status_code == 422
    assert estate.get("elsewhere", f"/shifts/{made['id']}").status_code == 404
    assert estate.ask("PATCH", "elsewhere", f"/shifts/{made['id']}", {}, If_Match='"v1"').status_code == 404
    assert present(estate, name="elsewhere") == []


@pytest.mark.parametrize("name", ["crew", "dispatcher"])
def test_others_read_and_plan_nothing(estate: Estate, name: str) -> None:
    made = given(estate)
    assert estate.post(name, "/shifts", wanted(estate)).status_code == 403
    path = f"/shifts/{made['id']}"
    assert estate.ask("PATCH", name, path, {}, If_Match='"v1"').status_code == 403
    assert estate.delete(name, path, If_Match='"v1"').status_code == 403
    off = {"since": "2026-11-23", "until": "2026-11-23", "off": True}
    assert estate.post(name, f"{path}/days-off", off).status_code == 403
    assert estate.get(name, path).status_code == 200


def test_residents_see_no_roster(estate: Estate) -> None:
    given(estate)
    for path in ("/shifts", "/duty", "/roster?since=2026-11-23T00:00:00Z&until=2026-11-24T00:00:00Z"):
        assert estate.get("resident", path).status_code == 403


def test_crews_list_their_own_shifts(estate: Estate) -> None:
    mine = given(estate)
    theirs = given(estate, person_id=estate.people["colleague"].id)
    listed = estate.get("crew", f"/shifts?person_id={estate.people['colleague'].id}").get_json()["items"]
    assert [one["id"] for one in listed] == [mine["id"]]
    first = estate.get("dispatcher", f"/shifts?community_id={estate.community_id}&limit=1")
    assert [one["id"] for one in first.get_json()["items"]] == [mine["id"]]
    rest = first.headers["Link"].partition("<")[2].partition(">")[0].removeprefix("/api/v1")
    assert [one["id"] for one in estate.get("dispatcher", rest).get_json()["items"]] == [theirs["id"]]


def test_the_roster_shows_every_time_once_and_in_order(estate: Estate) -> None:
    given(estate)
    given(estate, person_id=estate.people["colleague"].id, begins="16:00", ends="01:00", rrule="FREQ=DAILY")
    asked = "/roster?since=2026-11-22T16:00:00Z&until=2026-11-24T16:00:00Z"  # Monday and Tuesday in Shanghai.
    items = estate.get("crew", asked).get_json()["items"]
    assert [one["badge"] for one in items] == ["colleague badge", *["crew badge", "colleague badge"] * 2]
    assert items == sorted(items, key=lambda one: one["begins_at"])
    for bad in ("until=2026-11-22T16:00:00Z", "until=2026-12-24T16:00:00Z"):
        answer = estate.get("crew", f"/roster?since=2026-11-22T16:00:00Z&{bad}")
        assert answer.get_json()["errors"][0]["field"] == "until"


def test_the_list_of_staff_says_who_is_on_duty_and_of_whom_nothing_is_known(estate: Estate) -> None:
    given(estate)
    given(estate, person_id=estate.people["colleague"].id, begins="22:00", ends="06:00")
    estate.join("unrostered", "crew")
    with at(NOON):
        staff = {one["badge"]: one for one in estate.get("dispatcher", "/staff").get_json()["items"]}
    said = {name: staff[f"{name} badge"]["on_duty"] for name in ("crew", "colleague", "unrostered", "manager")}
    assert said == {"crew": True, "colleague": False, "unrostered": None, "manager": None}
    assert datetime.fromisoformat(staff["crew badge"]["on_duty_until"]) == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_the_pool_says_who_on_duty_could_take_a_job(estate: Estate) -> None:
    given(estate)
    estate.join("gardener", "crew", skills=("gardening",))
    given(estate, person_id=estate.people["gardener"].id)
    estate.post("resident", "/tickets", {"description": "厨房水管漏水"})
    with at(NOON):
        (job,) = estate.get("dispatcher", "/pool").get_json()["items"]
    assert [one["badge"] for one in job["on_duty"]] == ["crew badge"]


def test_whoever_left_is_not_on_duty(estate: Estate, worker_engine: Engine) -> None:
    given(estate)
    who = estate.people["crew"]
    gone = AccountChanged(
        account_id=who.id, revision=2, role="crew", active=False, locale="en", community_ids=(), unit_ids=(), skills=()
    )
    with worker_engine.begin() as db:
        commands.remember_person(db, estate.organisation_id, gone)
    assert present(estate) == []


def test_the_database_keeps_shifts_from_whoever_does_not_plan_them(estate: Estate, web_engine: Engine) -> None:
    made = given(estate)
    off = {"since": "2026-11-23", "until": "2026-11-23", "off": True}
    estate.post("manager", f"/shifts/{made['id']}/days-off", off)
    for role, seen in (("resident", 0), ("crew", 1), ("dispatcher", 1)):
        with web_engine.begin() as db:
            for setting, value in (("organisation", estate.organisation_id), ("role", role)):
                db.exec_driver_sql("SELECT set_config(%s, %s, true)", (f"doorstep.{setting}", value))
            assert len(db.execute(shifts.select()).all()) == seen
            assert len(db.execute(days_off.select()).all()) == seen
            assert db.execute(shifts.update().values(version=9)).rowcount == 0
            assert db.execute(days_off.delete()).rowcount == 0
            assert db.execute(shifts.delete()).rowcount == 0


def told(estate: Estate, kind: str) -> list[str]:
    with estate.engine.connect() as db:
        rows = db.execute(
            select(outbox).where(outbox.c.organisation_id == estate.organisation_id, outbox.c.type == kind)
        )
        (row,) = rows.mappings()
    return row["data"]["crew_ids"]


def test_an_emergency_is_told_to_the_crew_on_duty_with_a_skill_for_it(estate: Estate) -> None:
    given(estate)
    given(estate, person_id=estate.people["colleague"].id, begins="22:00", ends="06:00")
    estate.join("gardener", "crew", skills=("gardening",))
    given(estate, person_id=estate.people["gardener"].id)
    with at(NOON):
        assert estate.file("电梯里有人被困", urgency="emergency")["urgency"] == "emergency"
    assert told(estate, "ticket.filed.v1") == [estate.people["crew"].id]


def test_where_nobody_is_on_duty_it_is_told_to_all_who_could_go(estate: Estate) -> None:
    given(estate)
    estate.join("gardener", "crew", skills=("gardening",))
    estate.join("elsewhere", "crew", skills=SKILLS, community_ids=(fresh(),))
    with at(NOON + timedelta(hours=12)):
        estate.file("电梯里有人被困", urgency="emergency")
    assert told(estate, "ticket.filed.v1") == sorted(estate.people[name].id for name in ("crew", "colleague"))


def test_what_can_wait_disturbs_no_crew(estate: Estate) -> None:
    given(estate)
    with at(NOON):
        assert estate.file("楼道灯泡坏了")["urgency"] != "emergency"
    assert told(estate, "ticket.filed.v1") == []


def test_an_emergency_nobody_takes_is_told_to_everybody_who_could(estate: Estate, worker_engine: Engine) -> None:
    given(estate)
    with at(NOON - timedelta(days=7)):  # Timers go by the database's clock, and for it that is over.
        estate.file("电梯里有人被困", urgency="emergency")
    fire_due(worker_engine, lambda: None)
    with estate.engine.connect() as db:
        kinds = select(outbox).where(outbox.c.organisation_id == estate.organisation_id)
        rows = [row for row in db.execute(kinds).mappings() if row["type"] == "ticket.unclaimed.v1"]
    assert rows
    everybody = sorted(estate.people[name].id for name in ("crew", "colleague"))
    assert {tuple(row["data"]["crew_ids"]) for row in rows} == {tuple(everybody)}

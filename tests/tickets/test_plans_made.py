"""How plans are made and looked at: by the desk of their community, and refused by the field."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, text

from services.kit import testing
from services.kit.database import transaction
from tests.tickets.planned import DAY, HOUR, MONDAY, body, made, worked
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

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

"""The satisfaction report: human answers only, everybody asked counted, and nothing made of nothing."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from scipy import stats
from sqlalchemy import Engine, insert, select, text

from services.kit.database import set_scope
from services.kit.identity import Actor, system_actor
from services.kit.testing import actor, fresh
from services.surveys.models import answers, return_visits
from tests.surveys.conftest import Desk
from tests.surveys.voices import Organisation, clock

EMPTY = {"value": None, "n": 0, "interval": None}


@pytest.fixture
def firm(desk: Desk, client: FlaskClient) -> Organisation:
    """Return an organisation of its own."""
    return Organisation(desk, client)


@pytest.fixture
def manager(firm: Organisation) -> Actor:
    """Return a manager of all of it."""
    return firm.person("manager")


def report(firm: Organisation, who: Actor, query: str = "") -> dict[str, Any]:
    answer = firm.get(who, f"/reports/satisfaction{query}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def speak_for(web: Engine, desk: Desk, firm: Organisation, ticket_id: str) -> None:
    """Let a contented proxy speak in a household's place, in the scope of that one visit."""
    with desk.engine.begin() as db:
        visit = db.execute(select(return_visits.c.id).where(return_visits.c.ticket_id == ticket_id)).scalar_one()
    with web.begin() as db:
        set_scope(db, replace(system_actor(firm.id), id=visit))
        db.execute(
            insert(answers)
            .inline()
            .values(
                id=fresh(), organisation_id=firm.id, survey_id=visit, answered_by="proxy", solved=True, satisfaction=5,
                channel="phone", recorded_by=fresh(), spoken_by="neighbour",
            )
        )  # fmt: skip


def test_a_report_of_nothing_is_empty_and_not_zero(firm: Organisation, manager: Actor) -> None:
    told = report(firm, manager)
    assert told["communities"] == []
    total = told["total"]
    assert total["return_visits"]["asked"] == 0
    assert total["return_visits"]["response_rate"] == EMPTY
    assert total["household"]["csat"] == total["household"]["nps"] == total["household"]["solved"] == EMPTY
    assert all(figure == EMPTY for figure in total["household"]["servqual"].values())
    assert {one["kind"] for one in total["estimates"]} == {"estimate"}
    assert all(one["low"] is None and one["source"]["en"] for one in total["estimates"])


def test_figures_stand_on_human_answers_and_everybody_asked_is_counted(
    firm: Organisation, manager: Actor, desk: Desk, web: Engine
) -> None:
    said = [5, 4, 4, 2, 1, 5, None]
    for rating in said:
        firm.visited(firm.job(), {"solved": rating != 1, "satisfaction": rating})
    proxied, silent, still_open, withdrawn = (firm.job() for _ in range(4))
    for job in (proxied, silent, still_open, withdrawn):
        firm.visited(job, None)
    speak_for(web, desk, firm, proxied.id)
    desk.let_time_run_out(silent)  # type: ignore[arg-type]
    desk.expire()
    desk.hear(withdrawn.reopened())
    told = report(firm, manager)
    (here,) = told["communities"]
    assert here["community_id"] == firm.community_id
    visits = here["return_visits"]
    counted = {name: visits[name] for name in ("asked", "answered", "proxy", "silent", "open", "withdrawn")}
    assert counted == {"asked": 10, "answered": 7, "proxy": 1, "silent": 1, "open": 1, "withdrawn": 1}
    assert (visits["response_rate"]["value"], visits["response_rate"]["n"]) == (7 / 9, 9)
    wilson = stats.binomtest(7, 9).proportion_ci(method="wilson")
    assert visits["response_rate"]["interval"]["low"] == pytest.approx(wilson.low)
    household = here["household"]
    assert (household["csat"]["value"], household["csat"]["n"]) == (4 / 6, 6)
    wilson = stats.binomtest(4, 6).proportion_ci(method="wilson")
    found = household["csat"]["interval"]
    assert (found["low"], found["high"]) == pytest.approx((wilson.low, wilson.high))
    assert (found["method"], found["level"]) == ("wilson", 0.95)
    assert household["ratings"] == {"1": 1, "2": 1, "3": 0, "4": 2, "5": 2}
    assert (household["solved"]["value"], household["solved"]["n"]) == (6 / 7, 7)
    assert here["proxies"]["n"] == 1
    assert here["proxies"]["csat"]["value"] == 1
    own = ("community_id", "behind")
    total = {name: part for name, part in here.items() if name not in own}
    assert {name: part for name, part in told["total"].items() if name not in own} == total
    silence = visits["silence_rate"]
    assert (silence["value"], silence["n"]) == (1 / 9, 9)
    assert silence["interval"]["high"] == pytest.approx(stats.binomtest(1, 9).proportion_ci(method="wilson").high)


def test_a_lapsed_link_is_silence_also_before_the_sweep_has_said_so(
    firm: Organisation, manager: Actor, desk: Desk
) -> None:
    job = firm.job()
    firm.visited(job, None)
    desk.let_time_run_out(job)  # type: ignore[arg-type]
    assert report(firm, manager)["total"]["return_visits"]["silent"] == 1


def test_rules_of_thumb_are_estimates_computed_from_what_was_counted(firm: Organisation, manager: Actor) -> None:
    for _ in range(2):
        job = firm.job(work_type="complaint")
        firm.desk.hear(job.filed(), job.completed(clock("resolve", 24, 2)))
        firm.visited(job, {"solved": True, "satisfaction": 4})
    firm.visited(firm.job(), {"solved": False, "satisfaction": 1})
    found = {one["code"]: one for one in report(firm, manager)["total"]["estimates"]}
    assert found["few_complain"]["computed_from"] == {"what": "complaints", "n": 2}
    assert (found["few_complain"]["low"], found["few_complain"]["high"]) == (48, 48)
    assert (found["unhappy_tell"]["low"], found["unhappy_tell"]["high"]) == (10, 12)
    assert found["happy_tell"]["low"] == 10
    assert (found["solved_fast_stay"]["low"], found["solved_fast_stay"]["high"]) == (2, 2)
    assert found["solved_stay"]["low"] is None
    assert found["twelve_for_one"]["high"] == 12
    assert all("课件" in one["source"]["zh-CN"] for one in found.values())


def test_the_period_is_by_when_the_household_was_asked_and_communities_stay_apart(
    firm: Organisation, manager: Actor
) -> None:
    other = fresh()
    firm.visited(firm.job(), {"solved": True, "satisfaction": 5})
    firm.visited(firm.job(community_id=other), {"solved": True, "satisfaction": 1})
    assert {one["community_id"] for one in report(firm, manager)["communities"]} == {firm.community_id, other}
    (only,) = report(firm, manager, f"?community_id={other}")["communities"]
    assert only["household"]["csat"]["value"] == 0
    assert report(firm, manager, "?to=2020-01-01T00:00:00%2B08:00")["communities"] == []
    assert (
        report(firm, manager, "?from=2020-01-01T00:00:00Z&to=2120-01-01T00:00:00Z")["total"]["household"]["csat"]["n"]
        == 2
    )


def test_months_begin_in_the_zone_of_the_community_and_add_up(firm: Organisation, manager: Actor, desk: Desk) -> None:
    """The last evening of October in UTC is the first of November in Shanghai."""
    for moment, rating in (("2026-10-15T12:00", 5), ("2026-10-31T15:59", 1), ("2026-10-31T16:00", 4)):
        job = firm.job()
        firm.visited(job, {"solved": True, "satisfaction": rating})
        with desk.engine.begin() as db:
            mine = return_visits.c.ticket_id == job.id
            db.execute(return_visits.update().where(mine).values(invited_at=datetime.fromisoformat(f"{moment}+00:00")))
    silent = firm.job()
    firm.visited(silent, None)
    whole = report(firm, manager, f"?group_by=month&community_id={firm.community_id}")
    assert (whole["group_by"], whole["communities"]) == ("month", [])
    marks = {one["month"]: one["household"]["csat"] for one in whole["months"]}
    assert (marks["2026-10"]["value"], marks["2026-10"]["n"]) == (0.5, 2)
    assert (marks["2026-11"]["value"], marks["2026-11"]["n"]) == (1, 1)
    asked = [one["return_visits"]["asked"] for one in whole["months"]]
    assert sum(asked) == whole["total"]["return_visits"]["asked"] == 4
    everywhere = {
        one["month"]: one["household"]["csat"]["n"] for one in report(firm, manager, "?group_by=month")["months"]
    }
    assert everywhere["2026-10"] == 3, "without a community, months are those of UTC"
    from_november = f"?group_by=month&community_id={firm.community_id}&from=2026-11-01T00:00:00%2B08:00"
    assert "2026-10" not in {one["month"] for one in report(firm, manager, from_november)["months"]}


def test_a_manager_of_one_community_sees_nothing_of_another_nor_of_another_organisation(
    firm: Organisation, manager: Actor
) -> None:
    firm.visited(firm.job(), {"solved": True, "satisfaction": 5})
    elsewhere = firm.person("manager", community_ids=(fresh(),))
    here = firm.person("manager", community_ids=(firm.community_id,))
    assert report(firm, elsewhere)["communities"] == []
    assert report(firm, elsewhere, f"?community_id={firm.community_id}")["total"]["return_visits"]["asked"] == 0
    assert report(firm, here)["total"]["return_visits"]["asked"] == 1
    assert report(firm, actor("manager"))["communities"] == []


@pytest.mark.parametrize("role", ["resident", "crew", "dispatcher"])
@pytest.mark.parametrize("name", ["satisfaction", "gaps"])
def test_only_managers_and_admins_read_the_reports(firm: Organisation, role: str, name: str) -> None:
    assert firm.get(actor(role, organisation_id=firm.id), f"/reports/{name}").status_code == 403
    assert firm.client.get(f"/api/v1/reports/{name}").status_code == 401
    assert firm.get(actor("admin", organisation_id=firm.id), f"/reports/{name}").status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-01-01T00:00:00", "from"),
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("community_id=x", "community_id"),
        ("colour=red", "colour"),
        ("format=pdf", "format"),
    ],
)
@pytest.mark.parametrize("name", ["satisfaction", "gaps", "recovery"])
def test_a_question_that_cannot_be_answered_is_named(
    firm: Organisation, manager: Actor, name: str, query: str, field: str
) -> None:
    answer = firm.get(manager, f"/reports/{name}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_report_computed_again_says_the_same(firm: Organisation, manager: Actor) -> None:
    for rating in (5, 3, 1, 4):
        firm.visited(firm.job(), {"solved": True, "satisfaction": rating})
    first, second = report(firm, manager), report(firm, manager)
    assert first.pop("asof") <= second.pop("asof")
    assert first == second


@pytest.mark.parametrize(
    ("name", "schema"),
    [("satisfaction", "SatisfactionReport"), ("gaps", "GapsReport"), ("recovery", "RecoveryReport")],
)
def test_a_report_is_as_the_document_says(firm: Organisation, manager: Actor, name: str, schema: str) -> None:
    job = firm.job(unit_id=fresh())
    firm.visited(job, {"solved": True, "satisfaction": 5})
    document = firm.client.get("/openapi.json").json
    answer = firm.get(manager, f"/reports/{name}")
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.validate(answer.json, whole)


def test_who_may_count_answers_may_not_look_at_them(firm: Organisation, manager: Actor, web: Engine) -> None:
    firm.visited(firm.job(), {"solved": True, "satisfaction": 5})
    with web.begin() as db:
        set_scope(db, manager)
        for table in ("answers", "return_visits", "ticket_steps", "clock_outcomes"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_the_database_shows_a_report_only_the_caller_s_communities(firm: Organisation, web: Engine) -> None:
    job = firm.job()
    firm.desk.hear(job.filed(), job.breached("resolve"))
    firm.visited(job, {"solved": True, "satisfaction": 5})
    here = firm.person("manager", community_ids=(firm.community_id,))
    elsewhere = firm.person("manager", community_ids=(fresh(),))
    stranger = actor("manager")
    tables = ("return_visits", "answers", "answer_items", "ticket_steps", "clock_outcomes")
    for who, sees in ((here, True), (elsewhere, False), (stranger, False), (None, False)):
        with web.begin() as db:
            if who is not None:
                set_scope(db, replace(who, role="report"))
            for table in tables:
                found = db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                assert (found > 0) is sees, (table, who)

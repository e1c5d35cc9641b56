"""Every count of the reports leads to a list of so many; what was said is shown on record, opinions lead to nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from services.kit.identity import Actor
from services.kit.testing import actor, fresh
from tests.surveys.conftest import Desk
from tests.surveys.test_gaps import asked
from tests.surveys.test_satisfaction import speak_for
from tests.surveys.voices import START, Organisation, clock

HOME = "0190a2b0-0000-7000-8000-000000000001"


@pytest.fixture
def firm(desk: Desk, client: FlaskClient) -> Organisation:
    """Return an organisation of its own."""
    return Organisation(desk, client)


@pytest.fixture
def manager(firm: Organisation) -> Actor:
    """Return a manager of all of it."""
    return firm.person("manager")


def read(firm: Organisation, who: Actor, path: str) -> dict[str, Any]:
    answer = firm.get(who, path)
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def listed(firm: Organisation, who: Actor, link: str, limit: int = 2) -> list[dict[str, Any]]:
    """Return what a report's link lists, over all its pages."""
    path: str | None = f"{link.removeprefix('/api/v1')}&limit={limit}"
    found: list[dict[str, Any]] = []
    while path:
        answer = firm.get(who, path)
        assert answer.status_code == 200, answer.json
        found += (answer.json or {})["items"]
        more = answer.headers.get("Link")
        path = more.partition("<")[2].partition(">")[0].removeprefix("/api/v1") if more else None
    return found


def voices(firm: Organisation, desk: Desk, web: Engine) -> None:
    """Let every kind of end and of answer come about in two communities."""
    for rating in (5, 4, 3, 2, 1, None):
        firm.visited(firm.job(), {"solved": rating != 1, "satisfaction": rating})
    for hours in (2, 30):
        complaint = firm.job(work_type="complaint", community_id=fresh() if hours == 2 else firm.community_id)
        firm.desk.hear(complaint.filed(), complaint.completed(clock("resolve", 24, hours)))
        firm.visited(complaint, {"solved": True, "satisfaction": 4})
    proxied, silent, still_open, withdrawn = (firm.job() for _ in range(4))
    for job in (proxied, silent, still_open, withdrawn):
        firm.visited(job, None)
    speak_for(web, desk, firm, proxied.id)
    desk.let_time_run_out(silent)  # type: ignore[arg-type]
    desk.expire()
    desk.hear(withdrawn.reopened())


def figures(voice: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield each count of one voice with the name of the list behind it."""
    visits, household, proxies = voice["return_visits"], voice["household"], voice["proxies"]
    for name in ("asked", "answered", "proxy", "silent", "open", "withdrawn"):
        yield name, visits[name]
    yield "concluded", visits["response_rate"]["n"]
    yield "silent", round((visits["silence_rate"]["value"] or 0) * visits["silence_rate"]["n"])
    for prefix, said in (("", household), ("proxies_", proxies)):
        solved, csat = said["solved"], said["csat"]
        yes = round((solved["value"] or 0) * solved["n"])
        yield f"{prefix}solved", yes
        yield f"{prefix}unsolved", solved["n"] - yes
        yield f"{prefix}rated", csat["n"]
        yield f"{prefix}satisfied", round((csat["value"] or 0) * csat["n"])
        for mark, n in said["ratings"].items():
            yield f"{prefix}rated_{mark}", n
    yield "answered", household["solved"]["n"]
    yield "proxies", proxies["n"]
    for estimate in voice["estimates"]:
        yield estimate["computed_from"]["what"], estimate["computed_from"]["n"]


def test_the_list_behind_a_figure_of_satisfaction_holds_so_many(
    firm: Organisation, manager: Actor, desk: Desk, web: Engine
) -> None:
    voices(firm, desk, web)
    by_community = read(firm, manager, "/reports/satisfaction")
    by_month = read(firm, manager, "/reports/satisfaction?group_by=month&from=2026-01-01T00:00:00Z")
    told = [*by_community["communities"], by_community["total"], *by_month["months"]]
    assert len(told) >= 4
    seen = set()
    for voice in told:
        for name, n in figures(voice):
            assert len(listed(firm, manager, voice["behind"][name])) == n, name
            seen |= {name} if n else set()
    assert seen == set(by_community["total"]["behind"]) - {
        "proxies_unsolved", "proxies_rated_1", "proxies_rated_2", "proxies_rated_3", "proxies_rated_4",
    }, "each kind of list had something in it"  # fmt: skip


def test_what_was_said_is_shown_on_record_and_whether_somebody_answered_is_not(
    firm: Organisation, manager: Actor
) -> None:
    job = firm.job(unit_id=HOME)
    firm.visited(job, {"solved": True, "satisfaction": 2, "comment": "师傅很客气，就是来晚了"})
    behind = read(firm, manager, "/reports/satisfaction")["total"]["behind"]
    (answered,) = listed(firm, manager, behind["answered"])
    assert (answered["ticket_id"], answered["state"], answered["said"]) == (job.id, "answered", None)
    assert read(firm, manager, "/return-visits/answers/views")["items"] == []
    (unhappy,) = listed(firm, manager, behind["unhappy"])
    assert unhappy["said"] == {
        "answered_by": "household", "solved": True, "satisfaction": 2, "comment": "师傅很客气，就是来晚了",
    }  # fmt: skip
    (look,) = read(firm, manager, "/return-visits/answers/views")["items"]
    assert (look["what"], look["ticket_id"], look["viewer_id"], look["purpose"]) == (
        "answers", job.id, manager.id, "quality",
    )  # fmt: skip


def test_the_list_behind_a_count_of_the_gaps_holds_so_many(firm: Organisation, manager: Actor) -> None:
    for hours in (0.5,) * 9 + (3.0, 5.0):
        job = firm.job(urgency="urgent")
        promised = START + timedelta(hours=2)
        done = START + timedelta(hours=hours)
        clocks = (clock("resolve", 1, hours), clock("attend", 1, hours), clock("callback", 1, 9))
        firm.desk.hear(job.filed(), job.promised(promised), job.completed(*clocks, at=done))
    waiting, gone = firm.job(), firm.job()
    later = datetime(2126, 1, 1, tzinfo=START.tzinfo)
    firm.desk.hear(waiting.filed(), waiting.breached("resolve"), waiting.promised(START + timedelta(hours=1)))
    firm.desk.hear(waiting.promised(later, version=4, at=START + timedelta(hours=2)))
    firm.desk.hear(gone.filed(), gone.promised(later), gone.cancelled())
    (here,) = read(firm, manager, "/reports/gaps")["communities"]
    gaps = {one["code"]: one for one in here["gaps"]}
    jobs, promises = gaps["dispensary"]["data"], gaps["communication"]["data"]
    became = ("kept", "broken", "open", "replaced", "withdrawn")
    counted = {
        "prescription": {"urgent_repairs": gaps["prescription"]["data"]["urgent_repairs"]},
        "dispensary": {name: jobs[name] for name in jobs},
        "communication": {
            "promises": promises["promises"],
            "promises_judged": gaps["communication"]["n"],
            **{f"promises_{name}": promises[name] for name in became},
        },
    }
    assert counted["communication"]["promises"] == 14
    assert counted["dispensary"]["jobs_open"] == 1
    assert counted["dispensary"]["clocks_decided"] == gaps["dispensary"]["n"]
    for code, counts in counted.items():
        for name, n in counts.items():
            assert len(listed(firm, manager, gaps[code]["behind"][name])) == n, name
    details = gaps["dispensary"]["details"]
    assert {one["clock"] for one in details} == {"attend", "resolve"}
    for one in details:
        of_kind = {"met": one["met"], "missed": one["breached"], "running_late": one["running_late"]}
        of_kind |= {"decided": one["missed"]["n"], "ended_late": one["hours_late"]["n"]}
        for name, n in of_kind.items():
            rows = listed(firm, manager, one["behind"][f"clocks_{name}"])
            assert len(rows) == n, (one["clock"], name)
            assert {row["kind"] for row in rows} <= {one["clock"]}
    late = listed(firm, manager, gaps["dispensary"]["behind"]["clocks_missed"])
    assert sorted(row["late_seconds"] or 0 for row in late) == [0, 7200, 7200, 14400, 14400]
    broken = listed(firm, manager, gaps["communication"]["behind"]["promises_broken"])
    assert sorted(row["late_seconds"] or 0 for row in broken) == [0, 3600, 10800]


def test_the_list_behind_a_balance_holds_so_many(firm: Organisation) -> None:
    dispatcher = firm.person("dispatcher")
    for said in ({"solved": True, "satisfaction": 5}, {"solved": False}, {"solved": False, "satisfaction": 4},
                 {"solved": True, "satisfaction": 3}):  # fmt: skip
        firm.visited(firm.job(unit_id=HOME), said)
    firm.visited(firm.job(unit_id=fresh()), {"solved": True, "satisfaction": 5})
    (mine,) = (one for one in read(firm, dispatcher, "/reports/recovery")["items"] if one["unit_id"] == HOME)
    assert (mine["good"], mine["bad"], mine["neither"]) == (1, 2, 1)
    for name in ("good", "bad", "neither"):
        rows = listed(firm, dispatcher, mine["behind"][name], limit=1)
        assert len(rows) == mine[name]
        assert {(row["unit_id"], row["state"]) for row in rows} == {(HOME, name)}
        assert all(row["said"] for row in rows)


def test_opinions_lead_to_no_household(firm: Organisation, manager: Actor) -> None:
    asked(firm, manager, [{"repair_importance": 7, "urgent_repair_hours": 2}] * 10)
    report = read(firm, manager, "/reports/satisfaction")
    assert not {"nps", "ces", "servqual"} & set(report["total"]["behind"])
    (here,) = read(firm, manager, "/reports/gaps")["communities"]
    lists = {one["code"]: set(one["behind"]) for one in here["gaps"]}
    assert lists["diagnosis"] == lists["outcome"] == set()
    assert lists["prescription"] == {"urgent_repairs"}
    for name in ("nps", "households", "urgent_repair_hours"):
        for path in ("satisfaction", "gaps"):
            assert firm.get(manager, f"/reports/{path}/behind?figure={name}").status_code == 422


def test_a_list_is_the_managers_of_the_community_alone(firm: Organisation, manager: Actor) -> None:
    firm.visited(firm.job(unit_id=HOME), {"solved": True, "satisfaction": 5})
    figures = {
        "satisfaction": "figure=satisfied",
        "gaps": "figure=jobs_filed",
        "recovery": f"figure=good&unit_id={HOME}",
    }
    elsewhere = firm.person("manager", community_ids=(fresh(),))
    for name, query in figures.items():
        path = f"/reports/{name}/behind?{query}"
        assert read(firm, elsewhere, path)["items"] == []
        assert read(firm, actor("manager"), path)["items"] == []
        for role in ("resident", "crew", "admin", *(("dispatcher",) if name != "recovery" else ())):
            assert firm.get(actor(role, organisation_id=firm.id), path).status_code == 403, (name, role)
        assert firm.client.get(f"/api/v1{path}").status_code == 401
    assert len(read(firm, manager, "/reports/satisfaction/behind?figure=satisfied")["items"]) == 1


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("satisfaction/behind", "figure"),
        ("satisfaction/behind?figure=x", "figure"),
        ("satisfaction/behind?figure=asked&after=x", "after"),
        ("gaps/behind?figure=promises&after=WyJ4Il0", "after"),
        ("gaps/behind?figure=clocks_met&after=WyJ4Il0", "after"),
        ("gaps/behind?figure=clocks_met&clock=callback", "clock"),
        ("gaps/behind?figure=promises&clock=resolve", "clock"),
        ("recovery/behind?figure=good", "unit_id"),
        (f"recovery/behind?figure=owed&unit_id={HOME}", "figure"),
    ],
)
def test_a_list_that_there_is_not_is_named(firm: Organisation, manager: Actor, path: str, field: str) -> None:
    answer = firm.get(manager, f"/reports/{path}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_lists_are_as_the_document_says(firm: Organisation, manager: Actor) -> None:
    firm.visited(firm.job(unit_id=HOME), {"solved": True, "satisfaction": 5})
    document = firm.client.get("/openapi.json").json
    whole = {"$ref": "#/components/schemas/AllCounted", "components": document["components"]}
    link = read(firm, manager, "/reports/satisfaction")["total"]["behind"]["satisfied"]
    assert urlsplit(link).path in document["paths"]
    jsonschema.validate(read(firm, manager, link.removeprefix("/api/v1")), whole)

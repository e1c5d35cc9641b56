"""Plans without a browser: how often is said as people say it, shown before it is kept, and nothing typed is lost."""

from typing import Any

import orjson
import pytest
from flask import Flask

from gateway.web.dispatcher.recurring import Rhythm, read
from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, path_of, query_of, text_of

ID = "0193b3f2-1111-7000-8000-000000000001"
GARDEN = "0193b3f2-2222-7000-8000-000000000001"
UNIT, PERSON = "0193b3f2-3333-7000-8000-000000000001", "0193b3f2-4444-7000-8000-000000000001"
HOME = {"id": UNIT, "name": "302", "building": "1", "community": {"id": GARDEN, "name": "Garden"}}
PLAN: dict[str, Any] = {
    "id": ID, "community_id": GARDEN, "unit_id": None, "location": "Pump room", "kind": "patrol_round",
    "kind_name": {"zh-CN": "巡更", "en": "Patrol round"}, "title": "Night round", "description": "Walk it.",
    "catalogue_code": "patrol", "urgency": None, "resident_id": None, "rrule": "FREQ=DAILY;BYHOUR=8,22",
    "timezone": "Asia/Shanghai", "starts_at": "2031-03-03T08:00:00+08:00", "ends_at": "2031-06-30T12:00:00+08:00",
    "lead_hours": 2, "if_missed": "file", "late_hours": 24, "state": "active",
    "next": ["2031-03-03T08:00:00+08:00", "2031-03-03T22:00:00+08:00"], "version": 3,
    "checkpoints": [
        {"n": 1, "name": "Gate", "instruction": None, "code": "G-1", "repair_code": None},
        {"n": 2, "name": "Roof", "instruction": "Is it locked?", "code": None, "repair_code": "leak"},
    ],
}  # fmt: skip
TIMES = {"rrule": "FREQ=DAILY;BYHOUR=8,22", "timezone": "Asia/Shanghai", "next": PLAN["next"]}
ITEMS = [
    {"code": "patrol", "name": {"en": "Patrol", "zh-CN": "巡逻"}, "work_type": "security"},
    {"code": "leak", "name": {"en": "A leak", "zh-CN": "漏水"}, "work_type": "repair"},
]
TYPED = {
    "kind": "patrol_round", "title": "Night round", "description": "Walk it.", "catalogue_code": "patrol",
    "community_id": GARDEN, "location": "Pump room", "starts_at": "2031-03-03T08:00", "interval": "1",
    "unit": "DAILY", "hours": "8，22", "ends": "never", "lead_hours": "2", "if_missed": "file", "late_hours": "24",
    "point_name": ["Gate", "", "Roof"], "point_instruction": ["", "", "Is it locked?"], "point_code": ["G-1", "", ""],
    "point_repair_code": ["", "", "leak"],
}  # fmt: skip
EVERY = (
    ("FREQ=DAILY", Rhythm("DAILY")),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", Rhythm("WEEKLY", "2", ("MO", "TH"))),
    ("FREQ=MONTHLY;BYDAY=2TU", Rhythm("MONTHLY", weekdays=("TU",), which="2")),
    ("FREQ=MONTHLY;BYDAY=-1FR", Rhythm("MONTHLY", weekdays=("FR",), which="-1")),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", Rhythm("MONTHLY", which="last")),
    ("FREQ=DAILY;BYHOUR=8,14;COUNT=9", Rhythm("DAILY", hours="8, 14", count="9")),
    ("FREQ=YEARLY", Rhythm("YEARLY")),
)
STRANGE = (
    "FREQ=YEARLY;BYMONTH=3,9", "FREQ=MONTHLY;BYMONTHDAY=15", "FREQ=MONTHLY;BYDAY=1MO,3TU", "FREQ=WEEKLY;WKST=SU",
    "FREQ=DAILY;UNTIL=20310101T100000Z", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
)  # fmt: skip


@pytest.fixture
def dispatcher(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a dispatcher's browser at a desk with one plan."""
    answers(services["tickets"], {
        "/plans": {"items": [PLAN]}, f"/plans/{ID}": json_answer(PLAN, ETag='"v3"'), "POST /plans": {"id": ID},
        f"PATCH /plans/{ID}": PLAN, f"/plans/{ID}/occurrences": {"items": []}, "/plans/times": TIMES,
        "/communities": {"items": [
            {"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai", "closed_at": None}]},
        "/catalogue": {"items": ITEMS}, "/units": {"items": [HOME]},
    })  # fmt: skip
    visitor = browser(app)
    visitor.sign_in(organisation.open("dispatcher")["login"])
    return visitor


def sent(services: dict[str, FakeService], method: str) -> dict[str, Any]:
    """Return the body of what was sent last."""
    return dict(orjson.loads([one for one in services["tickets"].asked if one["method"] == method][-1]["body"]))


@pytest.mark.parametrize(("rule", "rhythm"), EVERY)
def test_a_rule_is_filled_in_as_people_say_it(rule: str, rhythm: Rhythm) -> None:
    assert read(rule) == rhythm
    assert rhythm.written() == rule


@pytest.mark.parametrize("rule", STRANGE)
def test_a_rule_the_form_has_no_fields_for_stays_as_it_is_written(rule: str) -> None:
    assert read(rule) == Rhythm("rule", rule=rule)
    assert read(rule).written() == rule


def test_a_last_day_is_read_out_of_a_rule_and_is_the_plans_own_end() -> None:
    assert read("FREQ=DAILY;UNTIL=20310630") == Rhythm("DAILY", until="2031-06-30")
    assert read("FREQ=DAILY;UNTIL=20310630").written() == "FREQ=DAILY"


def test_a_plan_is_shown_before_it_is_kept_and_nothing_typed_is_lost(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    answer = dispatcher.send("/board/plans/new", **TYPED, look="times")
    page = text_of(answer)
    assert answer.status_code == 200
    assert "3 Mar 2031 08:00 Monday" in page
    assert "every day · at the hours 8, 22" in page
    asked = query_of([one for one in services["tickets"].asked if path_of(one) == "/plans/times"][-1])
    assert asked["rrule"] == ["FREQ=DAILY;BYHOUR=8,22"]
    assert asked["starts_at"] == ["2031-03-03T08:00:00+08:00"]
    for typed in ('value="Gate"', 'value="Is it locked?"', 'value="Pump room"', 'value="8，22"'):
        assert typed in answer.text
    assert not [one for one in services["tickets"].asked if one["method"] == "POST"]
    moved = dispatcher.send("/board/plans/new", **TYPED, look="up-2").text
    assert moved.index('value="Roof"') > moved.index('value="Gate"'), "an empty row lay between"
    moved = dispatcher.send("/board/plans/new", **{**TYPED, "point_name": ["Gate", "Cellar", "Roof"]}, look="up-2").text
    assert moved.index('value="Gate"') < moved.index('value="Roof"') < moved.index('value="Cellar"')


def test_a_plan_is_made_of_what_was_filled_in(dispatcher: Browser, services: dict[str, FakeService]) -> None:
    assert dispatcher.send("/board/plans/new", **TYPED).status_code == 303
    body = sent(services, "POST")
    assert body == {
        "kind": "patrol_round", "title": "Night round", "description": "Walk it.", "catalogue_code": "patrol",
        "community_id": GARDEN, "location": "Pump room", "rrule": "FREQ=DAILY;BYHOUR=8,22",
        "starts_at": "2031-03-03T08:00:00+08:00", "lead_hours": 2, "late_hours": 24, "if_missed": "file",
        "checkpoints": [
            {"name": "Gate", "instruction": None, "code": "G-1", "repair_code": None},
            {"name": "Roof", "instruction": "Is it locked?", "code": None, "repair_code": "leak"},
        ],
    }  # fmt: skip
    dispatcher.send("/board/plans/new", **TYPED | {"home": f"{UNIT}|{PERSON}|{GARDEN}", "ends": "count", "count": "6"})
    body = sent(services, "POST")
    assert (body["unit_id"], body["resident_id"], "location" in body) == (UNIT, PERSON, False)
    assert body["rrule"] == "FREQ=DAILY;BYHOUR=8,22;COUNT=6"


def test_a_plan_is_changed_as_it_was_read_and_keeps_the_moment_of_its_end(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    shown = dispatcher.open(f"/board/plans/{ID}/change").text
    for filled in ('value="2031-03-03T08:00"', 'value="8, 22"', 'value="2031-06-30"', 'value="Gate"', 'value="G-1"'):
        assert filled in shown, filled
    typed = {name: value for name, value in TYPED.items() if name not in ("kind", "location")}
    again = {"ends": "until", "until": "2031-06-30", "until_was": PLAN["ends_at"], "version": '"v3"', "plan_id": ID}
    assert dispatcher.send(f"/board/plans/{ID}/change", **typed | again).status_code == 303
    assert sent(services, "PATCH")["ends_at"] == PLAN["ends_at"]
    asked = [one for one in services["tickets"].asked if one["method"] == "PATCH"][-1]
    assert asked["headers"]["if-match"] == '"v3"'
    dispatcher.send(f"/board/plans/{ID}/change", **typed | again | {"until": "2031-07-01"})
    assert sent(services, "PATCH")["ends_at"] == "2031-07-01T23:59:00+08:00"
    dispatcher.send(f"/board/plans/{ID}/change", **typed | again | {"ends": "never"})
    assert sent(services, "PATCH")["ends_at"] is None


def test_what_is_refused_is_said_beside_its_field_or_row(
    app: Flask, dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    errors = [{"field": "rrule", "detail": "Not this rule."}, {"field": "checkpoints.1.repair_code", "detail": "Gone."}]
    problem = json_answer({"status": 422, "code": "invalid", "detail": "No.", "errors": errors}, 422)
    known = services["tickets"].answer
    services["tickets"].answer = lambda asked: problem if asked["method"] == "POST" else known(asked)
    answer = dispatcher.send("/board/plans/new", **TYPED)
    assert answer.status_code == 422
    assert answer.text.partition('id="interval-refused">')[2].startswith("Not this rule.")
    assert "Roof: Gone." in text_of(answer), "the second row that is filled in, which is the third of the form"
    answer = dispatcher.send("/board/plans/new", **TYPED | {"unit": "rule", "rule": "FREQ=NEVER"})
    assert answer.text.partition('id="rule-refused">')[2].startswith("Not this rule.")


def test_a_plan_says_how_often_in_both_languages(app: Flask, dispatcher: Browser, organisation: Organisation) -> None:
    assert "every day · at the hours 8, 22" in text_of(dispatcher.open(f"/board/plans/{ID}"))
    assert "every day · at the hours 8, 22" in text_of(dispatcher.open("/board/plans"))
    chinese = browser(app, "zh-CN")
    chinese.sign_in(organisation.open("dispatcher")["login"])
    assert "每天 · 8, 22 点" in text_of(chinese.open(f"/board/plans/{ID}"))

"""What a household keeps about its home, and by which ways it is told what."""

from typing import Any

import orjson
import pytest
from flask import Flask

from gateway.web.resident.equipment import KINDS
from gateway.web.resident.topics import TOPICS
from services.notify import topics
from services.tickets import equipment
from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, path_of, text_of

HOME = "0193b3f2-2222-7000-8000-000000000002"
GARDEN = "0193b3f2-2222-7000-8000-000000000001"
HEATER: dict[str, Any] = {
    "kind": "water_heater", "name": {"zh-CN": "热水器", "en": "Water heater"}, "model": "JSQ30",
    "installed_on": "2019-03-17", "life_months": 90, "age_months": 92, "due_on": "2026-09-17", "due": True,
}  # fmt: skip
RECORD: dict[str, Any] = {
    "unit_id": HOME, "unit_name": "1-101", "community_id": GARDEN, "salutation": {"zh-CN": None, "en": None},
    "circumstances": [], "equipment": [HEATER], "promises": None,
}  # fmt: skip
AT = f"/households/{HOME}"
KEPT = {name: HEATER[name] for name in ("kind", "model", "installed_on", "life_months")}
PREFERENCES: dict[str, Any] = {"topics": {"requests": None, "events": ["in_app"], "opinions": ["in_app", "sms"]}}


@pytest.fixture
def resident(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a resident's browser at a desk that knows their home."""
    record = json_answer(RECORD, ETag='"v4"')
    places = {"items": [{"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}]}
    answers(services["tickets"], {AT: record, f"{AT}/views": {"items": []}, "/communities": places})
    answers(services["notify"], {"/preferences": json_answer(PREFERENCES, ETag='"v2"')})
    visitor = browser(app)
    visitor.sign_in(organisation.open("resident")["login"])
    return visitor


def sent(service: FakeService, method: str) -> tuple[dict[str, Any], str]:
    """Return the body of the last change, and which version it is of."""
    asked = [one for one in service.asked if one["method"] == method][-1]
    return dict(orjson.loads(asked["body"])), asked["headers"]["if-match"]


def test_the_page_knows_the_desks_kinds_and_topics() -> None:
    assert tuple(KINDS) == equipment.KINDS
    assert tuple(TOPICS) == tuple(topics.TOPICS)


def test_equipment_is_shown_with_its_age(resident: Browser) -> None:
    told = text_of(resident.open(f"/my/home/{HOME}"))
    assert "Water heater JSQ30 7 years 8 months old" in told
    assert "due since 2026-09-17" in told


def test_equipment_is_put_down_by_year_and_month(resident: Browser, services: dict[str, FakeService]) -> None:
    page = resident.open(f"/my/home/{HOME}/equipment")
    assert 'name="version"' in page.text
    assert 'value="&#34;v4&#34;"' in page.text
    form = {"kind": "smoke_alarm", "year": "2026", "month": "5", "life_months": "60", "version": '"v4"'}
    answer = resident.send(f"/my/home/{HOME}/equipment", **form)
    assert answer.headers["Location"] == f"/my/home/{HOME}"
    alarm = {"kind": "smoke_alarm", "model": None, "installed_on": "2026-05-01", "life_months": 60}
    assert sent(services["tickets"], "PATCH") == ({"equipment": [KEPT, alarm]}, '"v4"')


def test_a_piece_is_changed_and_keeps_the_day_that_was_known(
    resident: Browser, services: dict[str, FakeService]
) -> None:
    page = resident.open(f"/my/home/{HOME}/equipment/0")
    assert '<option selected value="90">7 years 6 months</option>' in page.text
    form = {"kind": "water_heater", "year": "2019", "month": "3", "life_months": "120", "version": '"v4"'}
    resident.send(f"/my/home/{HOME}/equipment/0", **form)
    after = {**KEPT, "model": None, "life_months": 120}
    assert sent(services["tickets"], "PATCH") == ({"equipment": [after]}, '"v4"')
    resident.send(f"/my/home/{HOME}/equipment/0/remove", version='"v4"')
    assert sent(services["tickets"], "PATCH") == ({"equipment": []}, '"v4"')
    for path in ("equipment/1", "equipment/1/remove"):
        assert resident.send(f"/my/home/{HOME}/{path}").status_code == 404


def test_what_the_desk_refuses_of_a_piece_is_said_beside_its_field(
    resident: Browser, services: dict[str, FakeService]
) -> None:
    errors = [
        {"field": "equipment.1.installed_on", "detail": "Not yet."},
        {"field": "equipment.1.life_months", "detail": "How long?"},
    ]
    wrong = json_answer({"status": 422, "code": "invalid", "detail": "No.", "errors": errors}, 422)
    answers(services["tickets"], {AT: json_answer(RECORD, ETag='"v4"'), f"PATCH {AT}": wrong})
    page = resident.send(f"/my/home/{HOME}/equipment", kind="other", year="2026", month="12")
    assert page.status_code == 422
    assert "Not yet." in text_of(page)
    assert "How long?" in text_of(page)


def test_a_list_that_was_changed_meanwhile_is_not_written_over(
    resident: Browser, services: dict[str, FakeService]
) -> None:
    stale = json_answer({"status": 412, "code": "stale", "detail": "Changed since."}, 412)
    answers(services["tickets"], {AT: json_answer(RECORD, ETag='"v5"'), f"PATCH {AT}": stale})
    answer = resident.send(f"/my/home/{HOME}/equipment/0/remove", version='"v4"')
    assert answer.headers["Location"] == f"/my/home/{HOME}"
    assert sent(services["tickets"], "PATCH")[1] == '"v4"'
    page = resident.send(f"/my/home/{HOME}/equipment/0", kind="other", year="2020", month="1", version='"v4"')
    assert (page.status_code, "Changed since." in text_of(page)) == (412, True)


def test_each_topic_is_chosen_by_how_it_comes(resident: Browser, services: dict[str, FakeService]) -> None:
    page = resident.open("/my/me/topics")
    assert '<option value="here" selected>Only here</option>' in page.text
    assert page.text.count("as it was set elsewhere") == 2
    form = {"requests": "push", "announcements": "all", "events": "here", "opinions": "", "version": '"v2"'}
    assert resident.send("/my/me/topics", **form).headers["Location"] == "/my/me"
    chosen = {"requests": ["in_app", "push"], "announcements": None, "events": ["in_app"]}
    assert sent(services["notify"], "PUT") == ({"topics": chosen}, '"v2"')
    stale = json_answer({"status": 412, "code": "stale", "detail": "Changed since."}, 412)
    shown = json_answer(PREFERENCES, ETag='"v3"')
    answers(services["notify"], {"/preferences": shown, "PUT /preferences": stale})
    page = resident.send("/my/me/topics", **form)
    assert (page.status_code, "Changed since." in text_of(page)) == (412, True)
    assert [path_of(one) for one in services["notify"].asked if one["method"] == "PUT"] == ["/preferences"] * 2

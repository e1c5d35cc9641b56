"""The page on which a household answers a return visit, without a script and in its own language."""

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.limits import Limit
from tests.gateway.conftest import FakeService, json_answer

Services = dict[str, FakeService]

SURVEY = {
    "survey_id": "0192f0c1-2345-7abc-8def-0123456789ab",
    "ticket_number": "T-12",
    "state": "invited",
    "language": "en",
    "message": "Was T-12 really solved? <b>",
    "questions": [
        {"name": "solved", "kind": "yes_no", "required": True, "text": "Is it solved?"},
        {"name": "satisfaction", "kind": "scale", "required": False, "text": "How was it?", "least": 1, "most": 5},
        {"name": "comment", "kind": "text", "required": False, "text": "Anything else?", "most": 2000},
    ],
}


@pytest.fixture
def surveys(services: Services) -> FakeService:
    services["surveys"].answer = lambda asked: (
        json_answer(SURVEY) if asked["method"] == "GET" else json_answer({"message": "Thank you."}, 201)
    )
    return services["surveys"]


def test_the_questions_can_be_answered_without_a_script(client: FlaskClient, surveys: FakeService) -> None:
    answer = client.get("/s/a.token", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert surveys.asked[0]["path"] == "/api/v1/surveys/a.token"
    assert "authorization" not in surveys.asked[0]["headers"]
    assert len(answer.data) <= 10_000
    assert "<script" not in answer.text
    assert "&lt;b&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in policy
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("language", "heading", "labels", "other"),
    [
        ("zh-CN", "问题解决了吗？", ("1（很不满意）", "5（很满意）"), "en"),
        ("en", "Is it solved?", ("1 (very poor)", "5 (very good)"), "zh-CN"),
    ],
)
def test_the_language_can_be_switched_by_a_link(
    client: FlaskClient, surveys: FakeService, language: str, heading: str, labels: tuple[str, str], other: str
) -> None:
    answer = client.get(f"/s/a.token?lang={language}", headers={"Accept-Language": other})
    assert answer.headers["Content-Language"] == surveys.asked[0]["headers"]["accept-language"] == language
    assert f"<h1>{heading}</h1>" in answer.text
    assert "<p>Was T-12 really solved?" in answer.text
    assert f'href="?lang={other}"' in answer.text
    assert all(label in answer.text for label in labels)
    assert "<script" not in answer.text
    # The form goes back to the address it came from, so that its receipt is in the same language.
    assert "action=" not in answer.text
    receipt = client.post(f"/s/a.token?lang={language}", data={"solved": "yes"}, headers={"Accept-Language": other})
    assert f'<html lang="{language}">' in receipt.text
    assert surveys.asked[1]["headers"]["accept-language"] == language


def test_an_unknown_language_is_the_readers_own(client: FlaskClient, surveys: FakeService) -> None:
    answer = client.get("/s/a.token?lang=%22%3E<i>", headers={"Accept-Language": "zh-CN"})
    assert answer.headers["Content-Language"] == "zh-CN"
    assert "<i>" not in answer.text


def test_trying_links_is_throttled(build: Callable[..., Flask], surveys: FakeService) -> None:
    client = build(rate_limit=Limit(2, 60)).test_client()
    assert [client.get(f"/s/guess{number}").status_code for number in range(3)] == [200, 200, 429]
    assert len(surveys.asked) == 2


def test_every_field_has_a_label(client: FlaskClient, surveys: FakeService) -> None:
    page = client.get("/s/a.token", headers={"Accept-Language": "zh-CN"}).text
    assert '<html lang="zh-CN">' in page
    radios = re.findall(r"<input type=\"radio\"", page)
    assert len(radios) == len(re.findall(r"<label><input type=\"radio\"", page)) == 7
    assert page.count("<fieldset") == page.count("<legend>") == 2
    for name in re.findall(r"<textarea id=\"(\w+)\"", page):
        assert f'<label for="{name}"' in page


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ({"solved": "yes"}, {"solved": True}),
        (
            {"solved": "no", "satisfaction": "2", "comment": " 还漏\r\n水 "},
            {"solved": False, "satisfaction": 2, "comment": "还漏\n水"},
        ),
        ({"comment": "  "}, {}),
        ({"solved": "maybe", "satisfaction": "²", "role": "admin"}, {}),
    ],
)
def test_what_was_left_out_is_not_sent(client: FlaskClient, surveys: FakeService, form: dict, body: dict) -> None:
    answer = client.post("/s/a.token", data=form)
    assert answer.status_code == 200
    assert "Thank you." in answer.text
    assert json.loads(surveys.asked[0]["body"]) == body


def test_what_needs_correcting_is_said_beside_its_question(client: FlaskClient, surveys: FakeService) -> None:
    problem = {"detail": "Please correct: solved.", "errors": [{"field": "solved", "detail": "Please say yes or no."}]}
    surveys.answer = lambda asked: json_answer(SURVEY) if asked["method"] == "GET" else json_answer(problem, 422)
    answer = client.post("/s/a.token", data={"satisfaction": "4", "comment": "<i>kept</i>"})
    assert answer.status_code == 422
    assert 'id="solved-error" role="alert">Please say yes or no.' in answer.text
    assert 'value="4" checked' in answer.text
    assert "&lt;i&gt;kept&lt;/i&gt;" in answer.text


def test_a_survey_that_is_over_says_why(client: FlaskClient, surveys: FakeService) -> None:
    surveys.answer = lambda _asked: json_answer({**SURVEY, "questions": [], "message": "Answered already."})
    page = client.get("/s/a.token").text
    assert "Answered already." in page
    assert "<form" not in page
    surveys.answer = lambda _asked: json_answer({"detail": "It was answered at 10:00."}, 409)
    answer = client.post("/s/a.token", data={"solved": "yes"})
    assert (answer.status_code, "It was answered at 10:00." in answer.text) == (409, True)


@pytest.mark.parametrize(
    ("language", "heading", "way_out"),
    [("zh-CN", "链接无法打开", "致电物业服务台"), ("en", "This link does not work", "call the service desk")],
)
def test_a_wrong_link_says_on_a_page_what_to_do_next(
    client: FlaskClient, surveys: FakeService, language: str, heading: str, way_out: str
) -> None:
    surveys.answer = lambda _asked: json_answer({"detail": "no"}, 404)
    answer = client.get("/s/x", headers={"Accept-Language": language})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert f"<h1>{heading}</h1>" in answer.text
    assert way_out in answer.text


def test_a_silent_service_is_said_on_a_page(client: FlaskClient, surveys: FakeService, services: Services) -> None:
    surveys.stop()
    services["surveys"] = FakeService()
    answer = client.get("/s/x", headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.mimetype) == (503, "text/html")

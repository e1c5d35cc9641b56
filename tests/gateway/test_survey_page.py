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
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'nonce-")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


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


def test_a_wrong_link_is_said_on_a_page(client: FlaskClient, surveys: FakeService) -> None:
    surveys.answer = lambda _asked: json_answer({"detail": "no"}, 404)
    answer = client.get("/s/x", headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.mimetype, "该链接无效" in answer.text) == (404, "text/html", True)


def test_a_silent_service_is_said_on_a_page(client: FlaskClient, surveys: FakeService, services: Services) -> None:
    surveys.stop()
    services["surveys"] = FakeService()
    answer = client.get("/s/x", headers={"Accept-Language": "zh-CN"})
    assert (answer.status_code, answer.mimetype) == (503, "text/html")

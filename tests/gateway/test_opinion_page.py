"""The page on which a household gives its opinion, without a script and in its own language."""

import json
import re

import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import FakeService, json_answer

SURVEY = {
    "campaign_id": "0192f0c1-2345-7abc-8def-0123456789ab",
    "household_id": "0192f0c1-2345-7abc-8def-0123456789ac",
    "name": "Survey <2026>",
    "state": "open",
    "language": "en",
    "closes_at": "2026-12-01T00:00:00Z",
    "answered_at": None,
    "questions": [
        {"name": "satisfaction", "kind": "scale", "required": False, "text": "How is it?", "least": 1, "most": 5},
        {"name": "hours", "kind": "scale", "required": False, "text": "How soon?", "least": 1, "most": 72},
        {"name": "comment", "kind": "text", "required": False, "text": "Anything else?", "most": 2000},
    ],
}


@pytest.fixture
def surveys(services: dict[str, FakeService]) -> FakeService:
    """Return the surveys service with one open campaign."""
    services["surveys"].answer = lambda asked: (
        json_answer(SURVEY) if asked["method"] == "GET" else json_answer({"message": "Thank you."}, 201)
    )
    return services["surveys"]


def test_the_questions_of_an_opinion_survey_can_be_answered_without_a_script(
    client: FlaskClient, surveys: FakeService
) -> None:
    page = client.get("/o/a.token", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert surveys.asked[0]["path"] == "/api/v1/opinions/a.token"
    assert "<script" not in page.text
    assert "Survey &lt;2026&gt;" in page.text
    assert len(re.findall('type="radio"', page.text)) == 5
    assert 'max="72"' in page.text


def test_what_was_left_out_is_not_sent_and_a_number_in_words_stays_words(
    client: FlaskClient, surveys: FakeService
) -> None:
    form = {"scale:satisfaction": "4", "scale:hours": " ", "text:comment": "5"}
    receipt = client.post("/o/a.token", data=form, headers={"Accept-Language": "zh-CN"})
    assert receipt.status_code == 200
    assert "Thank you." in receipt.text
    assert json.loads(surveys.asked[-1]["body"]) == {"answers": {"satisfaction": 4, "comment": "5"}}


def test_a_mistake_is_shown_beside_its_question_with_what_was_typed(
    client: FlaskClient, services: dict[str, FakeService]
) -> None:
    wrong = {"errors": [{"field": "answers.hours", "detail": "Must be a whole number from 1 to 72."}]}
    services["surveys"].answer = lambda asked: (
        json_answer(SURVEY) if asked["method"] == "GET" else json_answer(wrong, 422)
    )
    page = client.post("/o/a.token", data={"scale:hours": "99", "text:comment": "<b>"})
    assert page.status_code == 422
    assert "from 1 to 72" in page.text
    assert 'value="99"' in page.text
    assert "&lt;b&gt;" in page.text


@pytest.mark.parametrize(("state", "said"), [("answered", "has answered"), ("closed", "is over")])
def test_a_survey_that_is_over_says_so(
    client: FlaskClient, services: dict[str, FakeService], state: str, said: str
) -> None:
    services["surveys"].answer = lambda _asked: json_answer({**SURVEY, "state": state, "questions": []})
    page = client.get("/o/a.token", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert said in page.text
    assert "<form" not in page.text


def test_a_link_nobody_sent_is_refused_in_words(client: FlaskClient, services: dict[str, FakeService]) -> None:
    services["surveys"].answer = lambda _asked: json_answer({"detail": "x"}, 404)
    page = client.get("/o/wrong", headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 404
    assert "链接无法打开" in page.text

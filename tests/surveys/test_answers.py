"""A household answers: once, in its language, and every mistake in the input is named."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.surveys.conftest import Desk, Ticket

FULL = {"solved": True, "satisfaction": 4, "comment": "师傅很准时 👍\n谢谢"}


def post(client: FlaskClient, token: str, body: Any, **headers: str) -> Any:
    # Written as ASCII, so that half a character can be sent, as a broken client does.
    return client.post(
        f"/api/v1/surveys/{token}", data=json.dumps(body), content_type="application/json", headers=headers
    )


def test_the_link_shows_the_questions_in_the_reader_s_language(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    token = desk.invited(ticket)
    english = client.get(f"/api/v1/surveys/{token}", headers={"Accept-Language": "en-GB,en;q=0.9"})
    chinese = client.get(f"/api/v1/surveys/{token}", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert english.status_code == chinese.status_code == 200
    assert english.json["ticket_number"] == "T-2026-000042"
    assert english.json["state"] == "invited"
    assert english.json["language"] == english.headers["Content-Language"] == "en"
    assert chinese.json["language"] == chinese.headers["Content-Language"] == "zh-CN"
    names = [question["name"] for question in english.json["questions"]]
    assert (
        names == [question["name"] for question in chinese.json["questions"]] == ["solved", "satisfaction", "comment"]
    )
    assert chinese.json["questions"][0]["text"] == "问题真正解决了吗？"
    for survey, ends in ((english, ("1 (very poor)", "5 (very good)")), (chinese, ("1（很不满意）", "5（很满意）"))):
        assert all(end in survey.json["questions"][1]["text"] for end in ends)
    assert "T-2026-000042" in english.json["message"]
    assert english.headers["Cache-Control"] == "no-store"


def test_a_full_answer_is_stored_and_told(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    token = desk.invited(ticket)
    receipt = post(client, token, FULL)
    assert receipt.status_code == 201
    assert receipt.json["state"] == "answered"
    assert "comment" not in receipt.json
    (answer,) = desk.answers(ticket)
    (visit,) = desk.visits(ticket)
    (event,) = desk.emitted(ticket, "survey.answered.v1")
    assert (answer.solved, answer.satisfaction, answer.comment) == (True, 4, FULL["comment"])
    assert (answer.answered_by, answer.survey_id) == ("household", visit.id)
    assert answer.answered_at == visit.ended_at == event.occurred_at
    assert datetime.fromisoformat(receipt.json["answered_at"]) == visit.ended_at
    assert (event.data["solved"], event.data["satisfaction"], event.data["has_comment"]) == (True, 4, True)
    assert "谢谢" not in json.dumps(event.data, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [{"solved": False}, {"solved": False, "satisfaction": None, "comment": None}, {"solved": False, "comment": " "}],
)
def test_what_was_not_said_stays_unsaid(client: FlaskClient, desk: Desk, ticket: Ticket, body: dict[str, Any]) -> None:
    assert post(client, desk.invited(ticket), body).status_code == 201
    (answer,) = desk.answers(ticket)
    assert (answer.solved, answer.satisfaction, answer.comment) == (False, None, None)
    (event,) = desk.emitted(ticket, "survey.answered.v1")
    assert (event.data["solved"], event.data["satisfaction"], event.data["has_comment"]) == (False, None, False)


def test_a_used_link_says_when_it_was_used(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    token = desk.invited(ticket)
    post(client, token, FULL)
    again = post(client, token, {"solved": False}, **{"Accept-Language": "en"})
    (visit,) = desk.visits(ticket)
    assert again.status_code == 409
    assert again.json["state"] == "answered"
    assert datetime.fromisoformat(again.json["ended_at"]) == visit.ended_at
    assert "was answered on" in again.json["detail"]
    page = client.get(f"/api/v1/surveys/{token}")
    assert (page.json["state"], page.json["questions"]) == ("answered", [])
    assert len(desk.answers(ticket)) == len(desk.emitted(ticket, "survey.answered.v1")) == 1


@pytest.mark.parametrize("swept", [False, True])
def test_an_expired_link_takes_no_answer_whether_swept_or_not(
    client: FlaskClient, desk: Desk, ticket: Ticket, swept: bool
) -> None:
    token = desk.invited(ticket)
    desk.let_time_run_out(ticket)
    if swept:
        desk.expire()
    refused = post(client, token, FULL, **{"Accept-Language": "en"})
    assert refused.status_code == 409
    assert refused.json["state"] == "expired"
    assert "could be answered until 2026-03-18 17:00" in refused.json["detail"]
    page = client.get(f"/api/v1/surveys/{token}")
    assert (page.json["state"], page.json["questions"]) == ("expired", [])
    assert page.json["ended_at"] == page.json["expires_at"]
    assert desk.answers(ticket) == []


def test_a_withdrawn_link_says_that_work_goes_on(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    token = desk.invited(ticket)
    desk.hear(ticket.reopened())
    refused = post(client, token, FULL, **{"Accept-Language": "zh-CN"})
    assert refused.status_code == 409
    assert refused.json["state"] == "withdrawn"
    assert "重新处理" in refused.json["detail"]
    assert client.get(f"/api/v1/surveys/{token}").json["state"] == "withdrawn"
    assert desk.answers(ticket) == []


def test_of_twenty_answers_at_once_one_counts(app: Flask, desk: Desk, ticket: Ticket) -> None:
    token = desk.invited(ticket)

    def answer(number: int) -> int:
        body = {"solved": number % 2 == 0, "satisfaction": number % 5 + 1}
        return int(app.test_client().post(f"/api/v1/surveys/{token}", json=body).status_code)

    with ThreadPoolExecutor(20) as crowd:
        statuses = sorted(crowd.map(answer, range(20)))
    assert statuses == [201] + [409] * 19
    assert len(desk.answers(ticket)) == len(desk.emitted(ticket, "survey.answered.v1")) == 1


def test_a_retry_with_the_same_key_gets_the_same_receipt(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    token, key = desk.invited(ticket), {"Idempotency-Key": '"try-1"'}
    first, again = post(client, token, FULL, **key), post(client, token, FULL, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert again.headers["Idempotency-Replayed"] == "true"
    other = post(client, token, {"solved": False}, **key)
    assert other.status_code == 422
    assert other.json["errors"][0]["field"] == "Idempotency-Key"
    assert len(desk.answers(ticket)) == 1


def test_a_key_used_for_one_survey_says_nothing_about_another(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    key = {"Idempotency-Key": '"same"'}
    assert post(client, desk.invited(ticket), FULL, **key).status_code == 201
    desk.hear(ticket.completed(version=12, completion=2))
    desk.invite()
    second = desk.emitted(ticket, "survey.invited.v1")[-1].data["link_token"]
    assert post(client, second, FULL, **key).status_code == 201
    assert len(desk.answers(ticket)) == 2


BAD = [
    *[("solved", value) for value in (None, 0, 1, "true", "yes", "", [], {}, 1.0)],
    *[("satisfaction", value) for value in (0, 6, -1, "5", True, False, 4.5, 10**30, [], {}, "")],
    *[("comment", value) for value in (5, True, [], {}, "a" * 2001, "nul\x00", "bell\x07", "\ud800", "esc\x1b[2J")],
    *[("rating", value) for value in (5, None)],
    *[("state", "answered"), ("answered_by", "proxy"), ("survey_id", "x"), ("__proto__", {})],
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_field_that_cannot_be_used_is_named(
    client: FlaskClient, desk: Desk, ticket: Ticket, field: str, value: Any
) -> None:
    token = desk.invited(ticket)
    refused = post(client, token, {"solved": True} | {field: value})
    assert refused.status_code == 422
    assert refused.mimetype == "application/problem+json"
    assert field in {error["field"] for error in refused.json["errors"]}
    assert desk.answers(ticket) == []
    assert desk.visits(ticket)[0].state == "invited"
    assert post(client, token, {"solved": True}).status_code == 201


@pytest.mark.parametrize(
    ("body", "kind", "statuses"),
    [
        (b"", "application/json", {400, 422}),
        (b"{", "application/json", {400, 422}),
        (b"null", "application/json", {422}),
        (b"[]", "application/json", {422}),
        (b'"solved"', "application/json", {422}),
        (b"{}", "application/json", {422}),
        (b'{"solved": NaN}', "application/json", {400, 422}),
        (b"\xff\xfe", "application/json", {400, 422}),
        (b"[" * 100_000, "application/json", {400, 413, 422}),
        (b'{"solved": true, "comment": "' + b"a" * 300_000 + b'"}', "application/json", {413}),
        (b"solved=true", "application/x-www-form-urlencoded", {415, 422}),
    ],
)
def test_a_body_that_is_no_answer_is_refused(
    client: FlaskClient, desk: Desk, ticket: Ticket, body: bytes, kind: str, statuses: set[int]
) -> None:
    token = desk.invited(ticket)
    refused = client.post(f"/api/v1/surveys/{token}", data=body, content_type=kind)
    assert refused.status_code in statuses
    assert refused.mimetype == "application/problem+json"
    assert desk.answers(ticket) == []


def test_the_longest_comment_is_taken(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    assert post(client, desk.invited(ticket), {"solved": True, "comment": "漏" * 2000}).status_code == 201
    assert len(desk.answers(ticket)[0].comment) == 2000

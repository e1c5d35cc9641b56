"""Staff ask about the wording of a text over HTTP, and are answered in their own language."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from services.kit.identity import ROLES, STAFF
from services.kit.testing import actor, bearer

REFUSAL = "您好！我们不能上门。"


def ask(client: FlaskClient, body: Any, role: str = "dispatcher", **headers: str) -> Any:
    return client.post("/api/v1/wording", json=body, headers=bearer(actor(role)) | headers)


def test_a_fault_is_answered_with_its_place_reason_and_better_way(client: FlaskClient) -> None:
    answer = ask(client, {"text": REFUSAL})
    assert answer.status_code == 200
    assert answer.json["ok"] is False
    (finding,) = answer.json["findings"]
    assert set(finding) == {"start", "end", "text", "kind", "reason", "better"}
    assert (finding["text"], finding["kind"]) == ("我们不能", "refusal")
    assert REFUSAL[finding["start"] : finding["end"]] == finding["text"]


def test_a_text_without_fault_is_ok(client: FlaskClient) -> None:
    answer = ask(client, {"text": "因为总阀检修，今天不能用水，下午五点恢复。", "locale": "zh-CN"})
    assert answer.json == {"ok": True, "findings": []}


def test_places_are_those_of_the_text_as_it_was_sent(client: FlaskClient) -> None:
    text = f"\n  \u202d{REFUSAL}\n"
    (finding,) = ask(client, {"text": text}).json["findings"]
    assert text[finding["start"] : finding["end"]] == "我们不能"


@pytest.mark.parametrize(("language", "word"), [("zh-CN", "我们能为您做的是"), ("en", "what we can do")])
def test_the_advice_is_in_the_language_of_who_asks(client: FlaskClient, language: str, word: str) -> None:
    answer = ask(client, {"text": REFUSAL}, **{"Accept-Language": language})
    assert word in answer.json["findings"][0]["better"]
    assert answer.headers["Content-Language"] == language


def test_a_named_language_is_the_only_one_looked_for(client: FlaskClient) -> None:
    assert ask(client, {"text": REFUSAL, "locale": "en"}).json["ok"] is True


@pytest.mark.parametrize("role", ROLES)
def test_staff_may_ask_and_residents_need_not(client: FlaskClient, role: str) -> None:
    assert ask(client, {"text": "您好"}, role).status_code == (200 if role in STAFF else 403)


def test_nobody_asks_without_signing_in(client: FlaskClient) -> None:
    assert client.post("/api/v1/wording", json={"text": "您好"}).status_code == 401


def test_five_thousand_characters_are_checked_and_one_more_is_refused(client: FlaskClient) -> None:
    longest = (REFUSAL * 500)[:5000]
    assert len(longest) == 5000
    assert len(ask(client, {"text": longest}).json["findings"]) == 500
    assert ask(client, {"text": longest + "。"}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": " \u200b\n"}, {"text": None}, {"text": 5}, {"text": "\x00"}, {"text": "a", "more": 1},
     {"text": "a", "locale": "fr"}, {"text": "a", "locale": None}, []],
)  # fmt: skip
def test_what_is_no_draft_is_refused(client: FlaskClient, body: Any) -> None:
    assert ask(client, body).status_code == 422

"""What scripts call with the cookie: as the person, by the API's own limits, and never for another site."""

import os
import threading
from collections.abc import Callable

import pytest
from flask import Flask
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from gateway.limits import Limit
from services.kit.identity import verify
from services.kit.testing import keys
from tests.gateway.conftest import Answer, FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, browser

PHOTO = os.urandom(1024) * 1024 * 15


@pytest.fixture
def crew(app: Flask, organisation: Organisation) -> Browser:
    """Return a browser where somebody of a crew signed in."""
    one = browser(app)
    one.sign_in(organisation.open("crew")["login"])
    return one


def call(one: Browser, method: str, path: str, csrf: str | None = None, **more: object) -> TestResponse:
    """Call as a page's script does."""
    headers = {"X-CSRF-Token": one.csrf() if csrf is None else csrf, **dict(more.pop("headers", {}))}  # type: ignore[call-overload]
    return one.client.open(f"/call/api/v1{path}", method=method, headers=headers, **more)  # type: ignore[arg-type]


def form(photo: bytes) -> dict[str, object]:
    """Return the body of a form with a photo, and its type."""
    body, kind = encode_multipart_formdata({"photo": ("p.jpg", photo, "image/jpeg")})
    return {"data": body, "content_type": kind}


def test_a_call_is_made_as_the_person_and_without_the_cookie(
    crew: Browser, services: dict[str, FakeService], organisation: Organisation
) -> None:
    answer = call(
        crew, "POST", "/tickets/1/claim", json={}, headers={"Idempotency-Key": '"k"', "Authorization": "Bearer x"}
    )
    assert answer.status_code == 200
    asked = services["tickets"].asked[-1]
    assert (asked["method"], asked["path"]) == ("POST", "/api/v1/tickets/1/claim")
    actor = verify(asked["headers"]["authorization"].removeprefix("Bearer "), keys()[1])
    assert (actor.role, actor.organisation_id) == ("crew", organisation.id)
    assert asked["headers"]["idempotency-key"] == '"k"'
    assert not {"cookie", "x-csrf-token"} & set(asked["headers"])


@pytest.mark.parametrize("csrf", ["", "made-up"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_changed_without_the_token(
    crew: Browser, services: dict[str, FakeService], method: str, csrf: str
) -> None:
    answer = call(crew, method, "/tickets/1/claim", csrf, json={})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.get_json()["code"] == "forbidden"
    assert services["tickets"].asked == []


def test_a_token_of_another_session_or_in_a_form_does_not_count(
    app: Flask, crew: Browser, services: dict[str, FakeService]
) -> None:
    assert call(crew, "POST", "/tickets", browser(app).csrf(), json={}).status_code == 403
    assert call(crew, "POST", "/tickets", "", data={"csrf_token": crew.csrf()}).status_code == 403
    assert services["tickets"].asked == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_site_gets_nothing(crew: Browser, services: dict[str, FakeService], method: str) -> None:
    answer = call(crew, method, "/tickets", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert services["tickets"].asked == []


def test_a_stranger_is_refused_in_the_format_of_the_api(app: Flask) -> None:
    answer = browser(app).client.get("/call/api/v1/tickets", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    ["/call/../admin", "/call/call/api/v1/me", "/call/api/v1/../../admin", "/call/api/v1//tickets", "/call/api/v2/x"],
)
def test_only_the_api_is_called(crew: Browser, services: dict[str, FakeService], path: str) -> None:
    assert crew.client.get(path).status_code in (400, 404)
    assert services["tickets"].asked == []


def test_the_gateways_own_api_answers_too(crew: Browser, services: dict[str, FakeService]) -> None:
    services["tickets"].answer = lambda _asked: json_answer({"items": []})
    assert crew.client.get("/call/api/v1/me").get_json()["role"] == "crew"
    assert call(crew, "GET", "/accounts").status_code == 403


def test_a_large_photo_goes_through_and_a_larger_one_does_not(crew: Browser, services: dict[str, FakeService]) -> None:
    services["tickets"].answer = lambda _asked: json_answer({"id": "p"}, 201)
    answer = call(crew, "POST", "/tickets/1/photos", **form(PHOTO))
    assert answer.status_code == 201
    assert PHOTO in services["tickets"].asked[-1]["body"]
    answer = call(crew, "POST", "/tickets/1/photos", **form(PHOTO + PHOTO))
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    answer = call(crew, "POST", "/tickets/1/comments", **form(PHOTO))
    assert answer.status_code == 413


def test_what_is_read_by_pieces_arrives_as_it_comes_and_with_its_headers(
    crew: Browser, services: dict[str, FakeService]
) -> None:
    headers = {"Content-Type": "image/jpeg", "ETag": '"p"', "Cache-Control": "private, max-age=60", "Set-Cookie": "a=b"}
    services["tickets"].answer = lambda _asked: Answer(200, PHOTO, headers)
    answer = crew.client.get("/call/api/v1/tickets/1/photos/2")
    assert answer.data == PHOTO
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == ('"p"', "private, max-age=60")
    assert "a=b" not in answer.headers.get("Set-Cookie", "")


def test_the_live_stream_is_followed_with_the_cookie(crew: Browser) -> None:
    answer = crew.client.get("/call/api/v1/stream", headers={"Accept": "text/event-stream"}, buffered=False)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    first: list[bytes] = []
    pieces = iter(answer.response)
    reading = threading.Thread(target=lambda: first.append(next(pieces)))  # type: ignore[arg-type]
    reading.start()
    reading.join(5)
    answer.close()
    assert first
    assert first[0].startswith(b"retry:")


def test_calls_are_counted_as_the_persons_own(
    build: Callable[..., Flask], organisation: Organisation, services: dict[str, FakeService]
) -> None:
    app = build(rate_limit=Limit(7, 60))
    one = browser(app)
    one.sign_in(organisation.open("crew")["login"])
    statuses = [one.client.get("/call/api/v1/tickets").status_code for _ in range(9)]
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_a_script_learns_whose_session_it_is(crew: Browser, app: Flask) -> None:
    told = crew.client.get("/call/session").get_json()
    assert (told["role"], told["language"]) == ("crew", "en")
    assert call(crew, "POST", "/tickets/1/claim", told["csrf"], json={}).status_code == 200
    stranger = browser(app).client.get("/call/session", headers={"Accept": "text/html"})
    assert (stranger.status_code, stranger.mimetype) == (401, "application/problem+json")

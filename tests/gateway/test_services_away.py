"""What a caller is told when a service does not answer, and how little it holds up meanwhile."""

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway import upstreams
from tests.gateway.conftest import Answer, FakeService

Services = dict[str, FakeService]


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing was changed"), ("zh-CN", "未作任何更改")])
def test_a_dead_service_is_a_503_that_names_nothing_internal(
    client: FlaskClient, services: Services, language: str, words: str
) -> None:
    address = services["notify"].url.removeprefix("http://")
    services["notify"].stop()
    services["notify"] = FakeService()
    answer = client.get("/api/v1/notices", headers={"Accept-Language": language})
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    assert words in answer.get_json()["detail"]
    assert address not in answer.text
    assert "notify" not in answer.text
    assert client.get("/api/v1/pool").status_code == 200


def test_after_some_refusals_nobody_waits_until_the_service_is_tried_again(
    client: FlaskClient, app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = app.extensions["gateway"].upstreams["surveys"]
    tried: list[str] = []
    working = upstream._pool.urlopen

    def refuse(method: str, *_args: object, **_kwargs: object) -> None:
        tried.append(method)
        raise upstreams.NewConnectionError(upstream._pool, "refused")

    monkeypatch.setattr(upstream._pool, "urlopen", refuse)
    for _ in range(5):
        assert client.get("/api/v1/surveys/x").status_code == 503
    assert len(tried) == 5
    monkeypatch.setattr(upstream._pool, "urlopen", working)
    assert client.get("/api/v1/surveys/x").status_code == 503
    monkeypatch.setattr(upstreams, "OPEN_SECONDS", 0.0)
    upstream._open_until = time.monotonic()
    assert client.get("/api/v1/surveys/x").status_code == 200


def test_only_a_connection_never_made_of_a_safe_method_is_tried_again(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = app.extensions["gateway"].upstreams["tickets"]
    tried: list[str] = []
    working = upstream._pool.urlopen

    def refuse_once(method: str, *args: object, **kwargs: object) -> object:
        tried.append(method)
        if tried.count(method) == 1:
            raise upstreams.NewConnectionError(upstream._pool, "refused")
        return working(method, *args, **kwargs)

    monkeypatch.setattr(upstream._pool, "urlopen", refuse_once)
    assert client.get("/api/v1/pool").status_code == 200
    assert client.post("/api/v1/tickets", json={}).status_code == 503
    assert tried == ["GET", "GET", "POST"]


def test_a_slow_service_is_a_503_that_admits_it_may_have_been_done(
    build: Callable[..., Flask], services: Services
) -> None:
    done = threading.Event()
    services["tickets"].answer = lambda _asked: (done.wait(5), Answer())[1]
    answer = build(read_seconds=0.5).test_client().post("/api/v1/tickets", json={"description": "x"})
    done.set()
    assert answer.status_code == 503
    assert "may or may not" in answer.get_json()["detail"]
    assert len(services["tickets"].asked) == 1


def test_an_answer_that_breaks_off_is_not_passed_on_as_whole(client: FlaskClient, services: Services) -> None:
    services["tickets"].answer = lambda _asked: Answer(200, b"half", {"Content-Length": "100", "Connection": "close"})
    assert client.get("/api/v1/pool").status_code == 503


def test_a_full_service_refuses_the_next_at_once(build: Callable[..., Flask], services: Services) -> None:
    app = build(concurrency=1, read_seconds=5.0)
    entered, release = threading.Event(), threading.Event()

    def hold(_asked: object) -> Answer:
        entered.set()
        release.wait(5)
        return Answer()

    services["tickets"].answer = hold
    first: list[int] = []
    thread = threading.Thread(target=lambda: first.append(app.test_client().get("/api/v1/pool").status_code))
    thread.start()
    assert entered.wait(5)
    refused = app.test_client().get("/api/v1/pool")
    release.set()
    thread.join()
    assert (refused.status_code, first) == (503, [200])
    assert "Retry-After" in refused.headers
    assert app.test_client().get("/api/v1/pool").status_code == 200

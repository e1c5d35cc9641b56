"""What is refused reads as a page: whoever refuses it, in the page's language, with its status and a way on."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from gateway.web import session
from services.kit.errors import Conflict, DeskError, Forbidden, Invalid, NotFound, Unavailable
from tests.gateway.conftest import Answer, FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, path_of, text_of
from tests.gateway.web.test_web_sign_in import PLACES

UNITS = {"items": [{"id": "0193b3f2-1111-7000-8000-000000000001", "name": "101", "building": "1"}]}
SAYS = {"en": "Said by the service.", "zh-CN": "服务如是说。"}
TITLES = {
    403: ("Forbidden", "没有权限"),
    404: ("Not Found", "没有找到"),
    409: ("Conflict", "与当前状态冲突"),
    422: ("Something in the input needs correcting", "填写有误"),
    429: ("Too many requests", "请求过于频繁"),
    503: ("Service Unavailable", "服务暂时不可用"),
}
CODES = {403: "forbidden", 404: "not_found", 409: "conflict", 422: "invalid", 429: "invalid", 503: "unavailable"}
OWN: dict[int, type[DeskError]] = {403: Forbidden, 404: NotFound, 409: Conflict, 422: Invalid, 503: Unavailable}
LANGUAGES = ["en", "zh-CN"]


def refusing(status: int) -> Callable[[dict[str, Any]], Answer]:
    """Return a service that refuses everything, in the language it is asked in."""

    def answer(asked: dict[str, Any]) -> Answer:
        if path_of(asked) == "/communities":
            return json_answer(PLACES)
        if path_of(asked) == "/units":
            return json_answer(UNITS)
        said = SAYS[asked["headers"]["accept-language"]]
        problem = {"status": status, "code": CODES[status], "title": "?", "detail": said}
        headers = {"Retry-After": "7"} if status in (429, 503) else {}
        return json_answer(problem, status, **headers)

    return answer


def signed_in(app: Flask, organisation: Organisation, language: str) -> Browser:
    """Return a browser where a resident signed in."""
    one = browser(app, language)
    one.sign_in(organisation.open()["login"])
    return one


def is_a_page(answer: Any, status: int, language: str) -> str:
    """Check that a refusal is a whole page of ours; return what it says."""
    said = text_of(answer)
    assert (answer.status_code, answer.mimetype) == (status, "text/html"), said
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'nonce-")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Content-Language"] == language
    assert answer.text.count("<h1") == 1
    assert ("返回首页" if language == "zh-CN" else "To the first page") in said
    return said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", TITLES)
def test_what_a_service_refuses_is_a_page(
    app: Flask, services: dict[str, FakeService], organisation: Organisation, status: int, language: str
) -> None:
    services["tickets"].answer = refusing(status)
    answer = signed_in(app, organisation, language).open("/my")
    said = is_a_page(answer, status, language)
    assert TITLES[status][language == "zh-CN"] in said
    assert SAYS[language] in said
    assert answer.headers.get("Retry-After") == ("7" if status in (429, 503) else None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", OWN)
def test_what_the_gateway_refuses_is_a_page(
    app: Flask, organisation: Organisation, status: int, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OWN[status]("Said here.", "这里说的。")

    one = signed_in(app, organisation, language)
    monkeypatch.setitem(app.view_functions, "resident.home", _like(app.view_functions["resident.home"], refuse))
    said = is_a_page(one.open("/my"), status, language)
    assert ("这里说的。" if language == "zh-CN" else "Said here.") in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_expected_is_a_page_that_tells_nothing(
    app: Flask, organisation: Organisation, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a secret of ours")

    one = signed_in(app, organisation, language)
    monkeypatch.setitem(app.view_functions, "resident.home", _like(app.view_functions["resident.home"], fail))
    said = is_a_page(one.open("/my"), 500, language)
    assert "secret" not in said


@pytest.mark.parametrize("path", ["/nothing/here", "/my/no-id", "/assets/x/y.css", "/call/x"])
def test_an_address_that_is_none_is_a_page_for_people_only(app: Flask, path: str) -> None:
    answer = browser(app, "zh-CN").open(path)
    assert answer.status_code == 404
    if path == "/call/x":
        assert answer.mimetype == "application/problem+json"
    else:
        is_a_page(answer, 404, "zh-CN")
    assert (
        app.test_client().get("/api/v1/nothing", headers={"Accept": "text/html"}).mimetype == "application/problem+json"
    )


def test_a_method_that_a_page_does_not_take_is_a_page(app: Flask) -> None:
    answer = browser(app).client.delete("/sign-in", headers={"Accept": "text/html", "Accept-Language": "en"})
    is_a_page(answer, 405, "en")


def test_a_form_that_is_too_large_is_a_page_before_it_is_read(app: Flask, organisation: Organisation) -> None:
    one = signed_in(app, organisation, "en")
    said = is_a_page(one.send("/my/new", description="x" * 300_000), 413, "en")
    assert "262144" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_service_that_is_down_is_a_page(
    app: Flask, services: dict[str, FakeService], organisation: Organisation, language: str
) -> None:
    one = signed_in(app, organisation, language)
    services["tickets"].stop()
    said = is_a_page(one.open("/my"), 503, language)
    assert ("未作任何更改" if language == "zh-CN" else "Nothing was changed") in said


def test_a_database_that_is_away_is_a_page(
    app: Flask, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    one = signed_in(app, organisation, "en")
    monkeypatch.setattr(session.web_sessions, "account_of", away)
    said = is_a_page(one.open("/my"), 503, "en")
    assert "database is not answering" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_form_got_wrong_stands_beside_its_field_with_what_was_typed(
    app: Flask, services: dict[str, FakeService], organisation: Organisation, language: str
) -> None:
    errors = [{"field": "description", "detail": SAYS[language]}, {"field": "elsewhere", "detail": "And this."}]
    problem = {"status": 422, "code": "invalid", "detail": "Please correct.", "errors": errors}
    answers(services["tickets"], {"/units": UNITS, "/communities": PLACES, "POST /tickets": json_answer(problem, 422)})
    one = signed_in(app, organisation, language)
    answer = one.send("/my/new", description="<b>水 & 电</b>", key="k")
    assert answer.status_code == 422
    assert f'id="description-refused">{SAYS[language]}<' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "&lt;b&gt;水 &amp; 电&lt;/b&gt;" in answer.text
    assert 'role="alert"' in answer.text
    assert "And this." in answer.text
    assert 'value="k"' in answer.text


def _like(view: Any, instead: Callable[[], None]) -> Any:
    """Return another view for the same people."""
    instead.__dict__.update(view.__dict__)
    return instead

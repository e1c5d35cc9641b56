"""How pages ask the services: as the person, once for one form, several at the same time; and how they tell times."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask import Flask, g, request

from gateway.web import moments
from gateway.web.desk import Refused, desk, public_desk, token_of
from gateway.web.session import Visitor
from services.kit.errors import Unauthenticated, Unavailable
from services.kit.identity import ACCESS_LIFETIME, Actor, expiry, verify
from services.kit.testing import actor, at, keys
from tests.gateway.conftest import Answer, FakeService, Organisation, json_answer
from tests.gateway.web.pages import answers, browser, path_of, query_of
from tests.gateway.web.test_web_refusals import UNITS

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
PLACES = {
    "items": [
        {"id": "g", "name": "Garden", "timezone": "Asia/Shanghai"},
        {"id": "l", "name": "Lane", "timezone": "Europe/London"},
    ]
}


class Visit:
    """A request of somebody signed in, without the browser."""

    def __init__(self, app: Flask, who: Actor, language: str = "en", **request_: object) -> None:
        self.context = app.test_request_context("/my", **request_)  # type: ignore[arg-type]
        self.who, self.language = who, language

    def __enter__(self) -> None:
        self.context.push()
        g.visitor, g.language, g.request_id = Visitor(self.who, "me", None), self.language, "r" * 12

    def __exit__(self, *_exception: object) -> None:
        self.context.pop()


def test_a_form_sent_twice_has_one_key(
    app: Flask, services: dict[str, FakeService], organisation: Organisation
) -> None:
    ticket = {"id": "0193b3f2-1111-7000-8000-000000000001", "number": "D-1"}
    answers(services["tickets"], {"/units": UNITS, "POST /tickets": json_answer(ticket, 201)})
    one = browser(app)
    one.sign_in(organisation.open()["login"])
    for _ in range(2):
        assert one.send("/my/new", description="a", key="0193b3f2-aaaa").status_code == 303
    sent = [asked for asked in services["tickets"].asked if asked["method"] == "POST"]
    assert [asked["headers"]["idempotency-key"] for asked in sent] == ['"0193b3f2-aaaa"'] * 2
    assert sent[0]["body"] == sent[1]["body"] == b'{"description":"a","channel":"web"}'


def test_what_is_asked_is_asked_as_the_person_in_their_language(app: Flask, services: dict[str, FakeService]) -> None:
    who = actor("crew", skills=("gas",))
    services["tickets"].answer = lambda _asked: json_answer(
        {"items": []}, ETag='"v7"', Link='<x?after=a%2Bb>; rel="next"'
    )
    with Visit(app, who, "zh-CN"):
        told = desk().get("/tickets", owner="me", status=["filed", "claimed"], after=None, from_="2026")
        asked = services["tickets"].asked[-1]
        assert (told.etag, told.after, told.status) == ('"v7"', "a+b", 200)
        assert query_of(asked) == {"owner": ["me"], "status": ["filed", "claimed"], "from": ["2026"]}
        assert asked["headers"]["accept-language"] == "zh-CN"
        assert asked["headers"]["x-request-id"] == "r" * 12
        assert verify(asked["headers"]["authorization"].removeprefix("Bearer "), keys()[1]) == who
        desk().patch("/tickets/1", {"a": 1}, if_match=told.etag)
        assert services["tickets"].asked[-1]["headers"]["if-match"] == '"v7"'


def test_a_token_is_used_again_but_never_near_its_end(app: Flask) -> None:
    who = actor()
    with Visit(app, who):
        first = token_of(who)
        assert token_of(who) == first
        assert token_of(actor()) != first
        assert expiry(first) - datetime.now(UTC).timestamp() > ACCESS_LIFETIME.total_seconds() / 2


def test_several_are_asked_and_what_is_away_is_forgiven_only_where_the_page_says_so(
    app: Flask, services: dict[str, FakeService]
) -> None:
    services["tickets"].answer = lambda asked: json_answer({"path": path_of(asked)})
    services["surveys"].stop()
    wanted = {"a": "/tickets/1", "b": "/reports/gaps", "me": "/openapi.json"}
    with Visit(app, actor("manager")):
        found = desk().several(wanted, forgiving=True)
        assert (found["a"], found["b"]) == ({"path": "/tickets/1"}, None)
        assert found["me"]["openapi"].startswith("3")
        with pytest.raises(Unavailable):
            desk().several(wanted)
        services["tickets"].answer = lambda _asked: json_answer({"detail": "no", "code": "not_found"}, 404)
        with pytest.raises(Refused, match="404 not_found: no"):
            desk().several({"a": "/tickets/1"}, forgiving=True)


def test_a_refusal_names_the_fields_and_keeps_what_else_is_said(app: Flask, services: dict[str, FakeService]) -> None:
    errors = [{"field": "a", "detail": "first"}, {"field": "a", "detail": "second"}]
    body = {"detail": "Taken.", "code": "claimed", "errors": errors, "winner": "crew 2"}
    services["tickets"].answer = lambda _asked: json_answer(body, 409)
    with Visit(app, actor("crew")), pytest.raises(Refused) as caught:
        desk().post("/tickets/1/claim")
    refused = caught.value
    assert (refused.status, refused.code, refused.sentence, refused.errors) == (
        409,
        "claimed",
        "Taken.",
        {"a": "first"},
    )
    assert refused.more["winner"] == "crew 2"


@pytest.mark.parametrize("answer", [Answer(200, b"{", {"Content-Type": "application/json"}), Answer(502, b"bad", {})])
def test_an_answer_that_nobody_understands_is_no_answer(
    app: Flask, services: dict[str, FakeService], answer: Answer
) -> None:
    services["tickets"].answer = lambda _asked: answer
    with Visit(app, actor()), pytest.raises((Unavailable, Refused)):
        desk().get("/tickets")


def test_a_photo_of_a_form_goes_on_whole(app: Flask, services: dict[str, FakeService]) -> None:
    data = {"photo": (BytesIO(b"\xff\xd8\x00jpeg"), "p.jpg", "image/jpeg"), "key": "k"}
    with Visit(app, actor(), method="POST", data=data):
        desk().upload("/tickets/1/photos", "photo", request.files["photo"])
    asked = services["tickets"].asked[-1]
    assert b"\xff\xd8\x00jpeg" in asked["body"]
    assert asked["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    assert asked["headers"]["idempotency-key"] == '"k"'


def test_a_stranger_has_no_desk_but_the_public_one(app: Flask, services: dict[str, FakeService]) -> None:
    with app.test_request_context("/"):
        g.request_id = "r" * 12
        with pytest.raises(Unauthenticated):
            desk()
        public_desk().get("/surveys/x")
        assert "authorization" not in services["surveys"].asked[-1]["headers"]
        with pytest.raises(ValueError, match="no route for /nothing"):
            public_desk().get("/nothing")


@pytest.mark.parametrize(
    ("language", "community", "hours", "says"),
    [
        ("en", "g", 0, "today 23:30"),
        ("zh-CN", "g", 0, "今天 23:30"),
        ("en", "g", 1, "tomorrow 00:30"),
        ("en", "l", 1, "today 16:30"),
        ("en", None, -24, "yesterday 23:30"),
        ("en", "g", 72, "25 Nov 23:30"),
        ("zh-CN", "g", 72, "11月25日 23:30"),
        ("en", "g", -24 * 365, "22 Nov 2025 23:30"),
        ("zh-CN", "unknown", -24 * 365, "2025年11月22日 23:30"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_its_community(
    app: Flask, services: dict[str, FakeService], language: str, community: str | None, hours: int, says: str
) -> None:
    answers(services["tickets"], {"/communities": PLACES})
    with Visit(app, actor(), language), at(NOW):
        told = str(moments.moment((NOW + timedelta(hours=hours)).isoformat(), community))
    assert f">{says}<" in told
    assert 'datetime="20' in told


def test_a_zone_that_is_not_known_just_now_is_utc_and_says_so(app: Flask, services: dict[str, FakeService]) -> None:
    services["tickets"].stop()
    with Visit(app, actor()), at(NOW):
        assert "today 15:30 UTC" in str(moments.moment(NOW))
        assert moments.moment(None) == moments.day(None) == moments.duration(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (5, "under a minute"),
        (65, "1 min"),
        (3660, "1 h 1 min"),
        (90000, "1 d 1 h"),
        (-120, "−2 min"),
        (0, "under a minute"),
    ],
)
def test_a_length_of_time_is_told_by_its_largest_units(app: Flask, seconds: float, says: str) -> None:
    with Visit(app, actor()):
        assert moments.duration(seconds) == says

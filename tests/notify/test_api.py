"""What everybody may ask about themselves over HTTP, and nobody about anybody else."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from services.contracts import surveys, tickets
from services.kit.database import transaction
from services.kit.identity import ROLES, Actor
from services.kit.testing import actor, bearer, fresh
from services.notify.models import contacts, notices, outbox
from tests.notify.conftest import NOON, Desk

SECRET = "json://chat.example.org/a-very-secret-path"


def resident_of(desk: Desk, role: str = "resident", **changes: Any) -> Actor:
    """Add a person and return them as they sign in."""
    person = desk.person(role, **changes)
    return Actor(person, desk.organisation_id, role, (desk.community_id,))


def told(desk: Desk, who: Actor, count: int = 1) -> None:
    desk.hears(*[desk.event(tickets.TicketDeparted, requester_id=who.id) for _ in range(count)])


def put(client: FlaskClient, who: Actor, body: Any, version: str | None = '"v0"') -> Any:
    headers = bearer(who) | ({"If-Match": version} if version else {})
    return client.put("/api/v1/preferences", json=body, headers=headers)


def test_notices_are_listed_newest_first_page_by_page(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    told(desk, who, 5)
    seen: list[str] = []
    link = "/api/v1/notices?limit=2"
    pages = 0
    while link:
        answer = client.get(link, headers=bearer(who))
        assert answer.status_code == 200
        seen += [item["id"] for item in answer.json["items"]]
        link = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
        pages += 1
    assert pages == 3
    assert seen == [notice.id for notice in reversed(desk.notices(who.id))]


def test_a_notice_shows_what_it_promises(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    desk.hears(desk.event(surveys.SurveyInvited, requester_id=who.id, link_token="abc", expires_at=NOON))
    (item,) = client.get("/api/v1/notices", headers=bearer(who)).json["items"]
    assert set(item) == {
        "id", "kind", "ticket_id", "title", "body", "link", "urgent", "data", "created_at", "read_at",
        "target_at", "told",
    }  # fmt: skip
    assert item["data"] == {"survey_token": "abc"}


def test_reading_a_notice_counts_the_first_time(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    told(desk, who, 2)
    first = desk.notices(who.id)[0].id
    answer = client.post(f"/api/v1/notices/{first}/read", headers=bearer(who))
    assert answer.status_code == 200
    moment = answer.json["read_at"]
    assert moment
    assert client.post(f"/api/v1/notices/{first}/read", headers=bearer(who)).json["read_at"] == moment
    unread = client.get("/api/v1/notices?unread=true", headers=bearer(who)).json["items"]
    read = client.get("/api/v1/notices?unread=false", headers=bearer(who)).json["items"]
    assert first not in [item["id"] for item in unread]
    assert [item["id"] for item in read] == [first]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads_its_own(client: FlaskClient, desk: Desk, role: str) -> None:
    who = resident_of(desk, role)
    assert client.get("/api/v1/notices", headers=bearer(who)).status_code == 200
    assert client.get("/api/v1/preferences", headers=bearer(who)).status_code == 200


def test_nobody_reads_without_signing_in(client: FlaskClient) -> None:
    for method, path in (("GET", "notices"), ("POST", f"notices/{fresh()}/read"), ("GET", "preferences")):
        assert client.open(f"/api/v1/{path}", method=method).status_code == 401


def test_another_persons_notice_does_not_exist(client: FlaskClient, desk: Desk) -> None:
    owner, manager = resident_of(desk), resident_of(desk, "manager")
    namesake = actor(organisation_id=fresh())
    told(desk, owner)
    (notice,) = desk.notices(owner.id)
    same_id_elsewhere = Actor(owner.id, fresh(), "resident")
    for stranger in (manager, namesake, same_id_elsewhere):
        assert client.post(f"/api/v1/notices/{notice.id}/read", headers=bearer(stranger)).status_code == 404
        assert client.get("/api/v1/notices", headers=bearer(stranger)).json["items"] == []
    assert desk.notices(owner.id)[0].read_at is None


def test_the_database_itself_shows_only_ones_own(desk: Desk) -> None:
    owner, stranger = resident_of(desk), resident_of(desk, "admin")
    told(desk, owner)
    with transaction(desk.web, stranger) as connection:
        assert connection.execute(select(notices)).all() == []
        assert [row.person_id for row in connection.execute(select(contacts))] == [stranger.id]
        assert connection.execute(contacts.update().values(email="mine@example.org")).rowcount == 1
    with desk.web.connect() as connection:
        assert connection.execute(select(notices)).all() == []


@pytest.mark.parametrize(
    "forbidden",
    ["UPDATE contacts SET role = 'admin'", "UPDATE notices SET title = ''", "DELETE FROM notices", "TABLE deliveries"],
)
def test_the_web_role_may_not(desk: Desk, forbidden: str) -> None:
    with pytest.raises(Exception, match="permission denied"), transaction(desk.web, resident_of(desk)) as connection:
        connection.execute(text(forbidden))


def test_nobody_becomes_somebody_else(desk: Desk) -> None:
    row = {"person_id": fresh(), "organisation_id": desk.organisation_id, "role": "resident"}
    with pytest.raises(Exception, match="row-level security"), transaction(desk.web, resident_of(desk)) as connection:
        connection.execute(insert(contacts).values(row))


def test_preferences_come_with_their_version_and_round_trip(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    first = client.get("/api/v1/preferences", headers=bearer(who))
    assert first.headers["ETag"] == '"v0"'
    assert first.json["timezone"] == "Asia/Shanghai"
    wanted = {
        "locale": "en",
        "timezone": "Europe/Berlin",
        "quiet_from": "22:00",
        "quiet_until": "07:30",
        "email": "me@example.org",
        "email_confirmed": False,
        "apprise_urls": [SECRET],
        "sms_urls": [],
        "digest_at": None,
        "channels": {"ticket.claimed": ["in_app"]},
        # The kinds of requests differ, so that the topic has no one answer.
        "topics": {"announcements": None, "events": None, "opinions": None},
    }
    second = put(client, who, wanted)
    assert second.status_code == 200
    assert second.headers["ETag"] == '"v1"'
    shown = client.get("/api/v1/preferences", headers=bearer(who))
    assert shown.json == second.json
    assert shown.json | {"apprise_urls": [SECRET]} == wanted
    assert "secret" not in shown.text
    third = put(client, who, shown.json, '"v1"')
    assert third.status_code == 200
    with desk.worker.connect() as connection:
        row = connection.execute(select(contacts).where(contacts.c.person_id == who.id)).one()
    assert row.apprise_urls == [SECRET], "a masked address keeps what it stands for"
    assert row.role == "resident"


def test_others_hear_how_somebody_wants_to_be_told_and_no_address(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    body = {"locale": "en", "quiet_from": "22:00", "quiet_until": "07:30", "email": "me@example.org"}
    assert put(client, who, {**body, "apprise_urls": [SECRET]}).status_code == 200
    assert put(client, who, {"digest_at": "08:00"}, '"v1"').status_code == 200
    with desk.worker.connect() as connection:
        mine = (outbox.c.subject == who.id) & (outbox.c.type == "preferences.changed.v1")
        first, second = connection.execute(select(outbox.c.data).where(mine).order_by(outbox.c.id)).scalars()
    assert first == {
        "account_id": who.id,
        "revision": 1,
        "locale": "en",
        "timezone": "Asia/Shanghai",
        "channels": ["apprise"],
        "quiet_from": "22:00",
        "quiet_until": "07:30",
        "digest_at": None,
    }
    assert (second["revision"], second["locale"], second["digest_at"]) == (2, "en", "08:00")


def test_what_a_put_leaves_out_stays(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk, email="me@example.org")
    changed = put(client, who, {"quiet_from": "22:00", "quiet_until": "07:00"}).json
    assert (changed["email"], changed["quiet_from"]) == ("me@example.org", "22:00")
    freed = put(client, who, {"quiet_from": None, "quiet_until": None}, '"v1"').json
    assert freed["quiet_from"] is None


def test_somebody_not_yet_heard_of_has_preferences_too(client: FlaskClient, desk: Desk) -> None:
    who = actor("crew", organisation_id=desk.organisation_id, locale="en")
    shown = client.get("/api/v1/preferences", headers=bearer(who))
    assert (shown.headers["ETag"], shown.json["locale"]) == ('"v0"', "en")
    assert put(client, who, {"email": "crew@example.org"}).status_code == 200


def test_preferences_need_the_version_they_change(client: FlaskClient, desk: Desk) -> None:
    who = resident_of(desk)
    assert put(client, who, {"locale": "en"}, None).status_code == 428
    assert put(client, who, {"locale": "en"}, '"v7"').status_code == 412
    assert put(client, who, {"locale": "en"}, "seven").status_code == 422
    assert put(client, who, {"locale": "en"}).status_code == 200
    assert put(client, who, {"locale": "zh-CN"}).status_code == 412
    assert client.get("/api/v1/preferences", headers=bearer(who)).json["locale"] == "en"


BAD_BODIES: list[tuple[Any, str]] = [
    ({"locale": "fr"}, "locale"),
    ({"locale": 1}, "locale"),
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"timezone": "../../etc/passwd"}, "timezone"),
    ({"quiet_from": "22:00"}, "quiet_until"),
    ({"quiet_from": "22:00", "quiet_until": None}, "quiet_until"),
    ({"quiet_from": "24:00", "quiet_until": "07:00"}, "quiet_from"),
    ({"quiet_from": "22:00\n", "quiet_until": "07:00"}, "quiet_from"),
    ({"email": "nobody"}, "email"),
    ({"email": "root@localhost"}, "email"),
    ({"email": "root@[127.0.0.1]"}, "email"),
    ({"email": "me@example.org\nBcc: all@example.org"}, "email"),
    ({"email": "我@example.org"}, "email"),
    ({"email": "a" * 300 + "@example.org"}, "email"),
    ({"apprise_urls": ["file:///etc/passwd"]}, "apprise_urls.0"),
    ({"apprise_urls": ["syslog://localhost"]}, "apprise_urls.0"),
    ({"apprise_urls": ["dbus://"]}, "apprise_urls.0"),
    ({"apprise_urls": ["xml://169.254.169.254/"]}, "apprise_urls.0"),
    ({"apprise_urls": ["dingtalk://"]}, "apprise_urls.0"),
    ({"apprise_urls": ["not an address"]}, "apprise_urls.0"),
    ({"apprise_urls": [SECRET] * 6}, "apprise_urls"),
    ({"apprise_urls": SECRET}, "apprise_urls"),
    ({"channels": {"ticket.unknown": ["email"]}}, "channels.ticket.unknown.key"),
    ({"channels": {"ticket.claimed": ["pigeon"]}}, "channels.ticket.claimed.value.0"),
    ({"channels": []}, "channels"),
    ({"topics": {"weather": None}}, "topics.weather.key"),
    ({"topics": {"events": ["pigeon"]}}, "topics.events.value.0"),
    ({"topics": {"events": "email"}}, "topics.events.value"),
    ({"topics": []}, "topics"),
    ({"version": 3}, "version"),
    ({"role": "admin"}, "role"),
    ([], ""),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES, ids=[str(body)[:50] for body, _ in BAD_BODIES])
def test_bad_preferences_are_refused_by_name(client: FlaskClient, desk: Desk, body: Any, field: str) -> None:
    who = resident_of(desk)
    answer = put(client, who, body)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    if field:
        assert field in [error["field"] for error in answer.json["errors"]]
    assert client.get("/api/v1/preferences", headers=bearer(who)).headers["ETag"] == '"v0"', "nothing half-written"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 422),
        ("limit=101", 422),
        ("limit=many", 422),
        ("unread=perhaps", 422),
        ("after=!!!", 422),
        ("after=W10", 422),
        ("after=WyJub3QgYW4gaWQiXQ", 422),
        ("page=2", 422),
    ],
)
def test_a_bad_query_is_refused(client: FlaskClient, desk: Desk, query: str, status: int) -> None:
    assert client.get(f"/api/v1/notices?{query}", headers=bearer(resident_of(desk))).status_code == status


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"locale": "en"', b"[" * 100_000])
def test_what_is_no_json_is_refused(client: FlaskClient, desk: Desk, raw: bytes) -> None:
    headers = bearer(resident_of(desk)) | {"If-Match": '"v0"', "Content-Type": "application/json"}
    answer = client.put("/api/v1/preferences", data=raw, headers=headers)
    assert 400 <= answer.status_code < 500


def test_a_notice_without_a_proper_id_is_not_found(client: FlaskClient, desk: Desk) -> None:
    for wrong in ("42", fresh(), "%00"):
        assert client.post(f"/api/v1/notices/{wrong}/read", headers=bearer(resident_of(desk))).status_code == 404


def test_the_document_describes_the_routes(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    assert {"/api/v1/notices", "/api/v1/notices/{notice_id}/read", "/api/v1/preferences"} <= set(paths)

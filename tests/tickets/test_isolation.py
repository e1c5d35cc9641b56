"""Nobody sees what is not theirs: by no route a stranger's ticket, whoever the stranger is."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from services.kit import testing
from services.kit.identity import Actor
from services.tickets.catalogue import SKILLS
from tests.tickets import complaining
from tests.tickets.walking import body_for, jpeg

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

ELSEWHERE = "00000000-0000-7000-8000-00000000000e"
STRANGERS = (
    "resident of another home",
    "resident without a home",
    "crew of another community",
    "dispatcher of another community",
    "manager of another community",
    "resident of another organisation",
    "crew of another organisation",
    "manager of another organisation",
    "admin of another organisation",
)
LISTS = ("/tickets", "/pool")


def stranger(estate: "Estate", other: "Estate", name: str) -> Actor:
    """Return somebody who has no business with `estate`'s tickets."""
    role, _, place = name.partition(" ")
    if place == "of another home":
        return estate.people["neighbour"]
    if place == "without a home":
        return estate.join(name, "resident")
    if place == "of another community":
        return estate.join(name, role, community_ids=(ELSEWHERE,), skills=SKILLS)
    return other.people[role]


@pytest.mark.parametrize("name", STRANGERS)
def test_no_route_shows_or_touches_a_strangers_ticket(
    app: Flask, estate: "Estate", new_estate: Callable[[], "Estate"], name: str
) -> None:
    ticket = estate.completed()
    estate.step("crew", ticket, "comments", {"body": "钥匙在门卫"})
    photo = estate.client.post(
        f"/api/v1/tickets/{ticket['id']}/photos",
        data={"photo": (io.BytesIO(jpeg()), "photo.jpg")},
        headers=testing.bearer(estate.people["crew"]),
    ).json
    who = stranger(estate, new_estate(), name)
    before = estate.get("admin", f"/tickets/{ticket['id']}").json["version"]
    answers = {
        f"{method} {rule}": call(app, who, method, rule, body_of(rule, ticket, estate))
        for method, rule in routes_of(app, ticket["id"], photo["id"])
    }
    assert len(answers) >= 24
    wrong = {route: answer.status_code for route, answer in answers.items() if answer.status_code != 404}
    # A role that has no such action at all is told so, whatever the ticket.
    assert all(status == 403 and "your role" in said(answers[route]) for route, status in wrong.items()), wrong
    # Everybody reads; but a case file is the managers', rounds and earlier complaints the staff's, a number no admin's.
    staffs = {"case-file", "checkpoints", "earlier", "complaint", "contact"}
    assert {route.rpartition("/")[2] for route in wrong if route.startswith("GET")} <= staffs
    assert "钥匙" not in "".join(answer.get_data(as_text=True) for answer in answers.values())
    assert estate.get("admin", f"/tickets/{ticket['id']}").json["version"] == before


def body_of(path: str, ticket: dict[str, Any], estate: "Estate") -> Any:
    """Return a body that a route takes."""
    action = path.rpartition("/")[2]
    return complaining.body_for(action) if "/complaint/" in path else body_for(action, ticket, estate)


def routes_of(app: Flask, ticket_id: str, photo_id: str) -> list[tuple[str, str]]:
    """Return every (method, path) of the API that names a ticket."""
    found = []
    for rule in app.url_map.iter_rules():
        if "ticket_id" in rule.arguments:
            path = rule.rule.replace("<uuid:ticket_id>", ticket_id).replace("<uuid:photo_id>", photo_id)
            path = path.replace("<string:kind>/<int:generation>", "resolve/1").replace("<int:n>", "1")
            found += [(method, path) for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}]
    return found


def call(app: Flask, who: Actor, method: str, path: str, body: Any) -> TestResponse:
    """Call a route with a body it takes."""
    headers = {**testing.bearer(who), "If-Match": "*", "Accept-Language": "en"}
    if method == "POST" and path.endswith("/photos"):
        return app.test_client().post(path, data={"photo": (io.BytesIO(jpeg()), "p.jpg")}, headers=headers)
    bodies = {"comments": {"body": "看看"}, "1": {"result": "ok"}, "contact": {"phone": "13800000000"}}
    sent = bodies.get(path.rpartition("/")[2], body)
    return app.test_client().open(path, method=method, json=None if method == "GET" else sent, headers=headers)


def said(answer: TestResponse) -> str:
    """Return the sentence of a refusal."""
    return str((answer.json or {}).get("detail", ""))


@pytest.mark.parametrize("name", STRANGERS)
def test_a_strangers_lists_stay_empty(
    app: Flask, estate: "Estate", new_estate: Callable[[], "Estate"], name: str
) -> None:
    estate.file()
    estate.completed()
    who = stranger(estate, new_estate(), name)
    for path in LISTS:
        answer = app.test_client().get(f"/api/v1{path}", headers=testing.bearer(who))
        assert answer.status_code == 403 or answer.json["items"] == [], path
    client, headers = app.test_client(), testing.bearer(who)
    ours = {estate.home, estate.other_home} - set(who.unit_ids)
    assert not ours & {unit["id"] for unit in client.get("/api/v1/units", headers=headers).json["items"]}
    report = client.get("/api/v1/reports/sla", headers=headers)
    assert report.status_code == 403 or sum(level["filed"] for level in report.json["groups"]) == 0
    filtered = client.get(f"/api/v1/tickets?community_id={estate.community_id}", headers=headers)
    assert filtered.json["items"] == []


def test_a_photo_is_not_found_under_another_ticket(estate: "Estate") -> None:
    mine, theirs = estate.file(name="resident"), estate.file(name="neighbour")
    photo = estate.client.post(
        f"/api/v1/tickets/{theirs['id']}/photos",
        data={"photo": (io.BytesIO(jpeg()), "photo.jpg")},
        headers=testing.bearer(estate.people["neighbour"]),
    ).json
    assert estate.get("neighbour", f"/tickets/{theirs['id']}/photos/{photo['id']}").status_code == 200
    assert estate.get("resident", f"/tickets/{mine['id']}/photos/{photo['id']}").status_code == 404
    assert estate.get("resident", f"/tickets/{theirs['id']}/photos/{photo['id']}").status_code == 404


def test_internal_words_are_for_staff(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    estate.step("crew", ticket, "comments", {"body": "备注：业主情绪激动", "visible": False})
    estate.step("crew", ticket, "comments", {"body": "师傅马上到"})
    estate.step("crew", ticket, "release", {"reason": "备注：缺少工具"})
    seen = "".join(
        estate.get("resident", f"/tickets/{ticket['id']}{part}").get_data(as_text=True)
        for part in ("", "/history", "/comments")
    )
    assert "备注" not in seen
    assert "师傅马上到" in seen
    staff = estate.get("dispatcher", f"/tickets/{ticket['id']}/comments").get_data(as_text=True)
    assert "情绪激动" in staff
    assert "缺少工具" in staff
    refusal = estate.post("resident", f"/tickets/{ticket['id']}/comments", {"body": "悄悄话", "visible": False})
    assert refusal.status_code == 403


def test_headers_that_claim_an_identity_are_ignored(app: Flask, estate: "Estate") -> None:
    ticket = estate.file()
    claims = {"X-User": estate.people["admin"].id, "X-Organisation": estate.organisation_id, "X-Role": "admin"}
    answer = app.test_client().get(f"/api/v1/tickets/{ticket['id']}", headers=claims)
    assert answer.status_code == 401


def test_internal_work_about_a_home_stays_among_staff(estate: "Estate") -> None:
    ticket = estate.file("阀门要等配件", "crew", catalogue_code="internal-spare-part", unit_id=estate.home)
    for path in ("", "/history", "/clocks", "/comments", "/photos"):
        assert estate.get("resident", f"/tickets/{ticket['id']}{path}").status_code == 404
        assert estate.get("colleague", f"/tickets/{ticket['id']}{path}").status_code == 200
    assert ticket["id"] not in estate.get("resident", "/tickets").get_data(as_text=True)
    assert estate.post("resident", f"/tickets/{ticket['id']}/comments", {"body": "?"}).status_code == 404

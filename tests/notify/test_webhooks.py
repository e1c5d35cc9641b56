"""Events reach other systems signed, in order, again for days, and never say a name."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from services.contracts import tickets
from services.kit import clock
from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.settings import Settings
from services.kit.testing import at, bearer, fresh
from services.notify.app import make_app
from services.notify.commands.webhooks import EVENT_TYPES, KEPT, forget_old
from services.notify.handlers import Handlers
from services.notify.hooks import WAITS, Sender
from services.notify.models import webhooks
from services.notify.outward import Outward
from tests.notify.conftest import NOON, Desk
from tests.notify.receiving import Receiver, receiving

SECONDS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def hooking(settings: Settings) -> Iterator[Flask]:
    app = make_app(settings, allow_loopback=True)
    yield app
    app.extensions["doorstep"].close()


@pytest.fixture
def sender(desk: Desk, settings: Settings) -> Iterator[Sender]:
    handlers = Handlers("https://desk.example", [])
    yield Sender(desk.worker, settings.secret, Outward(allow_loopback=True), handlers)
    with desk.worker.begin() as connection:
        connection.execute(webhooks.delete())


def manager(desk: Desk, *communities: str, role: str = "manager") -> Actor:
    return Actor(fresh(), desk.organisation_id, role, communities)


def registered(desk: Desk, app: Flask, receiver: Receiver, *types: str, who: Actor | None = None) -> Any:
    body = {"url": f"{receiver.url}/hook", "event_types": list(types) or ["ticket.filed.v1"]}
    answer = app.test_client().post("/api/v1/webhooks", json=body, headers=bearer(who or manager(desk)))
    assert answer.status_code == 201, answer.json
    return answer.json


def drain(sender: Sender, moment: datetime | None = None) -> None:
    with at(moment or clock.now()):
        while sender.step():
            pass


def test_an_event_arrives_signed_and_the_signature_holds(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    hook = registered(desk, hooking, receiver)
    event = desk.event(tickets.TicketFiled, requester_id=desk.person())
    desk.hears(event, event)
    drain(sender)
    ((path, headers, body),) = receiver.taken
    assert path == "/hook"
    payload = Webhook(hook["secret"]).verify(body, headers)
    assert payload["type"] == "ticket.filed.v1"
    assert payload["data"]["event_id"] == event.id
    assert payload["data"]["number"] == "XF-000042"
    forged = body.replace(b"XF-000042", b"XF-000043")
    with pytest.raises(WebhookVerificationError):
        Webhook(hook["secret"]).verify(forged, headers)


def test_only_what_was_asked_for_and_only_ones_own_is_sent(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    registered(desk, hooking, receiver, "ticket.filed.v1", who=manager(desk, desk.community_id))
    elsewhere = Desk(desk.web, desk.worker, [])
    elsewhere.hears(elsewhere.event(tickets.TicketFiled))
    desk.hears(desk.event(tickets.TicketClaimed))
    desk.hears(desk.event(tickets.TicketFiled, community_id=fresh()))
    mine = desk.event(tickets.TicketFiled)
    desk.hears(mine)
    drain(sender)
    assert [json.loads(body)["data"]["event_id"] for _, _, body in receiver.taken] == [mine.id]


def test_the_ladder_goes_over_days_then_the_endpoint_is_off_and_managers_hear_of_it(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    told = desk.person("manager")
    hook = registered(desk, hooking, receiver)
    assert tuple(wait.total_seconds() for wait in WAITS) == SECONDS
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled))
    receiver.answers = [500] * 100
    moment = NOON
    for number, wait in enumerate((0, *SECONDS), 1):
        drain(sender, moment + timedelta(seconds=wait * 0.89))
        assert receiver.asked == number - (1 if wait else 0), "not before its time"
        moment += timedelta(seconds=wait * 1.11)
        drain(sender, moment)
        assert receiver.asked == number
    drain(sender, moment + timedelta(days=9))
    assert receiver.asked == len(SECONDS) + 1
    who = bearer(manager(desk))
    client = hooking.test_client()
    shown = client.get(f"/api/v1/webhooks/{hook['id']}", headers=who)
    assert (shown.json["active"], shown.json["disabled_cause"]) == (False, "exhausted")
    (delivery,) = client.get(f"/api/v1/webhooks/{hook['id']}/deliveries", headers=who).json["items"]
    assert delivery["state"] == "failed"
    path = f"/api/v1/webhooks/{hook['id']}/deliveries/{delivery['id']}"
    attempts = client.get(f"{path}/attempts", headers=who).json["items"]
    assert [attempt["status"] for attempt in attempts] == [500] * 10
    assert [notice.kind for notice in desk.notices(told)].count("webhook.disabled") == 1
    receiver.answers = []
    change = client.put(
        f"/api/v1/webhooks/{hook['id']}", json={"active": True}, headers=who | {"If-Match": shown.headers["ETag"]}
    )
    assert (change.status_code, change.json["disabled_cause"]) == (200, None)
    assert client.post(f"{path}/redeliver", headers=who).json["state"] == "queued"
    drain(sender)
    assert [headers["webhook-id"] for _, headers, _ in receiver.taken] == [delivery["id"]]


def test_410_switches_it_off_at_once(desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender) -> None:
    told = desk.person("manager")
    hook = registered(desk, hooking, receiver)
    desk.hears(*[desk.event(tickets.TicketFiled) for _ in range(3)])
    receiver.answers = [410]
    drain(sender)
    assert receiver.asked == 1
    shown = hooking.test_client().get(f"/api/v1/webhooks/{hook['id']}", headers=bearer(manager(desk))).json
    assert (shown["active"], shown["disabled_cause"]) == (False, "gone")
    assert [notice.kind for notice in desk.notices(told)].count("webhook.disabled") == 1


def test_a_redirect_is_a_failure_and_is_not_followed(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    registered(desk, hooking, receiver)
    desk.hears(desk.event(tickets.TicketFiled))
    receiver.answers = [302]
    drain(sender)
    assert (receiver.asked, receiver.taken) == (1, [])


def test_an_endpoint_away_for_an_hour_gets_everything_once_and_in_order(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    registered(desk, hooking, receiver)
    events = [desk.event(tickets.TicketFiled) for _ in range(20)]
    with at(NOON):
        desk.hears(*events)
    receiver.answers = [503] * 10_000
    for minutes in range(0, 60, 5):
        drain(sender, NOON + timedelta(minutes=minutes))
    receiver.answers = []
    for minutes in range(60, 600, 30):
        drain(sender, NOON + timedelta(minutes=minutes))
    got = [json.loads(body)["data"]["event_id"] for _, _, body in receiver.taken]
    assert len(got) == len(set(got)) == 20
    assert set(got) == {event.id for event in events}


def test_what_happens_to_one_ticket_arrives_in_its_order_and_other_tickets_go_ahead(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    registered(desk, hooking, receiver, "ticket.filed.v1", "ticket.claimed.v1", "ticket.completed.v1")
    held, other = fresh(), fresh()
    happened = [
        desk.event(kind, ticket_id=held, version=version)
        for version, kind in enumerate((tickets.TicketFiled, tickets.TicketClaimed, tickets.TicketCompleted), 1)
    ]
    elsewhere = desk.event(tickets.TicketFiled, ticket_id=other, version=1)
    with at(NOON):  # The bus brings the second before the first.
        desk.hears(happened[1], happened[0])
    receiver.answers = [503]
    drain(sender, NOON)
    assert receiver.asked == 1
    with at(NOON):
        desk.hears(happened[2], elsewhere)
    drain(sender, NOON + timedelta(seconds=1))
    assert heard(receiver) == [elsewhere.id], "the others wait behind the one that is tried again"
    drain(sender, NOON + timedelta(seconds=6))
    assert heard(receiver) == [elsewhere.id, *(event.id for event in happened)]


def test_what_was_sent_is_forgotten_after_three_months_and_what_is_queued_is_not(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    hook = registered(desk, hooking, receiver)
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled, ticket_id=fresh()))
        drain(sender, NOON)
        desk.hears(desk.event(tickets.TicketFiled, ticket_id=fresh()))
    with at(NOON + timedelta(days=80)):
        desk.hears(desk.event(tickets.TicketFiled, ticket_id=fresh()))
        drain(sender)
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled, ticket_id=fresh()))
    with at(NOON + KEPT - timedelta(seconds=1)):
        assert forget_old(desk.worker) == 0
    with at(NOON + KEPT + timedelta(seconds=1)):
        assert forget_old(desk.worker) == 2
        assert forget_old(desk.worker) == 0
    path = f"/api/v1/webhooks/{hook['id']}/deliveries"
    left = hooking.test_client().get(path, headers=bearer(manager(desk))).json["items"]
    assert sorted(one["state"] for one in left) == ["queued", "sent"]


def heard(receiver: Receiver) -> list[str]:
    return [json.loads(body)["data"]["event_id"] for _, _, body in receiver.taken]


def test_two_senders_never_send_to_one_endpoint_at_once(
    desk: Desk, hooking: Flask, receiver: Receiver, sender: Sender
) -> None:
    registered(desk, hooking, receiver)
    desk.hears(desk.event(tickets.TicketFiled), desk.event(tickets.TicketFiled))
    held = sender.claim()
    assert held is not None
    assert sender.claim() is None, "its endpoint is being sent to"
    with at(clock.now() + timedelta(minutes=3)):
        assert sender.step(), "a killed sender's lease runs out"
    sender.record(held, None, "late", 1)
    assert receiver.asked == 1


def test_the_secret_is_shown_once_and_kept_sealed(desk: Desk, hooking: Flask, receiver: Receiver) -> None:
    hook = registered(desk, hooking, receiver)
    who, client = manager(desk), hooking.test_client()
    assert hook["secret"].startswith("whsec_")
    for path in ("/api/v1/webhooks", f"/api/v1/webhooks/{hook['id']}"):
        assert "secret" not in client.get(path, headers=bearer(who)).text
    with desk.worker.connect() as connection:
        kept = connection.execute(select(webhooks.c.sealed_secret).where(webhooks.c.id == hook["id"])).scalar_one()
    assert hook["secret"] not in kept
    with pytest.raises(Exception, match="permission denied"), transaction(desk.web, who) as connection:
        connection.execute(text("SELECT sealed_secret FROM webhooks"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://192.168.0.1/", "event_types": ["ticket.filed.v1"]}, "url"),
        ({"url": "file:///etc/passwd", "event_types": ["ticket.filed.v1"]}, "url"),
        ({"url": "https://example.org/", "event_types": []}, "event_types"),
        ({"url": "https://example.org/", "event_types": ["survey.invited.v1"]}, "event_types.0"),
        ({"url": "https://example.org/"}, "event_types"),
    ],
)
def test_a_bad_endpoint_is_named(desk: Desk, hooking: Flask, body: dict[str, Any], field: str) -> None:
    answer = hooking.test_client().post("/api/v1/webhooks", json=body, headers=bearer(manager(desk)))
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]


def test_endpoints_are_for_those_who_answer_for_them(desk: Desk, hooking: Flask, receiver: Receiver) -> None:
    hook = registered(desk, hooking, receiver)
    client = hooking.test_client()
    for role in ("resident", "crew", "dispatcher"):
        assert client.get("/api/v1/webhooks", headers=bearer(manager(desk, role=role))).status_code == 403
    strangers = (Actor(fresh(), fresh(), "manager"), manager(desk, desk.community_id))
    for stranger in strangers:
        assert client.get("/api/v1/webhooks", headers=bearer(stranger)).json["items"] == []
        headers = bearer(stranger) | {"If-Match": "*"}
        assert client.put(f"/api/v1/webhooks/{hook['id']}", json={"active": False}, headers=headers).status_code == 404
        assert client.delete(f"/api/v1/webhooks/{hook['id']}", headers=headers).status_code == 404
        with transaction(desk.web, stranger) as connection:
            assert connection.execute(text("SELECT id FROM webhooks")).all() == []
            assert connection.execute(text("SELECT * FROM webhook_deliveries")).all() == []
    path = f"/api/v1/webhooks/{hook['id']}"
    assert client.put(path, json={"active": False}, headers=bearer(manager(desk))).status_code == 428
    stale = bearer(manager(desk)) | {"If-Match": '"v7"'}
    assert client.put(path, json={"active": False}, headers=stale).status_code == 412
    assert client.delete(path, headers=bearer(manager(desk))).json == {"items": []}


def test_every_type_on_offer_is_one_of_a_ticket() -> None:
    assert all(kind.startswith(("ticket.", "sla.")) for kind in EVENT_TYPES)

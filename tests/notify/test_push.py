"""Pushes arrive encrypted for the device and signed by us, and stop when the device is gone."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from services.contracts import tickets
from services.kit import clock
from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.settings import Settings
from services.kit.testing import at, bearer, fresh
from services.notify.app import make_app
from services.notify.channels import Outgoing
from services.notify.channels.push import Push, public_key
from services.notify.deliver import Deliverer
from services.notify.models import push_subscriptions
from services.notify.outward import Outward
from tests.notify.conftest import NOON, Desk
from tests.notify.receiving import Receiver, receiving


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


VAPID = (
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)


@dataclass
class Device:
    """A browser: its keys, and what it can read."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    def subscription(self, endpoint: str) -> dict[str, Any]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": endpoint, "keys": {"p256dh": _encoded(point), "auth": _encoded(self.auth)}}

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        message: dict[str, Any] = json.loads(plain)
        return message


@pytest.fixture
def service() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def pushing(settings: Settings) -> Iterator[Flask]:
    app = make_app(settings, vapid_key=VAPID, allow_loopback=True)
    yield app
    app.extensions["doorstep"].close()


@pytest.fixture
def push(desk: Desk) -> Push:
    channel = Push(VAPID, "https://desk.example", Outward(allow_loopback=True))
    desk.channels = [channel]
    return channel


def subscribed(desk: Desk, app: Flask, service: Receiver, device: Device, role: str = "resident") -> Actor:
    who = Actor(desk.person(role), desk.organisation_id, role, (desk.community_id,))
    answer = app.test_client().post(
        "/api/v1/push-subscriptions", json=device.subscription(f"{service.url}/device/1"), headers=bearer(who)
    )
    assert answer.status_code == 201, answer.json
    return who


def drain(desk: Desk, push: Push) -> None:
    while Deliverer(desk.worker, push).step():
        pass


def test_a_push_arrives_readable_by_the_device_alone(desk: Desk, pushing: Flask, push: Push, service: Receiver) -> None:
    device = Device()
    who = subscribed(desk, pushing, service, device)
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=who.id, urgency="urgent"))
    drain(desk, push)
    ((path, headers, body),) = service.taken
    (notice,) = desk.notices(who.id)
    assert path == "/device/1"
    assert (device.read(body)["title"], device.read(body)["link"]) == (notice.title, f"/tickets/{notice.ticket_id}")
    assert notice.title.encode() not in body
    assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "86400", "normal")
    assert len(headers["topic"]) <= 32
    with pytest.raises(http_ece.ECEException):
        Device().read(body)
    (row,) = desk.deliveries("push")
    assert (row.state, row.answer) == ("sent", "201 from the push service")


def test_the_push_service_can_tell_that_it_was_us(desk: Desk, pushing: Flask, push: Push, service: Receiver) -> None:
    who = subscribed(desk, pushing, service, Device())
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=who.id, urgency="emergency"))
    drain(desk, push)
    ((_, headers, _),) = service.taken
    scheme, token, key = headers["authorization"].replace(",", " ").split()
    assert (scheme, key) == ("vapid", f"k={public_key(VAPID)}")
    ours = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(public_key(VAPID)))
    claims = jwt.decode(token.removeprefix("t="), ours, algorithms=["ES256"], audience=service.url)
    assert claims["sub"] == "https://desk.example"
    assert claims["exp"] - clock.now().timestamp() <= 24 * 3600
    assert headers["urgency"] == "high"


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_gets_nothing_more(
    desk: Desk, pushing: Flask, push: Push, service: Receiver, status: int
) -> None:
    who = subscribed(desk, pushing, service, Device())
    service.answers = [status]
    for kind in (tickets.TicketDeparted, tickets.TicketArrived):
        desk.hears(desk.event(kind, requester_id=who.id, urgency="urgent"))
        drain(desk, push)
    assert service.asked == 1
    assert [row.state for row in desk.deliveries("push")] == ["failed"]
    with desk.worker.connect() as connection:
        mine = select(push_subscriptions.c.disabled_at).where(push_subscriptions.c.person_id == who.id)
        assert connection.execute(mine).scalar_one() is not None
    subscription = Device().subscription(f"{service.url}/device/1")
    again = pushing.test_client().post("/api/v1/push-subscriptions", json=subscription, headers=bearer(who))
    assert again.json["disabled_at"] is None, "subscribing again brings it back"


def test_a_push_service_that_is_away_for_an_hour_loses_and_doubles_nothing(
    desk: Desk, pushing: Flask, push: Push, service: Receiver
) -> None:
    device = Device()
    who = subscribed(desk, pushing, service, device)
    with at(NOON):
        desk.hears(*[desk.event(tickets.TicketDeparted, requester_id=who.id, urgency="urgent") for _ in range(5)])
    service.answers = [503] * 10_000
    for minutes in range(0, 60, 5):
        with at(NOON + timedelta(minutes=minutes)):
            drain(desk, push)
    service.answers = []
    for minutes in range(60, 240, 10):
        with at(NOON + timedelta(minutes=minutes)):
            drain(desk, push)
    assert len(service.taken) == 5
    assert len({headers["topic"] for _, headers, _ in service.taken}) == 5
    assert {row.state for row in desk.deliveries("push")} == {"sent"}


def test_a_long_message_is_cut_to_what_fits(desk: Desk, push: Push, service: Receiver) -> None:

    device = Device()
    address = device.subscription(f"{service.url}/x")
    flat = json.dumps({"key": "k", "endpoint": address["endpoint"], **address["keys"]})
    push.send(Outgoing(fresh(), flat, "zh-CN", "标题", "很长" * 5000, None, False, NOON))
    ((_, _, body),) = service.taken
    assert len(body) <= 4096
    assert device.read(body)["title"] == "标题"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "https://10.0.0.1/x"}, "endpoint"),
        ({"endpoint": "gopher://example.org/"}, "endpoint"),
        ({"keys": {"p256dh": "AAAA", "auth": _encoded(b"0" * 16)}}, "keys.p256dh"),
        ({"keys": {"p256dh": "?", "auth": "?"}}, "keys.auth"),
        ({"more": 1}, "more"),
    ],
)
def test_a_device_that_could_not_be_pushed_to_is_refused(
    desk: Desk, pushing: Flask, changes: dict[str, Any], field: str
) -> None:
    who = Actor(fresh(), desk.organisation_id, "resident")
    body = Device().subscription("https://push.example/x") | changes
    answer = pushing.test_client().post("/api/v1/push-subscriptions", json=body, headers=bearer(who))
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]


def test_devices_are_their_owners_alone(desk: Desk, pushing: Flask, service: Receiver) -> None:
    who = subscribed(desk, pushing, service, Device())
    client = pushing.test_client()
    (mine,) = client.get("/api/v1/push-subscriptions", headers=bearer(who)).json["items"]
    assert set(mine) == {"id", "host", "created_at", "disabled_at"}
    stranger = Actor(fresh(), desk.organisation_id, "admin")
    assert client.get("/api/v1/push-subscriptions", headers=bearer(stranger)).json["items"] == []
    path = f"/api/v1/push-subscriptions/{mine['id']}"
    assert client.delete(path, headers=bearer(stranger)).status_code == 404
    with transaction(desk.web, stranger) as connection:
        assert connection.execute(text("SELECT * FROM push_subscriptions")).all() == []
    assert client.delete(path, headers=bearer(who)).json == {"items": []}


def test_the_key_is_the_desks_and_absent_where_there_is_none(desk: Desk, pushing: Flask, client: FlaskClient) -> None:
    who = bearer(Actor(fresh(), desk.organisation_id, "resident"))
    assert pushing.test_client().get("/api/v1/push-key", headers=who).json == {"key": public_key(VAPID)}
    assert client.get("/api/v1/push-key", headers=who).status_code == 404

"""An address is somebody's when they say so by the link sent to it; until then it hears nothing of the desk."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask.testing import FlaskClient
from sqlalchemy import select

from services.contracts import tickets
from services.contracts.mail import MailBounced, MailboxChanged
from services.contracts.notify import AddressChanged
from services.kit import clock, letters
from services.kit.identity import Actor
from services.kit.testing import at, bearer, free_port, fresh
from services.notify import confirming, models
from services.notify.addresses import Confirmation, Confirmations
from services.notify.channels import Email
from services.notify.deliver import Deliverer
from services.notify.linked import LinkSender
from services.notify.settings import Smtp
from tests.notify.conftest import NOON, Desk
from tests.notify.test_channels import Mailbox

SECRET = "a secret of the tests"
ADDRESS = "li.lei@example.org"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def email(mailbox: Mailbox, desk: Desk) -> Iterator[Email]:
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    channel = Email(Smtp("127.0.0.1", port, "desk@example.org", "none"), SECRET)
    desk.channels = [channel]
    yield channel
    controller.stop()


@pytest.fixture
def confirmer(email: Email, desk: Desk) -> LinkSender:
    with desk.worker.begin() as db:
        db.execute(models.address_confirmations.delete())
    return confirming.confirmer(desk.worker, email, Confirmations(SECRET), "https://desk.example")


@pytest.fixture
def who(desk: Desk) -> Actor:
    return Actor(desk.person(), desk.organisation_id, "resident", (desk.community_id,), locale="zh-CN")


def put(client: FlaskClient, who: Actor, **changes: Any) -> Any:
    return client.put("/api/v1/preferences", json=changes, headers={**bearer(who), "If-Match": "*"})


def confirmed(client: FlaskClient, who: Actor) -> bool:
    shown: Any = client.get("/api/v1/preferences", headers=bearer(who)).json
    return bool(shown["email_confirmed"])


def link_in(letter: Any) -> str:
    found = re.search(r"https://desk\.example/confirm/(\S+)", letter.get_content())
    assert found
    return found[1]


def open_link(client: FlaskClient, token: str) -> Any:
    return client.post(f"/api/v1/confirmations/{token}", headers={"Accept-Language": "en"})


def facts(desk: Desk) -> list[AddressChanged]:
    ours = models.outbox.c.organisation_id == desk.organisation_id
    mine = ours & (models.outbox.c.type == AddressChanged.type)
    with desk.worker.connect() as db:
        rows = db.execute(select(models.outbox).where(mine).order_by(models.outbox.c.id)).all()
    return [AddressChanged.from_data(row.data) for row in rows]


def tell(desk: Desk, who: Actor) -> None:
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=who.id))


def test_a_new_address_gets_one_letter_that_asks_and_news_only_after_its_link_was_used(
    client: FlaskClient, desk: Desk, who: Actor, mailbox: Mailbox, confirmer: LinkSender, email: Email
) -> None:
    answer = put(client, who, email=ADDRESS)
    assert answer.json["email"] == ADDRESS
    assert answer.json["email_confirmed"] is False
    tell(desk, who)
    assert desk.deliveries() == [], "nobody has said yet that this is their address"
    assert confirmer.send_due() == 1
    assert confirmer.send_due() == 0
    (letter,) = mailbox.letters
    assert letter["To"] == ADDRESS
    assert letter["Auto-Submitted"] == "auto-generated"
    assert facts(desk) == []
    assert open_link(client, link_in(letter)).json["message"].startswith("Thank you")
    assert confirmed(client, who)
    (fact,) = facts(desk)
    assert fact.account_id == who.id
    assert fact.address_digest == letters.address_digest(SECRET, desk.organisation_id, ADDRESS)
    tell(desk, who)
    with at(NOON):
        assert Deliverer(desk.worker, email).step()
    assert mailbox.letters[1]["To"] == ADDRESS


def test_the_link_is_in_no_inbox_and_works_once(
    client: FlaskClient, desk: Desk, who: Actor, mailbox: Mailbox, confirmer: LinkSender
) -> None:
    put(client, who, email=ADDRESS)
    confirmer.send_due()
    inbox: Any = client.get("/api/v1/notices", headers=bearer(who)).json
    assert inbox["items"] == []
    token = link_in(mailbox.letters[0])
    assert client.get(f"/api/v1/confirmations/{token}").status_code == 405, "looking at a link confirms nothing"
    assert not confirmed(client, who)
    assert open_link(client, token).status_code == 200
    assert open_link(client, token).status_code == 200, "a second press finds it done"
    assert len(facts(desk)) == 1
    put(client, who, email="new@example.org")
    assert open_link(client, token).status_code == 409
    assert not confirmed(client, who)
    assert [fact.address_digest is None for fact in facts(desk)] == [False, True]


def test_changing_the_address_ends_the_links_before(
    client: FlaskClient, who: Actor, mailbox: Mailbox, confirmer: LinkSender
) -> None:
    put(client, who, email=ADDRESS)
    confirmer.send_due()
    put(client, who, email="second@example.org")
    confirmer.send_due()
    first, second = (link_in(letter) for letter in mailbox.letters)
    assert mailbox.letters[1]["To"] == "second@example.org"
    assert open_link(client, first).status_code == 409
    assert open_link(client, second).status_code == 200
    assert put(client, who, email="second@example.org", locale="en").json["email_confirmed"], "it is the same address"
    assert confirmer.send_due() == 0


def test_a_link_ends_and_another_letter_can_be_asked_for(
    client: FlaskClient, who: Actor, mailbox: Mailbox, confirmer: LinkSender
) -> None:
    put(client, who, email=ADDRESS)
    confirmer.send_due()
    with at(clock.now() + timedelta(hours=49)):
        assert open_link(client, link_in(mailbox.letters[0])).status_code == 409
        again = client.post("/api/v1/preferences/email/confirmation", headers=bearer(who))
    assert again.status_code == 401, "a token of two days ago is over"
    assert client.post("/api/v1/preferences/email/confirmation", headers=bearer(who)).status_code == 202
    confirmer.send_due()
    assert open_link(client, link_in(mailbox.letters[1])).status_code == 200
    assert client.post("/api/v1/preferences/email/confirmation", headers=bearer(who)).status_code == 409


def test_nobody_writes_to_strangers_with_our_letters(client: FlaskClient, who: Actor, confirmer: LinkSender) -> None:
    answers = [put(client, who, email=f"stranger{number}@example.org").status_code for number in range(6)]
    assert answers == [200] * 5 + [409]
    assert confirmer.send_due() == 1, "only the last one is still asked"


@pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda token: "x" + token, lambda _token: "a.b"])
def test_a_forged_link_confirms_nothing(client: FlaskClient, who: Actor, spoil: Callable[[str], str]) -> None:
    put(client, who, email=ADDRESS)
    token = Confirmations(SECRET).sign(Confirmation(fresh(), who.organisation_id, who.id))
    assert open_link(client, spoil(token)).status_code == 404
    assert open_link(client, token).status_code == 404, "a letter that was never written"
    assert open_link(client, Confirmations("other").sign(Confirmation(fresh(), fresh(), who.id))).status_code == 404
    assert not confirmed(client, who)


def test_a_mail_server_that_is_away_gets_the_letter_later(
    client: FlaskClient, who: Actor, mailbox: Mailbox, confirmer: LinkSender
) -> None:
    mailbox.to_recipient = "451 later"
    put(client, who, email=ADDRESS)
    assert confirmer.send_due() == 1
    assert confirmer.send_due() == 0
    mailbox.to_recipient = "250 OK"
    with at(clock.now() + timedelta(minutes=2)):
        assert confirmer.send_due() == 1
    assert len(mailbox.letters) == 1


def test_answers_find_their_ticket_by_address_and_by_message_id(
    desk: Desk, who: Actor, mailbox: Mailbox, email: Email
) -> None:
    reader = desk.person(email="reader@example.org")
    desk.hears(desk.event(MailboxChanged, revision=3, mailbox="service@company.example"))
    desk.hears(desk.event(MailboxChanged, revision=2, mailbox="older@company.example"))
    ticket = fresh()
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=reader, ticket_id=ticket))
        Deliverer(desk.worker, email).step()
    (letter,) = mailbox.letters
    user, _, domain = parseaddr(letter["Reply-To"])[1].partition("@")
    assert (user.partition("+")[0], domain) == ("service", "company.example")
    assert len(user) <= 64
    assert letters.read_reply_token(SECRET, desk.organisation_id, user.partition("+")[2]) == ticket
    (delivery,) = desk.deliveries()
    assert letters.read_message_id(SECRET, desk.organisation_id, letter["Message-ID"]) == letters.Sent(
        delivery.id, ticket
    )


def test_a_letter_that_comes_back_counts_as_not_told_and_its_address_is_confirmed_anew(
    client: FlaskClient, desk: Desk, mailbox: Mailbox, email: Email
) -> None:
    reader = desk.person(email="gone@example.org")
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=reader))
        Deliverer(desk.worker, email).step()
    (sent,) = desk.deliveries()
    assert sent.state == "sent"
    with desk.worker.begin() as db:
        db.execute(models.contacts.update().values(email_confirmed_at=NOON - timedelta(days=1)))
    back = desk.event(MailBounced, delivery_id=sent.id)
    desk.hears(back)
    desk.hears(desk.event(MailBounced, delivery_id=sent.id))
    desk.hears(desk.event(MailBounced, delivery_id=fresh()))
    (failed,) = desk.deliveries()
    assert (failed.state, "returned" in failed.last_error) == ("failed", True)
    with desk.worker.connect() as db:
        telling = db.execute(select(models.tellings).where(models.tellings.c.notice_id == sent.notice_id)).one()
        contact = db.execute(select(models.contacts).where(models.contacts.c.person_id == reader)).one()
    assert (telling.accepted_at, telling.undelivered_at is not None) == (None, True)
    assert (contact.email, contact.email_confirmed_at) == ("gone@example.org", None)
    assert [fact.address_digest for fact in facts(desk)] == [None]

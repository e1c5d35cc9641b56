"""A link to an account goes to one address, in no inbox, and no row of ours holds it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask.testing import FlaskClient
from sqlalchemy import select

from services.contracts.gateway import AccountReinvited
from services.kit.erasures import Erasure, run_pass
from services.kit.identity import Actor
from services.kit.invitations import Invitations
from services.kit.testing import actor, at, bearer, free_port, fresh
from services.notify import inviting, models
from services.notify.channels import Email
from services.notify.erasing import erase_person
from services.notify.linked import LinkSender
from services.notify.models import contacts
from services.notify.settings import Smtp
from tests.notify.conftest import NOON, Desk
from tests.notify.test_channels import Mailbox

ADDRESS = "han.meimei@example.org"
PUBLIC = "https://desk.example"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def links(client: FlaskClient) -> Invitations:
    client.application.extensions["by_mail"] = True
    return Invitations(client.application.extensions["doorstep"].settings.secret, PUBLIC)


@pytest.fixture
def inviter(desk: Desk, mailbox: Mailbox, links: Invitations) -> Iterator[LinkSender]:
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    with desk.worker.begin() as db:
        db.execute(models.invitation_letters.delete())
    yield inviting.inviter(desk.worker, Email(Smtp("127.0.0.1", port, "desk@example.org", "none"), "a secret"), links)
    controller.stop()


@pytest.fixture
def admin(desk: Desk) -> Actor:
    return actor("admin", organisation_id=desk.organisation_id)


def item(links: Invitations, **changes: Any) -> dict[str, Any]:
    return {
        "token": links.token(fresh()),
        "person_id": fresh(),
        "purpose": "join",
        "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
        "locale": "en",
        "email": ADDRESS,
        **changes,
    }


def hand_over(client: FlaskClient, by: Actor, *items: dict[str, Any]) -> Any:
    return client.post("/api/v1/invitation-letters", json={"items": list(items)}, headers=bearer(by))


def rows(desk: Desk) -> list[dict[str, Any]]:
    mine = models.invitation_letters.c.organisation_id == desk.organisation_id
    with desk.worker.connect() as db:
        return [dict(row) for row in db.execute(select(models.invitation_letters).where(mine)).mappings()]


@pytest.mark.parametrize(
    ("purpose", "locale", "says"),
    [
        ("join", "en", "choose your password"),
        ("join", "zh-CN", "设置密码"),
        ("reset", "en", "choose a new password"),
        ("reset", "zh-CN", "设置新密码"),
    ],
)
def test_a_letter_carries_the_link_once_and_its_address_is_forgotten(
    client: FlaskClient, desk: Desk, admin: Actor, mailbox: Mailbox, inviter: LinkSender, links: Invitations,
    purpose: str, locale: str, says: str,
) -> None:  # fmt: skip
    wanted = item(links, purpose=purpose, locale=locale)
    answer = hand_over(client, admin, wanted)
    assert answer.json == {"by_mail": True, "items": [{"person_id": wanted["person_id"], "queued": True}]}
    assert (inviter.send_due(), inviter.send_due()) == (1, 0)
    (letter,) = mailbox.letters
    assert letter["To"] == ADDRESS
    assert f"{PUBLIC}/join/{wanted['token']}" in letter.get_content()
    assert says in letter.get_content()
    (row,) = rows(desk)
    assert row["sent_at"]
    assert row["address"] is None
    with desk.worker.connect() as db:
        for table in ("invitation_letters", "notices", "idempotency_keys"):
            assert wanted["token"] not in str(db.exec_driver_sql(f"SELECT t::text FROM {table} t").all())


def test_asked_again_it_goes_out_again(
    client: FlaskClient, admin: Actor, mailbox: Mailbox, inviter: LinkSender, links: Invitations
) -> None:
    wanted = item(links)
    for _ in range(2):
        hand_over(client, admin, wanted)
        inviter.send_due()
    assert len(mailbox.letters) == 2


def test_only_a_confirmed_address_serves_where_none_is_given(
    client: FlaskClient, desk: Desk, admin: Actor, links: Invitations, inviter: LinkSender, mailbox: Mailbox
) -> None:
    confirmed, unconfirmed, stranger = desk.person(), desk.person(), fresh()
    with desk.worker.begin() as db:
        for person, moment in ((confirmed, datetime.now(UTC)), (unconfirmed, None)):
            change = contacts.update().where(contacts.c.person_id == person)
            db.execute(change.values(email=f"{person}@example.org", email_confirmed_at=moment))
    items = [item(links, email=None, person_id=one) for one in (confirmed, unconfirmed, stranger)]
    assert [one["queued"] for one in hand_over(client, admin, *items).json["items"]] == [True, False, False]
    elsewhere = actor("admin")
    assert not hand_over(client, elsewhere, items[0]).json["items"][0]["queued"], "nobody else's people"
    inviter.send_due()
    assert [letter["To"] for letter in mailbox.letters] == [f"{confirmed}@example.org"]


def test_a_forgotten_password_s_link_goes_to_the_confirmed_address_whatever_is_typed(
    client: FlaskClient, desk: Desk, admin: Actor, links: Invitations, inviter: LinkSender, mailbox: Mailbox
) -> None:
    theirs, without = desk.person(email="theirs@example.org"), desk.person()
    for person in (theirs, without):
        hand_over(client, admin, item(links, purpose="reset", person_id=person))
    hand_over(client, admin, item(links, person_id=theirs))
    inviter.send_due()
    assert sorted(letter["To"] for letter in mailbox.letters) == [ADDRESS, ADDRESS, "theirs@example.org"]


def test_it_is_said_whether_somebody_confirmed_an_address_and_not_which(
    client: FlaskClient, desk: Desk, admin: Actor, links: Invitations
) -> None:
    theirs, without = desk.person(email="theirs@example.org"), desk.person()

    def reached(person: str, by: Actor = admin) -> Any:
        return client.get(f"/api/v1/invitation-letters/{person}/reached", headers=bearer(by))

    assert [reached(one).json for one in (theirs, without)] == [{"confirmed": True}, {"confirmed": False}]
    assert reached(theirs, actor("admin")).json == {"confirmed": False}, "nobody else's people"
    assert reached(theirs, actor("dispatcher", organisation_id=desk.organisation_id)).status_code == 403
    client.application.extensions["by_mail"] = False
    assert reached(theirs).json == {"confirmed": False}, "without a mail server nothing can be sent there"


def test_whoever_an_account_belongs_to_hears_of_a_link_that_others_made(desk: Desk) -> None:
    theirs, dispatcher = desk.person(email="theirs@example.org"), desk.person("dispatcher")
    desk.hears(desk.event(AccountReinvited, account_id=theirs, actor_id=fresh(), expires_at=NOON))
    desk.hears(desk.event(AccountReinvited, account_id=dispatcher, actor_id=dispatcher, expires_at=NOON))
    (notice,) = desk.notices()
    assert (notice.person_id, notice.kind) == (theirs, "account.reinvited")
    assert "新密码" in notice.title
    (letter,) = desk.deliveries()
    assert letter.person_id == theirs


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"token": "made up"}, "token"),
        ({"email": "nobody"}, "items.0.email"),
        ({"email": "li@localhost"}, "items.0.email"),
        ({"email": "li@[127.0.0.1]"}, "items.0.email"),
        ({"email": "a@example.org\nBcc: b@example.org"}, "items.0.email"),
        ({"purpose": "greet"}, "items.0.purpose"),
        ({"locale": "fr"}, "items.0.locale"),
    ],
)
def test_nonsense_is_refused_by_name(
    client: FlaskClient, admin: Actor, links: Invitations, changes: dict[str, Any], field: str
) -> None:
    answer = hand_over(client, admin, item(links, **changes))
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json["errors"]} == {field}


@pytest.mark.parametrize("role", ["resident", "crew", "dispatcher"])
def test_nobody_else_has_letters_sent(client: FlaskClient, desk: Desk, links: Invitations, role: str) -> None:
    assert hand_over(client, actor(role, organisation_id=desk.organisation_id), item(links)).status_code == 403


def test_without_a_mail_server_nothing_is_queued(
    client: FlaskClient, desk: Desk, admin: Actor, links: Invitations, inviter: LinkSender
) -> None:
    client.application.extensions["by_mail"] = False
    answer = hand_over(client, admin, item(links))
    assert (answer.json["by_mail"], answer.json["items"][0]["queued"]) == (False, False)
    assert rows(desk) == []


def test_what_is_over_is_not_sent_and_forgets_its_address(
    client: FlaskClient, desk: Desk, admin: Actor, links: Invitations, inviter: LinkSender, mailbox: Mailbox
) -> None:
    hand_over(client, admin, item(links))
    with at(datetime.now(UTC) + timedelta(days=2)):
        inviter.send_due()
    assert mailbox.letters == []
    assert [(row["address"], row["sent_at"]) for row in rows(desk)] == [(None, None)]


def test_an_erased_person_gets_no_letter(
    client: FlaskClient, desk: Desk, admin: Actor, links: Invitations, inviter: LinkSender, mailbox: Mailbox
) -> None:
    wanted = item(links)
    hand_over(client, admin, wanted)
    with desk.worker.begin() as db:
        erasure = Erasure(fresh(), desk.organisation_id, wanted["person_id"], ())
        run_pass(db, models.erasure_passes, erasure, erase_person)
    assert inviter.send_due() == 0
    assert rows(desk) == []
    assert mailbox.letters == []

"""A letter leads to what it is about: its own page, or its ticket's, which each role has at its own place."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from services.contracts import Fact, surveys, tickets
from services.contracts.community import AnnouncementPublished, EventCancelled, EventMoved, EventPromoted
from services.kit.settings import Settings
from services.kit.testing import at, free_port, fresh
from services.notify.channels import Email
from services.notify.deliver import Deliverer
from services.notify.settings import NotifySettings, Smtp
from tests.notify.conftest import NOON, Desk
from tests.notify.test_channels import Mailbox

SITE = "https://desk.example"
ADDRESS = "reader@example.org"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def email(mailbox: Mailbox, desk: Desk) -> Iterator[Email]:
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    channel = Email(Smtp("127.0.0.1", port, "desk@example.org", "none"))
    desk.channels = [channel]
    yield channel
    controller.stop()


def links_of(letter: Any) -> list[str]:
    """Return the links of a letter, each of which has a line of its own."""
    text = letter.get_content()
    found = [line for line in text.splitlines() if line.startswith("http")]
    assert text.count("://") == len(found)
    return found


def sent(desk: Desk, email: Email, site: str = SITE) -> None:
    deliverer = Deliverer(desk.worker, email, site=site)
    while deliverer.step():
        pass


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("role", "kind", "about"),
    [
        ("resident", tickets.TicketCompleted, {"requester_id": None}),
        ("crew", tickets.TicketAssigned, {"owner_id": None}),
        ("dispatcher", tickets.TicketObjected, {}),
        ("manager", tickets.TicketEscalated, {}),
    ],
)
def test_a_letter_about_a_ticket_has_one_line_that_leads_to_it(
    desk: Desk, email: Email, mailbox: Mailbox, role: str, kind: type[Fact], about: dict[str, Any], locale: str
) -> None:
    reader, ticket_id = desk.person(role, email=ADDRESS, locale=locale), fresh()
    desk.hears(desk.event(kind, ticket_id=ticket_id, **dict.fromkeys(about, reader)))
    sent(desk, email)
    (letter,) = mailbox.letters
    assert letter["Content-Language"] == locale
    assert links_of(letter) == [f"{SITE}/tickets/{ticket_id}"]
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines()[-2] == "", "it stands apart, below the words"


@pytest.mark.parametrize(
    ("kind", "changes", "path"),
    [
        (surveys.SurveyInvited, {"link_token": "signed.token"}, "/s/signed.token"),
        (AnnouncementPublished, {"announcement_id": "0193b3f2-1111-7000-8000-000000000001"}, "/announcements/{}"),
        (EventMoved, {"event_id": "0193b3f2-1111-7000-8000-000000000001"}, "/my/events/{}"),
    ],
)
def test_what_has_a_page_of_its_own_leads_there(
    desk: Desk, email: Email, mailbox: Mailbox, kind: type[Fact], changes: dict[str, Any], path: str
) -> None:
    reader = desk.person(email=ADDRESS)
    desk.hears(desk.event(kind, requester_id=reader, **changes))
    sent(desk, email)
    (letter,) = mailbox.letters
    assert links_of(letter) == [SITE + path.format(next(iter(changes.values())))]


@pytest.mark.parametrize(("locale", "title"), [("zh-CN", "您有 3 条新消息"), ("en", "3 messages for you")])
def test_each_item_of_a_digest_leads_to_its_own_ticket(
    desk: Desk, email: Email, mailbox: Mailbox, locale: str, title: str
) -> None:
    """One link to the inbox would leave the reader to look for each again, and staff have no inbox page."""
    reader = desk.person(email=ADDRESS, locale=locale, digest_at=time(8), timezone="Asia/Shanghai")
    mine = [fresh() for _ in range(3)]
    with at(NOON):
        desk.hears(*[desk.event(tickets.TicketDeparted, requester_id=reader, ticket_id=one) for one in mine])
        sent(desk, email)
    assert not mailbox.letters
    with at(NOON + timedelta(hours=20)):
        sent(desk, email)
    (letter,) = mailbox.letters
    assert letter["Subject"] == title
    assert sorted(links_of(letter)) == sorted(f"{SITE}/tickets/{one}" for one in mine)


@pytest.mark.parametrize("digest_at", [None, time(8)])
def test_where_nobody_knows_the_address_no_letter_names_one(
    desk: Desk, email: Email, mailbox: Mailbox, digest_at: time | None
) -> None:
    reader = desk.person(email=ADDRESS, digest_at=digest_at, timezone="Asia/Shanghai")
    kinds = (
        tickets.TicketCompleted,
        surveys.SurveyInvited,
        surveys.CampaignInvited,
        AnnouncementPublished,
        EventPromoted,
        EventMoved,
        EventCancelled,
    )
    with at(NOON):
        desk.hears(*[desk.event(kind, requester_id=reader) for kind in kinds])
    with at(NOON + timedelta(hours=20)):
        sent(desk, email, site="")
    assert len(mailbox.letters) == (1 if digest_at else len(kinds))
    assert [links_of(letter) for letter in mailbox.letters] == [[]] * len(mailbox.letters)


@pytest.mark.parametrize(
    ("environment", "public_url", "site"),
    [
        ("production", "https://desk.example", "https://desk.example"),
        ("production", "http://127.0.0.1:8000", ""),
        ("production", "http://localhost", ""),
        ("production", "desk", ""),
        # Whoever tries it out reads their mail on the machine that it runs on.
        ("development", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_in_production_an_address_of_the_machine_itself_is_none(
    settings: Settings, environment: str, public_url: str, site: str
) -> None:
    kit = replace(settings, environment=environment, public_url=public_url)
    assert NotifySettings(kit, None, frozenset()).site == site

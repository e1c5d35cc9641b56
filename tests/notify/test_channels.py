"""The channels against real servers: SMTP answers, and a chat provider over HTTP."""

import email
import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from services.contracts import tickets
from services.kit.settings import SettingsError
from services.kit.testing import at, free_port
from services.notify.audience import Contact
from services.notify.channels import Apprise, Email, Outgoing, Permanent, Temporary
from services.notify.channels.apprise import SCHEMES, masked
from services.notify.deliver import Deliverer
from services.notify.settings import Smtp, smtp_of
from tests.notify.conftest import NOON, OWN_SCHEME, Desk

LETTER = Outgoing(
    id="0197-one",
    address="resident@example.org",
    locale="zh-CN",
    title="【紧急】标题",
    body="正文第一行\n正文第二行",
    link="https://desk.example/t/1",
    urgent=True,
    created_at=NOON,
)


class Mailbox:
    """Answers as it is told to and keeps the letters."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.to_recipient = "250 OK"
        self.to_letter = "250 2.0.0 kept as 42"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.to_letter.startswith("250"):
            self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        return self.to_letter


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Smtp]:
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield Smtp("127.0.0.1", port, "desk@example.org", "none")
    controller.stop()


def test_a_letter_arrives_whole(server: Smtp, mailbox: Mailbox) -> None:
    assert Email(server).send(LETTER) == "250 2.0.0 kept as 42"
    (letter,) = mailbox.letters
    assert letter["Subject"] == "【紧急】标题"
    assert letter["To"] == "resident@example.org"
    assert letter["Message-ID"] == "<0197-one@example.org>"
    assert letter["Importance"] == "high"
    assert letter.get_content().splitlines() == ["正文第一行", "正文第二行", "", "https://desk.example/t/1"]


@pytest.mark.parametrize(
    ("where", "answer", "error"),
    [
        ("to_recipient", "550 5.1.1 <resident@example.org> unknown", Permanent),
        ("to_recipient", "452 4.2.2 resident@example.org is over quota", Temporary),
        ("to_letter", "554 5.7.1 refused", Permanent),
        ("to_letter", "451 4.3.0 try again", Temporary),
    ],
)
def test_the_servers_answer_says_whether_to_try_again(
    server: Smtp, mailbox: Mailbox, where: str, answer: str, error: type[Exception]
) -> None:
    setattr(mailbox, where, answer)
    with pytest.raises(error, match=answer[:3]) as refused:
        Email(server).send(LETTER)
    assert "resident@example.org" not in str(refused.value)
    assert not mailbox.letters


def test_a_server_that_is_away_or_wants_no_part_in_tls_is_temporary(server: Smtp) -> None:
    with pytest.raises(Temporary):
        Email(Smtp("127.0.0.1", 1, "desk@example.org", "none")).send(LETTER)
    with pytest.raises(Temporary):
        Email(Smtp("127.0.0.1", server.port, "desk@example.org", "starttls")).send(LETTER)
    with pytest.raises(Temporary):
        Email(Smtp("127.0.0.1", server.port, "desk@example.org", "none", "user", "wrong")).send(LETTER)


def test_a_title_cannot_smuggle_in_a_header(server: Smtp, mailbox: Mailbox) -> None:
    smuggled = Outgoing("1", "resident@example.org", "en", "Hi\nBcc: all@example.org", "b", "l", False, NOON)
    with pytest.raises(ValueError, match="Header"):
        Email(server).send(smuggled)
    assert not mailbox.letters


def test_a_notice_goes_from_the_event_into_the_mailbox(desk: Desk, server: Smtp, mailbox: Mailbox) -> None:
    desk.channels = [Email(server)]
    resident = desk.person(email="resident@example.org", locale="en")
    desk.hears(desk.event(tickets.TicketCompleted, requester_id=resident, urgency="emergency"))
    deliverer = Deliverer(desk.worker, Email(server))
    assert deliverer.step()
    assert not deliverer.step()
    assert [letter["Subject"] for letter in mailbox.letters] == ["Your request XF-000042 is done"]
    (row,) = desk.deliveries()
    assert (row.state, row.answer) == ("sent", "250 2.0.0 kept as 42")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://h?from=d@x.cn", Smtp("h", 25, "d@x.cn", "none")),
        ("smtp://u:p%40ss@h?from=d@x.cn", Smtp("h", 587, "d@x.cn", "starttls", "u", "p@ss")),
        ("smtps://u:p@h?from=d@x.cn", Smtp("h", 465, "d@x.cn", "implicit", "u", "p")),
        ("smtp://u:p@h:2525?from=d@x.cn&tls=none", Smtp("h", 2525, "d@x.cn", "none", "u", "p")),
    ],
)
def test_the_mail_server_is_one_address(url: str, expected: Smtp) -> None:
    assert smtp_of(url) == expected


@pytest.mark.parametrize(
    "url", ["http://h?from=d@x.cn", "smtp://u:hidden@h", "smtp://u:hidden@h:x?from=d@x.cn", "smtp://h?from=d@x&tls=a"]
)
def test_a_malformed_mail_server_is_named_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="SMTP_URL") as refused:
        smtp_of(url)
    assert "hidden" not in str(refused.value)


def test_no_record_of_ours_prints_a_secret() -> None:
    everything = (smtp_of("smtps://u:hidden@h?from=d@x.cn"), LETTER, Contact("p", "o", email="me@example.org"))
    assert not re.search("hidden|@example", repr(everything))


@pytest.fixture
def provider() -> Iterator[tuple[str, list[Any], list[int]]]:
    """A chat provider: its address, what it took, and the answers it is to give."""
    taken: list[Any] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = answers.pop(0) if answers else 200
            if status == 200:
                taken.append(json.loads(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/a-very-secret-path", taken, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_chat_gets_the_notice_after_the_provider_came_back(
    desk: Desk, provider: tuple[str, list[Any], list[int]]
) -> None:
    address, taken, answers = provider
    channel = Apprise(OWN_SCHEME)
    desk.channels = [channel]
    crew = desk.person("crew", apprise_urls=[address])
    desk.hears(desk.event(tickets.TicketAssigned, owner_id=crew))
    answers.append(503)
    deliverer = Deliverer(desk.worker, channel)
    deliverer.step()
    (row,) = desk.deliveries("apprise")
    assert (row.state, row.last_error) == ("queued", "json did not take it")
    with desk.worker.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET next_attempt_at = now() WHERE state = 'queued'")
    deliverer.step()
    (row,) = desk.deliveries("apprise")
    assert (row.state, row.answer) == ("sent", "json took it")
    assert "secret" not in str(row)
    assert [message["title"] for message in taken] == ["XF-000042 已交给您"]


def test_an_address_of_a_scheme_no_longer_allowed_is_refused_for_good(
    provider: tuple[str, list[Any], list[int]],
) -> None:
    address, taken, _ = provider
    letter = Outgoing("1", address, "en", "t", "b", "l", False, NOON)
    with pytest.raises(Permanent) as refused:
        Apprise().send(letter)
    assert "secret" not in str(refused.value)
    assert not taken


@pytest.mark.parametrize(
    "url",
    [
        "dingtalk://abcdefgh1234567890abcdefgh/13800000000",
        "feishu://abcdefgh-1234-5678-90ab-cdefgh123456/",
        "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa/",
        "twilio://AC" + "a" * 32 + ":" + "b" * 32 + "@15551230000/15551231111",
    ],
)
def test_the_usual_providers_are_accepted_and_masked(url: str) -> None:
    assert Apprise().accepts(url)
    assert len(masked(url)) < 40
    assert url.partition("://")[2][:8] not in masked(url)


@pytest.mark.parametrize(
    "way_out",
    ["template=http%3A%2F%2F169.254.169.254%2Flatest", "template=file%3A%2F%2F%2Fetc%2Fhostname", "redirect=yes"],
)
@pytest.mark.parametrize(
    "address",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
        "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz1234",
        "tgram://123456789:abcdefghijklmnopqrstuvwxyzABCDEFGHI/12315544/",
    ],
)
def test_an_address_leads_nowhere_else_than_to_its_provider(address: str, way_out: str) -> None:
    assert Apprise().accepts(address)
    assert not Apprise().accepts(f"{address}?{way_out}")


def test_no_allowed_scheme_reaches_files_programs_or_a_host_of_the_writers_choice() -> None:
    for scheme in (
        "file",
        "exec",
        "syslog",
        "dbus",
        "json",
        "jsons",
        "xml",
        "form",
        "mailto",
        "mqtt",
        "apprise",
        "http",
    ):
        assert scheme not in SCHEMES


def test_a_mail_server_away_for_an_hour_loses_and_doubles_nothing_and_keeps_the_order(
    desk: Desk, server: Smtp, mailbox: Mailbox
) -> None:
    """Half of the hour it refuses with 451, half of it nobody listens at all; then it is back."""
    channel, away = Email(server), Email(Smtp("127.0.0.1", free_port(), server.sender, "none"))
    desk.channels = [channel]
    residents = [desk.person(email=f"resident{number}@example.org", locale="en") for number in range(4)]
    steps = (tickets.TicketFiled, tickets.TicketClaimed, tickets.TicketDeparted, tickets.TicketCompleted)
    for minute, step in enumerate(steps):
        moment = NOON + timedelta(minutes=minute)
        with at(moment):
            desk.hears(*[desk.event(step, requester_id=resident, at=moment) for resident in residents])

    def deliver(way: Email, minutes: int) -> None:
        with at(NOON + timedelta(minutes=minutes)):
            while Deliverer(desk.worker, way).work(50):
                pass

    mailbox.to_letter = "451 4.3.0 try again"
    for minutes in range(4, 60, 2):
        deliver(channel if minutes < 30 else away, minutes)
    assert not mailbox.letters
    mailbox.to_letter = "250 2.0.0 kept as 42"
    for minutes in range(60, 200, 2):
        deliver(channel, minutes)
    got = [(letter["To"], letter["Subject"]) for letter in mailbox.letters]
    assert len(got) == len(set(got)) == len({letter["Message-ID"] for letter in mailbox.letters}) == 16
    assert {row.state for row in desk.deliveries()} == {"sent"}
    # Each letter carries the moment it speaks of, so that a mailbox sorts what waited.
    for resident in {to for to, _ in got}:
        dates = {letter["Subject"]: letter["Date"].datetime for letter in mailbox.letters if letter["To"] == resident}
        assert len(set(dates.values())) == 4

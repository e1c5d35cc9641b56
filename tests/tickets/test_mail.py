"""What a letter becomes: a ticket, a remark, or a place on the desk's list; once each, and never lost."""

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from services.contracts.mail import MailBounced
from services.kit.testing import fresh
from services.tickets import models
from tests.tickets.posting import DESK, Post, opened, photo, written

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture
def post(estate: "Estate", web_engine: Engine, app: Flask) -> Post:
    return opened(estate, web_engine, app.extensions["photos"])


def comments(post: Post, ticket: dict[str, Any], name: str = "resident") -> list[dict[str, Any]]:
    return list(post.estate.get(name, f"/tickets/{ticket['id']}/comments").json["items"])


def test_a_resident_s_letter_becomes_a_ticket_through_triage_with_its_photos(post: Post) -> None:
    letter = written(words="厨房水管漏水，请尽快。\n\n发自我的iPhone", Subject="三单元漏水")
    letter.add_attachment(photo(), maintype="image", subtype="jpeg", filename="漏水.jpg")
    letter.add_attachment(b"no photo" * 2000, maintype="image", subtype="png", filename="broken.png")
    row = post.send(letter)
    assert (row["state"], row["reason"]) == ("filed", None)
    (ticket,) = post.tickets()
    assert ticket["id"] == row["ticket_id"]
    whole = post.estate.get("resident", f"/tickets/{ticket['id']}").json
    assert (whole["description"], whole["title"]) == ("厨房水管漏水，请尽快。", "三单元漏水")
    assert (whole["channel"], whole["unit_id"]) == ("email", post.estate.home)
    assert whole["requester_id"] == whole["filed_by"] == post.estate.people["resident"].id
    assert whole["catalogue_code"] == "water-leak-pipe"
    (shown,) = post.estate.get("crew", f"/tickets/{ticket['id']}/photos").json["items"]
    assert post.estate.get("crew", f"/tickets/{ticket['id']}/photos/{shown['id']}").data.startswith(b"\xff\xd8")
    assert [one["photo"] for one in row["attachments"]] == [True, True]


def test_html_alone_in_a_chinese_charset_is_filed(post: Post) -> None:
    letter = written()
    letter.set_content("<p>电梯坏了，<b>有人被困</b></p>", subtype="html", charset="gb18030", cte="base64")
    row = post.send(letter)
    assert row["state"] == "filed"
    ticket = post.estate.get("resident", f"/tickets/{row['ticket_id']}").json
    assert ticket["description"] == "电梯坏了，有人被困"
    assert ticket["urgency"] == "emergency"


def test_of_several_homes_the_newest_used_is_taken_and_the_event_says_that_it_is_a_guess(post: Post) -> None:
    post.estate.join("owner", "resident", unit_ids=(post.estate.home, post.estate.other_home))
    post.know("owner", "owner@example.org")
    post.estate.file("门锁坏了", "owner", unit_id=post.estate.other_home)
    row = post.send(written("owner@example.org"))
    ticket = post.estate.get("owner", f"/tickets/{row['ticket_id']}").json
    assert ticket["unit_id"] == post.estate.other_home
    with post.estate.engine.connect() as db:
        wanted = select(models.outbox.c.data).where(models.outbox.c.subject == row["ticket_id"])
        assert db.execute(wanted).scalar_one()["place_assumed"] is True


@pytest.mark.parametrize("way", ["reply_address", "in_reply_to", "references"])
def test_an_answer_becomes_a_remark_without_what_it_quotes(post: Post, way: str) -> None:
    ticket = post.estate.file()
    ours = post.message_id(ticket)
    head = {
        "reply_address": {"To": post.reply_address(ticket).upper().replace("COMPANY", "company")},
        "in_reply_to": {"In_Reply_To": ours},
        "references": {"References": f"<first@example.org> {ours}"},
    }[way]
    words = "还在漏，请再来一次\n\n在 2026年3月4日，10:00，Desk <desk@company.example> 写道：\n> 已完成"
    letter = written(words=words, Subject="Re: 已完成", Authentication_Results="", **head)
    letter.add_attachment(photo(), maintype="image", subtype="jpeg", filename="a.jpg")
    row = post.send(letter)
    assert (row["state"], row["ticket_id"]) == ("remarked", ticket["id"])
    (remark,) = comments(post, ticket)
    assert (remark["body"], remark["visible"], remark["author_role"]) == ("还在漏，请再来一次", True, "resident")
    assert len(post.estate.get("crew", f"/tickets/{ticket['id']}/photos").json["items"]) == 1
    assert len(post.tickets()) == 1


def test_whoever_may_not_see_a_ticket_writes_nothing_on_it(post: Post) -> None:
    ticket = post.estate.file()
    post.know("neighbour", "han@example.org")
    row = post.send(written("han@example.org", To=post.reply_address(ticket)))
    assert (row["state"], row["reason"], row["ticket_id"]) == ("waiting", "not_theirs", ticket["id"])
    assert comments(post, ticket) == []


def test_staff_answer_by_mail_among_themselves(post: Post) -> None:
    ticket = post.estate.file()
    post.know("dispatcher", "wang@company.example")
    row = post.send(written("wang@company.example", "Key is at the gate", To=post.reply_address(ticket)))
    assert row["state"] == "remarked"
    assert comments(post, ticket) == []
    assert [one["body"] for one in comments(post, ticket, "dispatcher")] == ["Key is at the gate"]


def test_an_answer_to_a_cancelled_ticket_is_for_the_desk(post: Post) -> None:
    ticket = post.estate.file()
    post.estate.step("resident", ticket, "cancel")
    row = post.send(written(To=post.reply_address(ticket)))
    assert row["state"] == "remarked" or (row["state"], row["reason"]) == ("waiting", "ticket_over")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sender": "stranger@example.org"}, "unknown_sender"),
        ({"sender": "li@example.org, han@example.org"}, "unclear_sender"),
        ({"sender": ""}, "unclear_sender"),
        ({"Authentication_Results": ""}, "not_proven"),
        ({"Authentication_Results": "mx.company.example; dmarc=fail header.from=example.org"}, "forged"),
        ({"Authentication_Results": "mx.elsewhere.example; dmarc=pass header.from=example.org"}, "not_proven"),
        ({"words": "", "Subject": ""}, "empty"),
    ],
)
def test_what_is_not_clear_waits_for_the_desk_and_nobody_is_answered(
    post: Post, changes: dict[str, str], reason: str
) -> None:
    row = post.send(written(**changes))
    assert (row["state"], row["reason"]) == ("waiting", reason)
    assert post.tickets() == []
    (listed,) = post.estate.get("dispatcher", "/mail").json["items"]
    assert (listed["id"], listed["reason"], listed["raw"]) == (row["id"], reason, True)


def test_an_address_of_two_people_is_nobody_s(post: Post) -> None:
    post.know("neighbour", "li@example.org")
    assert post.send(written())["reason"] == "shared_address"
    post.know("neighbour", "other@example.org", revision=2)
    post.know("neighbour", "li@example.org", revision=1)
    assert post.send(written())["state"] == "filed"


def test_staff_and_people_without_a_home_file_nothing_by_mail(post: Post) -> None:
    post.know("dispatcher", "wang@example.org")
    assert post.send(written("wang@example.org"))["reason"] == "not_resident"
    post.estate.join("guest", "resident")
    post.know("guest", "guest@example.org")
    assert post.send(written("guest@example.org"))["reason"] == "no_home"


def test_beyond_ten_an_hour_the_desk_looks_first(post: Post) -> None:
    states = [post.send(written())["state"] for _ in range(11)]
    assert states == ["filed"] * 10 + ["waiting"]
    assert len(post.tickets()) == 10


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_submitted"),
        ({"Precedence": "bulk"}, "precedence"),
        ({"List_Id": "<news.example.org>"}, "list"),
        ({"X_Auto_Response_Suppress": "OOF"}, "suppress"),
        ({"Return_Path": "<>"}, "no_return_path"),
        ({"sender": "MAILER-DAEMON@example.org"}, "mail_server"),
        ({"sender": DESK}, "own"),
        ({"Message_ID": "ours"}, "own"),
    ],
)
def test_machines_are_set_aside(post: Post, head: dict[str, str], why: str) -> None:
    ticket = post.estate.file()
    if head.get("Message_ID"):
        head = {"Message_ID": post.message_id(ticket)}
    row = post.send(written(To=post.reply_address(ticket), **head))
    assert (row["state"], row["reason"]) == ("automatic", why)
    assert comments(post, ticket) == []
    assert post.estate.get("dispatcher", "/mail").json["items"] == []
    assert len(post.estate.get("dispatcher", "/mail?state=automatic").json["items"]) == 1


def bounce(message_id: str, action: str = "failed") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example.org\r\nTo: {DESK}\r\nMessage-ID: <{fresh()}@mx.example.org>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nUser unknown\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; gone@example.org\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: {DESK}\r\nMessage-ID: {message_id}\r\n\r\nnews\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("action", "state"), [("failed", "bounced"), ("delayed", "automatic"), ("relayed", "automatic")]
)
def test_a_letter_of_ours_that_comes_back_is_told_to_notify(post: Post, action: str, state: str) -> None:
    delivery_id = fresh()
    row = post.send(bounce(post.message_id(post.estate.file(), delivery_id), action))
    assert row["state"] == state
    with post.estate.engine.connect() as db:
        mine = models.outbox.c.organisation_id == post.estate.organisation_id
        told = db.execute(select(models.outbox.c.data).where(mine, models.outbox.c.type == MailBounced.type)).scalars()
        assert list(told) == ([{"delivery_id": delivery_id}] if state == "bounced" else [])


def test_a_report_about_somebody_else_s_letter_changes_nothing(post: Post) -> None:
    assert post.send(bounce("<1@example.org>"))["state"] == "automatic"
    assert post.send(bounce(f"<{'a' * 68}@company.example>"))["state"] == "automatic"

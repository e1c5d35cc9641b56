"""The desk decides about letters nobody else can decide about; managers set the mailbox up; nobody else gets near."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text

from services.contracts.mail import MailboxChanged
from services.contracts.notify import AddressChanged
from services.kit import clock, hook_signing, letters
from services.kit.database import transaction
from services.kit.erasures import Erasure, run_pass
from services.kit.identity import Actor, system_actor
from services.kit.testing import at, fresh
from services.tickets import models
from services.tickets.commands.mailboxes import remember_address
from services.tickets.erasing import erase_person
from tests.tickets.posting import DESK, SECRET, Post, opened, photo, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tickets.conftest import Estate

STRANGER = "Han Meimei <han@example.org>"


@pytest.fixture
def post(estate: "Estate", web_engine: Engine, app: Flask) -> Post:
    return opened(estate, web_engine, app.extensions["photos"])


def waiting(post: Post, *, with_photo: bool = False) -> dict[str, Any]:
    letter = written(STRANGER, "楼道灯坏了", Subject="灯")
    if with_photo:
        letter.add_attachment(photo(), maintype="image", subtype="jpeg", filename="灯.jpg")
    row = post.send(letter)
    assert row["state"] == "waiting"
    return row


def test_the_desk_files_a_letter_on_somebody_s_behalf_once(post: Post) -> None:
    row = waiting(post, with_photo=True)
    resident = post.estate.people["resident"].id
    body = {"on_behalf_of": resident, "urgency": "urgent"}
    answer = post.estate.post("dispatcher", f"/mail/{row['id']}/file", body, Idempotency_Key='"one"')
    assert answer.status_code == 201, answer.json
    assert (answer.json["description"], answer.json["title"], answer.json["channel"]) == ("楼道灯坏了", "灯", "email")
    assert (answer.json["requester_id"], answer.json["urgency"]) == (resident, "urgent")
    again = post.estate.post("dispatcher", f"/mail/{row['id']}/file", body, Idempotency_Key='"one"')
    assert again.json == answer.json
    late = post.estate.post("manager", f"/mail/{row['id']}/file", body)
    assert (late.status_code, late.json["ticket_id"]) == (409, answer.json["id"])
    assert len(post.estate.get("crew", f"/tickets/{answer.json['id']}/photos").json["items"]) == 1
    shown = post.estate.get("dispatcher", f"/mail/{row['id']}").json
    assert (shown["state"], shown["ticket_id"], shown["person_id"]) == ("filed", answer.json["id"], resident)
    assert shown["decided_by"] == post.estate.people["dispatcher"].id
    assert len(post.tickets()) == 1


def test_a_letter_is_attached_to_the_ticket_it_belongs_to(post: Post) -> None:
    row, ticket = waiting(post, with_photo=True), post.estate.file()
    answer = post.estate.post("dispatcher", f"/mail/{row['id']}/attach", {"ticket_id": ticket["id"]})
    assert answer.status_code == 201, answer.json
    assert (answer.json["body"], answer.json["visible"]) == ("楼道灯坏了", False)
    assert post.estate.get("resident", f"/tickets/{ticket['id']}/comments").json["items"] == []
    assert post.row(row["id"])["state"] == "remarked"
    unknown = post.estate.post("dispatcher", f"/mail/{waiting(post)['id']}/attach", {"ticket_id": fresh()})
    assert unknown.status_code == 404


def test_a_letter_is_discarded_with_the_reason(post: Post) -> None:
    row = waiting(post)
    assert post.estate.post("dispatcher", f"/mail/{row['id']}/discard", {}).status_code == 422
    answer = post.estate.post("dispatcher", f"/mail/{row['id']}/discard", {"reason": "广告"})
    assert (answer.status_code, answer.json["state"], answer.json["note"]) == (200, "discarded", "广告")
    assert post.estate.get("dispatcher", "/mail").json["items"] == []
    assert post.estate.post("dispatcher", f"/mail/{row['id']}/discard", {"reason": "again"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "on_behalf_of"),
        ({"on_behalf_of": "nobody"}, "on_behalf_of"),
        ({"on_behalf_of": "00000000-0000-0000-0000-000000000001"}, "on_behalf_of"),
        ({"on_behalf_of": "resident", "catalogue_code": "none-such"}, "catalogue_code"),
        ({"on_behalf_of": "resident", "unit_id": "00000000-0000-0000-0000-000000000001"}, "unit_id"),
        ({"on_behalf_of": "resident", "channel": "phone"}, "channel"),
    ],
)
def test_what_is_filled_in_wrongly_is_named_and_the_letter_still_waits(
    post: Post, body: dict[str, str], field: str
) -> None:
    row = waiting(post, with_photo=True)
    if body.get("on_behalf_of") == "resident":
        body = {**body, "on_behalf_of": post.estate.people["resident"].id}
    answer = post.estate.post("dispatcher", f"/mail/{row['id']}/file", body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]
    assert post.row(row["id"])["state"] == "waiting"


def test_the_list_is_paged_the_oldest_first(post: Post) -> None:
    ids = [waiting(post)["id"] for _ in range(3)]
    first = post.estate.get("dispatcher", "/mail?limit=2")
    assert [one["id"] for one in first.json["items"]] == ids[:2]
    after = first.headers["Link"].partition("after=")[2].partition(">")[0]
    assert [one["id"] for one in post.estate.get("dispatcher", f"/mail?limit=2&after={after}").json["items"]] == ids[2:]
    assert post.estate.get("dispatcher", "/mail?state=lost").status_code == 422


def test_letters_and_mailboxes_are_for_those_who_answer_for_them(
    post: Post, new_estate: "Callable[[], Estate]"
) -> None:
    row = waiting(post)
    for name in ("resident", "crew", "admin"):
        for path in ("/mail", f"/mail/{row['id']}", f"/mail/{row['id']}/raw"):
            assert post.estate.get(name, path).status_code == 403
        assert post.estate.post(name, f"/mail/{row['id']}/discard", {"reason": "x"}).status_code == 403
    for name in ("resident", "crew", "dispatcher"):
        assert post.estate.get(name, "/mailbox").status_code == 403
        assert post.estate.post(name, "/mailbox/secret").status_code == 403
    elsewhere = new_estate()
    assert elsewhere.get("dispatcher", "/mail").json["items"] == []
    for path in (f"/mail/{row['id']}", f"/mail/{row['id']}/raw"):
        assert elsewhere.get("dispatcher", path).status_code == 404
    assert elsewhere.post("dispatcher", f"/mail/{row['id']}/discard", {"reason": "x"}).status_code == 404
    assert elsewhere.get("manager", "/mailbox").status_code == 404


def test_a_letter_of_one_community_is_not_for_the_desk_of_another(post: Post, web_engine: Engine) -> None:
    row = waiting(post)
    post.estate.join("elsewhere", "dispatcher", community_ids=(fresh(),))
    assert len(post.estate.get("elsewhere", "/mail").json["items"]) == 1, "nobody knows yet whom it concerns"
    with post.estate.engine.begin() as db:
        mine = models.mails.update().where(models.mails.c.id == row["id"])
        db.execute(mine.values(community_id=post.estate.community_id))
    assert post.estate.get("elsewhere", "/mail").json["items"] == []
    assert len(post.estate.get("dispatcher", "/mail").json["items"]) == 1
    for who in (Actor(fresh(), post.estate.organisation_id, "resident"), Actor(fresh(), fresh(), "dispatcher")):
        with transaction(web_engine, who) as db:
            for table in ("mails", "addresses", "mailboxes"):
                assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    with web_engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM mails")).scalar_one() == 0


def test_only_what_the_mailbox_s_secret_signs_comes_in(post: Post) -> None:
    letter = written()
    assert post.bring(letter, **{"webhook-signature": "v1,AAAA"}).status_code == 401
    assert post.bring(letter, **{"webhook-timestamp": "1"}).status_code == 401
    box, post.mailbox = post.mailbox, {**post.mailbox, "id": fresh()}
    assert post.bring(letter).status_code == 401
    post.mailbox = box
    url = f"/api/v1/mail-in/{box['id']}"
    assert post.estate.client.post(url, data=b"x", content_type="message/rfc822").status_code == 401
    assert post.estate.client.post(url, data=b"x", content_type="text/plain").status_code == 415
    assert post.estate.client.post("/api/v1/mail-in/nobody").status_code == 404
    assert post.bring(b"  \r\n").status_code == 422
    assert post.rows() == []
    assert post.bring(b"\x00\xff not a letter at all").status_code == 202
    post.reader().read_due()
    assert [row["state"] for row in post.rows()] == ["waiting"]


def test_a_new_secret_takes_over_within_a_day(post: Post) -> None:
    first = post.secret
    answer = post.estate.post("manager", "/mailbox/secret")
    second = answer.json["secret"]
    assert answer.json["previous_until"] is not None
    for secret in (first, second):
        post.secret = secret
        assert post.bring(written()).status_code == 202
    with at(clock.now() + timedelta(hours=25)):
        raw = written().as_bytes()
        for secret, status in ((first, 401), (second, 202)):
            headers = hook_signing.signed(secret, fresh(), clock.now(), raw)
            url = f"/api/v1/mail-in/{post.mailbox['id']}"
            given = post.estate.client.post(url, data=raw, content_type="message/rfc822", headers=headers)
            assert given.status_code == status
    shown = post.estate.get("manager", "/mailbox")
    assert second not in shown.text
    assert "sealed" not in shown.text


def test_the_mailbox_is_changed_by_whoever_read_it_and_notify_is_told(post: Post) -> None:
    read = post.estate.get("manager", "/mailbox")
    assert read.json["address"] == DESK
    assert read.json["url"].endswith(f"/api/v1/mail-in/{read.json['id']}")
    body = {"address": None, "authserv_ids": []}
    assert post.estate.put("manager", "/mailbox", body).status_code == 428
    assert post.estate.put("manager", "/mailbox", body, If_Match='"v1"').status_code == 412
    assert post.estate.put("manager", "/mailbox", body, If_Match=read.headers["ETag"]).status_code == 200
    with post.estate.engine.connect() as db:
        mine = models.outbox.c.organisation_id == post.estate.organisation_id
        wanted = select(models.outbox.c.data).where(mine, models.outbox.c.type == MailboxChanged.type)
        told = db.execute(wanted.order_by(models.outbox.c.id)).scalars().all()
    assert [one["mailbox"] for one in told] == [DESK, None]
    assert told[0]["revision"] < told[1]["revision"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "address"),
        ({"address": "nobody"}, "address"),
        ({"address": "desk+x@example.org"}, "address"),
        ({"address": "a-name-of-more-than-twenty@example.org"}, "address"),
        ({"address": DESK, "authserv_ids": ["no name; dmarc=pass"]}, "authserv_ids.0"),
        ({"address": DESK, "authserv_ids": ["a.b"] * 6}, "authserv_ids"),
        ({"address": DESK, "secret": "x"}, "secret"),
    ],
)
def test_a_mailbox_filled_in_wrongly_names_the_field(estate: "Estate", body: dict[str, Any], field: str) -> None:
    answer = estate.put("manager", "/mailbox", body, If_Match="*")
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json["errors"]]
    assert estate.post("manager", "/mailbox/secret").status_code == 404


def test_an_erased_resident_is_in_no_letter(post: Post) -> None:
    who = post.estate.people["resident"]
    early = post.send(written("li.private@example.org", "early words"))
    post.know("resident", "li.private@example.org", revision=2)
    filed = post.send(written("li.private@example.org", "filed words"))
    with post.estate.engine.begin() as db:
        gone = AddressChanged(account_id=who.id, revision=3, address_digest=None)
        remember_address(db, post.estate.organisation_id, gone)
    late = post.send(written("li.private@example.org", "words after the address was taken back"))
    assert late["reason"] == "unknown_sender"
    behalf = waiting(post)
    other = post.send(written("stranger@example.org", "other words"))
    unread = post.bring(written("li.private@example.org", "unread words")).json["id"]
    post.estate.post("dispatcher", f"/mail/{behalf['id']}/file", {"on_behalf_of": who.id})
    erasure = Erasure(fresh(), post.estate.organisation_id, who.id, who.unit_ids)
    with post.estate.engine.begin() as db:
        run_pass(db, models.erasure_passes, erasure, erase_person)
    for mail_id in (early["id"], filed["id"], unread, late["id"], behalf["id"]):
        row = post.row(mail_id)
        assert row["raw"] is None
        words = f"{row['sender']}{row['sender_name']}{row['subject']}{row['text']}{row['note']}{row['attachments']}"
        assert words == "None[]"
        digest = letters.address_digest(SECRET, post.estate.organisation_id, "li.private@example.org")
        assert digest not in (row["sender_digest"], row["key"])
    assert post.row(other["id"])["text"] == "other words"
    assert post.reader().read_due() == 0
    with transaction(post.web, system_actor(post.estate.organisation_id)) as db:
        theirs = select(models.addresses).where(models.addresses.c.person_id == who.id)
        assert db.execute(theirs).all() == []

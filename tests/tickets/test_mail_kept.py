"""No letter is lost, and none is dealt with twice, whatever breaks while it is read."""

import threading
from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from services.kit import clock
from services.kit.errors import Unavailable
from services.kit.testing import at
from services.tickets import mailing, pictures
from tests.tickets.posting import Post, opened, photo, written

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture
def post(estate: "Estate", web_engine: Engine, app: Flask) -> Post:
    return opened(estate, web_engine, app.extensions["photos"])


def test_the_same_letter_brought_twice_is_one_ticket(post: Post) -> None:
    letter = written()
    first, second = post.bring(letter), post.bring(letter)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    readers = [threading.Thread(target=post.reader().read_due) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert post.bring(letter).json == first.json
    post.reader().read_due()
    assert len(post.tickets()) == 1


def test_what_cannot_be_read_waits_with_its_original(post: Post) -> None:
    raw = b"From: li@example.org\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 500
    row = post.send(raw)
    assert (row["state"], row["reason"]) == ("waiting", "unreadable")
    fetched = post.estate.get("dispatcher", f"/mail/{row['id']}/raw")
    assert fetched.data == raw
    assert fetched.headers["Content-Disposition"].startswith("attachment")


def test_a_letter_of_twenty_megabytes_is_taken(post: Post) -> None:
    letter = written()
    letter.add_attachment(b"\0" * 14_500_000, maintype="application", subtype="zip", filename="all.zip")
    row = post.send(letter)
    assert (row["state"], row["size_bytes"] > 19_000_000) == ("filed", True)
    letter.add_attachment(b"\0" * 2_000_000, maintype="application", subtype="zip", filename="more.zip")
    assert post.bring(letter).status_code == 413


class Away:
    """A store of photos that nobody reaches until it is back."""

    def __init__(self, store: pictures.Store) -> None:
        self.store, self.away = store, True

    def put(self, photo_id: str, picture: pictures.Picture) -> None:
        if self.away:
            raise Unavailable("away", "away")
        self.store.put(photo_id, picture)

    def get(self, photo_id: str) -> bytes:
        return self.store.get(photo_id)

    def get_small(self, photo_id: str) -> bytes:
        return self.store.get_small(photo_id)

    def remove(self, photo_id: str) -> None:
        self.store.remove(photo_id)


def with_photo() -> EmailMessage:
    letter = written()
    letter.add_attachment(photo(), maintype="image", subtype="jpeg", filename="a.jpg")
    return letter


def test_a_store_that_is_away_loses_no_letter_and_makes_one_ticket(post: Post) -> None:
    mail_id = post.bring(with_photo()).json["id"]
    post.store = Away(post.store)
    with pytest.raises(ExceptionGroup, match="letters"):
        post.reader().read_due()
    assert (post.row(mail_id)["state"], post.row(mail_id)["attempts"]) == ("received", 1)
    assert post.reader().read_due() == 0, "it waits for its turn"
    post.store.away = False
    with at(clock.now() + timedelta(minutes=1)):
        assert post.reader().read_due() == 1
    assert post.row(mail_id)["state"] == "filed"
    assert len(post.tickets()) == 1


def test_a_reader_killed_before_its_commit_leaves_a_letter_to_be_read_once(post: Post) -> None:
    mail_id = post.bring(written()).json["id"]

    class Killed(BaseException):
        pass

    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("UPDATE mails"):
            raise Killed

    event.listen(post.web, "before_cursor_execute", die)
    with pytest.raises(Killed):
        post.reader().read_due()
    event.remove(post.web, "before_cursor_execute", die)
    assert post.row(mail_id)["state"] == "received"
    assert post.tickets() == []
    post.reader().read_due()
    assert post.row(mail_id)["state"] == "filed"
    assert len(post.tickets()) == 1


def test_what_never_works_comes_to_the_desk_in_the_end(post: Post) -> None:
    mail_id = post.bring(with_photo()).json["id"]
    post.store = Away(post.store)
    moment = clock.now()
    for _ in range(len(mailing.WAITS) + 1):
        with at(moment), pytest.raises(ExceptionGroup):
            post.reader().read_due()
        moment += timedelta(hours=2)
    assert (post.row(mail_id)["state"], post.row(mail_id)["reason"]) == ("waiting", "failed")


def test_old_letters_are_forgotten_and_waiting_ones_are_not(post: Post) -> None:
    filed, waiting = post.send(written()), post.send(written("stranger@example.org"))
    with at(clock.now() + timedelta(days=31)):
        mailing.forget_old(post.estate.engine)
    assert (post.row(filed["id"])["raw"], post.row(filed["id"])["text"]) == (None, "")
    assert post.row(waiting["id"])["raw"] is not None
    assert post.estate.get("dispatcher", f"/mail/{filed['id']}").json["raw"] is False
    assert post.estate.get("dispatcher", f"/mail/{filed['id']}/raw").status_code == 404

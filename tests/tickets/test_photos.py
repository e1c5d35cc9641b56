"""Photos of a ticket over HTTP."""

import io
import os
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event
from werkzeug.test import TestResponse

from services.kit import testing
from services.tickets import pictures
from tests.tickets.walking import jpeg

if TYPE_CHECKING:
    from services.tickets.settings import TicketsSettings
    from tests.tickets.conftest import Estate

MEGABYTE = 1024 * 1024


def upload(estate: "Estate", ticket: dict[str, Any], data: Any, name: str = "resident") -> TestResponse:
    """Send a form to a ticket's photos."""
    headers = testing.bearer(estate.people[name])
    return estate.client.post(f"/api/v1/tickets/{ticket['id']}/photos", data=data, headers=headers)


def upload_large(estate: "Estate", content: bytes) -> TestResponse:
    """Send one large file as a phone does; built by hand, because the test client leaves its temporary file open."""
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="IMG_0001.JPG"\r\n\r\n'
    return estate.client.post(
        f"/api/v1/tickets/{estate.file()['id']}/photos",
        data=head + content + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
        headers=testing.bearer(estate.people["resident"]),
    )


def test_a_photo_is_added_listed_and_fetched(estate: "Estate") -> None:
    ticket = estate.file()
    added = upload(estate, ticket, {"photo": (io.BytesIO(jpeg()), "漏水.jpg")})
    assert added.status_code == 201, added.json
    assert added.headers["ETag"] == '"v2"'
    (listed,) = estate.get("crew", f"/tickets/{ticket['id']}/photos").json["items"]
    assert listed == added.json
    fetched = estate.get("resident", f"/tickets/{ticket['id']}/photos/{listed['id']}")
    assert (fetched.status_code, fetched.mimetype) == (200, "image/jpeg")
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert Image.open(io.BytesIO(fetched.get_data())).size == (40, 30)
    entry = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert entry["data"]["sha256"] == listed["sha256"]


def test_a_photo_is_fetched_small_for_pages(estate: "Estate") -> None:
    ticket = estate.file()
    photo = upload(estate, ticket, {"photo": (io.BytesIO(jpeg((1600, 1200))), "p.jpg")}).json
    at = f"/tickets/{ticket['id']}/photos/{photo['id']}"
    small, whole = estate.get("crew", f"{at}?size=small"), estate.get("crew", f"{at}?size=whole")
    assert (small.status_code, small.mimetype) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(small.get_data())).size == (256, 192)
    assert Image.open(io.BytesIO(whole.get_data())).size == (1600, 1200)
    assert estate.get("neighbour", f"{at}?size=small").status_code == 404
    refused = estate.get("crew", f"{at}?size=tiny")
    assert (refused.status_code, [error["field"] for error in refused.json["errors"]]) == (422, ["size"])


def test_a_photo_from_before_there_were_small_ones_is_shown(estate: "Estate", settings: "TicketsSettings") -> None:
    ticket = estate.file()
    photo = upload(estate, ticket, {"photo": (io.BytesIO(jpeg((1600, 1200))), "p.jpg")}).json
    (kept,) = (settings.kit.home / "photos").rglob(f"{photo['id']}.small.jpg")
    kept.unlink()
    small = estate.get("crew", f"/tickets/{ticket['id']}/photos/{photo['id']}?size=small")
    assert Image.open(io.BytesIO(small.get_data())).size == (256, 192)


def test_a_phone_photo_of_fifteen_megabytes_is_taken(estate: "Estate") -> None:
    big = jpeg((4000, 3000)) + os.urandom(15 * MEGABYTE)
    assert upload_large(estate, big).status_code == 201


def test_more_than_twenty_megabytes_are_too_many(estate: "Estate") -> None:
    big = jpeg() + bytes(21 * MEGABYTE)
    answer = upload_large(estate, big)
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


def test_a_png_named_jpg_is_a_photo_all_the_same(estate: "Estate") -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 20)).save(out, "PNG")
    out.seek(0)
    assert upload(estate, estate.file(), {"photo": (out, "photo.jpg")}).status_code == 201


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"photo": (io.BytesIO(b"<html>"), "photo.jpg")}, "photo"),
        ({"photo": (io.BytesIO(b""), "photo.jpg")}, "photo"),
        ({"photo": "words"}, "photo"),
        ({"picture": (io.BytesIO(jpeg()), "photo.jpg")}, "photo"),
        ({}, "photo"),
    ],
)
def test_what_is_no_photo_names_the_field(estate: "Estate", data: Any, field: str) -> None:
    ticket = estate.file()
    answer = upload(estate, ticket, data)
    assert answer.status_code == 422, answer.json
    assert field in {error["field"] for error in answer.json["errors"]}
    assert estate.get("resident", f"/tickets/{ticket['id']}").json["version"] == 1


def test_json_is_no_photo(estate: "Estate") -> None:
    assert estate.post("resident", f"/tickets/{estate.file()['id']}/photos", {"photo": "aGk="}).status_code == 422


def test_who_may_not_add_a_photo_makes_nobody_read_one(estate: "Estate", monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_data: bytes) -> None:
        raise AssertionError("the picture was read")

    monkeypatch.setattr(pictures, "read_picture", unreachable)
    ticket = estate.step("resident", estate.file(), "cancel")
    assert upload(estate, ticket, {"photo": (io.BytesIO(jpeg()), "p.jpg")}).status_code == 409
    assert upload(estate, ticket, {"photo": (io.BytesIO(jpeg()), "p.jpg")}, "neighbour").status_code == 404


def test_no_transaction_is_open_while_a_picture_is_read_and_stored(
    app: Flask, estate: "Estate", monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, open_now, seen = app.extensions["doorstep"].engine, [0], []
    event.listen(engine, "checkout", lambda *_: open_now.__setitem__(0, open_now[0] + 1))
    event.listen(engine, "checkin", lambda *_: open_now.__setitem__(0, open_now[0] - 1))
    read, put = pictures.read_picture, app.extensions["photos"].put
    monkeypatch.setattr(pictures, "read_picture", lambda data: (seen.append(open_now[0]), read(data))[1])
    monkeypatch.setattr(app.extensions["photos"], "put", lambda *given: (seen.append(open_now[0]), put(*given))[1])
    assert upload(estate, estate.file(), {"photo": (io.BytesIO(jpeg()), "p.jpg")}).status_code == 201
    assert seen == [0, 0]

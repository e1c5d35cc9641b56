"""One effect: a retried POST with the same key makes one ticket, and an edit says which version it changes."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from services.kit import clock, testing
from services.tickets import pictures
from services.tickets.erasing import remove_photos
from services.tickets.models import outbox, photos, tickets
from services.tickets.photo_files import REMOVED_AFTER
from tests.tickets.walking import body_for, jpeg

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

LEAK = {"description": "厨房水管漏水"}


def count(engine: Engine, estate: "Estate") -> int:
    """Return how many tickets an organisation has."""
    with engine.connect() as db:
        mine = select(func.count()).where(tickets.c.organisation_id == estate.organisation_id)
        return int(db.execute(mine).scalar_one())


def test_the_same_key_and_body_get_the_same_answer_and_one_ticket(estate: "Estate", worker_engine: Engine) -> None:
    first = estate.post("resident", "/tickets", LEAK, Idempotency_Key='"k1"')
    again = estate.post("resident", "/tickets", LEAK, Idempotency_Key='"k1"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    for header in ("ETag", "Location"):
        assert first.headers[header] == again.headers[header]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert count(worker_engine, estate) == 1
    with worker_engine.connect() as db:
        told = select(func.count()).where(outbox.c.organisation_id == estate.organisation_id)
        assert db.execute(told.where(outbox.c.type == "ticket.filed.v1")).scalar_one() == 1


def test_another_body_under_the_same_key_is_refused(estate: "Estate", worker_engine: Engine) -> None:
    estate.post("resident", "/tickets", LEAK, Idempotency_Key='"k"')
    refusal = estate.post("resident", "/tickets", {"description": "电梯坏了"}, Idempotency_Key='"k"')
    assert refusal.status_code == 422
    assert refusal.json["errors"][0]["field"] == "Idempotency-Key"
    assert count(worker_engine, estate) == 1


def test_a_key_belongs_to_one_person_and_one_route(estate: "Estate", worker_engine: Engine) -> None:
    for name in ("resident", "neighbour"):
        assert estate.post(name, "/tickets", LEAK, Idempotency_Key='"k"').status_code == 201
    assert count(worker_engine, estate) == 2
    triage = estate.post("resident", "/triage", {"text": "漏水"}, Idempotency_Key='"k"')
    assert triage.status_code == 200


def test_simultaneous_retries_make_one_ticket(estate: "Estate", app: Flask, worker_engine: Engine) -> None:
    start = threading.Barrier(8)
    headers = {**testing.bearer(estate.people["resident"]), "Idempotency-Key": '"race"'}

    def retry(_number: int) -> TestResponse:
        start.wait()
        return app.test_client().post("/api/v1/tickets", json=LEAK, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(retry, range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json["id"] for answer in answers if answer.status_code == 201}) == 1
    assert count(worker_engine, estate) == 1


def test_a_refused_request_may_be_tried_again_with_its_key(estate: "Estate") -> None:
    ticket = estate.file()
    path = f"/tickets/{ticket['id']}/depart"
    assert estate.post("crew", path, Idempotency_Key='"go"').status_code == 409
    estate.step("crew", ticket, "claim")
    assert estate.post("crew", path, Idempotency_Key='"go"').status_code == 200
    assert estate.post("crew", path, Idempotency_Key='"go"').status_code == 200
    assert estate.get("crew", f"/tickets/{ticket['id']}").json["version"] == 3


@pytest.mark.parametrize("key", ["", '"' + "x" * 256 + '"', '"a"b"', "密钥"])
def test_a_key_nobody_can_keep_is_refused(estate: "Estate", worker_engine: Engine, key: str) -> None:
    headers = {**testing.bearer(estate.people["resident"]), "Idempotency-Key": key.encode().decode("latin-1")}
    answer = estate.client.post("/api/v1/tickets", json=LEAK, headers=headers)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert count(worker_engine, estate) == 0


def upload(estate: "Estate", ticket_id: str, content: bytes, key: str, name: str = "resident") -> TestResponse:
    """Upload a photo with a key."""
    return estate.client.post(
        f"/api/v1/tickets/{ticket_id}/photos",
        data={"photo": (io.BytesIO(content), "photo.jpg")},
        headers={**testing.bearer(estate.people[name]), "Idempotency-Key": f'"{key}"'},
    )


def test_a_photo_sent_twice_is_kept_once(
    estate: "Estate", app: Flask, worker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: set[str] = set()
    store: pictures.Store = app.extensions["photos"]
    put, remove = store.put, store.remove
    monkeypatch.setattr(store, "put", lambda key, content: (stored.add(key), put(key, content)))
    monkeypatch.setattr(store, "remove", lambda key: (stored.discard(key), remove(key)))
    ticket = estate.file()
    first = upload(estate, ticket["id"], jpeg(), "p")
    again = upload(estate, ticket["id"], jpeg(), "p")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert upload(estate, ticket["id"], jpeg(color="red"), "p").status_code == 422
    with worker_engine.connect() as db:
        assert db.execute(select(photos.c.id).where(photos.c.ticket_id == ticket["id"])).scalars().all() == [
            first.json["id"]
        ]
    estate.step("resident", ticket, "cancel")
    assert upload(estate, ticket["id"], jpeg(), "p").json == first.json, "the answer outlives the permission"
    assert upload(estate, ticket["id"], jpeg(), "q").status_code == 409
    assert len(stored) == 3
    with testing.at(clock.now() + REMOVED_AFTER):
        remove_photos(worker_engine, store)
    assert stored == {first.json["id"]}


def test_an_edit_says_which_version_it_changes(estate: "Estate") -> None:
    ticket = estate.file()
    path, body = f"/tickets/{ticket['id']}/override", {"reason": "看过现场", "need_level": 5}
    assert estate.post("dispatcher", path, body).status_code == 428
    stale = estate.post("dispatcher", path, body, If_Match='"v7"')
    assert (stale.status_code, stale.json["version"]) == (412, 1)
    assert estate.post("dispatcher", path, body, If_Match="tomorrow").status_code == 422
    etag = estate.get("dispatcher", f"/tickets/{ticket['id']}").headers["ETag"]
    answer = estate.post("dispatcher", path, body, If_Match=etag)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')


@pytest.mark.parametrize("verb", ["acknowledge", "cancel", "promise", "assign", "decline"])
def test_every_step_may_say_which_version_it_saw(estate: "Estate", verb: str) -> None:

    ticket = estate.file()
    refusal = estate.post(
        "dispatcher", f"/tickets/{ticket['id']}/{verb}", body_for(verb, ticket, estate), If_Match='"v9"'
    )
    assert refusal.status_code == 412

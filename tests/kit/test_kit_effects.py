"""One effect per Idempotency-Key."""

import io
import threading

import pytest
from asking import count, is_problem, post
from kit_demo import GO_ON, outbox_table, parcels
from sqlalchemy import text

from services.kit.testing import actor, bearer
from tests.waiting import until


def test_the_same_key_gives_the_same_answer_and_one_effect(client, worker):
    who = actor()
    first, second = (post(client, "once", who, key='"k-1"') for _ in range(2))
    assert first.data == second.data
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(worker, parcels) == count(worker, outbox_table) == 1


def test_a_quoted_and_a_bare_key_are_the_same(client, worker):
    who = actor()
    assert post(client, "once", who, key='"k"').data == post(client, "once", who, key="k").data
    assert count(worker, parcels) == 1


def test_the_same_key_with_another_body_is_refused(client, worker):
    who = actor()
    post(client, "once", who, key='"k"')
    is_problem(post(client, "twice", who, key='"k"'), 422, "invalid")
    assert count(worker, parcels) == 1


@pytest.mark.parametrize("key", ["", '""', "键", '"a', "a b", '"' + "x" * 256 + '"', "x" * 256])
def test_a_key_that_is_none_is_refused_by_name(client, key):
    answer = post(client, "x", key=key.encode().decode("latin-1"))
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "Idempotency-Key"


def test_another_person_organisation_or_route_may_use_the_same_key(client, worker):
    who = actor()
    neighbour = actor(organisation_id=who.organisation_id)
    bodies = {post(client, "x", one, key='"k"').data for one in (who, neighbour, actor())}
    assert len(bodies) == 3
    form = {"file": (io.BytesIO(b"x"), "x")}
    answer = client.post("/uploads", data=form, headers={**bearer(who), "Idempotency-Key": '"k"'})
    assert answer.status_code == 201
    assert count(worker, parcels) == 3


def keys_held(worker):
    """Return how many keys are at work in this database."""
    ours = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    with worker.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM pg_locks WHERE {ours}")).scalar_one()


def test_a_key_still_at_work_is_a_conflict_and_its_answer_can_be_had_afterwards(client, worker):
    GO_ON.clear()
    who, answers = actor(), []
    other = client.application.test_client()

    def slow() -> None:
        answers.append(post(other, "slow", who, key='"k"'))

    thread = threading.Thread(target=slow)
    thread.start()
    until(lambda: keys_held(worker), "the key to be held")
    conflict = post(client, "slow", who, key='"k"')
    GO_ON.set()
    thread.join()
    assert conflict.status_code == 409
    assert answers[0].status_code == 201
    assert post(client, "slow", who, key='"k"').data == answers[0].data
    assert count(worker, parcels) == 1


def test_an_answer_that_is_there_is_given_to_any_number_of_retries_at_once(client, worker):
    who = actor()
    first = post(client, "x", who, key='"k"')
    clients = [client.application.test_client() for _ in range(10)]
    gate = threading.Barrier(len(clients))
    answers = []

    def retry(one) -> None:
        gate.wait()
        answers.append(post(one, "x", who, key='"k"'))

    threads = [threading.Thread(target=retry, args=(one,)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(answer.status_code, answer.data) for answer in answers] == [(201, first.data)] * 10
    assert count(worker, parcels) == 1


@pytest.mark.parametrize(("words", "status"), [("refuse", 409), ("crash", 500), ("away", 503)])
def test_what_was_rolled_back_may_be_tried_again_with_the_same_key(client, worker, words, status):
    who = actor()
    assert post(client, words, who, key='"k"').status_code == status
    assert post(client, words, who, key='"k"').status_code == status
    assert count(worker, parcels) == count(worker, outbox_table) == 0
    assert post(client, "works", who, key='"k"').status_code == 201


def test_a_form_sent_again_with_another_boundary_is_the_same_request(client):
    headers = {**bearer(actor()), "Idempotency-Key": '"k"'}

    def send(content: bytes, **more):
        form = {"file": (io.BytesIO(content), "a.jpg"), "words": "x", **more}
        return client.post("/uploads", data=form, headers=headers)

    first, second, other = send(b"one"), send(b"one"), send(b"two")
    assert first.status_code == 201, first.text
    assert first.get_json()["size"] == 3
    assert first.data == second.data
    is_problem(other, 422, "invalid")
    is_problem(send(b"one", words2="y"), 422, "invalid")


def test_several_files_of_one_name_are_told_apart(client):
    headers = {**bearer(actor()), "Idempotency-Key": '"k"'}
    form = lambda last: {"file": [(io.BytesIO(b"one"), "a"), (io.BytesIO(last), "b")]}  # noqa: E731
    assert client.post("/uploads", data=form(b"two"), headers=headers).status_code == 201
    assert client.post("/uploads", data=form(b"two"), headers=headers).status_code == 201
    assert client.post("/uploads", data=form(b"six"), headers=headers).status_code == 422

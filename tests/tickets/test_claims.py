"""One winner: of any number of simultaneous claims exactly one succeeds, and the others hear who won."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from services.kit import testing
from services.tickets.catalogue import SKILLS
from services.tickets.models import history, outbox, tickets

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

RACERS = 200


def test_two_hundred_simultaneous_claims_have_one_winner(estate: "Estate", app: Flask, worker_engine: Engine) -> None:
    crews = [estate.join(f"racer {number}", "crew", skills=SKILLS) for number in range(20)]
    ticket = estate.file()
    # Fewer than the server's connections may wait at a time; all of them start together.
    starting = threading.Barrier(RACERS)
    path = f"/api/v1/tickets/{ticket['id']}/claim"

    def claim(number: int) -> TestResponse:
        headers = testing.bearer(crews[number % len(crews)])
        starting.wait(60)
        # Whom a desk without a free connection sends away comes again, as a phone does.
        while (answer := app.test_client().post(path, headers=headers)).status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
        return answer

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(claim, range(RACERS)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: RACERS - 1}
    (won,) = [answer.json for answer in answers if answer.status_code == 200]
    lost = [answer.json for answer in answers if answer.status_code == 409]
    assert {refusal["owner"]["id"] for refusal in lost} == {won["owner"]["id"]}
    named = [
        refusal for refusal in lost if "You already" not in refusal["detail"] and "已在您名下" not in refusal["detail"]
    ]
    assert len(named) >= RACERS - RACERS // len(crews)
    assert all(won["owner"]["name"] in refusal["detail"] for refusal in named)
    assert all(refusal["next"] == "/api/v1/pool" for refusal in named)
    with worker_engine.connect() as db:
        claims = select(func.count()).where(history.c.ticket_id == ticket["id"], history.c.action == "claim")
        told = select(func.count()).where(outbox.c.subject == ticket["id"], outbox.c.type == "ticket.claimed.v1")
        assert db.execute(claims).scalar_one() == db.execute(told).scalar_one() == 1
        assert db.execute(select(tickets.c.version).where(tickets.c.id == ticket["id"])).scalar_one() == 2


def test_a_claim_needs_a_skill_of_the_job(estate: "Estate") -> None:
    ticket = estate.file("厨房水管漏水")
    estate.join("gardener", "crew", skills=("gardening",))
    refusal = estate.post("gardener", f"/tickets/{ticket['id']}/claim")
    assert refusal.status_code == 403
    assert refusal.json["skills"] == ["plumbing"]
    assert "claim" not in estate.get("gardener", f"/tickets/{ticket['id']}").json["actions"]


def test_a_claim_on_an_old_version_is_stale(estate: "Estate") -> None:
    ticket = estate.file()
    estate.step("dispatcher", ticket, "acknowledge")
    refusal = estate.post("crew", f"/tickets/{ticket['id']}/claim", If_Match='"v1"')
    assert refusal.status_code == 412
    assert refusal.json["version"] == 2

"""A completion tells the surveys service what became of the ticket's clocks."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, select

from services.contracts.clocks import ToldClock
from services.contracts.tickets import TicketCompleted
from services.kit import clock
from services.kit.testing import at
from services.tickets.models import clocks, outbox
from tests.tickets.conftest import signed_in

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def test_a_completion_tells_the_clocks_that_have_stopped_as_they_are_stored(
    estate: "Estate", worker_engine: Engine
) -> None:
    done = estate.completed()
    with worker_engine.begin() as db:
        told = select(outbox.c.data).where(outbox.c.subject == done["id"], outbox.c.type == TicketCompleted.type)
        lines = db.execute(told).scalar_one()["clocks"]
        mine = select(clocks).where(clocks.c.ticket_id == done["id"], clocks.c.stopped_at.is_not(None))
        stored = {(row.kind, row.generation): row for row in db.execute(mine) if row.state != "void"}
    found = {(one.kind, one.generation): one for one in map(ToldClock.read, lines)}
    assert found.keys() == stored.keys()
    assert {"acknowledge", "attend", "resolve"} <= {kind for kind, _ in found}
    for key, one in found.items():
        row = stored[key]
        assert (one.state, one.basis, one.target_seconds) == (row.state, row.basis, row.target_seconds)
        assert one.allowed_seconds == round((row.due_at - row.started_at).total_seconds())
        assert one.taken_seconds == round((row.stopped_at - row.started_at).total_seconds())


def test_a_job_done_too_late_is_told_as_breached(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.file("家里没电了，请尽快来人")
    with at(clock.now() + timedelta(days=40)):
        for verb in ("claim", "start", "complete"):
            path = f"/api/v1/tickets/{ticket['id']}/{verb}"
            answer = estate.client.post(path, headers=signed_in(estate.people["crew"]))
            assert answer.status_code == 200, answer.json
    with worker_engine.begin() as db:
        told = select(outbox.c.data).where(outbox.c.subject == ticket["id"], outbox.c.type == TicketCompleted.type)
        lines = db.execute(told).scalar_one()["clocks"]
    late = {one.kind: one for one in map(ToldClock.read, lines)}
    assert late["resolve"].state == "breached"
    assert late["resolve"].taken_seconds >= 40 * 24 * 3600 > (late["resolve"].allowed_seconds or 0)


@pytest.mark.parametrize("line", ["", "attend", "attend:1:late:clock:1:1:1", ":1:met:clock:1:1:1", "a:b:met:c:1:1:1"])
def test_what_is_no_clock_is_not_read(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ToldClock.read(line)


def test_a_clock_goes_into_a_line_and_back_and_later_parts_are_ignored() -> None:
    one = ToldClock("attend", 2, "unknown", "working", 7200, None, 60)
    assert ToldClock.read(one.written()) == one
    assert ToldClock.read(one.written() + ":more") == one

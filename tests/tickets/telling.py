"""Acts that a phone tells of later, and what became of them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from doorstep.verification import verify
from services.kit import testing
from tests.tickets.busy_desk import sweep
from tests.tickets.test_replay import replayed

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) - 3 * DAY  # In Shanghai.
BURST = "水管爆了，水漫到客厅"  # An emergency: somebody there within the hour, done within eight.


def told(done: datetime, sent: datetime, wrong_by: timedelta = timedelta()) -> dict[str, str]:
    """Return what a phone says whose clock is wrong by so much."""
    return {"acted_at": (done + wrong_by).isoformat(), "sent_at": (sent + wrong_by).isoformat()}


def act(estate: "Estate", ticket: dict[str, Any], verb: str, done: datetime, sent: datetime, **body: Any) -> Any:
    """Let the crew's phone tell at `sent` what was done at `done`."""
    wrong_by = body.pop("wrong_by", timedelta())
    with testing.at(sent):
        return estate.post("crew", f"/tickets/{ticket['id']}/{verb}", {**told(done, sent, wrong_by), **body})


def claimed(estate: "Estate", at: datetime = NOON, description: str = BURST) -> dict[str, Any]:
    """File a request and let the crew claim it a minute later, with signal."""
    with testing.at(at):
        ticket = estate.file(description)
    with testing.at(at + MINUTE):
        return estate.step("crew", ticket, "claim")


def is_provable(estate: "Estate", engine: Engine) -> None:
    """Everything stored follows from history, by both of the programs that say so."""
    sweep(engine)
    assert replayed(engine, estate)[0] == []
    with engine.connect() as db:
        assert list(verify(db, lambda done, of: None)) == []

"""The truth is not erased: history can be added to and never changed, and a change is found."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine, select

from services.kit import migrate
from services.tickets import chain
from services.tickets.models import history

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

TAMPERING = (
    "UPDATE history SET status = 'closed' WHERE seq = 1",
    "DELETE FROM history",
    "TRUNCATE history CASCADE",
    "UPDATE firings SET level = 5",
    "DELETE FROM firings",
    "TRUNCATE firings",
)


@pytest.mark.parametrize("statement", TAMPERING)
def test_not_even_the_owner_of_the_tables_changes_what_happened(
    estate: "Estate", server_url: str, statement: str
) -> None:
    estate.file()
    with (
        psycopg.connect(migrate.owner_url(server_url, "tickets")) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        owner.execute(statement)


def entries_of(engine: Engine, ticket_id: str) -> list[dict[str, Any]]:
    """Return the stored rows in order."""
    with engine.connect() as db:
        found = select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)
        return [dict(row) for row in db.execute(found).mappings()]


@pytest.mark.parametrize(
    ("seq", "change"),
    [
        (1, {"actor_id": "00000000-0000-7000-8000-000000000009"}),
        (3, {"status": "closed"}),
        (4, {"data": {"completion": 7}}),
        (2, {"hash": "f" * 64}),
        (2, {"previous_hash": "0" * 64}),
        (5, {"seq": 6}),
    ],
)
def test_a_changed_row_is_found(estate: "Estate", worker_engine: Engine, seq: int, change: dict[str, Any]) -> None:
    entries = entries_of(worker_engine, estate.completed()["id"])
    assert chain.first_break(entries) is None
    entries[seq - 1] |= change
    assert chain.first_break(entries) in (seq, seq + 1)


def test_a_removed_row_is_found(estate: "Estate", worker_engine: Engine) -> None:
    entries = entries_of(worker_engine, estate.completed()["id"])
    assert chain.first_break(entries[:2] + entries[3:]) == 4


def test_anyone_can_recompute_the_chain_from_the_api(estate: "Estate") -> None:
    """Floats, lists and Chinese words in a step's data come back as they went into the digest."""
    ticket = estate.file("楼道灯不亮了")
    other = next(
        item["code"]
        for item in estate.get("dispatcher", "/catalogue").json["items"]
        if item["code"] != ticket["catalogue_code"] and item["urgency"] != ticket["urgency"]
    )
    body = {"reason": "看过现场", "catalogue_code": other}
    ticket = estate.step("dispatcher", ticket, "override", body, If_Match='"v1"')
    estate.step("crew", ticket, "claim")
    shown = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]
    previous = chain.GENESIS
    for entry in shown:
        content = {
            **entry,
            "ticket_id": ticket["id"],
            "at": datetime.fromisoformat(entry["at"]),
            "from_status": entry["from_status"] or "",
        }
        assert chain.digest(previous, content) == entry["hash"]
        previous = entry["hash"]


def test_words_are_sealed_in_history_and_kept_elsewhere(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.file()
    estate.step("crew", ticket, "comments", {"body": "业主电话联系不上", "visible": False})
    (_, entry) = entries_of(worker_engine, ticket["id"])
    assert "业主电话" not in str(entry)
    assert entry["data"]["visible"] is False
    assert len(entry["data"]["remark_sha256"]) == 64


def test_the_same_words_seal_differently() -> None:
    assert chain.seal("好")[1] != chain.seal("好")[1]

"""Reports of one cause: filed, joined, and held against their history."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from services.tickets import chain, ledger, retold
from services.tickets.books import books_of
from services.tickets.models import clocks, firings, history, tickets

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

LEAK = "楼道水管漏水"


def shared(estate: "Estate", description: str = LEAK, **body: Any) -> dict[str, Any]:
    """File a report about a shared place, which others can be joined to."""
    return estate.file(description, "dispatcher", community_id=estate.community_id, **body)


def joined(estate: "Estate", lead: dict[str, Any], name: str = "resident") -> dict[str, Any]:
    """File somebody's own report, joined to another."""
    filed = estate.file(LEAK, name, join=lead["id"])
    assert filed["joined_to"] == lead["id"]
    return filed


def walked(estate: "Estate", ticket: dict[str, Any], *verbs: str) -> None:
    for verb in verbs:
        estate.step("crew", ticket, verb)


def is_true(engine: Engine, ticket: dict[str, Any]) -> None:
    """Hold a ticket's chain, columns and stored clocks against its history."""
    with engine.connect() as db:
        of = (history.c.ticket_id == ticket["id"],)
        entries = [dict(row) for row in db.execute(select(history).where(*of).order_by(history.c.seq)).mappings()]
        row = dict(db.execute(select(tickets).where(tickets.c.id == ticket["id"])).mappings().one())
        assert chain.first_break(entries) is None
        assert list(retold.untruths(row, entries)) == []
        gone = db.execute(select(firings).where(firings.c.ticket_id == ticket["id"])).mappings().all()
        fired = {(one["kind"], one["generation"], one["level"]) for one in gone}
        stored = db.execute(select(clocks).where(clocks.c.ticket_id == ticket["id"])).mappings()
        library = books_of(db, row["organisation_id"], row["community_id"], entries)
        said = {(one["kind"], one["generation"]): one for one in ledger.rows_of(row, entries, library, fired)}
        for one in stored:
            told = said[one["kind"], one["generation"]]
            assert {name: told[name] for name in told} == {name: one[name] for name in told}

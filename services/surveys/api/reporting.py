"""The scopes in which a report reads, and in which words are read on record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from services.kit.database import transaction
from services.kit.http.app import current_service
from services.kit.identity import current_actor
from services.surveys.reports.asked import Asked, zone_of

REPORT, READER = "report", "reader"
# A report reads up to a hundred thousand rows in one go, by a plan made for its own period: the plan kept for any
# period expects few, and starting workers or a compiler takes longer than the work.
_AT_ONCE = text(
    "SELECT set_config('work_mem', '64MB', true), set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true)"
)


@contextmanager
def reporting() -> Iterator[Connection]:
    """Open a transaction that reads what figures are made of, in the caller's communities, and changes nothing.

    Row-level security knows it as a role of its own, so that whoever may ask for figures does not thereby see the
    single visits behind them.
    """
    with transaction(current_service().engine, replace(current_actor(), role=REPORT)) as db:
        db.execute(text("SET TRANSACTION READ ONLY"))
        db.execute(_AT_ONCE)
        yield db


@contextmanager
def reading() -> Iterator[Connection]:
    """Open a transaction in which words are shown that it has put on record, in the caller's communities."""
    with transaction(current_service().engine, replace(current_actor(), role=READER)) as db:
        yield db


def asked_of(db: Connection, query: dict[str, Any]) -> Asked:
    """Return what a query asks for: a period, a community, and the zone in which its months begin."""
    community = str(query["community_id"]) if query["community_id"] else None
    organisation = current_actor().organisation_id
    return Asked(organisation, query["since"], query["until"], community, zone_of(db, community))

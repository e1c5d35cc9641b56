"""A report finds its rows by index, and row-level security asks who is calling once a statement."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from services.kit.database import transaction
from services.tickets.queries.reports import Asked, sla_report
from tests.tickets.month import lived_through

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

READS = ("SELECT jobs", "WITH", "SELECT seen", "SELECT late", "SELECT missed", "SELECT clocks")


@contextmanager
def explained(engine: Engine) -> Iterator[list[str]]:
    """Collect the plan of every statement that reads, beside letting it run."""
    plans: list[str] = []

    def explain(db: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(READS):
            asking = db.connection.cursor()
            asking.execute(f"EXPLAIN (VERBOSE) {statement}", parameters)
            plans.append("\n".join(line for (line,) in asking.fetchall()))

    event.listen(engine, "before_cursor_execute", explain)
    yield plans
    event.remove(engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("limited", [False, True])
def test_a_report_finds_its_rows_by_index_and_asks_who_is_calling_once(
    estate: "Estate", web_engine: Engine, limited: bool
) -> None:
    community, before = lived_through(estate)
    who = estate.join("local", "manager", community_ids=(community,)) if limited else estate.people["manager"]
    asked = Asked(estate.organisation_id, since=before)
    with explained(web_engine) as plans, transaction(web_engine, who) as db:
        # So few rows are read faster without an index.
        for way in ("seqscan", "bitmapscan"):
            db.execute(text(f"SET LOCAL enable_{way} = off"))
        sla_report(db, asked, "need_level")
    assert len(plans) == 6
    stopped, running, missed, again, late, wholes = plans
    assert "ix_history_overrides" in missed
    assert "using ix_clocks_report" in stopped
    # Which of several indexes is cheapest for a handful of rows depends on when statistics were gathered.
    assert re.search("using ix_clocks_(open|report|due)", late)
    assert all(name in running for name in ("clocks", "stopped_at IS NULL"))
    assert not any("Seq Scan" in plan for plan in (again, wholes))
    for plan in (stopped, late):
        scan = next(line for line in plan.splitlines() if "Filter" in line and "community_id" in line)
        assert "current_setting" not in scan
        assert "InitPlan" in scan

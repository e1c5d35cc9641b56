"""`make bench`: filing, claiming, relaying and telling, measured in one run and told as ratios."""

import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Pause
from typing import Any

import psycopg
import urllib3
from rich.console import Console
from rich.table import Table

from doorstep.bench import baseline, load, relaying
from doorstep.processes import kept_port
from doorstep.sample import PASSWORD
from doorstep.stack import Stack
from services.kit import migrate
from services.kit.bus.rabbitmq import RabbitPublisher

CLIENTS = (1, 8, 16)
PGBENCH_SECONDS = 5
REQUESTS = {1: 150, 8: 800, 16: 1600}
RELAYED = 20_000
CONSUMED = 3_000
HALF_LOAD_SECONDS = 8
# Limits protect a desk from its callers; a benchmark is one caller that means it.
ENVIRONMENT = {"DOORSTEP_RATE_LIMIT": "1000000/minute", "DOORSTEP_LOGIN_LIMIT": "1000/minute"}


@dataclass(frozen=True)
class Desk:
    """A running desk, and who is signed in."""

    stack: Stack
    resident: str
    crew: str

    @property
    def doors(self) -> dict[str, int]:
        """Where requests go in: through the gateway, or directly to the service."""
        return {"gateway": self.stack.port, "direct": int(self.stack.env["TICKETS_PORT"])}

    def owner_url(self, service: str) -> str:
        """A service's database as its owner."""
        return migrate.owner_url(self.stack.server_url, service)


def run(console: Console) -> None:
    """Start a throw-away desk, measure, print, and remove it."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
        stack = Stack(
            Path(folder),
            kept_port(Path(folder) / "port"),
            broker="rabbitmq",
            extra_env=ENVIRONMENT,
            echo=lambda _line: None,
        )
        console.print("Starting a throw-away desk …")
        stack.start()
        try:
            desk = Desk(stack, _sign_in(stack, "resident1"), _sign_in(stack, "crew1"))
            rates = _requests(desk, console)
            _messages(desk, console, rates["gateway", 16])
        finally:
            stack.stop()


def _sign_in(stack: Stack, login: str) -> str:
    answer = urllib3.request(
        "POST", f"{stack.url}/api/v1/auth/token", json={"login": login, "password": PASSWORD}, retries=False
    )
    token: str = answer.json()["access_token"]
    return token


def _requests(desk: Desk, console: Console) -> dict[tuple[str, int], float]:
    """Measure filing and claiming through both doors; returns the filing rates."""
    pgbench = _pgbench(desk.stack)
    owner = desk.owner_url("tickets")
    baseline.prepare(owner)
    table = Table(title="Filing and claiming, against pgbench's five statements at the same number of clients")
    for heading in ("what", "door", "clients", "per second", "p50 ms", "p99 ms", "× pgbench", "refused"):
        table.add_column(heading, justify="left" if heading in ("what", "door") else "right")
    rates: dict[tuple[str, int], float] = {}
    for clients in CLIENTS:
        bare, milliseconds = baseline.five_statements(pgbench, owner, clients, PGBENCH_SECONDS)
        table.add_row("five statements", "pgbench", str(clients), f"{bare:.0f}", f"{milliseconds:.1f}", "", "1.00", "")
        for door, port in desk.doors.items():
            filed = load.run(port, _filings(desk.resident, clients, REQUESTS[clients]))
            rates[door, clients] = filed.rate
            table.add_row(*_row("file", door, clients, filed, bare, 201))
            ids = [json.loads(answer.body)["id"] for answer in filed.answers if answer.status == 201]
            claimed = load.run(port, _claims(desk.crew, clients, ids))
            table.add_row(*_row("claim", door, clients, claimed, bare, 200))
            console.print(f"{clients} clients through {door}: done")
    console.print(table)
    return rates


def _row(what: str, door: str, clients: int, seen: load.Measured, bare: float, good: int) -> list[str]:
    refused = sum(count for status, count in seen.statuses.items() if status != good)
    figures = [f"{seen.rate:.0f}", f"{seen.percentile(0.5):.1f}", f"{seen.percentile(0.99):.1f}"]
    return [what, door, str(clients), *figures, f"{seen.rate / bare:.2f}", str(refused)]


def _filings(token: str, clients: int, requests: int) -> list[list[bytes]]:
    body = {"description": "厨房水管漏水，已经滴了一天，请尽快来人看看。"}
    return [[load.post("/api/v1/tickets", token, body)] * (requests // clients) for _ in range(clients)]


def _claims(token: str, clients: int, ids: list[str]) -> list[list[bytes]]:
    return [
        [load.post(f"/api/v1/tickets/{key}/claim", token, {}) for key in ids[number::clients]]
        for number in range(clients)
    ]


def _pgbench(stack: Stack) -> Path:
    if stack.bindir is None:
        raise baseline.NoBaseline("pgbench is measured on the embedded server; unset DATABASE_URL to run it")
    return stack.bindir / "pgbench"


def _messages(desk: Desk, console: Console, full_rate: float) -> None:
    """Measure how events travel: out of an outbox, into notices, and from a filing's 201 to its notice."""
    drained = _drain(desk)
    publisher = RabbitPublisher(desk.stack.env["AMQP_URL"], {"bench": (relaying.EVENT_TYPE,)})
    relayed = relaying.rate(desk.stack.server_url, publisher, RELAYED)
    publisher.close()
    consumed = _consumed(desk)
    p50, p99, count = _told(desk, full_rate / 2)
    table = Table(title="Events")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_row("backlog of the runs above drained into notices in", f"{drained:.1f} s")
    table.add_row(f"relayed through RabbitMQ with confirms ({RELAYED} events)", f"{relayed:.0f} /s")
    table.add_row(f"taken into notify's rows, whole desk running ({CONSUMED} events)", f"{consumed:.0f} /s")
    table.add_row(f"filed to notice row at half load, p50 ({count} filings)", f"{p50:.0f} ms")
    table.add_row("filed to notice row at half load, p99", f"{p99:.0f} ms")
    console.print(table)


def _drain(desk: Desk, seconds: float = 120.0) -> float:
    """Wait until every event is published and taken in by notify; returns how long that took."""
    begun = time.perf_counter()
    pause = Pause()
    while time.perf_counter() - begun < seconds:
        if not _one(desk, "tickets", "SELECT count(*) FROM outbox WHERE published_at IS NULL") and not _behind(desk):
            return time.perf_counter() - begun
        pause.wait(0.1)
    raise TimeoutError("the backlog was not drained in time")


def _behind(desk: Desk) -> int:
    sent = _one(desk, "tickets", "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL")
    taken = _one(desk, "notify", "SELECT count(*) FROM inbox WHERE type LIKE 'ticket.%' OR type LIKE 'sla.%'")
    return int(sent) - int(taken)


def _one(desk: Desk, service: str, query: str) -> Any:
    with psycopg.connect(desk.owner_url(service), autocommit=True) as database:
        row = database.execute(query).fetchone()
        return row[0] if row else None


def _consumed(desk: Desk) -> float:
    """Return how many events a second notify turns into rows when a burst of real filings' events arrives."""
    with psycopg.connect(desk.owner_url("tickets"), autocommit=True) as database:
        database.execute(
            """INSERT INTO outbox (event_id, type, subject, organisation_id, occurred_at, correlation_id, traceparent,
                 data)
               SELECT gen_random_uuid(), type, subject, organisation_id, now(), 'bench-burst', '', data
               FROM outbox WHERE type = 'ticket.filed.v1' ORDER BY id DESC LIMIT %s""",
            (CONSUMED,),
        )
        database.execute("NOTIFY outbox")
    _drain(desk)
    with psycopg.connect(desk.owner_url("tickets")) as database:
        sent = database.execute("SELECT event_id::text FROM outbox WHERE correlation_id = 'bench-burst'")
        ids = [row[0] for row in sent.fetchall()]
    with psycopg.connect(desk.owner_url("notify")) as database:
        span = database.execute(
            "SELECT extract(epoch FROM max(received_at) - min(received_at)) FROM inbox"
            " WHERE event_id = ANY(%s::uuid[])",
            (ids,),
        ).fetchone()
    assert span is not None
    return len(ids) / float(span[0])


def _told(desk: Desk, rate: float) -> tuple[float, float, int]:
    """File at `rate` a second for some seconds; return p50 and p99 in milliseconds from filing to notice, and n."""
    clients = 8
    each = max(1, int(rate * HALF_LOAD_SECONDS / clients))
    filed = load.run(desk.doors["gateway"], _filings(desk.resident, clients, each * clients), every=clients / rate)
    ids = [json.loads(answer.body)["id"] for answer in filed.answers if answer.status == 201]
    _drain(desk)
    with psycopg.connect(desk.owner_url("tickets")) as database:
        filings = database.execute("SELECT id::text, filed_at FROM tickets WHERE id = ANY(%s::uuid[])", (ids,))
        at: dict[str, Any] = dict(filings.fetchall())
    with psycopg.connect(desk.owner_url("notify")) as database:
        told = database.execute(
            "SELECT ticket_id::text, min(created_at) FROM notices WHERE ticket_id = ANY(%s::uuid[]) GROUP BY 1", (ids,)
        ).fetchall()
    late = sorted((created - at[key]).total_seconds() * 1000 for key, created in told)
    if len(late) != len(ids):
        raise AssertionError(f"{len(ids)} filings, but {len(late)} of them were told of")
    return late[len(late) // 2], late[int(0.99 * (len(late) - 1))], len(late)


def main() -> None:
    """Run the benchmarks and print them."""
    console = Console(width=int(os.environ.get("COLUMNS", "120")))
    run(console)


if __name__ == "__main__":
    main()

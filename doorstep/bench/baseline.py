"""The measure everything is held against: pgbench doing the same inserts, with nothing in between."""

import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

# The tables a filing writes, in their own form and with their own indexes, apart from the desk's data.
_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.tickets (LIKE public.tickets INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bench.history (LIKE public.history INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bench.outbox (LIKE public.outbox INCLUDING ALL);
"""
_SCRIPT = """
\\set n random(1, 1000000000)
BEGIN;
INSERT INTO bench.tickets (id, organisation_id, number, community_id, requester_id, filed_by, channel, title,
  description, catalogue_code, topic, work_type, need_level, standard, value_tier, sla_class, skills, urgency,
  confidence, because, status, owner_desk, filed_at, changed_at, policy_version, version, history_hash)
VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid()::text, gen_random_uuid(), gen_random_uuid(),
  gen_random_uuid(), 'api', 'a title of some words', 'a description of :n and some more words', 'water-leak-pipe',
  'repair', 'repair', 1, 'basic', 'basic', 'standard', '{plumbing}', 'urgent', 0.9, '[{"word": "x", "says": "y"}]',
  'filed', 'dispatch', now(), now(), '1', 1, repeat('0', 64));
INSERT INTO bench.history (ticket_id, seq, organisation_id, at, actor_id, actor_role, action, from_status, status,
  data, previous_hash, hash)
VALUES (gen_random_uuid(), 1, gen_random_uuid(), now(), gen_random_uuid(), 'resident', 'file', '', 'filed',
  '{"urgency": "urgent"}', repeat('0', 64), repeat('1', 64));
INSERT INTO bench.outbox (event_id, type, subject, organisation_id, occurred_at, correlation_id, traceparent, data)
VALUES (gen_random_uuid(), 'ticket.filed.v1', gen_random_uuid()::text, gen_random_uuid(), now(),
  gen_random_uuid()::text, '',
  '{"ticket_id": "00000000-0000-0000-0000-000000000000", "number": "261122-ABCDEF", "status": "filed"}');
COMMIT;
"""
_RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_LATENCY = re.compile(r"^latency average = ([0-9.]+) ms", re.MULTILINE)


class NoBaseline(Exception):
    """pgbench could not be run; the message says why."""


def prepare(tickets_owner_url: str) -> None:
    """Make the tables the baseline writes, in the tickets database."""
    with psycopg.connect(tickets_owner_url, autocommit=True) as database:
        database.execute(_SCHEMA)


def five_statements(pgbench: Path, tickets_owner_url: str, clients: int, seconds: int) -> tuple[float, float]:
    """Return (transactions per second, average milliseconds) of the five-statement script at `clients` clients."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_SCRIPT)
        script.flush()
        command = [str(pgbench), "-n", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", script.name]
        done = subprocess.run([*command, tickets_owner_url], capture_output=True, text=True, check=False)
    rate, latency = _RATE.search(done.stdout), _LATENCY.search(done.stdout)
    if done.returncode or rate is None or latency is None:
        raise NoBaseline(done.stderr or done.stdout)
    return float(rate[1]), float(latency[1])

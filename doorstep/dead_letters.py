"""The command for what could not be handled: look at it, try it again, or give it up."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Connection, Table

from doorstep.connections import worker_url
from doorstep.homes import home_of_environment
from doorstep.wiring import EVERYBODY, MODULES
from services.kit import inbox
from services.kit.database import make_engine

Change = Callable[[Connection, Table, str], bool]
one_service = click.option("--service", type=click.Choice(EVERYBODY), help="Only this service's.")


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show, replay or discard the events that could not be handled."""


@dead_letters.command("list")
@one_service
def list_them(service: str | None) -> None:
    """List them with their reasons, newest first."""
    found = 0
    for name in _services(service):
        with _inbox(name) as (db, table):
            for row in inbox.dead_letters(db, table):
                found += 1
                click.echo(f"{name}  {row['event_id']}  {row['type']}  after {row['attempts']}  {row['reason']}")
    click.echo(f"{found} dead letters", err=True)


@dead_letters.command()
@click.argument("event_id", type=click.UUID)
@one_service
def show(event_id: object, service: str | None) -> None:
    """Show one whole, as JSON."""
    for name in _services(service):
        with _inbox(name) as (db, table):
            row = inbox.dead_letter(db, table, str(event_id))
        if row is not None:
            click.echo(json.dumps({"service": name, **row}, ensure_ascii=False, indent=2, default=str))
            return
    _nothing(event_id)


@dead_letters.command()
@click.argument("event_id", type=click.UUID)
@one_service
def replay(event_id: object, service: str | None) -> None:
    """Have one tried again at once."""
    _change(event_id, service, inbox.replay, "is tried again")


@dead_letters.command()
@click.argument("event_id", type=click.UUID)
@one_service
def discard(event_id: object, service: str | None) -> None:
    """Give one up for good."""
    _change(event_id, service, inbox.discard, "is given up")


def _change(event_id: object, service: str | None, change: Change, outcome: str) -> None:
    changed = False
    for name in _services(service):
        with _inbox(name) as (db, table):
            if change(db, table, str(event_id)):
                changed = True
                click.echo(f"{name}: {event_id} {outcome}")
    if not changed:
        _nothing(event_id)


def _nothing(event_id: object) -> None:
    click.echo(f"There is no dead letter {event_id}.", err=True)
    sys.exit(1)


def _services(only: str | None) -> tuple[str, ...]:
    return (only,) if only else EVERYBODY


@contextmanager
def _inbox(service: str) -> Iterator[tuple[Connection, Table]]:
    models: Any = importlib.import_module(f"{MODULES[service]}.models")
    engine = make_engine(worker_url(home_of_environment(), service), pool_size=1, name="dead-letters")
    try:
        with engine.begin() as db:
            yield db, models.inbox
    finally:
        engine.dispose()

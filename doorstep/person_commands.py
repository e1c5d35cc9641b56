"""The commands about one person: erase them, and prove that nothing of theirs is left."""

import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy import Connection, Engine, select

from doorstep import personal
from doorstep.connections import worker_url
from doorstep.homes import home_of_environment
from doorstep.wiring import EVERYBODY
from gateway.models import REASONS
from services.kit import erasures
from services.kit.database import make_engine, new_metadata
from services.kit.errors import DeskError
from services.kit.identity import NOBODY, Actor

LOOK_AGAIN_SECONDS = 0.5


@click.command()
@click.argument("account")
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why, as it is logged.")
@click.option("--wait", type=click.IntRange(min=0), default=60, show_default=True, help="Seconds to wait for services.")
def erase(account: str, reason: str, wait: int) -> None:
    """Erase a resident, named by login or id, from every service; exit status 1 where one has not done it in time."""
    home = home_of_environment()
    engine = make_engine(worker_url(home, "gateway"), pool_size=1, name="erase")
    try:
        with engine.begin() as db:
            erasure = _erased(db, account, reason)
    except DeskError as refusal:
        raise click.ClickException(str(refusal)) from refusal
    finally:
        engine.dispose()
    click.echo(f"Account {erasure['account_id']} is closed and nameless. Erasure {erasure['id']}")
    late = _wait_for(erasure["id"], wait)
    for service in late:
        click.echo(f"{service} has not erased yet. It will when its worker runs.", err=True)
    sys.exit(1 if late else 0)


def _erased(db: Connection, account: str, reason: str) -> Mapping[str, Any]:
    from gateway.commands.erasures import erase_account
    from gateway.models import accounts

    named = accounts.c.id == account if _is_id(account) else accounts.c.login == account.casefold()
    found = db.execute(select(accounts.c.id, accounts.c.organisation_id).where(named)).one_or_none()
    if found is None:
        raise click.ClickException("There is no account of this login or id.")
    # Whoever works at the terminal holds the database, and has no account.
    erasure, _ = erase_account(db, Actor(NOBODY, found.organisation_id, "admin"), found.id, reason)
    return erasure


def _is_id(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def _wait_for(erasure_id: str, seconds: int) -> list[str]:
    """Say what each service erased as soon as it has; returns those that had not by then."""
    home, table = home_of_environment(), erasures.define(new_metadata())
    engines = {service: make_engine(worker_url(home, service), pool_size=1, name="erase") for service in EVERYBODY}
    waiting, end = list(EVERYBODY), time.monotonic() + seconds
    while waiting:
        for service in tuple(waiting):
            counts = _counts(engines[service], table, erasure_id)
            if counts is not None:
                told = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing was there"
                click.echo(f"{service}: {told}")
                waiting.remove(service)
        if not waiting or time.monotonic() >= end:
            break
        time.sleep(LOOK_AGAIN_SECONDS)
    for engine in engines.values():
        engine.dispose()
    return waiting


def _counts(engine: Engine, table: Any, erasure_id: str) -> dict[str, int] | None:
    wanted = select(table.c.counts).where(table.c.erasure_id == erasure_id, table.c.number == erasures.FIRST)
    with engine.connect() as db:
        counts: dict[str, int] | None = db.execute(wanted).scalar_one_or_none()
    return counts


@click.command("find-person")
@click.argument("words", nargs=-1)
def find_person(words: tuple[str, ...]) -> None:
    """Look for WORDS (or lines of standard input) in every database and file of the desk; exit status 1 where found.

    What the database server's own files still hold of deleted rows goes with its vacuum, its log and its backups.
    """
    lines = words or sys.stdin.read().splitlines()
    wanted = [line.strip() for line in lines if line.strip()]
    if not wanted:
        raise click.UsageError("Give words to look for.")
    home, search = home_of_environment(), personal.Search()
    for service in EVERYBODY:
        search.add(personal.found_at(worker_url(home, service), wanted), f"{service}: ")
    if home.is_dir():
        search.add(personal.found_under(home, wanted), "file ")
    for place in search.where:
        click.echo(place)
    for place in search.unread:
        click.echo(f"not readable from here: {place}", err=True)
    click.echo(f"{len(search.where)} places of {search.read} hold these words", err=True)
    sys.exit(1 if search.where else 0)

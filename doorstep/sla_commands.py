"""The `doorstep sla` commands: service levels worked out, recomputed and explained."""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO, TypeVar
from uuid import UUID

import click

from doorstep.homes import home_of_environment

F = TypeVar("F", bound=Callable[..., Any])
LANGUAGES = click.Choice(["zh-CN", "en"])


def language_of_environment() -> str:
    """Return the language of the terminal, as LC_ALL, LC_MESSAGES or LANG names it: Chinese for zh…, else English."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh-CN" if named.lower().startswith("zh") else "en"


def language_option(what: str) -> Callable[[F], F]:
    """Return the option --lang of a command that tells `what` in either language."""
    told = f"The language of {what}."
    return click.option("--lang", type=LANGUAGES, default=language_of_environment, show_default="by LANG", help=told)


@click.group()
def sla() -> None:
    """Work with service levels."""


@sla.command("eval")
@click.argument("file", type=click.File("r", encoding="utf-8"))
def evaluate(file: TextIO) -> None:
    """Work out the calendar cases of FILE; exit status 1 where one is not as expected, or cannot be worked out.

    Each comes back with its `actual` answer, and with `ok` where it holds an `expected` one; `expected` null expects a
    refusal.
    """
    from services.tickets.sla import cases

    try:
        evaluated = cases.evaluate(json.load(file))
    except (json.JSONDecodeError, ValueError) as problem:
        raise click.ClickException(f"{file.name}: {problem}") from problem
    click.echo(json.dumps(evaluated, ensure_ascii=False, indent=1))
    sys.exit(1 if cases.any_differs(evaluated) else 0)


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """Read a date, which begins at midnight UTC, or a moment with its offset."""
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a date nor a moment such as 2026-11-01T08:00+08:00") from None
    if read.tzinfo is None and len(value) > len("2026-11-01"):
        raise click.BadParameter(f"{value!r} has no offset from UTC, as 2026-11-01T08:00+08:00 has")
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@sla.command()
@click.option("--from", "since", callback=_moment, help="Tickets filed from this date (UTC) or moment on.")
@click.option("--to", "until", callback=_moment, help="Tickets filed before this date (UTC) or moment.")
@click.option("--organisation", type=click.UUID, help="This organisation's tickets alone.")
@click.option("--rebuild", is_flag=True, help="Write the clocks of tickets that differ anew from their history.")
def replay(since: datetime | None, until: datetime | None, organisation: UUID | None, rebuild: bool) -> None:
    """Recompute every clock from history, policy and calendar; exit status 1 where anything stored differs.

    Compared are every column of every clock, the level that timers wait for next, and each warning and breach that
    was fired or should have been, with its true moment.
    """
    from doorstep.connections import worker_url
    from doorstep.replay import Period, Replay
    from services.kit.database import make_engine

    engine = make_engine(worker_url(home_of_environment(), "tickets"), pool_size=2, name="sla-replay")
    period = Period(since, until, str(organisation) if organisation else None)
    try:
        # One snapshot for all of it: a desk at work must not change between a ticket and its history.
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
            run = Replay(db, period, lambda done, of: click.echo(f"{done} of {of} tickets replayed", err=True))
            left = 0
            for told, found in run.differing():
                remaining = run.rebuilt(engine, told.ticket["id"]) if rebuild else found
                left += len(remaining)
                for difference in found:
                    fate = "" if not rebuild else " – left" if difference in remaining else " – written anew"
                    click.echo(f"{told.name}: {difference}{fate}")
    finally:
        engine.dispose()
    click.echo(run.figures.sentence())
    sys.exit(1 if left else 0)


@sla.command()
@click.argument("number")
@click.option("--clock", "kind", default="resolve", show_default=True, help="acknowledge, attend, make_safe, …")
@click.option("--generation", type=click.IntRange(1), help="The first, second … after reopening; else the latest.")
@click.option("--organisation", type=click.UUID, help="Whose ticket, where several have this number.")
@language_option("the story")
def why(number: str, kind: str, generation: int | None, organisation: UUID | None, lang: str) -> None:
    """Tell the story of a clock of ticket NUMBER: when it started, ran, paused and why, warned, was due, breached."""
    from doorstep import tickets
    from doorstep.connections import worker_url
    from doorstep.stories import no_such_clock, tell
    from services.kit.database import make_engine
    from services.kit.errors import NotFound
    from services.tickets.queries.tickets import clocks_of
    from services.tickets.queries.timeline import clock_story

    engine = make_engine(worker_url(home_of_environment(), "tickets"), pool_size=1, name="sla-why")
    try:
        with engine.connect() as db:
            ticket = tickets.by_number(db, number, str(organisation) if organisation else None)
            actor = tickets.operator(ticket["organisation_id"])
            running = clocks_of(db, actor, ticket["id"])["items"]
            if not any(one["clock"] == kind and generation in (None, one["generation"]) for one in running):
                raise click.ClickException(no_such_clock(number, running, lang))
            story = clock_story(db, actor, ticket["id"], kind, generation)
    except NotFound as refusal:
        raise click.ClickException(refusal.sentence(lang)) from refusal
    finally:
        engine.dispose()
    tell(ticket, story, lang)

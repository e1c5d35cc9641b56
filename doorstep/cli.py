"""The `doorstep` command: run the desk, and look after it."""

import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy.exc import ProgrammingError

from doorstep.announcing import announce_accounts
from doorstep.case_commands import case_file, verify_case
from doorstep.dead_letters import dead_letters
from doorstep.demo.command import demo
from doorstep.homes import home_of_environment
from doorstep.mail_commands import mail_in
from doorstep.month.command import month
from doorstep.notify_commands import notify
from doorstep.person_commands import erase, find_person
from doorstep.processes import CannotStart
from doorstep.sla_commands import sla
from services.kit.settings import Reader, SettingsError

# A table or column of this version that a database has not got yet.
LACKING = (UndefinedTable, UndefinedColumn)
BEHIND = "The database is older than this Doorstep. Run `doorstep migrate`; `doorstep run` does so as it starts."


class Sentences(click.Group):
    """A group whose commands refuse with one sentence, not with a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what cannot be started or read ends with exit status 1 and its sentence."""
        try:
            return super().invoke(ctx)
        except (CannotStart, SettingsError) as refusal:
            click.echo(str(refusal), err=True)
        except ProgrammingError as problem:
            if not isinstance(problem.orig, LACKING):
                raise
            click.echo(f"{BEHIND} ({problem.orig.diag.message_primary})", err=True)
        sys.exit(1)


@click.group(cls=Sentences)
def main() -> None:
    """Doorstep, a property service desk."""


@main.command()
@click.option("--sample/--no-sample", default=None, help="Load the sample organisation into an empty desk.")
def run(sample: bool | None) -> None:
    """Run the whole desk on this machine until Ctrl-C."""
    from doorstep.stack import Stack

    reader = Reader()
    port = reader.number("DOORSTEP_PORT", 8000, least=1)
    if port > 65_535:
        reader.refuse(f"DOORSTEP_PORT must be at most 65535, not {port}")
    reader.done()
    wanted = os.environ.get("DOORSTEP_ENV") != "production" if sample is None else sample
    stack = Stack(home_of_environment(), port, sample=wanted)
    stack.run(lambda: click.echo(greeting(stack.url, stack.home, sample=wanted)))


def greeting(url: str, home: Path, *, sample: bool) -> str:
    """What the person at the terminal needs now."""
    from doorstep.sample import LOGINS, PASSWORD

    lines = ["", f"Doorstep is ready at {url}   (API: {url}/docs)", f"Logs: {home / 'logs'}"]
    if sample:
        lines.append(f"Logins: {', '.join(LOGINS)}   password: {PASSWORD}")
    return "\n".join([*lines, "Ctrl-C stops everything; the data stays."])


@main.command()
def migrate() -> None:
    """Create what is missing on the server of DATABASE_URL and bring every database up to date."""
    from doorstep import servers

    reader = Reader()
    reader.text("DATABASE_URL")
    secret = reader.text("DOORSTEP_ROLE_SECRET", os.environ.get("DOORSTEP_SECRET") or None)
    reader.done()
    server = servers.given_server()
    assert server
    servers.prepare_databases(server, secret, click.echo)


@main.command()
@click.argument("plan", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.password_option(envvar="DOORSTEP_ADMIN_PASSWORD", help="The admin's first password.")
def found(plan: Path, password: str) -> None:
    """Found an organisation: the YAML file PLAN names it, its admin's login, its communities and their homes."""
    from doorstep import founding
    from doorstep.connections import worker_url

    home = home_of_environment()
    try:
        wanted = founding.read_plan(plan)
        founded = founding.found(worker_url(home, "tickets"), worker_url(home, "gateway"), wanted, password)
    except founding.CannotFound as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"Founded {wanted['organisation']} ({founded}). {wanted['admin']} may sign in.")


@main.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help='Read lines {"text": …} and write one verdict for each.')
def triage(text: str | None, jsonl: bool) -> None:
    """Say what a request is about, how urgent it is, and because of which words."""
    from services.tickets.triage import triage_jsonl

    if jsonl == (text is not None):
        raise click.UsageError("Give a text, or --jsonl and lines on standard input.")
    lines = _standard_input() if text is None else [json.dumps({"text": text})]
    wrong = False
    for verdict in triage_jsonl(lines):
        click.echo(json.dumps(verdict, ensure_ascii=False, indent=None if jsonl else 2))
        # One line at a time, so that whoever writes them can wait for each answer.
        sys.stdout.flush()
        wrong = wrong or "error" in verdict
    sys.exit(1 if wrong else 0)


def _standard_input() -> Iterable[str]:
    """The lines as they come; a byte that is no UTF-8 spoils its own character and not the rest."""
    return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")


@main.command()
def bench() -> None:
    """Measure a throw-away desk: filing, claiming and telling, as ratios to what the database alone does."""
    from doorstep.bench import desk

    desk.main()


@main.command("bench-sla")
@click.option("--tickets", type=click.IntRange(min=100), default=1_000_000, show_default=True, help="How many to make.")
def bench_sla(tickets: int) -> None:
    """Measure deadlines, reports and replays on a throw-away database as it grows to a million tickets."""
    from doorstep.bench import sla

    sla.main(tickets)


@main.command("bench-notify")
@click.option("--notices", type=click.IntRange(min=100), default=10_000, show_default=True, help="How many at once.")
def bench_notify(notices: int) -> None:
    """Measure a burst of notices on a throw-away database, from the event until a mail server took the letter."""
    from doorstep.bench import notify

    notify.main(notices)


@main.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of all events."""
    from services.contracts.asyncapi import document

    click.echo(json.dumps(document(), ensure_ascii=False, indent=1))


@main.command("verify-history")
def verify_history() -> None:
    """Recompute every ticket's hash chain and clocks; exit status 1 names the tickets that were changed."""
    from doorstep.connections import worker_url
    from doorstep.verification import Words, verify
    from services.kit.database import make_engine

    def progress(checked: int, total: int) -> None:
        click.echo(f"{checked} of {total} tickets checked", err=True)

    engine = make_engine(worker_url(home_of_environment(), "tickets"), pool_size=1, name="verify-history")
    broken, words = 0, Words()
    try:
        # One snapshot for all of it: a desk at work must not change between a ticket and its history.
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
            for problem in verify(db, progress, words):
                broken += 1
                click.echo(problem)
    finally:
        engine.dispose()
    click.echo(f"The {words.sentence()}")
    click.echo(f"{broken} tickets do not follow from their history" if broken else "Every history is whole")
    sys.exit(1 if broken else 0)


main.add_command(announce_accounts)
main.add_command(case_file)
main.add_command(dead_letters)
main.add_command(demo)
main.add_command(erase)
main.add_command(find_person)
main.add_command(month)
main.add_command(mail_in)
main.add_command(notify)
main.add_command(sla)
main.add_command(verify_case)

"""The `doorstep` command: run the desk, and look after it."""

import os
import sys
from pathlib import Path

import click

from doorstep.processes import CannotStart
from services.kit.settings import Reader, SettingsError


class Sentences(click.Group):
    """A group whose commands refuse with one sentence, not with a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what cannot be started or read ends with exit status 1 and its sentence."""
        try:
            return super().invoke(ctx)
        except (CannotStart, SettingsError) as refusal:
            click.echo(str(refusal), err=True)
            sys.exit(1)


@click.group(cls=Sentences)
def main() -> None:
    """Doorstep, a property service desk."""


def home_of_environment() -> Path:
    """Where data lives: DOORSTEP_HOME, by default `var` in the current folder."""
    return Path(os.environ.get("DOORSTEP_HOME") or "var")


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

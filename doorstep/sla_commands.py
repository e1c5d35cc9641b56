"""The `doorstep sla` commands: service levels worked out, recomputed and explained."""

import json
import sys
from typing import TextIO

import click


@click.group()
def sla() -> None:
    """Work with service levels."""


@sla.command("eval")
@click.argument("file", type=click.File("r", encoding="utf-8"))
def evaluate(file: TextIO) -> None:
    """Work out the calendar cases of FILE; exit status 1 where one comes out otherwise than expected."""
    from services.tickets.sla import cases

    try:
        evaluated = cases.evaluate(json.load(file))
    except (json.JSONDecodeError, ValueError) as problem:
        raise click.ClickException(f"{file.name}: {problem}") from problem
    click.echo(json.dumps(evaluated, ensure_ascii=False, indent=1))
    sys.exit(1 if cases.any_differs(evaluated) else 0)

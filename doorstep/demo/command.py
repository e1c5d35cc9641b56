"""`doorstep demo`: its options and its exit status."""

import signal
import sys
from typing import Literal

import click

LEAST_REQUESTS = 500


@click.command()
@click.option("--requests", default=LEAST_REQUESTS, show_default=True, type=click.IntRange(1), help="How many to file.")
@click.option("--bus", type=click.Choice(["rabbitmq", "postgres"]), help="The bus; by default RabbitMQ where it is.")
@click.option("--chaos", is_flag=True, help="Kill every process with -9 in turn, the broker and the database too.")
@click.option("--keep", is_flag=True, help="Leave the desk running afterwards, until Ctrl-C.")
@click.option("--seed", default=2, show_default=True, help="Which requests are chosen, and in which order.")
def demo(requests: int, bus: Literal["rabbitmq", "postgres"] | None, chaos: bool, keep: bool, seed: int) -> None:
    """Show a whole day on a throw-away desk, and prove that nothing was lost or doubled."""
    from doorstep.demo.chaos import one_by_one
    from doorstep.demo.run import Demo

    # Whoever stops the demo early leaves no desk behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not Demo(wanted=requests, broker=bus, chaos=one_by_one if chaos else None, keep=keep, seed=seed).run():
        sys.exit(1)

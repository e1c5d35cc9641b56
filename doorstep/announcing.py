"""The command that tells every service of the accounts there are: for one that has only begun to listen."""

import click

from doorstep.connections import worker_url
from doorstep.homes import home_of_environment

BATCH = 500


@click.command("announce-accounts")
def announce_accounts() -> None:
    """Publish every account again, as it is: needed once after a service has begun to listen to accounts.

    Repeating it changes nothing. The running desk's gateway worker carries the events.
    """
    from gateway.commands import accounts
    from services.kit.database import make_engine

    engine = make_engine(worker_url(home_of_environment(), "gateway"), pool_size=1, name="announce-accounts")
    told: list[str] = []
    try:
        while True:
            with engine.begin() as db:
                batch = accounts.announce(db, told[-1] if told else None, BATCH)
            if not batch:
                break
            told += batch
    finally:
        engine.dispose()
    click.echo(f"{len(told)} accounts announced")

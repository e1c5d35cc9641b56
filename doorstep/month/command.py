"""`doorstep month`: its folder, and what it says when the month is over."""

from pathlib import Path

import click


@click.command()
@click.argument("home", type=click.Path(file_okay=False, path_type=Path))
@click.option("--days", default=40, show_default=True, type=click.IntRange(1, 60), help="How long it is.")
def month(home: Path, days: int) -> None:
    """Fill the empty folder HOME with a desk at which a month was worked, so that every page has something to show."""
    import structlog
    from rich.console import Console

    from doorstep.month.living import live
    from doorstep.sample import LOGINS, PASSWORD

    # What the loops tell of a month that is over concerns nobody.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    lived = live(home, Console(), days)
    click.echo(f"{lived['days']} days with {lived['requests']} requests; {lived['under way']} stories are under way.")
    click.echo(f"Start it with: DOORSTEP_HOME={home} doorstep run")
    click.echo(f"Logins: {', '.join(LOGINS)}   password: {PASSWORD}")

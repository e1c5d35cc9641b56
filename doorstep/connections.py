"""How a command reaches the databases of a desk: those of the one running in a home, or the server it is told of."""

import json
import os
from pathlib import Path

import psycopg

from doorstep import processes, servers
from doorstep.processes import CannotStart
from doorstep.wiring import EVERYBODY, Wiring
from services.kit import migrate


def note(home: Path, wiring: Wiring) -> None:
    """Write down, for the owner's eyes only, how the databases of the running desk are reached."""
    urls = {service: wiring.database_url(service, worker=True) for service in EVERYBODY}
    processes.write_private(_file(home), json.dumps(urls))


def forget(home: Path) -> None:
    """Take the note away when the desk stops."""
    _file(home).unlink(missing_ok=True)


def worker_url(home: Path, service: str) -> str:
    """The URL of a service's database for a role that sees every tenant. Raises CannotStart saying what to set.

    In order: TICKETS_WORKER_DATABASE_URL and its like, the server of DATABASE_URL, the desk running in `home`.
    """
    told = os.environ.get(f"{service.upper()}_WORKER_DATABASE_URL", "").strip()
    if told:
        return told
    server = servers.given_server()
    if server:
        return _owner_url(server, service)
    try:
        return str(json.loads(_file(home).read_text())[service])
    except FileNotFoundError:
        raise CannotStart(
            f"No desk runs in {home}. Start it with `doorstep run`, or set DOORSTEP_HOME or DATABASE_URL."
        ) from None


def _owner_url(server: str, service: str) -> str:
    """The administrator's URL, unless row-level security would show that role nothing and call it all there is."""
    url = migrate.owner_url(server, service)
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    if row is None or not row[0]:
        name = f"{service.upper()}_WORKER_DATABASE_URL"
        raise CannotStart(f"The role of DATABASE_URL does not see every tenant's rows. Set {name} instead.")
    return url


def _file(home: Path) -> Path:
    return home.absolute() / "connections.json"

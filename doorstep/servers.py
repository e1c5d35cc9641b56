"""Which database server and which bus a desk uses, and its databases brought up to date."""

import os
from collections.abc import Callable
from typing import Literal, cast
from urllib.parse import urlsplit, urlunsplit

import psycopg

from doorstep import private_rabbitmq
from doorstep.postgres_binaries import OLDEST
from doorstep.processes import CannotStart
from services.kit import migrate

Broker = Literal["rabbitmq", "postgres"]
BUS = "DOORSTEP_BUS"


def named_broker() -> Broker | None:
    """The bus that the environment asks for by name; raises CannotStart for a name nobody knows."""
    name = os.environ.get(BUS, "").strip()
    if name not in ("", "rabbitmq", "postgres"):
        raise CannotStart(f"{BUS} must be rabbitmq or postgres, not {name!r}.")
    return cast(Broker, name) if name else None


def choose_bus(broker: Broker | None) -> tuple[Literal["given", "private", "postgres"], str]:
    """Return which bus is used and the line that says so: a broker's address from AMQP_URL, our own, or PostgreSQL."""
    given = os.environ.get("AMQP_URL", "").strip()
    if broker == "postgres":
        return "postgres", "Bus: the durable queue in PostgreSQL, as was asked for"
    if given:
        return "given", f"Bus: RabbitMQ at {urlsplit(given).hostname}, since AMQP_URL is set"
    if private_rabbitmq.find_server():
        return "private", "Bus: a private RabbitMQ node, since rabbitmq-server is installed here"
    if broker == "rabbitmq":
        raise CannotStart("RabbitMQ is not installed. Install it (Debian: rabbitmq-server), or set AMQP_URL.")
    return (
        "postgres",
        "Bus: the durable queue in PostgreSQL, since there is neither AMQP_URL nor a rabbitmq-server",
    )


def given_server() -> str | None:
    """The server of DATABASE_URL, tried and found new enough; None when it is not set. Raises CannotStart."""
    given = os.environ.get("DATABASE_URL", "").strip()
    if not given:
        return None
    parts = urlsplit(given)
    if parts.scheme not in ("postgresql", "postgres"):
        raise CannotStart("DATABASE_URL must look like postgresql://user:password@host:5432/postgres.")
    url = urlunsplit(parts._replace(scheme="postgresql"))
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        raise CannotStart(f"The PostgreSQL of DATABASE_URL does not answer: {error}") from error
    if version < OLDEST * 10_000:
        raise CannotStart(
            f"The PostgreSQL of DATABASE_URL is version {version // 10_000}; Doorstep needs {OLDEST} or newer."
        )
    return url


def prepare_databases(server_url: str, role_secret: str, say: Callable[[str], None]) -> None:
    """Create what is missing and run every service's migrations. Raises CannotStart where rights are missing."""
    try:
        for service in migrate.SERVICES:
            migrate.provision(server_url, role_secret, service)
            migrate.upgrade(server_url, service)
        migrate.provision(server_url, role_secret, migrate.BUS)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CannotStart(f"The database user may not create databases and roles: {error}") from error
    say(f"Databases: {', '.join(map(migrate.database_name, migrate.SERVICES))} are up to date")

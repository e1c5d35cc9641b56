"""Real PostgreSQL and RabbitMQ for every test run, and fresh databases for each service's tests."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pika
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine
from xdist.scheduler.loadscope import LoadScopeScheduling

from doorstep import private_rabbitmq
from doorstep.embedded_postgres import EmbeddedPostgres
from services.contracts import SUBSCRIPTIONS
from services.kit import migrate, testing
from services.kit.bus import rabbitmq
from services.kit.database import make_engine
from services.kit.settings import Settings

SECRET = "a secret of the tests"
SERVER = "DOORSTEP_TEST_SERVER_URL"
_running: list[EmbeddedPostgres] = []
_homes: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start one database server for the whole run; workers inherit its address. See that there is a broker."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    home = Path(tempfile.mkdtemp(prefix="doorstep-tests-"))
    _homes.append(home)
    os.environ.setdefault("DOORSTEP_TEST_HOME", str(home))
    if SERVER not in os.environ:
        server = os.environ.get("DATABASE_URL")
        if not server:
            embedded = EmbeddedPostgres(home / "postgres")
            server = embedded.start()
            _running.append(embedded)
        os.environ[SERVER] = server
    if not os.environ.get("AMQP_URL") and private_rabbitmq.find_server() is None:
        pytest.exit(
            "The tests need RabbitMQ. Install it (Debian: apt-get install rabbitmq-server)"
            " or set AMQP_URL to a broker they may use.",
            returncode=3,
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started here, and leave nothing of it behind."""
    while _running:
        _running.pop().stop()
    while _homes:
        shutil.rmtree(_homes.pop())


class ByRoom(LoadScopeScheduling):
    """Keeps each folder's tests in one worker: a service's tests share that service's one database.

    Not by xdist's own groups: they are written into the tests' names in a way that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        room = Path(file).parts[1]
        return file if room in ("unit", "house") else room


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom:
    """Share the tests out by room."""
    return ByRoom(config, log)


@pytest.fixture(scope="session")
def server_url() -> str:
    """Return the URL of the database server, as a role that may create databases."""
    return os.environ[SERVER]


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Return the URL of a broker that no other worker of this run uses."""
    given = os.environ.get("AMQP_URL")
    if given:
        yield given
        return
    name = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    node = private_rabbitmq.PrivateRabbitMQ(Path(os.environ["DOORSTEP_TEST_HOME"]) / name)
    yield node.start()
    node.stop()


@pytest.fixture(scope="module")
def amqp_url(broker: str) -> str:
    """Return the URL of the broker without what an earlier module left in our queues.

    Every service's queue is bound for every event it knows, so a folder's tests fill the queues of the others.
    """
    with closing(pika.BlockingConnection(pika.URLParameters(broker))) as connection:
        channel = connection.channel()
        for service in (*SUBSCRIPTIONS, "dead"):
            channel.queue_delete(f"{rabbitmq.EXCHANGE}.{service}")
    return broker


@pytest.fixture(scope="session")
def fresh_database(server_url: str) -> Callable[[str], None]:
    """Return a function that drops a service's database and builds it anew by its migrations."""

    def build(service: str) -> None:
        with psycopg.connect(server_url, autocommit=True) as server:
            name = sql.Identifier(migrate.database_name(service))
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        migrate.provision(server_url, SECRET, service)
        if service != migrate.BUS:
            migrate.upgrade(server_url, service)

    return build


@pytest.fixture(scope="session")
def service_settings(server_url: str) -> Callable[..., Settings]:
    """Return a function that gives a service's settings on the test server."""

    def build(service: str, **changes: object) -> Settings:
        return testing.settings(
            service,
            web_url=migrate.database_url(server_url, SECRET, service),
            worker_url=migrate.database_url(server_url, SECRET, service, worker=True),
            home=Path(os.environ["DOORSTEP_TEST_HOME"]),
            **changes,
        )

    return build


@pytest.fixture(scope="session")
def bus_database_url(server_url: str) -> str:
    """Return the URL of a fresh database for the PostgreSQL transport, this test process's own.

    The service's name is the queue's name: two processes of a run on one database would take each other's events.
    """
    migrate.provision(server_url, SECRET, migrate.BUS)
    name = f"{migrate.database_name(migrate.BUS)}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    role = sql.Identifier(migrate.role_name(migrate.BUS))
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    with psycopg.connect(urlunsplit(urlsplit(server_url)._replace(path=f"/{name}")), autocommit=True) as database:
        database.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(role))
    return urlunsplit(urlsplit(migrate.database_url(server_url, SECRET, migrate.BUS))._replace(path=f"/{name}"))


def engines(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """Yield the web and the worker engine of a service, closed afterwards."""
    web, worker = make_engine(settings.database_url), make_engine(settings.worker_database_url)
    yield web, worker
    web.dispose()
    worker.dispose()

"""The demo service's database, engines and application, and both transports of the bus."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import kit_demo
import pika
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from services.kit import migrate
from services.kit.bus import Publisher, Subscription, Topology, open_publisher, open_subscription
from services.kit.database import make_engine
from services.kit.settings import Settings

SECRET = "a secret of the tests"


@pytest.fixture(scope="session")
def demo_settings(server_url: str, service_settings: Callable[..., Settings]) -> Settings:
    """Return the demo's settings, its database freshly built."""
    kit_demo.build(server_url, SECRET)
    return service_settings(kit_demo.SERVICE)


@pytest.fixture(scope="session")
def owner(demo_settings: Settings, server_url: str) -> Iterator[Engine]:
    """Return an engine of the role that owns the demo's tables."""
    engine = make_engine(migrate.owner_url(server_url, kit_demo.SERVICE))
    yield engine
    engine.dispose()


@pytest.fixture
def worker(demo_settings: Settings, owner: Engine) -> Iterator[Engine]:
    """Return the worker's engine on empty tables."""
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE parcels, heard, outbox, inbox, idempotency_keys"))
    engine = make_engine(demo_settings.worker_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def web(demo_settings: Settings, worker: Engine) -> Iterator[Engine]:
    """Return the web role's engine, under row-level security."""
    engine = make_engine(demo_settings.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def client(demo_settings: Settings, worker: Engine) -> Iterator[FlaskClient]:
    """Return a client of the demo's application."""
    app = kit_demo.make_app(demo_settings)
    yield app.test_client()
    service = app.extensions["doorstep"]
    service.engine.dispose()
    if "waker" in service.__dict__:
        service.waker.close()


@dataclass
class Bus:
    """One transport with queues and keys of this test alone."""

    settings: Settings
    key: str

    @property
    def queue(self) -> str:
        """The name of a consuming service that no other test uses."""
        return f"kit-{self.key}"

    @property
    def topology(self) -> Topology:
        """The one queue, bound for the one key."""
        return {self.queue: (self.key,)}

    def publisher(self, topology: Topology | None = None) -> Publisher:
        """Open a publisher."""
        return open_publisher(self.settings, self.topology if topology is None else topology)

    def subscription(self) -> Subscription:
        """Open a subscription to the one queue."""
        return open_subscription(self.settings, self.topology, self.queue)


@pytest.fixture(params=["rabbitmq", "postgres"])
def bus(request: pytest.FixtureRequest, amqp_url: str, bus_database_url: str, demo_settings: Settings) -> Iterator[Bus]:
    """Return each transport in turn."""
    key = f"k{uuid.uuid4().hex[:12]}.told.v1"
    changes = {"amqp_url": amqp_url} if request.param == "rabbitmq" else {"bus_database_url": bus_database_url}
    settings = Settings(**{**vars(demo_settings), **changes})
    yield Bus(settings, key)
    if request.param == "rabbitmq":
        with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
            connection.channel().queue_delete(f"doorstep.kit-{key}")

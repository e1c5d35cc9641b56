"""The bus: one protocol, two transports chosen by setting.

Each is imported only where it is opened: a web process writes the outbox and never loads a broker's client.
"""

from services.kit.bus.protocol import BusDown, Delivery, Outcome, Publisher, Subscription, Topology
from services.kit.settings import Settings

__all__ = [
    "BusDown",
    "Delivery",
    "Outcome",
    "Publisher",
    "Subscription",
    "Topology",
    "open_publisher",
    "open_subscription",
]


def open_publisher(settings: Settings, topology: Topology) -> Publisher:
    """Connect a publisher: RabbitMQ where AMQP_URL is set, else the queue in PostgreSQL."""
    if settings.amqp_url:
        from services.kit.bus.rabbitmq import RabbitPublisher

        return RabbitPublisher(settings.amqp_url, topology)
    from services.kit.bus.postgres import PostgresPublisher

    assert settings.bus_database_url
    return PostgresPublisher(settings.bus_database_url, topology)


def open_subscription(settings: Settings, topology: Topology, service: str) -> Subscription:
    """Connect to the queue of `service`, declared with the whole topology on the way."""
    if settings.amqp_url:
        from services.kit.bus.rabbitmq import RabbitSubscription

        return RabbitSubscription(settings.amqp_url, topology, service)
    from services.kit.bus.postgres import PostgresSubscription

    assert settings.bus_database_url
    return PostgresSubscription(settings.bus_database_url, topology, service)

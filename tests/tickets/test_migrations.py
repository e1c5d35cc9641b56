"""The migrations build exactly the tables the code speaks of."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.kit import migrate
from services.tickets.models import metadata
from services.tickets.settings import TicketsSettings


def test_migrations_and_models_agree(settings: TicketsSettings, server_url: str) -> None:
    owner = migrate.owner_url(server_url, "tickets").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(owner)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()


def test_migrating_again_changes_nothing(settings: TicketsSettings, server_url: str) -> None:
    migrate.upgrade(server_url, "tickets")

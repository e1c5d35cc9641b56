"""Runs the gateway's migrations on the connection and in the transaction the caller opened."""

from alembic import context

from gateway.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

"""Runs the migrations on the connection the caller opened and will commit."""

from alembic import context

from services.notify.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()

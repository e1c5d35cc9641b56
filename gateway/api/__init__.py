"""The routes that the gateway itself answers."""

from gateway.api import accounts, documents, erasures, me, sessions, stream

BLUEPRINTS = (sessions.blp, me.blp, accounts.blp, erasures.blp, stream.blp, documents.blp)

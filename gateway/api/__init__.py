"""The routes that the gateway itself answers."""

from gateway.api import accounts, documents, me, sessions, stream

BLUEPRINTS = (sessions.blp, me.blp, accounts.blp, stream.blp, documents.blp)

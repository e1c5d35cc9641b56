"""The routes that the gateway itself answers."""

from gateway.api.accounts import blp as accounts
from gateway.api.documents import blp as documents
from gateway.api.me import blp as me
from gateway.api.sessions import blp as sessions
from gateway.api.stream import blp as stream

BLUEPRINTS = (sessions, me, accounts, stream, documents)

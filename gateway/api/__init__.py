"""The routes that the gateway itself answers."""

from gateway.api import (
    accounts,
    documents,
    erasures,
    invitations,
    joining,
    me,
    organisations,
    residents,
    sessions,
    stream,
    views,
)

BLUEPRINTS = (
    sessions.blp,
    joining.blp,
    me.blp,
    organisations.blp,
    accounts.blp,
    invitations.blp,
    residents.blp,
    views.blp,
    erasures.blp,
    stream.blp,
    documents.blp,
)

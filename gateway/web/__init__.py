"""The web app: pages for residents, crews, dispatchers, managers and admins, rendered here and standing on the API.

Pages hold no business rule and no figure of their own: what they show and do goes through `desk.desk()`, as the person
who is signed in. `door` has what everybody needs, and each role's pages are an area in a folder of its own.
"""

from flask import Flask

from gateway.settings import GatewaySettings
from gateway.web import (
    account,
    admin,
    crew,
    dispatcher,
    door,
    errors,
    guard,
    installed,
    language,
    management,
    page,
    resident,
    session,
    visitors,
)
from gateway.web.assets import Assets

# Its pages are the door's too.
DOOR = (door, installed)
AREAS = (resident, crew, dispatcher, management, admin, account, visitors)
BLUEPRINTS = (DOOR[0].blp, *(area.blp for area in AREAS))


def register(app: Flask, settings: GatewaySettings) -> None:
    """Add the pages to an application."""
    app.extensions["doorstep.assets"] = Assets([area.__name__.rpartition(".")[2] for area in AREAS])
    session.configure(app, settings.signing_key)
    language.configure(app)
    guard.configure(app, frozenset(blp.name for blp in BLUEPRINTS))
    page.configure(app, {role: entry for area in AREAS for role, entry in area.NAVIGATION.items()})
    errors.configure(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

"""The notify service over HTTP: parse, one command or query, dump."""

from services.notify.api.notices import APPRISE, blp
from services.notify.api.told import told
from services.notify.api.wording import blp as wording

BLUEPRINTS = (blp, told, wording)

__all__ = ["APPRISE", "BLUEPRINTS"]

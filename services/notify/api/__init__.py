"""The notify service over HTTP: parse, one command or query, dump."""

from services.notify.api.addresses import CONFIRMATIONS, addresses
from services.notify.api.invitation_letters import BY_MAIL, invitation_letters
from services.notify.api.notices import APPRISE, blp
from services.notify.api.push import OUTWARD, PUSH_KEY, push
from services.notify.api.reports import reports
from services.notify.api.told import told
from services.notify.api.webhooks import hooks
from services.notify.api.wording import blp as wording

BLUEPRINTS = (blp, addresses, invitation_letters, reports, told, push, hooks, wording)

__all__ = ["APPRISE", "BLUEPRINTS", "BY_MAIL", "CONFIRMATIONS", "OUTWARD", "PUSH_KEY"]

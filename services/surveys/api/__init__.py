"""The surveys service over HTTP: parse, one command or query, dump."""

from services.surveys.api.behind import behind
from services.surveys.api.callbacks import callbacks
from services.surveys.api.campaigns import blp as campaigns
from services.surveys.api.links import LINKS, links
from services.surveys.api.opinions import opinions
from services.surveys.api.readings import readings
from services.surveys.api.reports import reports
from services.surveys.api.return_visits import return_visits
from services.surveys.api.rules import RULES
from services.surveys.api.sampling import sampling

BLUEPRINTS = (links, return_visits, callbacks, sampling, campaigns, opinions, readings, reports, behind)

__all__ = ["BLUEPRINTS", "LINKS", "RULES"]

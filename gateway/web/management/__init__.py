"""The pages of managers."""

from gateway.web.management import (
    campaigns,
    decisions,
    overview,
    reports,
    service_levels,
    terms,
    tickets,
    voices,
)
from gateway.web.management.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (campaigns, decisions, overview, reports, service_levels, terms, tickets, voices)

__all__ = ["NAVIGATION", "PAGES", "blp"]

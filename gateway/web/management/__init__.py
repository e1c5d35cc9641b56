"""The pages of managers."""

from gateway.web.management import (
    calendars,
    campaigns,
    decisions,
    overview,
    own_rules,
    packs,
    policy_settings,
    reports,
    service_levels,
    targets,
    terms,
    tickets,
    voices,
)
from gateway.web.management.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (
    calendars,
    campaigns,
    decisions,
    overview,
    own_rules,
    packs,
    policy_settings,
    reports,
    service_levels,
    targets,
    terms,
    tickets,
    voices,
)

__all__ = ["NAVIGATION", "PAGES", "blp"]

"""The pages of managers."""

from gateway.web.management import (
    calendars,
    campaigns,
    counted,
    decisions,
    looks,
    overview,
    own_rules,
    packs,
    policy_settings,
    reports,
    satisfaction,
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
    counted,
    decisions,
    looks,
    overview,
    own_rules,
    packs,
    policy_settings,
    reports,
    satisfaction,
    service_levels,
    targets,
    terms,
    tickets,
    voices,
)

__all__ = ["NAVIGATION", "PAGES", "blp"]

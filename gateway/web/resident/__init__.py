"""The pages of residents."""

from gateway.web.resident import (
    announcements,
    cases,
    equipment,
    filing,
    home,
    household,
    myself,
    neighbours,
    opinions,
    requests,
    steps,
    told,
    topics,
    visits,
)
from gateway.web.resident.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (
    announcements,
    cases,
    equipment,
    filing,
    home,
    household,
    myself,
    neighbours,
    opinions,
    requests,
    steps,
    told,
    topics,
    visits,
)

__all__ = ["NAVIGATION", "PAGES", "blp"]

"""The pages of residents."""

from gateway.web.resident import (
    announcements,
    filing,
    home,
    household,
    myself,
    neighbours,
    opinions,
    requests,
    steps,
    told,
)
from gateway.web.resident.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (announcements, filing, home, household, myself, neighbours, opinions, requests, steps, told)

__all__ = ["NAVIGATION", "PAGES", "blp"]

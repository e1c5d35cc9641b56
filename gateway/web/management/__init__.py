"""The pages of managers."""

from gateway.web.management import overview
from gateway.web.management.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (overview,)

__all__ = ["NAVIGATION", "PAGES", "blp"]

"""The pages of admins."""

from gateway.web.admin import overview
from gateway.web.admin.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (overview,)

__all__ = ["NAVIGATION", "PAGES", "blp"]

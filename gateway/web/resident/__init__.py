"""The pages of residents."""

from gateway.web.resident import requests
from gateway.web.resident.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (requests,)

__all__ = ["NAVIGATION", "PAGES", "blp"]

"""The pages of crews."""

from gateway.web.crew import jobs
from gateway.web.crew.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (jobs,)

__all__ = ["NAVIGATION", "PAGES", "blp"]

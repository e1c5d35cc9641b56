"""What opens from outside: the code on a lift or a door, a report's own link, and the links in notices."""

from gateway.web.visitors import follow, links, scan
from gateway.web.visitors.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (follow, links, scan)

__all__ = ["NAVIGATION", "PAGES", "blp"]

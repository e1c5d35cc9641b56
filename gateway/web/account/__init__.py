"""The pages of everybody's own account: coming to it by an invitation, and looking after it."""

from gateway.web.account import joining, mine
from gateway.web.account.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (joining, mine)

__all__ = ["NAVIGATION", "PAGES", "blp"]

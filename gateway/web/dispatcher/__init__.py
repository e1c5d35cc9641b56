"""The pages of dispatchers."""

from gateway.web.dispatcher import board
from gateway.web.dispatcher.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (board,)

__all__ = ["NAVIGATION", "PAGES", "blp"]

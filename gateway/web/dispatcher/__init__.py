"""The pages of dispatchers, which managers may open too."""

from gateway.web.dispatcher import board, calls, complaints, filing, phone_tasks, ticket
from gateway.web.dispatcher.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (board, calls, complaints, filing, phone_tasks, ticket)

__all__ = ["NAVIGATION", "PAGES", "blp"]

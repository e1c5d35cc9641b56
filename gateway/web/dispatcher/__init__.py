"""The pages of dispatchers, which managers may open too."""

from gateway.web.dispatcher import (
    announcement_writing,
    announcements,
    board,
    calls,
    complaints,
    events,
    filing,
    mail,
    phone_tasks,
    plans,
    requests,
    ticket,
    ticket_people,
    visits,
)
from gateway.web.dispatcher.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (
    announcement_writing,
    announcements,
    board,
    calls,
    complaints,
    events,
    filing,
    mail,
    phone_tasks,
    plans,
    requests,
    ticket,
    ticket_people,
    visits,
)

__all__ = ["NAVIGATION", "PAGES", "blp"]

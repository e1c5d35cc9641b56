"""The pages of admins: accounts, places, shifts, the catalogue, and what other systems are told. Managers have some."""

from gateway.web.admin import (
    accounts,
    catalogue,
    hooks,
    imports,
    invitations,
    mailbox,
    more,
    organisation,
    places,
    sheets,
    shifts,
    spots,
)
from gateway.web.admin.area import NAVIGATION, blp

# Each module of pages, so that its views are registered.
PAGES = (accounts, catalogue, hooks, imports, invitations, mailbox, more, organisation, places, sheets, shifts, spots)

__all__ = ["NAVIGATION", "PAGES", "blp", "catalogue", "shifts"]

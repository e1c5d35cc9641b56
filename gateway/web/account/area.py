"""Where the pages of this area are found."""

from flask import Blueprint

from gateway.web.page import Entry

blp = Blueprint("account", __name__, template_folder="templates")

# The way to one's own account is in the head of every page.
NAVIGATION: dict[str, tuple[Entry, ...]] = {}

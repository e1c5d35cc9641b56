"""Where the pages of this area are found."""

from flask import Blueprint

from gateway.web.page import Entry

blp = Blueprint("visitors", __name__, template_folder="templates")

# Visitors come by a code or a link, and have nowhere else to go.
NAVIGATION: dict[str, tuple[Entry, ...]] = {}

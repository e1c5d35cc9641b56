"""Where the pages of this area are found, and what is in its navigation."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from gateway.web.page import Entry

blp = Blueprint("resident", __name__, url_prefix="/my", template_folder="templates")

# The first entry is where the role begins.
NAVIGATION = {
    "resident": (Entry("resident.requests", _l("My requests"), "list"),),
}

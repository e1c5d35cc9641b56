"""Where the pages of this area are found, and what is in its navigation."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from gateway.web.page import Entry

blp = Blueprint("crew", __name__, url_prefix="/jobs", template_folder="templates")

# The first entry is where the role begins.
NAVIGATION = {
    "crew": (
        Entry("crew.jobs", _l("My jobs"), "wrench"),
        Entry("crew.pool", _l("Open jobs"), "list"),
        Entry("crew.outbox", _l("To send"), "clock"),
    ),
}

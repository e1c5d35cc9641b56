"""Where the pages of this area are found, and what is in its navigation."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from gateway.web.page import Entry

blp = Blueprint("resident", __name__, url_prefix="/my", template_folder="templates")

# The first entry is where the role begins.
NAVIGATION = {
    "resident": (
        Entry("resident.home", _l("Home"), "home"),
        Entry("resident.new_request", _l("Report"), "plus", under=("/my/check",)),
        Entry("resident.told", _l("Told"), "bell"),
        Entry(
            "resident.neighbours",
            _l("Neighbours"),
            "people",
            under=("/my/announcements", "/my/events", "/my/opinions", "/my/volunteering"),
        ),
        Entry("resident.myself", _l("Me"), "person", under=("/my/home",)),
    ),
}

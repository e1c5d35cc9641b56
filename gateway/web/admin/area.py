"""Where the pages of this area are found, and what is in its navigation."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from gateway.web.page import Entry

blp = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")

# The first entry is where the role begins.
NAVIGATION = {
    "admin": (
        Entry("admin.accounts", _l("Accounts"), "people"),
        Entry("admin.communities", _l("Homes"), "building"),
        Entry("admin.shifts", _l("Shifts"), "calendar"),
        Entry("admin.catalogue", _l("Catalogue"), "list"),
        Entry(
            "admin.more",
            _l("More"),
            "gear",
            under=(
                "/admin/invite",
                "/admin/invitations",
                "/admin/mailbox",
                "/admin/organisation",
                "/admin/residents",
                "/admin/webhooks",
            ),
        ),
    ),
}

"""Where the pages of this area are found, and what is in its navigation."""

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from gateway.web.dispatcher import codes, recurring, said
from gateway.web.page import Entry

blp = Blueprint("dispatcher", __name__, url_prefix="/board", template_folder="templates")

# The first entry is where the role begins.
NAVIGATION = {
    "dispatcher": (
        Entry("dispatcher.board", _l("Board"), "grid"),
        Entry("dispatcher.new_filing", _l("File a request"), "plus"),
        Entry("dispatcher.calls", _l("Calls"), "phone"),
        Entry("dispatcher.complaints", _l("Complaints"), "chat"),
        Entry(
            "dispatcher.more",
            _l("More of the desk"),
            "list",
            under=("/board/announcements", "/board/events", "/board/mail", "/board/plans", "/board/requests"),
        ),
    ),
}
DESK = ("dispatcher", "manager")


@blp.context_processor
def words_of_the_desk() -> dict[str, Any]:
    """Give this area's templates its codes and how they are said."""
    return {"codes": codes, "said": said, "recurring": recurring}

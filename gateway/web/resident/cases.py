"""What comes next in a complaint, in the words of whoever made it."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from gateway.web.resident.area import blp

_NEXT = {
    "new": _l("We have your complaint. Next, somebody hears you out."),
    "identified": _l("We have heard you. Next, we look into it."),
    "assessed": _l("We have looked into it. Next, you hear from us."),
    "offered": _l("There are ways to put it right. You choose."),
    "chosen": _l("You have chosen. Next, a manager approves it."),
    "approved": _l("It is approved. Next, it is put right."),
    "acting": _l("It is being put right."),
}


@blp.app_template_filter("case_next")
def case_next(case: Mapping[str, Any]) -> str | None:
    """Return what comes next, None once the complaint is settled and its ticket says the rest."""
    said = _NEXT.get(case["step"])
    return str(said) if said and case["status"] not in ("cancelled", "declined", "closed") else None

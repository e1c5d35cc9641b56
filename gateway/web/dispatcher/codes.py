"""What the forms of the desk's steps are called."""

from flask_babel import lazy_gettext as _l

STEP_NAMES = {
    "assign": _l("Assign or hand over"),
    "promise": _l("Promise a time"),
    "override": _l("Correct item, need level or urgency"),
    "call-back": _l("Write down a call"),
    "join": _l("Join to another request"),
    "part": _l("Let it stand by itself"),
    "disallow": _l("Take a pause back"),
    "make-safe": _l("Nobody is in danger any more"),
    "escalate": _l("Hand up to management"),
    "release": _l("Put it back into the pool"),
    "reopen": _l("Open it again"),
    "decline": _l("Decline"),
    "cancel": _l("Cancel"),
}

"""What the stages of a complaint and the forms of the desk's steps are called."""

from flask_babel import lazy_gettext as _l

STAGES = {
    "identify": _l("Identify"),
    "assess": _l("Assess"),
    "negotiate": _l("Negotiate"),
    "act": _l("Carry out"),
    "review": _l("Review"),
}
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
CASE_STEP_NAMES = {
    "identify": _l("Hear them out and say it back"),
    "assess": _l("Judge it"),
    "offer": _l("Offer ways to settle it"),
    "choose": _l("Write down what they chose"),
    "approve": _l("Approve"),
    "refuse": _l("Do not approve"),
    "act": _l("Say who does it"),
    "settle": _l("Say what was done"),
    "reply": _l("Answer them"),
    "review": _l("Look back"),
}

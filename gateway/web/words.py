"""What every code of the services is called on a page, with a sign beside the word where a colour would tell."""

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Word:
    """A code as a person reads it: its name, a sign, and the tone Bootstrap paints it in."""

    name: LazyString | str
    sign: str = ""
    tone: str = "secondary"

    def __str__(self) -> str:
        return str(self.name)


STATUS = {
    "filed": Word(_l("Filed"), "○", "warning"),
    "acknowledged": Word(_l("Acknowledged"), "◔", "warning"),
    "claimed": Word(_l("Taken"), "◑", "primary"),
    "assigned": Word(_l("Assigned"), "◑", "primary"),
    "on_the_way": Word(_l("On the way"), "➜", "primary"),
    "on_site": Word(_l("On site"), "⌂", "primary"),
    "in_progress": Word(_l("Being done"), "◕", "primary"),
    "waiting": Word(_l("Paused"), "‖", "secondary"),
    "completed": Word(_l("Done"), "●", "success"),
    "confirmed": Word(_l("Confirmed"), "✓", "success"),
    "closed": Word(_l("Closed"), "✓", "secondary"),
    "reopened": Word(_l("Reopened"), "↻", "danger"),
    "cancelled": Word(_l("Cancelled"), "✕", "secondary"),
    "declined": Word(_l("Declined"), "✕", "secondary"),
}
URGENCY = {
    "emergency": Word(_l("Emergency"), "‼", "danger"),
    "urgent": Word(_l("Urgent"), "!", "warning"),
    "routine": Word(_l("Routine"), "·", "secondary"),
}
NEED_LEVEL = {
    "1": Word(_l("1 Body and home"), "①", "danger"),
    "2": Word(_l("2 Safety"), "②", "warning"),
    "3": Word(_l("3 Belonging"), "③", "success"),
    "4": Word(_l("4 Respect"), "④", "primary"),
    "5": Word(_l("5 Growth"), "⑤", "info"),
    "none": Word(_l("No need level"), "–"),
}
WORK_TYPE = {
    "repair": Word(_l("Repair")),
    "cleaning": Word(_l("Cleaning")),
    "security": Word(_l("Security")),
    "greening": Word(_l("Greening")),
    "complaint": Word(_l("Complaint")),
    "community": Word(_l("Community life")),
    "care": Word(_l("Care")),
    "consultation": Word(_l("Question")),
    "internal": Word(_l("Internal work")),
}
TOPIC = {
    "repair": Word(_l("Repair")),
    "utilities": Word(_l("Water, power, gas, heating")),
    "elevator": Word(_l("Lift")),
    "cleaning": Word(_l("Cleaning")),
    "noise": Word(_l("Noise")),
    "security": Word(_l("Security")),
    "parking": Word(_l("Parking")),
    "greening": Word(_l("Greening")),
    "community": Word(_l("Community life")),
    "complaint_service": Word(_l("Complaint about the service")),
    "consultation": Word(_l("Question")),
    "other_not_property": Word(_l("Not the property company's matter")),
}
STANDARD = {
    "basic": Word(_l("Basic")),
    "comfort": Word(_l("Comfort")),
    "convenience": Word(_l("Convenience")),
    "personal": Word(_l("Personal")),
}
VALUE_TIER = {
    "basic": Word(_l("Must be")),
    "expected": Word(_l("Expected")),
    "desired": Word(_l("Desired")),
    "unexpected": Word(_l("Unexpected")),
}
CLOCK = {
    "acknowledge": Word(_l("Acknowledging")),
    "claim": Word(_l("Finding somebody")),
    "attend": Word(_l("Coming")),
    "make_safe": Word(_l("Making safe")),
    "resolve": Word(_l("Solving")),
    "callback": Word(_l("Calling back")),
    "total": Word(_l("In all")),
}
CLOCK_STATE = {
    "running": Word(_l("Running"), "◔", "primary"),
    "paused": Word(_l("Paused"), "‖", "secondary"),
    "met": Word(_l("In time"), "✓", "success"),
    "breached": Word(_l("Too late"), "✕", "danger"),
    "void": Word(_l("Does not count"), "–"),
    "unknown": Word(_l("Not known"), "?"),
}
VERDICT = {
    "met": Word(_l("In time"), "✓", "success"),
    "breached": Word(_l("Too late"), "✕", "danger"),
    "open_overdue": Word(_l("Open, overdue"), "!", "danger"),
    "open_in_time": Word(_l("Open, in time"), "◔", "primary"),
    "unknown": Word(_l("Not known"), "?"),
    "void": Word(_l("Does not count"), "–"),
    "decided": Word(_l("Decided"), "●"),
}
PROMISE = {
    "kept": Word(_l("Kept"), "✓", "success"),
    "broken": Word(_l("Broken"), "✕", "danger"),
    "pending": Word(_l("Still to come"), "◔", "primary"),
    "moved": Word(_l("Moved"), "➜", "warning"),
}
WAITING_REASON = {
    "parts": Word(_l("Waiting for parts"), "‖"),
    "access": Word(_l("Nobody at home"), "‖"),
    "resident_choice": Word(_l("The resident asked to wait"), "‖"),
    "third_party": Word(_l("Waiting for another company"), "‖"),
    "weather": Word(_l("The weather"), "‖"),
    "approval": Word(_l("Waiting for approval"), "‖"),
}
SKILL = {
    "plumbing": Word(_l("Plumbing")),
    "electrical": Word(_l("Electrical work")),
    "lift": Word(_l("Lifts")),
    "hvac": Word(_l("Heating and ventilation")),
    "carpentry": Word(_l("Carpentry")),
    "masonry": Word(_l("Masonry")),
    "locksmith": Word(_l("Locks")),
    "gas": Word(_l("Gas")),
    "fire": Word(_l("Fire protection")),
    "cleaning": Word(_l("Cleaning")),
    "pest_control": Word(_l("Pest control")),
    "security": Word(_l("Security")),
    "gardening": Word(_l("Gardening")),
    "community": Word(_l("Community life")),
    "care": Word(_l("Care")),
    "desk": Word(_l("Service desk")),
    "network": Word(_l("Network")),
}
ROLE = {
    "resident": Word(_l("Resident")),
    "crew": Word(_l("Crew")),
    "dispatcher": Word(_l("Dispatcher")),
    "manager": Word(_l("Manager")),
    "admin": Word(_l("Admin")),
    "system": Word(_l("The desk itself")),
    "public": Word(_l("Somebody without an account")),
}
ACTION = {
    "file": Word(_l("Filed")),
    "acknowledge": Word(_l("Acknowledge")),
    "claim": Word(_l("Take the job")),
    "assign": Word(_l("Assign")),
    "release": Word(_l("Give back")),
    "depart": Word(_l("Set out")),
    "arrive": Word(_l("Arrive")),
    "start": Word(_l("Begin")),
    "pause": Word(_l("Pause")),
    "resume": Word(_l("Go on")),
    "object": Word(_l("Object to the pause")),
    "disallow": Word(_l("Disallow the pause")),
    "make_safe": Word(_l("Made safe")),
    "complete": Word(_l("Complete")),
    "escalate": Word(_l("Escalate")),
    "confirm": Word(_l("Confirm")),
    "close": Word(_l("Close")),
    "call_back": Word(_l("Call back")),
    "answer": Word(_l("Return visit answered")),
    "reopen": Word(_l("Reopen")),
    "cancel": Word(_l("Cancel")),
    "decline": Word(_l("Decline")),
    "promise": Word(_l("Promise a time")),
    "override": Word(_l("Correct")),
    "reevaluate": Word(_l("Use today's terms")),
    "comment": Word(_l("Write")),
    "photograph": Word(_l("Add a photo")),
    "urge": Word(_l("Urge")),
    "identify": Word(_l("Identify the complaint")),
    "assess": Word(_l("Assess the complaint")),
    "offer": Word(_l("Offer a remedy")),
    "choose": Word(_l("Choose a remedy")),
    "approve": Word(_l("Approve the remedy")),
    "refuse": Word(_l("Refuse the remedy")),
    "overdue": Word(_l("Approval overdue")),
    "act": Word(_l("Carry out the remedy")),
    "settle": Word(_l("Settle the complaint")),
    "reply": Word(_l("Reply to the complaint")),
    "review": Word(_l("Review the complaint")),
}
KINDS = {
    "status": STATUS,
    "urgency": URGENCY,
    "need_level": NEED_LEVEL,
    "work_type": WORK_TYPE,
    "topic": TOPIC,
    "standard": STANDARD,
    "value_tier": VALUE_TIER,
    "clock": CLOCK,
    "clock_state": CLOCK_STATE,
    "verdict": VERDICT,
    "promise": PROMISE,
    "waiting_reason": WAITING_REASON,
    "skill": SKILL,
    "role": ROLE,
    "action": ACTION,
}


def word(kind: str, code: object) -> Word:
    """Return what a code is called; a code that is newer than these pages is called by itself."""
    key = "none" if code is None else str(code)
    return KINDS[kind].get(key) or Word("–" if code is None else key)


def all_of(kind: str) -> dict[str, Word]:
    """Return all words of a kind by code, for choices."""
    return KINDS[kind]

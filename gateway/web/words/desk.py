"""What the codes of the desk's other work are called: calls, announcements, letters, events and plans."""

from flask_babel import lazy_gettext as _l

from gateway.web.words.word import Word

CIRCUMSTANCE = {
    "infant": Word(_l("Infant at home")),
    "elderly_alone": Word(_l("Older resident living alone")),
    "disability": Word(_l("Resident with a disability")),
    "illness": Word(_l("Somebody ill at home")),
    "only_toilet": Word(_l("The only toilet")),
    "no_water": Word(_l("No water")),
    "no_power": Word(_l("No power")),
    "no_heating": Word(_l("No heating")),
}
CHANNEL = {
    "api": Word(_l("by another system")),
    "web": Word(_l("in the app")),
    "phone": Word(_l("by telephone")),
    "counter": Word(_l("at the counter")),
    "email": Word(_l("by e-mail")),
    "patrol": Word(_l("on a round")),
    "sensor": Word(_l("by a sensor")),
    "plan": Word(_l("by a plan")),
    "outage": Word(_l("by an announced outage")),
    "survey": Word(_l("by a return visit")),
    "qr": Word(_l("by a code that was scanned")),
}
DESK = {
    "dispatch": Word(_l("Service desk")),
    "management": Word(_l("Management")),
}
CALL_REASON = {
    "random": Word(_l("Drawn at random")),
    "complaint": Word(_l("It was a complaint")),
    "emergency": Word(_l("It was an emergency")),
    "silent": Word(_l("Nobody answered the survey")),
}
CALL_OUTCOME = {
    "answered": Word(_l("The household answered"), "✓", "success"),
    "proxy": Word(_l("Somebody answered for them"), "✓", "primary"),
    "no_answer": Word(_l("Nobody picked up"), "?", "secondary"),
    "busy": Word(_l("Busy"), "?", "secondary"),
    "wrong_number": Word(_l("Wrong number"), "✕", "danger"),
    "refused": Word(_l("They would rather not answer"), "–", "secondary"),
    "call_later": Word(_l("Call again later"), "↻", "warning"),
}
SPOKEN_BY = {
    "relative": Word(_l("A relative")),
    "carer": Word(_l("A carer")),
    "neighbour": Word(_l("A neighbour")),
    "colleague": Word(_l("A colleague")),
    "other": Word(_l("Another person")),
}
PHONE_OUTCOME = {
    "reached": Word(_l("Reached"), "✓", "success"),
    "not_reached": Word(_l("Not reached"), "?", "warning"),
    "no_number": Word(_l("There is no number"), "✕", "danger"),
}
# Whom a message is for: a role, or whoever has the job.
AUDIENCE = {
    "owner": Word(_l("Whoever has the job")),
    "resident": Word(_l("Resident")),
    "crew": Word(_l("Crew")),
    "dispatcher": Word(_l("Dispatcher")),
    "manager": Word(_l("Manager")),
    "admin": Word(_l("Admin")),
}
INCIDENT_CAUSE = {
    "undelivered": Word(_l("Nobody was told"), "✕", "danger"),
    "unacknowledged": Word(_l("Nobody acknowledged it"), "!", "warning"),
}
ANNOUNCEMENT_STATE = {
    "drafted": Word(_l("Draft"), "✎", "secondary"),
    "scheduled": Word(_l("Scheduled"), "◔", "primary"),
    "published": Word(_l("Published"), "●", "success"),
    "withdrawn": Word(_l("Withdrawn"), "✕", "secondary"),
    "over": Word(_l("It is over"), "✓", "secondary"),
}
ANNOUNCEMENT_KIND = {
    "planned_repair": Word(_l("Planned repair")),
    "water_outage": Word(_l("Water outage")),
    "power_outage": Word(_l("Power outage")),
    "gas_outage": Word(_l("Gas outage")),
    "lift_out_of_service": Word(_l("Lift out of service")),
    "notice": Word(_l("Notice")),
}
ANNOUNCEMENT_STEP = {
    "draft": Word(_l("Written")),
    "change": Word(_l("Changed")),
    "publish": Word(_l("Published")),
    "schedule": Word(_l("Scheduled")),
    "withdraw": Word(_l("Withdrawn")),
    "restore": Word(_l("Everything works again")),
    "remind": Word(_l("Reminded")),
    "over": Word(_l("It is over")),
}
MAIL_STATE = {
    "waiting": Word(_l("For the desk to decide"), "○", "warning"),
    "automatic": Word(_l("Written by a machine"), "·", "secondary"),
    "received": Word(_l("Being read"), "◔", "primary"),
    "filed": Word(_l("Became a ticket"), "✓", "success"),
    "remarked": Word(_l("Became a remark"), "✓", "success"),
    "bounced": Word(_l("Came back"), "✕", "danger"),
    "discarded": Word(_l("Put away"), "–", "secondary"),
}
MAIL_REASON = {
    "unknown_sender": Word(_l("Nobody here is known by this address")),
    "shared_address": Word(_l("Several people have this address")),
    "unclear_sender": Word(_l("It is not clear who sent it")),
    "forged": Word(_l("The sender is somebody else than it says")),
    "not_proven": Word(_l("No server vouches for the sender")),
    "too_many": Word(_l("Too many letters in an hour")),
    "not_resident": Word(_l("The sender is not a resident")),
    "no_home": Word(_l("The sender has no home here")),
    "which_ticket": Word(_l("It is not clear which ticket it answers")),
    "not_theirs": Word(_l("It answers a ticket that is not the sender's")),
    "ticket_over": Word(_l("The ticket it answers is over")),
    "empty": Word(_l("There is nothing in it")),
    "refused": Word(_l("The desk refused what it says")),
    "unreadable": Word(_l("It could not be read")),
    "failed": Word(_l("It could not be taken in")),
}
EVENT_STATE = {
    "open": Word(_l("Takes place"), "○", "success"),
    "cancelled": Word(_l("Called off"), "✕", "danger"),
}
PLACE = {
    "coming": Word(_l("Has a place"), "✓", "success"),
    "waiting": Word(_l("Waits for a place"), "◔", "warning"),
    "withdrawn": Word(_l("Withdrew"), "✕", "secondary"),
}
PLAN_KIND = {
    "preventive_maintenance": Word(_l("Preventive maintenance")),
    "patrol_round": Word(_l("Patrol round")),
    "cleaning_round": Word(_l("Cleaning round")),
    "care_visit": Word(_l("Care visit")),
    "filter_change": Word(_l("Filter or battery change")),
}
PLAN_STATE = {
    "active": Word(_l("Carried out"), "●", "success"),
    "paused": Word(_l("Resting"), "‖", "warning"),
    "ended": Word(_l("Ended"), "✕", "secondary"),
}
PLAN_OUTCOME = {
    "filed": Word(_l("Filed"), "✓", "success"),
    "filed_late": Word(_l("Filed late"), "!", "warning"),
    "skipped": Word(_l("Left out"), "–", "secondary"),
    "refused": Word(_l("Not possible"), "✕", "danger"),
}
PLAN_BECAUSE = {
    "missed": Word(_l("nobody was there in time")),
    "paused": Word(_l("the plan rested")),
    "resident_left": Word(_l("its resident no longer lives there")),
    "not_possible": Word(_l("the desk would not take such a request now")),
}
# The ways that news takes to a person, as services/notify names them.
WAY = {
    "in_app": Word(_l("in the app")),
    "email": Word(_l("by e-mail")),
    "push": Word(_l("by push")),
    "sms": Word(_l("by text message")),
    "apprise": Word(_l("by messenger")),
}
KINDS = {
    "circumstance": CIRCUMSTANCE,
    "channel": CHANNEL,
    "way": WAY,
    "desk": DESK,
    "call_reason": CALL_REASON,
    "call_outcome": CALL_OUTCOME,
    "spoken_by": SPOKEN_BY,
    "phone_outcome": PHONE_OUTCOME,
    "audience": AUDIENCE,
    "incident_cause": INCIDENT_CAUSE,
    "announcement_state": ANNOUNCEMENT_STATE,
    "announcement_kind": ANNOUNCEMENT_KIND,
    "announcement_step": ANNOUNCEMENT_STEP,
    "mail_state": MAIL_STATE,
    "mail_reason": MAIL_REASON,
    "event_state": EVENT_STATE,
    "place": PLACE,
    "plan_kind": PLAN_KIND,
    "plan_state": PLAN_STATE,
    "plan_outcome": PLAN_OUTCOME,
    "plan_because": PLAN_BECAUSE,
}

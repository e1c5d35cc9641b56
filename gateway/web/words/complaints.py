"""What the codes of a complaint are called."""

from flask_babel import lazy_gettext as _l

from gateway.web.words.word import Word

COMPLAINT_STEP = {
    "new": Word(_l("Not heard yet"), "○", "warning"),
    "identified": Word(_l("Heard"), "◔", "primary"),
    "assessed": Word(_l("Assessed"), "◑", "primary"),
    "offered": Word(_l("Options offered"), "◑", "primary"),
    "chosen": Word(_l("Waiting for approval"), "‖", "warning"),
    "approved": Word(_l("Approved"), "✓", "success"),
    "acting": Word(_l("Being carried out"), "◕", "primary"),
    "settled": Word(_l("Settled"), "●", "success"),
    "replied": Word(_l("Answered"), "●", "success"),
    "reviewed": Word(_l("Looked back on"), "✓", "secondary"),
}
EMOTION = {
    "angry": Word(_l("Angry"), "▲", "danger"),
    "anxious": Word(_l("Anxious"), "△", "warning"),
    "sad": Word(_l("Sad"), "▽", "primary"),
    "agitated": Word(_l("Agitated"), "◇", "warning"),
    "calm": Word(_l("Calm"), "–", "success"),
}
CAUSE = {
    "facility_quality": Word(_l("Quality of the product or facility")),
    "repair_quality": Word(_l("Quality of the repair or after-service")),
    "network_coverage": Word(_l("Network coverage")),
    "desk_error": Word(_l("An error of the desk")),
    "staff_conduct": Word(_l("Conduct of staff")),
    "policy": Word(_l("Policy, such as when and how to pay")),
    "over_expectation": Word(_l("More expected than was agreed")),
    "differing_standards": Word(_l("Different standards")),
    "unreasonable_demand": Word(_l("A demand out of proportion")),
}
SEVERITY = {
    "minor": Word(_l("Minor"), "·", "secondary"),
    "serious": Word(_l("Serious"), "!", "warning"),
    "grave": Word(_l("Grave"), "‼", "danger"),
}
SOLVED = {
    "solved": Word(_l("Solved"), "✓", "success"),
    "not_solved": Word(_l("Not solved"), "✕", "danger"),
    "not_reached": Word(_l("Nobody reached"), "?", "secondary"),
}
KINDS = {
    "complaint_step": COMPLAINT_STEP,
    "emotion": EMOTION,
    "cause": CAUSE,
    "severity": SEVERITY,
    "solved": SOLVED,
}

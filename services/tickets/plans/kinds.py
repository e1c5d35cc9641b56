"""What the desk plans ahead, and the words for what became of each time it was due."""

MAINTENANCE, PATROL, CLEANING, CARE, FILTER = (
    "preventive_maintenance", "patrol_round", "cleaning_round", "care_visit", "filter_change",
)  # fmt: skip
KINDS = {
    MAINTENANCE: {"zh-CN": "预防性保养", "en": "Preventive maintenance"},
    PATROL: {"zh-CN": "巡更", "en": "Patrol round"},
    CLEANING: {"zh-CN": "保洁巡检", "en": "Cleaning round"},
    CARE: {"zh-CN": "关怀走访", "en": "Care visit"},
    FILTER: {"zh-CN": "滤芯或电池更换", "en": "Filter or battery change"},
}
# A round is its checkpoints: without one there would be nothing to walk to.
ROUNDS = (PATROL, CLEANING)

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
STATES = (ACTIVE, PAUSED, ENDED)

# What happens to a time nobody was there to file: it is filed late, or it is not filed at all. Both go on record.
FILE, SKIP = "file", "skip"
IF_MISSED = (FILE, SKIP)

FILED, FILED_LATE, SKIPPED, REFUSED = "filed", "filed_late", "skipped", "refused"
OUTCOMES = (FILED, FILED_LATE, SKIPPED, REFUSED)

# Why a time was not filed: nobody was there in time, the plan rested, its resident no longer lives there, or the desk
# itself would refuse such a ticket now.
MISSED, RESTED, RESIDENT_LEFT, NOT_POSSIBLE = "missed", "paused", "resident_left", "not_possible"
BECAUSE = (MISSED, RESTED, RESIDENT_LEFT, NOT_POSSIBLE)

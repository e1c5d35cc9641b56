"""Who has a place at a community event, and what volunteers offer: pure rules and their words."""

OPEN, CANCELLED = "open", "cancelled"
STATES = (OPEN, CANCELLED)
COMING, WAITING, WITHDRAWN = "coming", "waiting", "withdrawn"
PLACES = (COMING, WAITING, WITHDRAWN)
# Events serve belonging, esteem and self-actualisation; what is below is not a matter of signing up.
NEED_LEVELS = (3, 4, 5)

RECORDED, CONFIRMED, DECLINED = "recorded", "confirmed", "declined"
HOURS_STATES = (RECORDED, CONFIRMED, DECLINED)

# What residents offer one another; the crews' trades are the catalogue's.
SKILLS = {
    "companionship": {"zh-CN": "陪伴聊天", "en": "Company and conversation"},
    "elder_care": {"zh-CN": "助老", "en": "Help for older neighbours"},
    "child_care": {"zh-CN": "儿童看护", "en": "Looking after children"},
    "teaching": {"zh-CN": "教学辅导", "en": "Teaching and tutoring"},
    "first_aid": {"zh-CN": "急救", "en": "First aid"},
    "sports": {"zh-CN": "体育健身", "en": "Sports"},
    "arts": {"zh-CN": "文艺", "en": "Music and arts"},
    "gardening": {"zh-CN": "园艺", "en": "Gardening"},
    "digital_help": {"zh-CN": "手机电脑帮助", "en": "Help with phones and computers"},
    "languages": {"zh-CN": "语言翻译", "en": "Languages"},
    "small_repairs": {"zh-CN": "小修小补", "en": "Small repairs"},
    "events": {"zh-CN": "活动组织", "en": "Running events"},
    "safety_watch": {"zh-CN": "邻里守望", "en": "Neighbourhood watch"},
}


def place_for(taken: int, capacity: int) -> str:
    """Return what the next person to sign up gets: a place, or a turn on the waiting list."""
    return COMING if taken < capacity else WAITING


def to_move_up(taken: int, waiting: int, capacity: int) -> int:
    """Return how many of those who wait get a place now."""
    return max(0, min(capacity - taken, waiting))

"""What a home is equipped with, how old it is and when it will be due: pure arithmetic of months."""

import calendar
from collections.abc import Mapping
from datetime import date

NAMES: Mapping[str, Mapping[str, str]] = {
    "water_filter": {"zh-CN": "净水滤芯", "en": "Water filter"},
    "water_heater": {"zh-CN": "热水器", "en": "Water heater"},
    "boiler": {"zh-CN": "壁挂炉", "en": "Boiler"},
    "air_conditioner": {"zh-CN": "空调", "en": "Air conditioner"},
    "ventilation": {"zh-CN": "新风系统", "en": "Ventilation"},
    "range_hood": {"zh-CN": "油烟机", "en": "Cooker hood"},
    "smoke_alarm": {"zh-CN": "烟雾报警器", "en": "Smoke alarm"},
    "gas_alarm": {"zh-CN": "燃气报警器", "en": "Gas alarm"},
    "lock_battery": {"zh-CN": "门锁电池", "en": "Door lock battery"},
    "intercom": {"zh-CN": "可视对讲", "en": "Door intercom"},
    "meter": {"zh-CN": "水电气表", "en": "Meter"},
    "other": {"zh-CN": "其他设备", "en": "Other equipment"},
}
KINDS = tuple(NAMES)


def age_months(installed_on: date, today: date) -> int:
    """Return the whole months since the installation; none before it."""
    months = (today.year - installed_on.year) * 12 + today.month - installed_on.month
    return max(0, months - (today.day < installed_on.day and due_on(installed_on, months) > today))


def due_on(installed_on: date, life_months: int) -> date:
    """Return the day on which the expected life is over: the same day of the month, or the month's last."""
    years, month = divmod(installed_on.month - 1 + life_months, 12)
    year, month = installed_on.year + years, month + 1
    return date(year, month, min(installed_on.day, calendar.monthrange(year, month)[1]))

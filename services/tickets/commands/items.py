"""What a ticket takes over from an item of the service catalogue."""

from typing import Any

from services.kit.errors import invalid_field
from services.tickets import catalogue


def chosen(code: str) -> catalogue.Item:
    """Return the item somebody named; raises Invalid where the catalogue has none of that code."""
    known = catalogue.load()
    if code not in known:
        raise invalid_field(
            "catalogue_code",
            "The catalogue has no such item. GET /api/v1/catalogue lists them.",
            "服务目录中没有该项目，请查看 GET /api/v1/catalogue。",
        )
    return known.get(code)


def columns_of(item: catalogue.Item) -> dict[str, Any]:
    """Return the columns of a ticket that was filed, or filed anew, under an item."""
    return {
        "catalogue_code": item.code,
        "topic": item.topic,
        "work_type": item.work_type,
        "need_level": item.need_level,
        "standard": item.standard,
        "value_tier": item.value_tier,
        "sla_class": item.sla_class,
        "skills": list(item.skills),
        "urgency": item.urgency,
        "confidence": 1.0,
    }

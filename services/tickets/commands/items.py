"""What a ticket takes over from an item of the service catalogue."""

from typing import Any

from services.kit.errors import invalid_field
from services.tickets import catalogue


def chosen(code: str, known: catalogue.Catalogue, *, offered: bool = False) -> catalogue.Item:
    """Return the item somebody named; raises Invalid where the catalogue has none of that code.

    With `offered` also where it has one that is not to be chosen any more.
    """
    if code not in known or (offered and not known.get(code).active):
        raise invalid_field(
            "catalogue_code",
            "The catalogue has no such item. GET /api/v1/catalogue lists them.",
            "服务目录中没有该项目，请查看 GET /api/v1/catalogue。",
        )
    return known.get(code)


def columns_of(item: catalogue.Item, version: int = 0) -> dict[str, Any]:
    """Return the columns of a ticket that was filed, or filed anew, under an item of a version of the catalogue.

    The item may be called otherwise later, or not be there; the ticket keeps what it was called.
    """
    return {
        "catalogue_version": version,
        "item_name": {"zh-CN": item.zh, "en": item.en} if version else None,
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

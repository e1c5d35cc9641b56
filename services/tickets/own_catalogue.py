"""An organisation's own catalogue: what it changed of the shipped one, and what it added. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from services.tickets.catalogue import CODE, NEEDS_A_HUMAN, NOT_OURS, Catalogue, Item

# What may be changed of an item that ships; what kind of work it is stays, because rules and reports speak of that.
EDITABLE = ("zh", "en", "need_level", "urgency", "skills", "sla_class", "words", "active")
NEEDED = ("zh", "en", "work_type", "topic", "need_level", "standard", "value_tier", "urgency", "skills", "sla_class")
OWN = "own-"
MOST_OWN = 200
LIFE_SAFETY = "life_safety"
# What concerns danger to life is no company's to play down.
_KEPT_OF_DANGER = ("need_level", "urgency", "sla_class", "active")

# By code, the fields that are not as shipped, or all of an item of the organisation's own.
Overlay = Mapping[str, Mapping[str, Any]]


class NotPossible(Exception):
    """A change that cannot be made: of which item, which field, and why in both languages."""

    def __init__(self, code: str, field: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.code, self.field, self.en, self.zh = code, field, en, zh


def merged(
    shipped: Catalogue, before: Overlay, changes: Iterable[Mapping[str, Any]], revert: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return the overlay after some changes; each has a `code` and the fields that are new.

    An item in `revert` is as it ships again, or gone where it is the organisation's own. Raises NotPossible.
    """
    after = {code: dict(fields) for code, fields in before.items()}
    for code in revert:
        if code not in after:
            raise NotPossible(code, "revert", "This item is as it ships.", "该项目未作修改。")
        if code not in shipped:
            raise NotPossible(
                code, "revert", "An item of your own stays, as tickets name it; set it inactive.",
                "自建项目须保留，可改为停用。",
            )  # fmt: skip
        del after[code]
    for change in changes:
        code = change["code"]
        fields = {name: value for name, value in change.items() if name != "code"}
        if code in shipped:
            _check_shipped(shipped, code, fields)
        else:
            _check_own(after, code, fields)
        after[code] = after.get(code, {}) | fields
        if code in shipped:
            after[code] = {name: value for name, value in after[code].items() if value != _field(shipped, code, name)}
            if not after[code]:
                del after[code]
    if sum(code not in shipped for code in after) > MOST_OWN:
        raise NotPossible("", "changes", f"At most {MOST_OWN} items of your own.", f"自建项目最多 {MOST_OWN} 个。")
    return after


def laid_over(shipped: Catalogue, overlay: Overlay) -> Catalogue:
    """Return the organisation's catalogue: the shipped items with its changes, then its own."""
    theirs = [_with(item, overlay.get(item.code, {})) for item in shipped]
    own = [_made(code, fields) for code, fields in overlay.items() if code not in shipped]
    return Catalogue([*theirs, *own])


def _field(shipped: Catalogue, code: str, name: str) -> Any:
    value = getattr(shipped.get(code), name)
    return list(value) if isinstance(value, tuple) else value


def _with(item: Item, fields: Mapping[str, Any]) -> Item:
    return replace(item, **_as_tuples(fields))


def _made(code: str, fields: Mapping[str, Any]) -> Item:
    return Item(code=code, **_as_tuples(fields))


def _as_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _check_shipped(shipped: Catalogue, code: str, fields: Mapping[str, Any]) -> None:
    item = shipped.get(code)
    for name, value in fields.items():
        if name not in EDITABLE:
            raise NotPossible(code, name, "This stays as shipped.", "该字段不可修改。")
        if item.sla_class == LIFE_SAFETY and name in _KEPT_OF_DANGER and value != _field(shipped, code, name):
            raise NotPossible(
                code, name, "An item of danger to life keeps its urgency, level and class.",
                "涉及生命安全的项目，其紧急程度、需求层次与时限类别不可更改。",
            )  # fmt: skip
    if fields.get("active") is False and (item.default or code in (NEEDS_A_HUMAN, NOT_OURS)):
        raise NotPossible(
            code, "active", "Triage needs this item for what fits no other.", "分诊需要该项目作为兜底，不可停用。"
        )


def _check_own(known: Overlay, code: str, fields: Mapping[str, Any]) -> None:
    if not code.startswith(OWN) or not CODE.fullmatch(code):
        raise NotPossible(
            code, "code", f"A code of your own begins with {OWN}: lower-case words joined by hyphens.",
            f"自建项目编码须以 {OWN} 开头，小写英文单词以连字符相连。",
        )  # fmt: skip
    missing = [name for name in NEEDED if name not in fields and name not in known.get(code, {})]
    if missing:
        raise NotPossible(code, missing[0], "Is needed of a new item.", "新建项目须填写此项。")

"""Whatever stands anywhere in a calendar or a policy: it is refused with a field, or it is a calendar or a policy."""

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from services.kit import testing
from services.tickets.sla import packs
from services.tickets.sla.policy import standard_document

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

ROUNDS = 120
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 10**6, 10**18, 10**30, -0.0, float("nan"), float("inf"), "", " ", "x",
    "2026-02-30", "02-30", "25:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59",
    "\u0000", "\ud800", "长" * 3000, [], {},
    [[]], [{}], {"": {}}, {"x": None}, [None], ["mon"], {"mon": [["08:00", "07:00"]]}, ["08:00"], [["08:00", "24:00"]],
    "00000000-0000-0000-0000-000000000000", "../../etc", "standard", "clock", "working", ["infant", "infant"], [[1, 2]],
)  # fmt: skip
CALENDAR = {
    "tz": "Europe/Berlin", "hours": {"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "fri": [["08:00", "12:00"]]},
    "holidays": ["2026-12-25", "01-01"], "workdays": {"2026-12-05": [["09:00", "12:00"]]}, "country": "DE",
    "makeup_hours": [["09:00", "10:00"]], "subdivision": "BE", "declared_years": [2026], "name": "a", "version": "1",
    "closures": [["2026-03-01T08:00:00+01:00", "2026-03-01T09:00:00+01:00"],
                 {"from": "2026-04-01T08:00:00Z", "to": "2026-04-01T09:00:00Z", "reason": "water"}],
    "accept_estimated_holidays": False,
}  # fmt: skip


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything in a document."""
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


def spoilt(document: dict[str, Any], chance: random.Random) -> Any:
    """Return the document with something odd somewhere: instead of a value, beside it, or without it."""
    changed = copy.deepcopy(document)
    path = chance.choice(places(changed)[1:])
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    odd = copy.deepcopy(chance.choice(ODD))
    way = chance.randrange(4)
    if way == 0 and isinstance(inner, dict):
        del inner[path[-1]]
    elif way == 1 and isinstance(inner, dict):
        inner[str(odd)[:50]] = inner[path[-1]]
    elif way == 2 and isinstance(inner, list):
        inner.append(odd)
    else:
        inner[path[-1]] = odd
    return changed


@pytest.mark.parametrize("what", ["calendar", "policy"])
def test_no_document_breaks_a_route(estate: "Estate", what: str) -> None:
    document = CALENDAR
    if what == "policy":
        document = packs.with_pack(standard_document(), "cn_lift_city")
        # Small, so that most of what is spoilt is not the table.
        document["rules"] = document["rules"][:4]
    chance = random.Random(f"a day at the {what} desk")
    headers = {**testing.bearer(estate.people["manager"]), "If-Match": "*", "Accept-Language": "en"}
    answers = {200: 0, 422: 0}
    for _ in range(ROUNDS):
        body = json.dumps({"document": spoilt(document, chance), "note": "a"})
        answer = estate.client.put(
            f"/api/v1/communities/{estate.community_id}/{what}", data=body, content_type="application/json",
            headers=headers,
        )  # fmt: skip
        assert answer.status_code in answers, (answer.status_code, body[:3000])
        if answer.status_code == 422:
            assert all(error["field"].startswith("document") for error in answer.json["errors"]), answer.json
        else:
            estate.file("水管漏水")
        answers[answer.status_code] += 1
    assert answers[422] > ROUNDS / 3


@pytest.mark.parametrize("what", ["calendar", "policy"])
def test_a_name_that_is_there_twice_is_refused(estate: "Estate", what: str) -> None:
    document = CALENDAR if what == "calendar" else standard_document()
    first = next(iter(document))
    body = json.dumps({"document": document, "note": "a"}).replace(f'"{first}":', f'"{first}": "x", "{first}":', 1)
    answer = estate.client.put(
        f"/api/v1/communities/{estate.community_id}/{what}", data=body, content_type="application/json",
        headers={**testing.bearer(estate.people["manager"]), "If-Match": "*", "Accept-Language": "en"},
    )  # fmt: skip
    assert (answer.status_code, first in answer.json["detail"]) == (422, True), answer.json


def test_a_desk_that_hardly_opens_is_warned_of(estate: "Estate") -> None:
    path = f"/communities/{estate.community_id}/calendar"
    document = {"tz": "Asia/Shanghai", "hours": {"mon": [["09:00", "09:00:01"]]}}
    answer = estate.put("manager", path, {"document": document, "note": "a"}, If_Match="*")
    assert answer.status_code == 200
    (warning,) = answer.json["warnings"]
    assert "1 seconds in an ordinary week" in warning

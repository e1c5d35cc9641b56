"""A change to any part of a case file is found and named, whoever made it and however well it is made to fit."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.kit import testing
from services.tickets.case_file import bundle
from services.tickets.case_file.document import written
from tests.tickets.case_forger import (
    case_in,
    desks_key,
    forged,
    opened,
    rechained,
    reconcluded,
    resigned,
    verdict,
    zipped,
)
from tests.tickets.case_made import export, late

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture
def case(estate: "Estate") -> bytes:
    """The case file of a ticket that has been through a lot."""
    answer = export(estate, late(estate))
    assert answer.status_code == 200, answer.json
    return answer.data


@pytest.mark.parametrize("name", ["case.json", "case.html", "manifest.json", "manifest.sig"])
def test_a_flipped_byte_in_any_file_is_found(case: bytes, name: str) -> None:
    files = opened(case)
    for place in (0, len(files[name]) // 2, len(files[name]) - 1):
        content = bytearray(files[name])
        content[place] ^= 1
        found = verdict(zipped({**files, name: bytes(content)}))
        assert ("manifest.json" if name.startswith("manifest") else name) in found


def test_a_flipped_byte_of_the_zip_itself_is_no_crash(case: bytes) -> None:
    for place in range(0, len(case), 97):
        content = bytearray(case)
        content[place] ^= 255
        verdict(bytes(content))


def change_history(case: dict[str, Any]) -> None:
    case["history"][1]["actor_id"] = testing.fresh()


def change_history_and_digests(case: dict[str, Any]) -> None:
    """The one who holds the key lets the crew come an hour sooner, and leaves the clocks as they were."""
    for entry in case["history"][1:3]:
        entry["at"] = case["history"][0]["at"]
    case["ticket"]["acknowledged_at"] = case["history"][0]["at"]
    rechained(case)


def drop_an_entry(case: dict[str, Any]) -> None:
    del case["history"][3]


def drop_the_last_entry(case: dict[str, Any]) -> None:
    del case["history"][-1]


def swap_the_policy(case: dict[str, Any]) -> None:
    """Softer targets, from which other clocks follow that fit them."""
    (document,) = case["policies"].values()
    for urgencies in document["classes"].values():
        for targets in urgencies.values():
            targets["resolve"] = {"seconds": 30 * 86_400, "basis": "clock"}
    reconcluded(case)


def soften_a_clock(case: dict[str, Any]) -> None:
    clock = next(one for one in case["clocks"] if one["state"] == "breached")
    clock |= {"state": "met", "breached_at": None}


def tell_another_story(case: dict[str, Any]) -> None:
    del case["timelines"][0]["lines"][0]


def drop_a_clock(case: dict[str, Any]) -> None:
    del case["clocks"][0]


def reword(case: dict[str, Any]) -> None:
    case["remarks"][0]["body"] += "。"


def invent_words(case: dict[str, Any]) -> None:
    case["remarks"].append({**case["remarks"][0], "id": testing.fresh()})


def another_photo(case: dict[str, Any]) -> None:
    case["photos"][0]["sha256"] = "0" * 64


def fire_early(case: dict[str, Any]) -> None:
    case["firings"][0]["true_at"] = case["history"][0]["at"]


def another_urgency(case: dict[str, Any]) -> None:
    case["ticket"]["urgency"] = "emergency"


def another_request(case: dict[str, Any]) -> None:
    case["ticket"]["description"] = "灯泡坏了"


def call_it_erased(case: dict[str, Any]) -> None:
    case["ticket"]["words_salt"] = None


def another_requester(case: dict[str, Any]) -> None:
    case["ticket"]["requester_id"] = testing.fresh()


def answered_sooner(case: dict[str, Any]) -> None:
    case["ticket"]["acknowledged_at"] = case["ticket"]["filed_at"]


def leave_a_policy_out(case: dict[str, Any]) -> None:
    case["policies"] = {}


CHANGES = {
    change_history: "The chain of the history breaks at entry 2.",
    change_history_and_digests: "Clock ",
    drop_an_entry: "The chain of the history breaks at entry 5.",
    drop_the_last_entry: "The ticket's version, hash or status",
    swap_the_policy: "is not the policy of that version that ships",
    soften_a_clock: "is stated with breached_at None; recomputed it is 20",
    tell_another_story: "The story of a clock is not what history tells.",
    drop_a_clock: "Clock acknowledge 1 is not stated.",
    reword: "are not those that history sealed",
    invent_words: "are not those that history sealed",
    another_photo: "is not the one that history recorded",
    fire_early: "was fired at a moment that history does not know",
    another_urgency: "The ticket's urgency is emergency, its history says routine.",
    another_request: "description or location are not those that history sealed",
    call_it_erased: "description or location are not those that history sealed",
    another_requester: "The ticket's requester_id is ",
    answered_sooner: "The ticket's acknowledged_at is ",
    leave_a_policy_out: "is not inside",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_not_even_who_holds_the_key_makes_a_case_say_otherwise(case: bytes, change: Callable[[Any], None]) -> None:
    assert CHANGES[change] in verdict(forged(case, change))


def test_another_calendar_is_found_where_a_clock_counts_its_hours(estate: "Estate") -> None:
    ticket = estate.file("卫生间排风扇不转", catalogue_code="ventilation", urgency="routine")

    def close_the_desk(case: dict[str, Any]) -> None:
        case["calendars"]["1"]["hours"] = {"mon": [["08:30", "09:00"]]}

    assert "Clock " in verdict(forged(export(estate, ticket).data, close_the_desk))


def test_a_page_that_says_something_else_is_found(case: bytes) -> None:
    files = opened(case)
    files["case.html"] = files["case.html"].replace(b"Breached", b"In time")
    assert verdict(resigned(files, desks_key())) == "case.html does not say what case.json says."


def test_words_that_were_erased_are_allowed_and_said(case: bytes) -> None:
    without = forged(case, lambda case: case["remarks"].clear())
    assert verdict(without) == ""
    assert "the words were erased" in opened(without)["case.html"].decode()


def test_another_key_is_found_by_who_knows_the_right_one(case: bytes) -> None:
    stranger = Ed25519PrivateKey.generate()
    again = resigned(opened(case), stranger)
    assert "not by the key given but by another one" in verdict(again, desks_key().public_key())
    assert verdict(again) == "", "without a key only integrity is proved, and that is said"


def bomb() -> bytes:
    return zipped({**dict.fromkeys(bundle.LARGEST, b""), "case.json": b" " * (bundle.LARGEST["case.json"] + 1)})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no ZIP file"),
        (b"PK\x05\x06" + bytes(18), "exactly"),
        (zipped({"../case.json": b"{}"}), "exactly"),
        (zipped({**dict.fromkeys(bundle.LARGEST, b""), "/etc/passwd": b""}), "exactly"),
        (bomb(), "unpacks to more"),
        (zipped(dict.fromkeys(bundle.LARGEST, b"[[[")), "manifest.json does not have the shape"),
        (zipped(dict.fromkeys(bundle.LARGEST, b"null")), "manifest.json does not have the shape"),
    ],
    ids=["empty", "no files", "a way out", "one too many", "bomb", "no JSON", "null"],
)
def test_what_is_no_case_file_is_refused_in_a_sentence(content: bytes, said: str) -> None:
    assert said in verdict(content)


def in_between(case: bytes) -> bytes:
    """Return the bundle with something between two members, which its directory steps over."""
    end = case.index(b"PK\x01\x02")
    moved = bytearray(case[:end] + b"another truth" + case[end:])
    moved[-6:-2] = (end + len(b"another truth")).to_bytes(4, "little")
    return bytes(moved)


def commented(case: bytes) -> bytes:
    """Return the bundle with a comment, as ZIP allows one."""
    out = io.BytesIO(case)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"another truth"
    return out.getvalue()


@pytest.mark.parametrize(
    "beside",
    [lambda case: b"another truth" + case, lambda case: case + b"\n", lambda case: case + case, in_between, commented],
    ids=["before", "after", "twice", "between", "comment"],
)
def test_nothing_hides_beside_the_files_of_a_case(case: bytes, beside: Callable[[bytes], bytes]) -> None:
    assert verdict(case) == ""
    said = verdict(beside(case))
    assert "before, between or after its members" in said or "no ZIP file" in said


@pytest.mark.parametrize(
    "part", ["ticket", "history", "remarks", "photos", "policies", "calendars", "clocks", "firings"]
)
@pytest.mark.parametrize("value", [None, [], {}, "x", [None], {"x": None}, 7])
def test_a_case_of_any_other_shape_is_an_untruth_and_no_crash(case: bytes, part: str, value: Any) -> None:
    files = opened(case)
    files["case.json"] = written({**case_in(case), part: value})
    assert verdict(resigned(files, desks_key()))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a document."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield from places(part, (*path, name))


def test_no_single_value_however_wrong_makes_the_check_crash(case: bytes) -> None:
    """Most of what is changed here is an untruth; what is none, such as a confidence, is at least read to the end."""
    choice = random.Random(20261122)
    files, untrue = opened(case), 0
    for path in choice.sample(list(places(case_in(case))), 150):
        said = case_in(case)
        inner: Any = said
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = choice.choice([None, "", "x", "../..", -1, 10**12, [], {}, [[]], True])
        untrue += bool(verdict(resigned({**files, "case.json": written(said)}, desks_key())))
    assert untrue > 100

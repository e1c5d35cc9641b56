"""A case file proves itself: it is whole, signed and recomputable, and a change to any part of it is named."""

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from doorstep.cli import main
from services.kit import clock, migrate, testing
from services.tickets import timers
from services.tickets.case_file import bundle, seals
from services.tickets.case_file.document import written
from services.tickets.settings import TicketsSettings
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
from tests.tickets.walking import attempt

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WORDS = "<script>alert('厨房')</script> & 水管爆了，水漫到客厅"


def late(estate: "Estate") -> dict[str, Any]:
    """Bring a ticket through a warning, a pause, a breach, a photo, words, and a correction."""
    with testing.at(clock.now() - timedelta(hours=20)):
        ticket = estate.file(WORDS)
    with testing.at(clock.now() - timedelta(hours=19)):
        for verb in ("claim", "start"):
            ticket = estate.step("crew", ticket, verb)
        until = (clock.now() + timedelta(hours=2)).isoformat()
        ticket = estate.step("crew", ticket, "pause", {"reason": "parts", "note": "等阀门", "until": until})
    timers.expire_pauses(estate.engine, lambda: None)
    timers.fire_due(estate.engine, lambda: None)
    attempt(estate, "crew", ticket, "photograph")
    estate.post("crew", f"/tickets/{ticket['id']}/comments", {"body": "业主电话无人接听", "visible": False})
    milder = {"reason": "只是排风扇滴水", "catalogue_code": "ventilation", "urgency": "routine"}
    now = estate.get("manager", f"/tickets/{ticket['id']}").json or {}
    return estate.step("dispatcher", ticket, "override", milder, If_Match=f'"v{now["version"]}"')


def export(estate: "Estate", ticket: dict[str, Any], name: str = "manager") -> TestResponse:
    return estate.get(name, f"/tickets/{ticket['id']}/case-file")


@pytest.fixture
def case(estate: "Estate") -> bytes:
    """The case file of a ticket that has been through a lot."""
    answer = export(estate, late(estate))
    assert answer.status_code == 200, answer.json
    return answer.data


def test_a_case_file_is_true_as_it_was_exported(case: bytes) -> None:
    assert verdict(case) == ""
    assert verdict(case, desks_key().public_key()) == ""
    said = case_in(case)
    assert {clock["state"] for clock in said["clocks"]} >= {"breached"}
    assert len(said["firings"]) >= 5
    assert len(said["photos"]) == 1
    assert {remark["body"] for remark in said["remarks"]} >= {"等阀门", "业主电话无人接听", "只是排风扇滴水"}
    assert set(said["policies"]) == {said["ticket"]["policy_version"]}
    assert set(said["calendars"]) == {"1"}


def test_it_is_handed_to_managers_as_a_file_and_noted_by_ids_only(estate: "Estate") -> None:
    ticket = estate.file()
    with capture_logs() as logs:
        answer = export(estate, ticket)
    assert answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="case-{ticket["number"]}.zip"'
    (noted,) = [line for line in logs if line["event"] == "case.exported"]
    assert noted["ticket_id"] == ticket["id"]
    assert noted["actor_id"] == estate.people["manager"].id
    assert "水管" not in str(logs)
    assert export(estate, ticket, "admin").status_code == 200


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher"])
def test_nobody_else_exports_a_case(estate: "Estate", name: str) -> None:
    assert export(estate, estate.file(), name).status_code == 403


def test_a_manager_of_another_house_finds_nothing(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    ticket = estate.file()
    assert export(new_estate(), ticket).status_code == 404
    estate.join("elsewhere", "manager", community_ids=(testing.fresh(),))
    assert export(estate, ticket, "elsewhere").status_code == 404


def test_without_a_key_the_desk_says_what_to_do(app: Flask, estate: "Estate", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "case_key", None)
    answer = export(estate, estate.file())
    assert answer.status_code == 503
    assert "DOORSTEP_CASE_KEY_FILE" in str(answer.json)


def test_the_same_case_gives_the_same_bytes(estate: "Estate") -> None:
    ticket = late(estate)
    with testing.at(clock.now()):
        assert export(estate, ticket).data == export(estate, ticket).data


def test_the_page_needs_nothing_runs_nothing_and_escapes_everything(case: bytes) -> None:
    page = opened(case)["case.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;厨房&#39;)&lt;/script&gt; &amp; 水管爆了" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    for words in ("工单案卷", "Case file", "计时经过", "Paused because parts are awaited", "crew badge"):
        assert words in page
    assert "+0800" in page


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


def close_the_desk(case: dict[str, Any]) -> None:
    case["calendars"]["1"]["hours"] = {"mon": [["08:30", "09:00"]]}


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


def leave_a_policy_out(case: dict[str, Any]) -> None:
    case["policies"] = {}


CHANGES = {
    change_history: "The chain of the history breaks at entry 2.",
    change_history_and_digests: "Clock ",
    drop_an_entry: "The chain of the history breaks at entry 5.",
    drop_the_last_entry: "The ticket's version, hash or status",
    swap_the_policy: "is not the policy of that version that ships",
    close_the_desk: "Clock ",
    soften_a_clock: "is stated with breached_at None; recomputed it is 20",
    tell_another_story: "The story of a clock is not what history tells.",
    drop_a_clock: "Clock acknowledge 1 is not stated.",
    reword: "are not those that history sealed",
    invent_words: "are not those that history sealed",
    another_photo: "is not the one that history recorded",
    fire_early: "was fired at a moment that history does not know",
    another_urgency: "The ticket's urgency is emergency, its history says routine.",
    leave_a_policy_out: "is not inside",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_not_even_who_holds_the_key_makes_a_case_say_otherwise(case: bytes, change: Callable[[Any], None]) -> None:
    assert CHANGES[change] in verdict(forged(case, change))


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


@pytest.mark.parametrize(
    "part", ["ticket", "history", "remarks", "photos", "policies", "calendars", "clocks", "firings"]
)
@pytest.mark.parametrize("value", [None, [], {}, "x", [None], {"x": None}, 7])
def test_a_case_of_any_other_shape_is_an_untruth_and_no_crash(case: bytes, part: str, value: Any) -> None:
    files = opened(case)
    files["case.json"] = written({**case_in(case), part: value})
    assert verdict(resigned(files, desks_key()))


@pytest.fixture
def exported(estate: "Estate", settings: TicketsSettings, tmp_path: Path) -> Path:
    """A case file that was exported at the terminal."""
    ticket, key = late(estate), tmp_path / "case-key.pem"
    key.write_text(testing.keys()[0])
    env = {
        "TICKETS_WORKER_DATABASE_URL": settings.kit.worker_database_url,
        "DOORSTEP_CASE_KEY_FILE": str(key),
    }
    file = tmp_path / "case.zip"
    ended = CliRunner().invoke(main, ["case-file", ticket["number"].lower(), "--output", str(file)], env=env)
    assert ended.exit_code == 0, ended.output
    assert seals.fingerprint(desks_key().public_key()) in ended.stdout
    return file


def test_the_commands_export_and_check(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking needs no desk, no database and no environment."""
    for name in ("DATABASE_URL", "TICKETS_WORKER_DATABASE_URL", "DOORSTEP_HOME"):
        monkeypatch.delenv(name, raising=False)
    public = tmp_path / "public.pem"
    public.write_text(testing.keys()[1])
    ended = CliRunner().invoke(main, ["verify-case", str(exported), "--key", str(public), "--lang", "en"])
    assert ended.exit_code == 0, ended.output
    assert all(line.startswith("✓ ") for line in ended.stdout.splitlines())
    assert "by the key given" in ended.stdout
    assert json.loads(zipfile.ZipFile(exported).read("case.json"))["exported"]["by"]["role"] == "admin"
    unknown = CliRunner().invoke(main, ["verify-case", str(exported)])
    assert "仅证明签署后未被改动" in unknown.stdout
    exported.write_bytes(forged(exported.read_bytes(), soften_a_clock))
    ended = CliRunner().invoke(main, ["verify-case", str(exported), "--lang", "en"])
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[-1].startswith("✗ Clock ")


def test_what_cannot_be_exported_is_said(settings: TicketsSettings, tmp_path: Path) -> None:
    env = {"TICKETS_WORKER_DATABASE_URL": settings.kit.worker_database_url, "DOORSTEP_HOME": str(tmp_path)}
    ended = CliRunner().invoke(main, ["case-file", "000000-XXXXXX"], env=env)
    assert ended.exit_code == 1
    assert "DOORSTEP_CASE_KEY_FILE" in ended.stderr
    key = tmp_path / "key.pem"
    key.write_text(testing.keys()[0])
    ended = CliRunner().invoke(main, ["case-file", "000000-XXXXXX"], env={**env, "DOORSTEP_CASE_KEY_FILE": str(key)})
    assert ended.exit_code == 1
    assert "There is no ticket 000000-XXXXXX" in ended.stderr
    ended = CliRunner().invoke(main, ["verify-case", str(key), "--key", str(key)])
    assert ended.exit_code == 1
    assert "holds no public key" in ended.stderr


def test_a_version_of_another_policy_is_inside_too(estate: "Estate", server_url: str) -> None:
    """An organisation's own policy is as much part of the proof as one that ships."""
    ticket = estate.file()
    said = case_in(export(estate, ticket).data)
    (shipped,) = said["policies"].values()
    own = {**shipped, "version": "own-1"}
    with psycopg.connect(migrate.owner_url(server_url, "tickets")) as owner:
        owner.execute(
            "INSERT INTO policies (organisation_id, version, document) VALUES (%s, 'own-1', %s)",
            (estate.organisation_id, json.dumps(own)),
        )
        owner.execute("UPDATE communities SET policy_version = 'own-1' WHERE id = %s", (estate.community_id,))
    content = export(estate, estate.file()).data
    assert verdict(content) == ""
    assert case_in(content)["policies"] == {"own-1": own}

"""A case file proves itself: it is whole, signed and recomputable, and a change to any part of it is named."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Engine
from structlog.testing import capture_logs

from doorstep.cli import main
from services.kit import clock, migrate, testing
from services.tickets import catalogue
from services.tickets.case_file import seals
from services.tickets.settings import TicketsSettings
from tests.tickets.busy_desk import busy
from tests.tickets.case_forger import (
    case_in,
    desks_key,
    forged,
    opened,
    verdict,
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


def test_every_way_a_clock_can_come_out_is_told_and_proved(estate: "Estate", worker_engine: Engine) -> None:
    for name, ticket in busy(estate, worker_engine).items():
        content = export(estate, ticket).data
        assert verdict(content) == "", name
        said = case_in(content)
        assert len(said["timelines"]) == len(said["clocks"]) >= 4, name
        assert all(story["lines"][0]["what"] == "started" for story in said["timelines"]), name
        assert all(story["lines"][-1]["what"] == "sum" for story in said["timelines"]), name
        assert len(said["policies"]) == len(said["calendars"]) == (2 if name == "moved" else 1)


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


def test_the_page_shows_names_where_the_data_have_codes(case: bytes) -> None:
    chinese, english = opened(case)["case.html"].decode().split('<section lang="en">')
    ticket = case_in(case)["ticket"]
    item = catalogue.load().get(ticket["catalogue_code"])
    for page, names in ((chinese, (item.zh, "一般", "标准时限")), (english, (item.en, "routine", "standard times"))):
        for name in names:
            assert f"<td>{name}</td>" in page
        assert f"<td>{ticket['catalogue_code']}</td>" not in page
        assert f" → {item.zh if page is chinese else item.en}</div>" in page, "what a correction changed, too"


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
    unknown = CliRunner().invoke(main, ["verify-case", str(exported)], env={"LC_ALL": "zh_CN.UTF-8"})
    assert "仅证明签署后未被改动" in unknown.stdout
    exported.write_bytes(forged(exported.read_bytes(), lambda case: case["clocks"][0].update(target_seconds=1)))
    ended = CliRunner().invoke(main, ["verify-case", str(exported), "--lang", "en"])
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[-2].startswith("✗ Clock ")
    assert ended.stdout.splitlines()[-1] == "This file was changed; do not rely on it."
    ended = CliRunner().invoke(main, ["verify-case", str(exported)], env={"LC_ALL": "", "LANG": "zh_CN.UTF-8"})
    assert ended.stdout.splitlines()[-1] == "此文件已被改动，请勿以其为凭。"
    ended = CliRunner().invoke(main, ["verify-case", str(exported), "--key", str(public), "--lang", "en"])
    assert ended.stdout.splitlines()[-1] == "This file was changed, or signed by another key; do not rely on it."


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
            "INSERT INTO policies (organisation_id, community_id, version, document) VALUES (%s, %s, 'own-1', %s)",
            (estate.organisation_id, estate.community_id, json.dumps(own)),
        )
        owner.execute("UPDATE communities SET policy_version = 'own-1' WHERE id = %s", (estate.community_id,))
    content = export(estate, estate.file()).data
    assert verdict(content) == ""
    assert case_in(content)["policies"] == {"own-1": own}

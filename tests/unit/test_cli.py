"""The command line: what it prints, what it refuses in a sentence, and with which exit status it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from doorstep.cli import main

CALENDAR = {"tz": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}}


def test_one_text_is_judged_and_the_reason_given() -> None:
    """The words that decided are part of the answer."""
    ended = CliRunner().invoke(main, ["triage", "水管爆了"])
    verdict = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert (verdict["topic"], verdict["urgency"]) == ("repair", "emergency")
    assert verdict["because"]


def test_lines_are_judged_one_by_one_and_a_bad_one_is_named() -> None:
    """A line that cannot be read spoils only itself, and the exit status tells."""
    ended = CliRunner().invoke(main, ["triage", "--jsonl"], input='{"text": "the lift is stuck"}\nnonsense\n\n')
    first, second = map(json.loads, ended.stdout.splitlines())
    assert set(first) == {"topic", "catalogue_code", "need_level", "urgency", "confidence", "because"}
    assert second["error"].startswith("line 2")
    assert ended.exit_code == 1


def test_triage_wants_a_text_or_lines_and_not_both() -> None:
    """Neither and both are mistakes of usage."""
    assert CliRunner().invoke(main, ["triage"]).exit_code == 2
    assert CliRunner().invoke(main, ["triage", "x", "--jsonl"]).exit_code == 2


@pytest.mark.parametrize(("expected", "status"), [("2026-11-23T09:00:00+00:00", 0), ("2026-11-23T10:00:00+00:00", 1)])
def test_calendar_cases_come_back_with_what_we_say(tmp_path: Path, expected: str, status: int) -> None:
    """Two hours into a Monday that opens at nine in Berlin."""
    file = tmp_path / "cases.json"
    case = {"calendar": CALENDAR, "op": "add", "start": "2026-11-23T08:00:00+00:00", "seconds": 3600, "pauses": []}
    file.write_text(json.dumps([{**case, "expected": expected}]))
    ended = CliRunner().invoke(main, ["sla", "eval", str(file)])
    assert ended.exit_code == status
    assert json.loads(ended.stdout)[0]["actual"] == "2026-11-23T09:00:00+00:00"


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    """The file is named."""
    file = tmp_path / "cases.json"
    file.write_text("{")
    ended = CliRunner().invoke(main, ["sla", "eval", str(file)])
    assert ended.exit_code == 1
    assert str(file) in ended.stderr


def test_without_a_desk_the_way_to_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that look into a desk's databases say what to start or set."""
    monkeypatch.setenv("DOORSTEP_HOME", str(tmp_path))
    for name in ("DATABASE_URL", "TICKETS_WORKER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    reading = (["verify-history"], ["dead-letters", "list"], ["sla", "replay"], ["sla", "why", "261122-ABCDEF"])
    for command in reading:
        ended = CliRunner().invoke(main, command)
        assert ended.exit_code == 1
        assert "doorstep run" in ended.stderr


def test_migrate_names_everything_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both variables at once, not one after the other."""
    for name in ("DATABASE_URL", "DOORSTEP_SECRET", "DOORSTEP_ROLE_SECRET"):
        monkeypatch.delenv(name, raising=False)
    ended = CliRunner().invoke(main, ["migrate"])
    assert ended.exit_code == 1
    assert "DATABASE_URL" in ended.stderr
    assert "DOORSTEP_ROLE_SECRET" in ended.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is made."""
    monkeypatch.setenv("DOORSTEP_PORT", port)
    ended = CliRunner().invoke(main, ["run"])
    assert ended.exit_code == 1
    assert "DOORSTEP_PORT" in ended.stderr

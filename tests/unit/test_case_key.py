"""The key that signs case files: made once, kept closed, told to who signs, and refused when it is none."""

from pathlib import Path

import pytest

from doorstep.keys import case_key, keep_keys
from doorstep.processes import CannotStart
from services.kit import testing
from services.kit.settings import SettingsError
from services.tickets import settings
from services.tickets.case_file import seals


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What a tickets process is told, but for the key."""
    verify = tmp_path / "verify.pem"
    verify.write_text(testing.keys()[1])
    return {
        "TICKETS_DATABASE_URL": "postgresql://x/x",
        "TICKETS_WORKER_DATABASE_URL": "postgresql://x/x",
        "BUS_DATABASE_URL": "postgresql://x/x",
        "DOORSTEP_SECRET": "secret",
        "DOORSTEP_VERIFY_KEY_FILE": str(verify),
    }


def test_a_home_has_a_key_of_its_own_for_cases(tmp_path: Path) -> None:
    keys = keep_keys(tmp_path)
    made = keys.case_key_file.read_text()
    assert keys.case_key_file.stat().st_mode & 0o077 == 0
    assert made != keys.signing_key_file.read_text()
    assert keep_keys(tmp_path).case_key_file.read_text() == made
    public = seals.read_public(keys.case_public_key_file.read_bytes())
    assert seals.fingerprint(public) == seals.fingerprint(case_key(tmp_path).public_key())


def test_who_signs_must_be_told_the_key(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DOORSTEP_CASE_KEY_FILE is not set"):
        settings.load(environ)
    told = settings.load({**environ, "DOORSTEP_CASE_KEY_FILE": str(keep_keys(tmp_path).case_key_file)})
    assert told.case_key
    assert "PRIVATE" not in repr(told)


def test_a_worker_signs_nothing_and_is_told_no_key(environ: dict[str, str]) -> None:
    assert settings.load(environ, signs=False).case_key is None


@pytest.mark.parametrize("content", ["", "not a key", testing.keys()[1]], ids=["nothing", "words", "the other half"])
def test_what_is_no_key_stops_the_start(
    content: str, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "case-key.pem"
    file.write_text(content)
    monkeypatch.setenv("DOORSTEP_CASE_KEY_FILE", str(file))
    with pytest.raises(CannotStart, match=r"case-key\.pem: it holds no private key"):
        case_key(tmp_path)
    with pytest.raises(SettingsError, match="DOORSTEP_CASE_KEY_FILE: it holds no private key"):
        settings.load({**environ, "DOORSTEP_CASE_KEY_FILE": str(file)})


def test_without_a_key_the_way_to_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOORSTEP_CASE_KEY_FILE", raising=False)
    with pytest.raises(CannotStart, match="Set DOORSTEP_CASE_KEY_FILE"):
        case_key(tmp_path)

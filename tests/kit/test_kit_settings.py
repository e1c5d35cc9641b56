"""Settings are read once, and everything wrong is named at once."""

from datetime import timedelta

import pytest

from services.kit import settings
from services.kit.settings import Reader, SettingsError


def complete(tmp_path) -> dict[str, str]:
    key = tmp_path / "verify.pem"
    key.write_text("a key")
    return {
        "TICKETS_DATABASE_URL": "postgresql://a/b",
        "TICKETS_WORKER_DATABASE_URL": "postgresql://a/b",
        "BUS_DATABASE_URL": "postgresql://a/bus",
        "DOORSTEP_VERIFY_KEY_FILE": str(key),
        "DOORSTEP_SECRET": "secret",
    }


def test_a_complete_environment_is_read(tmp_path, monkeypatch):
    for name, value in complete(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AMQP_URL", raising=False)
    monkeypatch.setenv("TICKETS_PORT", "8001")
    read = settings.load("tickets")
    assert (read.port, read.verify_key, read.amqp_url) == (8001, "a key", None)
    assert read.environment == "development"


def test_everything_missing_is_named_at_once():
    reader = Reader({})
    settings.load("tickets", reader)
    with pytest.raises(SettingsError) as problem:
        reader.done()
    for name in (
        "TICKETS_DATABASE_URL",
        "TICKETS_WORKER_DATABASE_URL",
        "BUS_DATABASE_URL",
        "DOORSTEP_VERIFY_KEY_FILE",
        "DOORSTEP_SECRET",
    ):
        assert name in str(problem.value)


def test_with_rabbitmq_no_database_of_the_bus_is_needed(tmp_path):
    environ = complete(tmp_path) | {"AMQP_URL": "amqp://a/b", "BUS_DATABASE_URL": ""}
    reader = Reader(environ)
    assert settings.load("tickets", reader).amqp_url == "amqp://a/b"
    reader.done()


@pytest.mark.parametrize("number", ["x", "1.5", "-1", "²", "٣", "1" * 30, "0x1f"])
def test_a_number_that_is_none_is_named(number):
    reader = Reader({"PORT": number})
    reader.number("PORT", 5)
    with pytest.raises(SettingsError, match="PORT"):
        reader.done()


@pytest.mark.parametrize("duration", ["1h", "PT", "P", "24", "PT1.5H", "-PT1H", "PT1H "[:3] + "x"])
def test_a_duration_that_is_none_is_named(duration):
    reader = Reader({"DELAY": duration})
    assert reader.duration("DELAY", "PT24H") == timedelta(hours=24)
    with pytest.raises(SettingsError, match="DELAY"):
        reader.done()


def test_durations_are_hours_minutes_and_seconds():
    assert Reader({"D": "PT1H30M5S"}).duration("D", "PT1S") == timedelta(hours=1, minutes=30, seconds=5)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    reader = Reader({"A": str(tmp_path / "none"), "B": str(tmp_path), "C": str(tmp_path / "binary"), "D": "x" * 5000})
    assert [reader.file(name) for name in "ABCD"] == [""] * 4
    with pytest.raises(SettingsError) as problem:
        reader.done()
    assert all(f"{name} names no readable file" in str(problem.value) for name in "ABCD")

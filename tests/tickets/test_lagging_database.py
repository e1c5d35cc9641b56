"""Commands against a database that an older version left behind."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest
from click.testing import CliRunner

from doorstep.cli import main
from services.kit import migrate

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

COMMANDS = [["verify-history"], ["sla", "replay"], ["sla", "why", "000000-XXXXXX"]]


@pytest.fixture
def older(estate: "Estate", server_url: str) -> Iterator[None]:
    """Take a table's name away for a while, as if its migration had not come yet."""
    owner = migrate.owner_url(server_url, "tickets")
    with psycopg.connect(owner) as database:
        database.execute("ALTER TABLE tickets RENAME COLUMN number TO number_to_come")
    yield
    with psycopg.connect(owner) as database:
        database.execute("ALTER TABLE tickets RENAME COLUMN number_to_come TO number")


@pytest.mark.usefixtures("older")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_that_the_database_is_behind(command: list[str], server_url: str) -> None:
    env = {"DATABASE_URL": server_url, "DOORSTEP_HOME": os.environ["DOORSTEP_TEST_HOME"]}
    ended = CliRunner().invoke(main, command, env=env)
    assert ended.exit_code == 1
    assert "Run `doorstep migrate`" in ended.stderr, ended.output
    assert "column tickets.number does not exist" in ended.stderr
    assert "Traceback" not in ended.output

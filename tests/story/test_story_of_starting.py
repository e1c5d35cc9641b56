"""How a desk starts, refuses to start, ends, and comes back: `doorstep run` as a person at a terminal meets it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import urllib3
from story_people import Desk, free_port

from doorstep import processes
from doorstep.processes import CannotStart
from doorstep.stack import Stack
from tests.waiting import until

# A whole desk starts within these: seconds on a quiet machine, a minute on a busy one.
pytestmark = pytest.mark.timeout(400)

RUN = (sys.executable, "-c", "from doorstep.cli import main; main()", "run")
ROOT = Path(__file__).parents[2]


class Terminal:
    """`doorstep run` in a process of its own, over the bus in PostgreSQL."""

    def __init__(self, home: Path, port: int, **more: str) -> None:
        env: Mapping[str, str] = {
            **os.environ, "DOORSTEP_HOME": str(home), "DOORSTEP_PORT": str(port), "DOORSTEP_BUS": "postgres", **more
        }  # fmt: skip
        self.log = home.with_name("terminal.log")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(RUN, env=env, cwd=ROOT, stdout=out, stderr=out)

    def said(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text()

    def wait_until_ready(self) -> None:
        """Wait for the line with the address."""
        until(lambda: "is ready at" in self.said() or self.process.poll() is not None, "the start", 150.0)
        assert self.process.poll() is None, self.said()


def processes_of(home: Path) -> list[int]:
    """Return every process that was told this home or works in it."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and processes.is_running(int(folder.name)):
            told = " ".join(processes.command_line(int(folder.name)))
            try:
                told += (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue  # It is somebody else's, or it just ended.
            if str(home) in told:
                found.append(int(folder.name))
    return found


@pytest.fixture
def terminal(own_servers: None, home: Path) -> Iterator[Terminal]:
    """Return a desk started as a person does."""
    home.mkdir()
    started = Terminal(home, free_port())
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()
    until(lambda: not processes_of(home), "the end of all processes", 60.0)


def test_kill_9_leaves_no_orphan_and_the_next_start_keeps_the_data(terminal: Terminal, home: Path) -> None:
    """The supervisor cannot clean up after -9; the kernel does. Ctrl-C then ends the second start in good order."""
    terminal.wait_until_ready()
    assert "Bus: the durable queue in PostgreSQL" in terminal.said()
    assert "password: doorstep-demo" in terminal.said()
    assert "Sample organisation:" in terminal.said()
    terminal.process.kill()
    terminal.process.wait()
    until(lambda: not processes_of(home), "the end of the orphans", 60.0)

    port = free_port()
    again = Terminal(home, port)
    again.log = terminal.log
    until(lambda: terminal.said().count("is ready at") == 2 or again.process.poll() is not None, "the restart", 150.0)
    assert terminal.said().count("Sample organisation:") == 1
    reply = urllib3.request(
        "POST", f"http://127.0.0.1:{port}/api/v1/auth/token", json={"login": "resident1", "password": "doorstep-demo"}
    )
    assert reply.status == 200, reply.data
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(60) == 0, terminal.said()
    assert not processes_of(home)


def test_a_second_start_in_the_same_home_is_refused(desk: Desk) -> None:
    """Two desks on one folder would fight over its data."""
    with pytest.raises(CannotStart, match="A desk already runs in .* DOORSTEP_HOME"):
        Stack(desk.stack.home, free_port()).run()


def test_a_busy_port_is_refused_before_anything_starts(home: Path) -> None:
    """The person is told which port and what to set."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is already in use.*DOORSTEP_PORT"):
            Stack(home, port).run()
    assert not (home / "postgres").exists()


def test_the_sample_is_refused_in_production(home: Path) -> None:
    """Its password is known to everybody."""
    with pytest.raises(CannotStart, match="DOORSTEP_ENV is production"):
        Stack(home, free_port(), extra_env={"DOORSTEP_ENV": "production"}).run()


def test_no_service_is_told_the_administrator_of_the_database(desk: Desk) -> None:
    """A process that is taken over must not open the other services' databases."""
    password = (desk.stack.home / "postgres" / "password").read_text().strip()
    role_secret = (desk.stack.home / "keys" / "role-secret").read_text().strip()
    for name, pid in desk.stack.pids.items():
        if name not in ("postgres", "rabbitmq"):
            told = Path(f"/proc/{pid}/environ").read_text()
            assert password not in told
            assert role_secret not in told
            others = {"tickets", "notify", "surveys", "gateway"} - {name.partition("-")[0]}
            assert not [other for other in others if f"/doorstep_{other}" in told], name
    assert (desk.stack.home / "keys" / "signing-key.pem").stat().st_mode & 0o077 == 0

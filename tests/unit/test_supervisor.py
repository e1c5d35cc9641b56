"""The supervisor: restarts what dies, stops in reverse order, keeps bounded logs and leaves nobody behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doorstep import processes
from doorstep import supervisor as supervisor_module
from doorstep.processes import CannotStart
from doorstep.supervisor import BACK_OFF_SECONDS, Program, Supervisor

HERE = Path(__file__).parents[2]
FOREVER = ("sh", "-c", "trap 'echo $0 >> order; exit 0' TERM; touch $0.up; while :; do sleep 0.05; done")
RUN = """
import sys
from pathlib import Path
from doorstep.supervisor import Program, Supervisor
home = Path(sys.argv[1])
programs = [Program(name, ["sleep", "60"]) for name in ("one", "two")]
Supervisor(programs, home / "logs").run(lambda: print("ready", flush=True))
print("done", flush=True)
"""


class Desk:
    """A supervisor in a folder of its own, with what it said."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: list[str] = []
        self.supervisor = Supervisor([], home / "logs", self.said.append)

    def start(self, *programs: Program) -> Supervisor:
        for program in programs:
            self.supervisor.add(program)
        self.supervisor.start(seconds=10)
        return self.supervisor

    def tend_until(self, true: Callable[[], bool], seconds: float = 10) -> bool:
        def look() -> bool:
            self.supervisor.tend()
            return true()

        return processes.wait_until(look, seconds)

    def log_of(self, name: str) -> str:
        file = self.home / "logs" / f"{name}.log"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.supervisor.stop()


def test_the_pids_of_what_runs_are_in_a_file(desk: Desk) -> None:
    desk.start(Program("one", ["sleep", "60"]), Program("two", ["sleep", "60"]))
    written = json.loads((desk.home / "programs.json").read_text())
    assert written == desk.supervisor.pids
    assert set(written) == {"one", "two"}
    assert processes.command_line(written["one"]) == ["sleep", "60"]


def test_what_is_killed_with_9_is_started_again_and_said_so_in_one_line(desk: Desk) -> None:
    pids = desk.start(Program("one", ["sleep", "60"]), Program("two", ["sleep", "60"])).pids
    os.kill(pids["one"], signal.SIGKILL)
    assert desk.tend_until(lambda: desk.supervisor.pids.get("one") not in (None, pids["one"]))
    assert desk.supervisor.pids["two"] == pids["two"]
    assert desk.said == [
        "one died (killed by SIGKILL); starting it again in 0.2 s",
        f"one was restarted as process {desk.supervisor.pids['one']}",
    ]


def test_pauses_grow_while_a_program_keeps_dying_and_begin_again_once_it_was_healthy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.start(Program("sick", ["sh", "-c", "sleep 0.2; exit 3"]))
    deaths = lambda: [line for line in desk.said if "died (exit code 3)" in line]  # noqa: E731
    assert desk.tend_until(lambda: len(deaths()) == 3)
    assert [line.split()[-2] for line in deaths()] == [f"{pause:g}" for pause in BACK_OFF_SECONDS[:3]]
    monkeypatch.setattr(supervisor_module, "HEALTHY_SECONDS", -1.0)
    assert desk.tend_until(lambda: len(deaths()) == 4)
    assert deaths()[-1].endswith(f"in {BACK_OFF_SECONDS[0]:g} s")


def test_everything_is_stopped_gracefully_and_in_reverse_order(desk: Desk) -> None:
    names = ("first", "second", "third")
    desk.start(
        *(Program(name, [*FOREVER, name], cwd=desk.home, ready=(desk.home / f"{name}.up").exists) for name in names)
    )
    desk.supervisor.stop()
    assert (desk.home / "order").read_text().split() == ["third", "second", "first"]
    assert not (desk.home / "programs.json").exists()


def test_one_that_cannot_be_stopped_keeps_nobody_else_running(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = desk.start(Program("kept", ["sleep", "60"]), Program("stuck", ["sleep", "60"]))
    pids = supervisor.pids
    stop = supervisor_module.Child.stop

    def stuck(child: supervisor_module.Child) -> None:
        stop(child)
        if child.name == "stuck":
            raise OSError("stuck")

    monkeypatch.setattr(supervisor_module.Child, "stop", stuck)
    with pytest.raises(OSError, match="stuck"):
        supervisor.stop()
    monkeypatch.undo()
    assert not any(processes.is_running(pid) for pid in pids.values())
    assert not (desk.home / "programs.json").exists()


def test_who_does_not_listen_is_killed_after_the_bound_with_all_its_children(desk: Desk) -> None:
    desk.start(Program("deaf", ["sh", "-c", "trap '' TERM; sleep 61 & echo $!; wait; wait"], stop_seconds=0.3))
    assert processes.wait_until(lambda: desk.log_of("deaf").strip().isdigit(), 60)
    pids = [desk.supervisor.pids["deaf"], int(desk.log_of("deaf"))]
    began = time.monotonic()
    desk.supervisor.stop()
    assert time.monotonic() - began < 5
    assert processes.wait_until(lambda: not any(processes.is_running(pid) for pid in pids), 60)


def test_a_program_is_waited_for_until_it_is_ready(desk: Desk) -> None:
    ready = desk.home / "ready"
    desk.start(
        Program("slow", ["sh", "-c", f"sleep 0.4; touch {ready}; sleep 60"], ready=ready.exists),
        Program("next", ["sh", "-c", f"ls {ready} && sleep 60"]),
    )
    assert processes.wait_until(lambda: str(ready) in desk.log_of("next"), 60)


def test_a_program_that_ends_before_it_is_ready_is_named_with_its_last_words(desk: Desk) -> None:
    well = Program("well", ["sleep", "60"])
    ill = Program("ill", ["sh", "-c", "echo the port is taken; exit 1"], ready=lambda: False)
    with pytest.raises(CannotStart, match=r"(?s)ill ended while starting.*the port is taken"):
        desk.start(well, ill)
    assert desk.supervisor.pids == {}


def test_output_goes_to_a_log_and_only_warnings_to_the_terminal(desk: Desk) -> None:
    desk.start(Program("talker", ["sh", "-c", "echo all is well; echo WARNING: a leak; sleep 60"]))
    assert processes.wait_until(lambda: bool(desk.said), 60)
    assert desk.said == ["talker: WARNING: a leak"]
    assert desk.log_of("talker") == "all is well\nWARNING: a leak\n"


def test_of_a_logged_error_the_terminal_shows_what_happened_and_the_log_the_rest() -> None:
    raised = [{"exc_type": "BusDown", "exc_value": "refused", "frames": []}, {"exc_type": "Cause", "exc_value": ""}]
    error = {"level": "error", "event": "loop.failed", "loop": "relay", "exception": raised}
    assert processes.readable(json.dumps(error).encode() + b"\n") == "loop.failed loop=relay: BusDown: refused"
    assert processes.readable(b'{"event": "disk.full"}') == "disk.full"
    for other in (b"WARNING: a leak", b'["error"]', b'{"error": 1}', b"error {"):
        assert processes.readable(other + b"\n") == other.decode()


def test_a_log_is_cut_when_it_grows_too_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 1000)
    desk.start(Program("talker", ["sh", "-c", "for i in $(seq 500); do echo line $i; done; echo end; sleep 60"]))
    assert processes.wait_until(lambda: "end" in desk.log_of("talker"), 60)
    assert len(desk.log_of("talker")) <= 1010
    assert (desk.home / "logs" / "talker.log.1").exists()


def test_variables_are_added_to_the_supervisors_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INHERITED", "yes")
    desk.start(Program("env", ["sh", "-c", "echo $INHERITED $OWN; sleep 60"], env={"OWN": "too"}))
    assert processes.wait_until(lambda: desk.log_of("env") == "yes too\n", 60)


@contextmanager
def supervise_elsewhere(home: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A supervisor in a process of its own, and the pids of what it runs; waited for however the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process, list(json.loads((home / "programs.json").read_text()).values())
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_everything(tmp_path: Path, number: signal.Signals) -> None:
    with supervise_elsewhere(tmp_path) as (process, pids):
        process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    assert said == "done\n"
    assert not any(processes.is_running(pid) for pid in pids)


def test_killing_the_supervisor_with_9_leaves_nothing_behind(tmp_path: Path) -> None:
    with supervise_elsewhere(tmp_path) as (process, pids):
        process.kill()
    assert processes.wait_until(lambda: not any(processes.is_running(pid) for pid in pids), 60)

"""Keeps a list of servers and programs running, restarts what dies, and stops all of it in reverse order."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from doorstep import processes
from doorstep.processes import CannotStart

BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
# What has run this long was healthy: its next death begins with the shortest pause again.
HEALTHY_SECONDS = 30.0
CHECK_SECONDS = 0.1
WORTH_SHOWING = re.compile(rb"\b(?:warning|error|critical|exception|traceback)\b", re.IGNORECASE)


class Supervised(Protocol):
    """What the supervisor needs of a thing it keeps alive; EmbeddedPostgres, PrivateRabbitMQ and Child are such."""

    name: str
    stop_seconds: float

    @property
    def pid(self) -> int | None: ...
    @property
    def alive(self) -> bool: ...
    @property
    def exit_code(self) -> int | None: ...
    def launch(self) -> None: ...
    def ready(self) -> bool: ...
    def request_stop(self) -> None: ...
    def kill(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Program:
    """A command to keep running; `env` is added to the supervisor's own, and without `ready` running is ready.

    `stops_early` programs need one another no longer once all shall end, and are asked to stop all at once.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    ready: Callable[[], bool] | None = None
    stops_early: bool = False


class Child:
    """One program as a process group of its own, its output in a log of bounded size, its warnings on the terminal."""

    def __init__(self, program: Program, log_dir: Path, echo: Callable[[str], None]) -> None:
        self.name = program.name
        self.stop_seconds = program.stop_seconds
        self.stops_early = program.stops_early
        self.log = log_dir / f"{program.name}.log"
        self._program = program
        self._echo = echo
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def launch(self) -> None:
        """Start the program. A group of its own keeps the terminal's Ctrl-C away from it: the supervisor decides."""
        self.kill()
        program = self._program
        try:
            self._process = subprocess.Popen(
                processes.bound_to_parent(program.argv, program.stop_signal),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**os.environ, **program.env}, cwd=program.cwd, process_group=0,
            )  # fmt: skip
        except OSError as error:
            raise CannotStart(f"{program.name} cannot be started: {error}") from error
        assert self._process.stdout
        self._reader = threading.Thread(target=self._keep_output, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def ready(self) -> bool:
        return self.alive and (self._program.ready is None or self._program.ready())

    def request_stop(self) -> None:
        if self._process and self.alive:
            self._process.send_signal(self._program.stop_signal)

    def kill(self) -> None:
        """End the program and everything it started."""
        self._end_group()
        if self._process:
            self._process.wait()

    def stop(self) -> None:
        self.request_stop()
        processes.wait_until(lambda: not self.alive, self.stop_seconds)
        self.kill()
        if self._reader:
            # The last words belong in the log; a grandchild that moved to another group may hold the pipe for ever.
            self._reader.join(timeout=1.0)

    def _end_group(self) -> None:
        """Kill what is left of the group: the workers of a killed gunicorn would otherwise keep its port."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _keep_output(self, output: IO[bytes]) -> None:
        log = processes.open_log(self.log)
        written = log.tell()
        with output:
            for line in output:
                log.write(line)
                log.flush()
                written += len(line)
                if written > processes.LOG_BYTES:
                    processes.cut_log(self.log)
                    written = 0
                if WORTH_SHOWING.search(line):
                    self._echo(f"{self.name}: {processes.readable(line)}")
        log.close()


@dataclass
class _Kept:
    """The supervisor's notes on one thing: how often it died lately and when it may start again."""

    thing: Supervised
    deaths: int = 0
    launched_at: float = 0.0
    restart_at: float | None = None


class Supervisor:
    """Starts in order, each when the one before it is ready; restarts with growing pauses; stops in reverse order.

    Use it from one thread, which has to live as long as the programs shall: the kernel ends them with that thread.
    `home` receives programs.json (name → pid, of what runs now), `echo` the sentences for the terminal.
    """

    def __init__(
        self,
        programs: Sequence[Program | Supervised],
        log_dir: Path,
        echo: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
        home: Path | None = None,
    ) -> None:
        self._echo = echo
        self._file = (home or log_dir.parent) / "programs.json"
        self._log_dir = log_dir
        self._kept: list[_Kept] = []
        self._stopping = threading.Event()
        for program in programs:
            self.add(program)

    def add(self, program: Program | Supervised) -> None:
        """Put one more at the end of the list; `start` will start it."""
        thing = Child(program, self._log_dir, self._echo) if isinstance(program, Program) else program
        self._kept.append(_Kept(thing))

    @property
    def pids(self) -> dict[str, int]:
        """Name → process id of everything that runs now."""
        return {kept.thing.name: kept.thing.pid for kept in self._kept if kept.thing.alive and kept.thing.pid}

    def start(self, seconds: float = 90.0) -> None:
        """Start what is not running, in order, waiting for each to be ready. Raises CannotStart; stops all then."""
        try:
            for kept in self._kept:
                if not kept.thing.alive:
                    self._launch(kept)
                    self._wait_for(kept, seconds)
        except BaseException:
            self.stop()
            raise

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Start everything, call `on_ready`, keep it running until Ctrl-C, SIGTERM or `request_stop`, and stop it."""
        with self._stopped_by_signals():
            try:
                self.start()
                if not self._stopping.is_set():
                    on_ready()
                while not self._stopping.wait(CHECK_SECONDS):
                    self.tend()
                self._echo("Stopping everything")
            finally:
                self.stop()

    def request_stop(self) -> None:
        """Make `run` stop everything and return; may be called from any thread."""
        self._stopping.set()

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until a stop is asked for; True once it was."""
        return self._stopping.wait(seconds)

    def tend(self) -> None:
        """One look at everything: note deaths, and restart what has waited long enough."""
        now = time.monotonic()
        for kept in self._kept:
            if kept.thing.alive:
                continue
            if kept.restart_at is None:
                self._note_death(kept, now)
            elif now >= kept.restart_at:
                self._restart(kept)

    def stop(self) -> None:
        """Stop everything, last started first, each within its own bound and by force after it."""
        self._stopping.set()
        for kept in self._kept:
            if isinstance(kept.thing, Child) and kept.thing.stops_early:
                kept.thing.request_stop()
        with contextlib.ExitStack() as stack:  # It runs from its end, and goes on when one cannot be stopped.
            stack.callback(self._file.unlink, missing_ok=True)
            for kept in self._kept:
                if kept.thing.pid is not None:
                    stack.callback(kept.thing.stop)

    def _launch(self, kept: _Kept) -> None:
        kept.thing.launch()
        kept.launched_at = time.monotonic()
        kept.restart_at = None
        self._write_pids()

    def _wait_for(self, kept: _Kept, seconds: float) -> None:
        name = kept.thing.name
        settled = lambda: self._stopping.is_set() or not kept.thing.alive or kept.thing.ready()  # noqa: E731
        in_time = processes.wait_until(settled, seconds, every=0.05)
        if not self._stopping.is_set() and not (kept.thing.alive and in_time):
            what = f"was not ready after {seconds:.0f} s" if kept.thing.alive else "ended while starting"
            kept.thing.stop()  # What it said last may still be on its way to the log.
            said = processes.last_lines(self._log_dir / f"{name}.log")
            raise CannotStart(f"{name} {what}. Its last words, from {self._log_dir / f'{name}.log'}:\n{said}")

    def _note_death(self, kept: _Kept, now: float) -> None:
        kept.deaths = 1 if now - kept.launched_at > HEALTHY_SECONDS else kept.deaths + 1
        pause = BACK_OFF_SECONDS[min(kept.deaths, len(BACK_OFF_SECONDS)) - 1]
        kept.restart_at = now + pause
        code = kept.thing.exit_code
        how = f" ({_exit_in_words(code)})" if code is not None else ""
        self._echo(f"{kept.thing.name} died{how}; starting it again in {pause:g} s")
        self._write_pids()

    def _restart(self, kept: _Kept) -> None:
        """Start again without waiting: the others must not wait for it, and its clients reconnect by themselves."""
        try:
            self._launch(kept)
        except CannotStart as error:
            kept.restart_at = None
            self._echo(f"{kept.thing.name} could not be started again: {error}")
        else:
            self._echo(f"{kept.thing.name} was restarted as process {kept.thing.pid}")

    def _write_pids(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        processes.write_private(self._file, json.dumps(self.pids, indent=1) + "\n")

    @contextlib.contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and a closed terminal ask for the stop; only the main thread may hear them in Python."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, lambda *_: self._stopping.set()) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _exit_in_words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

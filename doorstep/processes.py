"""What the private servers and the supervisor must know about processes: dying with the parent, ports, locks, logs."""

import fcntl
import functools
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

LOG_BYTES = 10_000_000
LEFT_IN_THE_LOG = {"event", "exception", "level", "process", "service", "timestamp"}
# Below Linux's range for outgoing connections: while a server restarts, no client's own socket can sit on its port.
PORTS = range(20_000, 32_000)


class CannotStart(Exception):
    """A server or program could not be started; the message is a sentence for the person at the terminal."""


@functools.cache
def setpriv() -> str | None:
    """Path of a `setpriv` (util-linux) that can bind a child's life to its parent's; None when there is none."""
    found = shutil.which("setpriv")
    if not found:
        return None
    tried = subprocess.run([found, "--pdeathsig", "KILL", "true"], capture_output=True)
    return found if tried.returncode == 0 else None


def bound_to_parent(argv: Sequence[str], signum: signal.Signals) -> list[str]:
    """The same command, which the kernel sends `signum` when the *thread* that started it ends, even by kill -9.

    setpriv replaces itself by the command, so the process id stays the one that was started. Without setpriv the
    command is returned as it is, and what is left behind is found and stopped at the next start.
    """
    tool = setpriv()
    return [tool, "--pdeathsig", signum.name.removeprefix("SIG"), "--", *argv] if tool else list(argv)


def is_running(pid: int) -> bool:
    """True when the process exists and is not a zombie: a zombie has a pid but serves nobody."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # It belongs to somebody else, so it exists.
    state = _stat(pid)
    return state is None or state[0] not in ("Z", "X")


def birth(pid: int) -> str:
    """When the process began, in the kernel's ticks: together with the pid this names one process for ever."""
    state = _stat(pid)
    return state[19] if state else ""


def command_line(pid: int) -> list[str]:
    """The arguments a process was started with; empty when it is gone."""
    proc = Path(f"/proc/{pid}/cmdline")
    try:
        return proc.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        pass
    if Path("/proc/self").exists():
        return []
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return listed.stdout.split()


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name, which itself may hold spaces and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def wait_until(true: Callable[[], bool], seconds: float, every: float = 0.03) -> bool:
    """Ask until the answer is yes; False when it still is no after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def stop_stranger(pid: int, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Stop a process that is not our child: each signal in turn, each with its seconds to take effect."""
    for signum, seconds in steps:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            return
        if wait_until(lambda: not is_running(pid), seconds):
            return
    raise CannotStart(f"Process {pid}, left over from an earlier run, does not end. Stop it and start again.")


def port_is_free(port: int) -> bool:
    """True when a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def kept_port(file: Path) -> int:
    """The port remembered in `file` when it is still free, otherwise a new free one, which is remembered."""
    if file.exists() and port_is_free(int(file.read_text())):
        return int(file.read_text())
    port = next(port for port in random.SystemRandom().sample(PORTS, 200) if port_is_free(port))
    file.write_text(f"{port}\n")
    return port


def kept_secret(file: Path) -> str:
    """The secret in `file`, made once and readable by its owner only."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text().strip()


def write_private(file: Path, text: str) -> None:
    """Replace `file` in one step by one that only its owner can read, so that a crash leaves no half of it."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    draft.replace(file)


def lock(file: Path, refusal: str) -> IO[str]:
    """Hold `file` for as long as the returned handle is open; CannotStart(refusal) when somebody else holds it."""
    handle = file.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise CannotStart(refusal) from None
    return handle


def open_log(file: Path) -> IO[bytes]:
    """A log for appending, cut first when it has grown too long."""
    file.parent.mkdir(parents=True, exist_ok=True)
    cut_log(file)
    return file.open("ab")


def cut_log(file: Path) -> None:
    """Keep one older copy and begin again when the log is too long; its writers append, so they go on undisturbed."""
    if file.exists() and file.stat().st_size > LOG_BYTES:
        shutil.copyfile(file, file.with_name(file.name + ".1"))
        os.truncate(file, 0)


def readable(line: bytes) -> str:
    """What the terminal shows of a log line: a JSON one without stamps and stack frames, which the log has."""
    text = line.decode(errors="replace").rstrip()
    try:
        logged = json.loads(text)
    except ValueError:
        return text
    if not isinstance(logged, dict) or "event" not in logged:
        return text
    words = [logged["event"], *(f"{name}={value}" for name, value in logged.items() if name not in LEFT_IN_THE_LOG)]
    failures = [f": {raised['exc_type']}: {raised['exc_value']}" for raised in logged.get("exception") or ()]
    return " ".join(words) + "".join(failures[:1])


def last_lines(file: Path, since: int = 0, count: int = 12) -> str:
    """The end of a log, for an error message."""
    if not file.exists():
        return ""
    with file.open("rb") as log:
        log.seek(since)
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])

"""A private PostgreSQL in a folder of its own: somebody else's binaries, our own start, stop and orphan check."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import IO

import psycopg

from doorstep import processes
from doorstep.postgres_binaries import choose_bindir, major_version
from doorstep.processes import CannotStart

USER = "doorstep"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # TCP only: a socket's path may not exceed 107 bytes, and a home folder can be deeper than that.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    # What was accepted is on disk: never to be relaxed, not even for a demo.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Row values and statements can hold names and telephone numbers; they stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# Enough for an unprivileged server to reach folders below somebody's closed one; the first that works is taken.
CAPABILITIES = ("", "dac_read_search", "dac_override")


class EmbeddedPostgres:
    """One server on one home folder. Start it from a thread that lives as long as it shall: the server ends with it.

    `launch` returns at once and `ready` tells when queries are answered; `start` does both. After a death `launch`
    brings the server back on the same port with the same data.
    """

    name = "postgres"
    stop_seconds = 30.0

    def __init__(self, home: Path) -> None:
        self.folder = home.resolve() / "postgres"
        self.data = self.folder / "data"
        self.log = home.resolve() / "logs" / "postgres.log"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._bindir: Path | None = None
        self._as_user: list[str] | None = None
        self._port = 0
        self._log_start = 0

    @property
    def bindir(self) -> Path:
        """The folder of the server's own binaries: psql, pgbench, pg_dump, of the data's major version."""
        if self._bindir is None:
            version = self.data / "PG_VERSION"
            self._bindir = choose_bindir(int(version.read_text()) if version.exists() else None)
        return self._bindir

    @property
    def url(self) -> str:
        """Superuser address in psycopg's form; it stays the same when the server restarts."""
        password = processes.kept_secret(self.folder / "password")
        return f"postgresql://{USER}:{password}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """True while the postmaster itself runs; asking also reaps a dead one, so that no zombie holds its files."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self, seconds: float = 60.0) -> str:
        """Bring the server up, wait until it answers a query, and return `url`. Raises CannotStart."""
        self.launch()
        if not processes.wait_until(lambda: self.ready() or self._relaunched(), seconds):
            self.stop()
            raise CannotStart(f"PostgreSQL did not answer within {seconds:.0f} s. See {self.log}.")
        return self.url

    def launch(self) -> None:
        """Start the server without waiting. Takes the folder's lock, and ends an orphan of an earlier crash first."""
        if self.alive:
            return
        self._make_folder()
        if self._lock is None:
            self._lock = processes.lock(
                self.folder / "lock", f"Another Doorstep is already running PostgreSQL in {self.folder}. Stop it first."
            )
        try:
            self._end_orphan()
            self._initialise()
            self._spawn()
        except BaseException:
            self._release()
            raise

    def ready(self) -> bool:
        """True when a real query is answered: a listening port alone proves nothing."""
        if not self.alive:
            return False
        try:
            self.check()
        except psycopg.OperationalError:
            return False
        return True

    def check(self) -> None:
        """Ask the server one question; raises psycopg.OperationalError when it does not answer it."""
        processes.cut_log(self.log)
        with psycopg.connect(self.url, connect_timeout=2, autocommit=True) as connection:
            connection.execute("select 1")

    def request_stop(self) -> None:
        """Ask for a fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self._process and self.alive:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Last resort after `request_stop`: an immediate shutdown, then the certain one; the next start recovers."""
        if self._process and self.alive:
            self._process.send_signal(signal.SIGQUIT)
            if not processes.wait_until(lambda: not self.alive, 5):
                self._process.kill()
                self._process.wait()

    def stop(self) -> None:
        """Shut down and give the folder back. Safe to call twice."""
        self.request_stop()
        if not processes.wait_until(lambda: not self.alive, self.stop_seconds):
            self.kill()
        self._release()

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            if os.geteuid() == 0:
                owner = unprivileged_user()
                os.chown(self.data, owner.pw_uid, owner.pw_gid)
        owner_id = self.data.stat().st_uid
        if os.geteuid() not in (0, owner_id):
            raise CannotStart(f"{self.data} belongs to user id {owner_id}. Start Doorstep as that user, or elsewhere.")

    def _command(self, program: str, *arguments: str) -> list[str]:
        """How to run one of the binaries: as root under the data's owner, and always bound to this process's life."""
        argv = [str(self.bindir / program), *arguments]
        if os.geteuid() != 0:
            return processes.bound_to_parent(argv, signal.SIGINT)
        if self._as_user is None:
            self._as_user = self._find_way_to_run()
        return [*self._as_user, *argv]

    def _find_way_to_run(self) -> list[str]:
        """As root: the least privileged way in which the data's owner reaches both the binaries and the data.

        A clone below /root or in a closed temporary folder cannot be entered by another user. Permissions of folders
        that are not ours stay as they are; the server gets the one capability to pass through them instead, and
        `no_setuid_fixup` lets access(2), with which PostgreSQL examines its own binaries, honour that capability.
        """
        tool = processes.setpriv()
        if tool is None:
            raise CannotStart(
                "As root, PostgreSQL needs `setpriv` to run unprivileged. Install the package util-linux."
            )
        owner = self.data.stat()
        if owner.st_uid == 0:
            raise CannotStart(
                f"{self.data} belongs to root, as which PostgreSQL refuses to run. Give it to another user."
            )
        group = f"--regid={pwd.getpwuid(owner.st_uid).pw_gid}"
        said = ""
        for capability in CAPABILITIES:
            way = [tool, f"--reuid={owner.st_uid}", group, "--clear-groups"]
            if capability:
                way += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}", "--securebits=+no_setuid_fixup"]
            # The signal comes last in setpriv's own order too: a change of user would erase it.
            way += ["--pdeathsig=INT", "--"]
            probe = '"$1/initdb" --version && "$1/postgres" --version && cd "$2" && : > .reached && rm .reached'
            argv = [*way, "sh", "-c", probe, "sh", str(self.bindir), str(self.data)]
            tried = subprocess.run(argv, capture_output=True, text=True, cwd="/")
            # PostgreSQL says "invalid binary" and goes on when access(2) refuses it, only to fail later.
            if tried.returncode == 0 and "invalid binary" not in tried.stderr:
                return way
            said = tried.stderr.strip()
        raise CannotStart(f"As root, user id {owner.st_uid} cannot reach {self.bindir} and {self.data}: {said}")

    def _initialise(self) -> None:
        """Create the cluster once, with a password of its own and an alphabet that knows more than ASCII."""
        if (self.data / "PG_VERSION").exists():
            return
        for half in self.data.iterdir():
            # initdb was interrupted: without PG_VERSION there never was a cluster here.
            shutil.rmtree(half) if half.is_dir() else half.unlink()
        once = self.folder / "password.once"
        processes.write_private(once, processes.kept_secret(self.folder / "password"))
        owner = self.data.stat()
        if os.geteuid() == 0:
            os.chown(once, owner.st_uid, owner.st_gid)
        alphabet = ["--lc-collate=C", "--lc-ctype=C.UTF-8"]
        if major_version(self.bindir) >= 17:
            alphabet += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = subprocess.run(
            self._command("initdb", "-D", str(self.data), "-U", USER, "--encoding=UTF8", "--data-checksums",
                          "--auth=scram-sha-256", f"--pwfile={once}", "--lc-messages=C", *alphabet),
            capture_output=True, text=True, cwd="/", env=self._environment(),
        )  # fmt: skip
        once.unlink()
        if made.returncode != 0:
            raise CannotStart(f"PostgreSQL could not create its data in {self.data}: {made.stderr.strip()}")

    def _environment(self) -> dict[str, str]:
        # PGDATA, PGPORT and the like of the person's own shell must not lead our server elsewhere.
        return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C.UTF-8"}

    def _spawn(self) -> None:
        # Once an address was given out, clients reconnect to it: a restart keeps the port even if it must wait for it.
        self._port = self._port or processes.kept_port(self.folder / "port")
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with processes.open_log(self.log) as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self.data), "-c", f"port={self._port}", *settings),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=self._environment(), process_group=0,
            )  # fmt: skip

    def _relaunched(self) -> bool:
        """While starting: a server that died of a passing cause is started again, any other death is an error."""
        if self.alive:
            return False
        said = processes.last_lines(self.log, self._log_start)
        # Backends of a killed postmaster need a moment to notice, and somebody may have taken the port meanwhile.
        if "Address already in use" in said:
            self._port = 0
        elif "shared memory block" not in said:
            self._release()
            raise CannotStart(f"PostgreSQL ended while starting:\n{said}")
        self.launch()
        return False

    def _end_orphan(self) -> None:
        """Stop a postmaster that outlived an earlier run: it cannot be supervised, and two on one folder destroy it.

        The pid file is believed only if that process really is a postgres on this very folder. If it is not, the file
        is removed, since PostgreSQL itself would take any live or zombie process of that number for a server; but
        only after the shared memory it names has no user left, which is PostgreSQL's own proof that nobody writes.
        """
        file = self.data / "postmaster.pid"
        try:
            lines = file.read_text().splitlines()
        except FileNotFoundError:
            return
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        if pid and processes.is_running(pid) and self._is_ours(pid):
            processes.stop_stranger(pid, [(signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)])
        shared = lines[6].split()[-1] if len(lines) > 6 and lines[6].strip() else ""
        if not processes.wait_until(lambda: attached(shared) == 0, 30):
            raise CannotStart(f"Processes of an earlier PostgreSQL still use {self.data}. Stop them and start again.")
        file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        argv = processes.command_line(pid)
        return bool(argv) and Path(argv[0]).name == "postgres" and str(self.data) in argv


def attached(shared_memory_id: str) -> int:
    """How many processes use the System V shared memory segment of this id (0 where the kernel does not tell)."""
    table = Path("/proc/sysvipc/shm")
    if not shared_memory_id or not table.exists():
        return 0
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return next((int(row[6]) for row in rows if row[1] == shared_memory_id), 0)


def unprivileged_user() -> pwd.struct_passwd:
    """An existing user under which root's server runs; none is ever created."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("As root, PostgreSQL needs the user `postgres` or `nobody`, and there is neither.")

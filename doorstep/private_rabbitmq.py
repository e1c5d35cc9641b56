"""A private RabbitMQ node in a folder of its own, on loopback only, beside whatever broker the machine already runs."""

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import IO

import pika
import pika.exceptions

from doorstep import processes
from doorstep.processes import CannotStart

USER = "doorstep"
VHOST = "doorstep"
DEAD_LETTER_EXCHANGE = "doorstep.dead"
ONE_MILLION = 1_000_000
NOBODY_LISTENS = 1
# The limits live here and not in the queues' arguments, where a change would refuse the declaration. A full queue
# refuses new messages (they stay in the outbox) instead of losing old ones; at-least-once dead-lettering needs that.
POLICIES = [
    {
        "vhost": VHOST,
        "name": "doorstep-queues",
        "pattern": r"^doorstep\.",
        "apply-to": "queues",
        "priority": 1,
        "definition": {
            "delivery-limit": 20,
            "dead-letter-exchange": DEAD_LETTER_EXCHANGE,
            "dead-letter-strategy": "at-least-once",
            "overflow": "reject-publish",
            "max-length": ONE_MILLION,
        },
    },
    {
        # Dead letters wait for a person: nothing takes them away, and they are not dead-lettered again in a circle.
        "vhost": VHOST,
        "name": "doorstep-dead-letters",
        "pattern": r"^doorstep\.(.+\.)?dead",
        "apply-to": "queues",
        "priority": 2,
        "definition": {"delivery-limit": ONE_MILLION, "overflow": "reject-publish", "max-length": ONE_MILLION},
    },
]
PLACES = ("/usr/lib/rabbitmq/bin", "/usr/local/lib/rabbitmq/sbin", "/opt/rabbitmq/sbin", "/usr/local/sbin", "/usr/sbin")


def find_server() -> Path | None:
    """The `rabbitmq-server` script of this machine; None when RabbitMQ is not installed.

    Debian's command in /usr/sbin changes to the system's user and folders, so the real script behind it comes first.
    """
    on_path = shutil.which("rabbitmq-server")
    for place in (*PLACES[:3], *([str(Path(on_path).parent)] if on_path else []), *PLACES[3:]):
        script = Path(place) / "rabbitmq-server"
        if script.is_file() and os.access(script, os.X_OK):
            return script
    return None


class PrivateRabbitMQ:
    """One node on one home folder. Start it from a thread that lives as long as it shall: the node ends with it.

    `launch` returns at once and `ready` tells when a client can connect; `start` does both. After a death `launch`
    brings the node back on the same port with its confirmed messages.
    """

    name = "rabbitmq"
    stop_seconds = 30.0

    def __init__(self, home: Path) -> None:
        self.folder = home.resolve() / "rabbitmq"
        self.log = home.resolve() / "logs" / "rabbitmq.log"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._distribution_port = 0
        self._log_start = 0

    @property
    def url(self) -> str:
        """AMQP address of the node's own user and virtual host; it stays the same when the node restarts."""
        password = processes.kept_secret(self.folder / "password")
        return f"amqp://{USER}:{password}@127.0.0.1:{self._port}/{VHOST}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        """True while the Erlang machine itself runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self, seconds: float = 90.0) -> str:
        """Bring the node up, wait until a client can connect, and return `url`. Raises CannotStart."""
        self.launch()
        if not processes.wait_until(lambda: self.ready() or not self.alive, seconds, every=0.1) or not self.alive:
            ended = not self.alive
            self.stop()
            said = processes.last_lines(self.log, self._log_start, count=30)
            how = "ended while starting" if ended else f"took over {seconds:.0f} s to start"
            raise CannotStart(f"RabbitMQ {how}:\n{said}")
        return self.url

    def launch(self) -> None:
        """Start the node without waiting. Takes the folder's lock, and ends an orphan of an earlier crash first."""
        if self.alive:
            return
        script = find_server()
        if script is None:
            raise CannotStart("RabbitMQ is not installed. Install it (Debian: rabbitmq-server), or set AMQP_URL.")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = processes.lock(
                self.folder / "lock", f"Another Doorstep is already running RabbitMQ in {self.folder}. Stop it first."
            )
        try:
            self._end_orphan()
            self._port = self._port or processes.kept_port(self.folder / "port")
            self._distribution_port = self._distribution_port or processes.kept_port(self.folder / "distribution-port")
            self._write_configuration()
            self._spawn(script)
        except BaseException:
            self._release()
            raise

    def ready(self) -> bool:
        """True when an AMQP connection really opens: the port listens before users and queues are there."""
        # pika writes six errors into the log for a closed port, so it is not asked before the port is open.
        if not self.alive or processes.port_is_free(self._port):
            return False
        try:
            self.check()
        except (pika.exceptions.AMQPError, OSError):
            return False
        return True

    def check(self) -> None:
        """Open and close one connection; raises pika's AMQPConnectionError when that fails."""
        processes.cut_log(self.log)
        parameters = pika.URLParameters(self.url)
        parameters.socket_timeout = parameters.stack_timeout = 3
        with pika.BlockingConnection(parameters):
            pass

    def request_stop(self) -> None:
        """Ask for a graceful end: clients are told, queues are flushed."""
        if self._process and self.alive:
            self._process.terminate()

    def kill(self) -> None:
        """Last resort after `request_stop`; confirmed messages survive it."""
        if self._process and self.alive:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Stop the node and give the folder back. Safe to call twice."""
        self.request_stop()
        if not processes.wait_until(lambda: not self.alive, self.stop_seconds):
            self.kill()
        self._release()

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _node(self) -> str:
        """The node's name, made once: RabbitMQ's data belongs to the name, and no two homes share one."""
        file = self.folder / "node"
        if not file.exists():
            processes.write_private(file, f"doorstep_{secrets.token_hex(4)}@localhost")
        return file.read_text().strip()

    def _write_configuration(self) -> None:
        cookie = self.folder / ".erlang.cookie"
        if not cookie.exists():
            processes.write_private(cookie, secrets.token_hex(20).upper())
            # Erlang refuses a cookie that anybody, even its owner by accident, could change or read more widely.
            cookie.chmod(0o400)
        definitions = self.folder / "definitions.json"
        password = processes.kept_secret(self.folder / "password")
        processes.write_private(definitions, json.dumps(definitions_for(password)))
        settings = {
            "listeners.tcp.1": f"127.0.0.1:{self._port}",
            # With definitions there is no default user: `guest` is never created.
            "load_definitions": definitions,
            # Fixed amounts: a share of a small machine's memory or disk would block publishers for no good reason.
            "vm_memory_high_watermark.absolute": "1GB",
            "disk_free_limit.absolute": "50MB",
            "raft.wal_max_size_bytes": 64 * 1024 * 1024,
            "log.console": "true",
            "log.console.level": "info",
            "log.file": "false",
        }
        lines = [f"{name} = {value}\n" for name, value in settings.items()]
        processes.write_private(self.folder / "rabbitmq.conf", "".join(lines))
        processes.write_private(self.folder / "enabled_plugins", "[].\n")
        processes.write_private(self.folder / "rabbitmq-env.conf", "")

    def _environment(self) -> dict[str, str]:
        """A clean environment: nothing of the system's RabbitMQ or of the person's shell leads our node elsewhere."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "TZ") if name in os.environ}
        port, folder = self._distribution_port, self.folder
        return kept | {
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            # The script then replaces itself by the Erlang machine, so that the pid we know is the node's.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODENAME": self._node(),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
            "RABBITMQ_DIST_PORT": str(port),
            # No epmd, the daemon that would outlive us: with a fixed port and a name given at start Erlang needs
            # none, and the variable reaches the small Erlang by which RabbitMQ would otherwise start one itself.
            "ERL_AFLAGS": f"-start_epmd false -erl_epmd_port {port}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Questions to an epmd must meet a closed port: our own would let them wait for ten seconds.
            "ERL_EPMD_PORT": str(NOBODY_LISTENS),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-sname {self._node()} -kernel inet_dist_use_interface {{127,0,0,1}}"
                f" -kernel inet_dist_listen_min {port} -kernel inet_dist_listen_max {port}"
            ),
        }

    def _spawn(self, script: Path) -> None:
        (self.folder / "log").mkdir(exist_ok=True)
        with processes.open_log(self.log) as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                processes.bound_to_parent([str(script)], signal.SIGTERM),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=self._environment(), process_group=0,
            )  # fmt: skip
        processes.write_private(self.folder / "started", f"{self._process.pid} {processes.birth(self._process.pid)}")

    def _end_orphan(self) -> None:
        """Stop a node that outlived an earlier run; the noted time of birth proves that the number is still its own."""
        note = self.folder / "started"
        if not note.exists():
            return
        found = re.fullmatch(r"(\d+) (\d*)", note.read_text().strip())
        if found and processes.is_running(int(found[1])) and processes.birth(int(found[1])) == found[2]:
            processes.stop_stranger(int(found[1]), [(signal.SIGTERM, 20), (signal.SIGKILL, 10)])
        note.unlink()


def definitions_for(password: str) -> dict[str, object]:
    """What the node begins with: one user, one virtual host, its permissions and the policies of our queues."""
    salt = secrets.token_bytes(4)
    hashed = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
    algorithm = "rabbit_password_hashing_sha256"
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "users": [{"name": USER, "password_hash": hashed, "hashing_algorithm": algorithm, "tags": []}],
        "vhosts": [{"name": VHOST}],
        "permissions": [{"user": USER, "vhost": VHOST, **everything}],
        "policies": POLICIES,
    }

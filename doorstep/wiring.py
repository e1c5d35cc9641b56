"""How the processes of one desk find one another: their ports, their addresses and the environment of each."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

import doorstep
from doorstep import processes
from doorstep.keys import Keys
from doorstep.supervisor import Program
from services.kit import migrate

SERVICES = ("tickets", "notify", "surveys")
EVERYBODY = (*SERVICES, "gateway")
PROCESSES = ("worker", "web")
MODULES = {"gateway": "gateway", **{name: f"services.{name}" for name in SERVICES}}
# gunicorn finishes what is under way within 15 s, and the loops of a worker as well.
STOP_SECONDS = 20.0
_http = urllib3.PoolManager(retries=False, timeout=2.0)


@dataclass(frozen=True)
class Wiring:
    """One desk's addresses.

    `server_url` is the database server as its administrator, `amqp_url` the broker (None: the bus is a queue in
    PostgreSQL), `extra_env` goes to every process, `ports` are on the loopback address.
    """

    home: Path
    server_url: str
    amqp_url: str | None
    keys: Keys
    ports: Mapping[str, int]
    extra_env: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The desk's public address."""
        return f"http://127.0.0.1:{self.ports['gateway']}"

    def database_url(self, service: str, *, worker: bool = False) -> str:
        """The URL with which a service's own role connects."""
        return migrate.database_url(self.server_url, self.keys.role_secret, service, worker=worker)

    def common_env(self) -> dict[str, str]:
        """What every process is told. The server's own address is blanked: it opens every database."""
        bus = self.amqp_url is None and migrate.database_url(self.server_url, self.keys.role_secret, migrate.BUS)
        return {
            "DATABASE_URL": "",
            "AMQP_URL": self.amqp_url or "",
            "BUS_DATABASE_URL": bus or "",
            "DOORSTEP_HOME": str(self.home),
            "DOORSTEP_SECRET": self.keys.secret,
            "DOORSTEP_VERIFY_KEY_FILE": str(self.keys.verify_key_file),
            "DOORSTEP_PUBLIC_URL": os.environ.get("DOORSTEP_PUBLIC_URL") or self.url,
            "DOORSTEP_SUPERVISED": "1",
            # One line at a time in the logs, and no thread for each core in libraries that would start one.
            "PYTHONUNBUFFERED": "1",
            **self.extra_env,
        }

    def service_env(self, service: str) -> dict[str, str]:
        """What one service is told beyond that: its databases and ports; the gateway also its key and neighbours.

        The tickets service signs case files with a key of its own, notify its pushes.
        """
        name = service.upper()
        env = {
            f"{name}_DATABASE_URL": self.database_url(service),
            f"{name}_WORKER_DATABASE_URL": self.database_url(service, worker=True),
            f"{name}_PORT": str(self.ports[service]),
            f"{name}_METRICS_PORT": str(self.ports[f"{service}-worker"]),
        }
        if service == "tickets":
            env["DOORSTEP_CASE_KEY_FILE"] = str(self.keys.case_key_file)
        if service == "notify":
            env["NOTIFY_VAPID_KEY_FILE"] = str(self.keys.vapid_key_file)
        if service == "gateway":
            env["DOORSTEP_SIGNING_KEY_FILE"] = str(self.keys.signing_key_file)
            env |= {f"{other.upper()}_URL": f"http://127.0.0.1:{self.ports[other]}" for other in SERVICES}
        return env

    def whole_env(self) -> dict[str, str]:
        """All of it together, for tools that look at every service."""
        env = self.common_env()
        for service in EVERYBODY:
            env |= self.service_env(service)
        return env

    def programs(self) -> list[Program]:
        """The eight processes. They start all at once and find one another, so none is waited for before the next."""
        return [
            Program(
                name=f"{service}-{process}",
                argv=[sys.executable, "-m", MODULES[service], process],
                env={**self.common_env(), **self.service_env(service)},
                cwd=Path(doorstep.__file__).resolve().parents[1],
                stop_seconds=STOP_SECONDS,
                stops_early=True,
            )
            for service in EVERYBODY
            for process in PROCESSES
        ]

    def is_ready(self, program: str) -> bool:
        """Ask one process's /readyz."""
        service, _, process = program.partition("-")
        port = self.ports[service if process == "web" else program]
        try:
            return _http.request("GET", f"http://127.0.0.1:{port}/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False


def keep_ports(home: Path, gateway_port: int) -> dict[str, int]:
    """The loopback ports of every process, the same at each start as long as they are free."""
    folder = home / "ports"
    folder.mkdir(parents=True, exist_ok=True)
    ports = {"gateway": gateway_port}
    for name in (*SERVICES, *(f"{service}-worker" for service in EVERYBODY)):
        file = folder / name
        port = processes.kept_port(file)
        while port in ports.values():
            file.unlink()
            port = processes.kept_port(file)
        ports[name] = port
    return ports


def end_leftovers(home: Path) -> None:
    """Stop processes of an earlier run of this home that outlived it, where the kernel could not do so by itself.

    A noted number is believed only if that process really is one of ours and was told this very home.
    """
    file = home / "programs.json"
    if not file.exists():
        return
    for name, pid in json.loads(file.read_text()).items():
        service, _, process = name.partition("-")
        if service in MODULES and processes.is_running(pid) and _is_ours(pid, MODULES[service], process, home):
            processes.stop_stranger(pid, [(signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)])
    file.unlink(missing_ok=True)


def _is_ours(pid: int, module: str, process: str, home: Path) -> bool:
    if processes.command_line(pid)[-3:] != ["-m", module, process]:
        return False
    told = Path(f"/proc/{pid}/environ")
    return not told.exists() or f"DOORSTEP_HOME={home}".encode() in told.read_bytes().split(b"\0")

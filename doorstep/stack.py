"""The whole desk on one machine: database, bus, four services with two processes each, and the sample organisation."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doorstep import connections, processes, servers, wiring
from doorstep.embedded_postgres import EmbeddedPostgres
from doorstep.keys import Keys, keep_keys
from doorstep.private_rabbitmq import PrivateRabbitMQ
from doorstep.processes import CannotStart
from doorstep.sample import loading
from doorstep.servers import Broker
from doorstep.supervisor import Supervisor
from doorstep.wiring import Wiring

READY_SECONDS = 120.0


@dataclass(frozen=True)
class _Running:
    """What exists only while the desk runs."""

    supervisor: Supervisor
    wiring: Wiring
    programs: tuple[str, ...]


class Stack:
    """One desk in one home. `run` blocks until Ctrl-C; `start` returns when all is ready, and `stop` ends it.

    `broker` chooses the bus (None: DOORSTEP_BUS, else AMQP_URL, else a private RabbitMQ where it is installed, else
    the queue in PostgreSQL); `extra_env` is given to every process; `sample` loads the sample organisation into an
    empty desk, which DOORSTEP_ENV=production refuses. Raises CannotStart with a sentence for a person.
    """

    def __init__(
        self,
        home: Path,
        port: int,
        *,
        broker: Broker | None = None,
        extra_env: Mapping[str, str] | None = None,
        sample: bool = True,
        echo: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:
        self.home = home.absolute()
        self.port = port
        self._broker = broker
        self._extra_env = dict(extra_env or {})
        self._with_sample = sample
        self._echo = echo
        self._postgres: EmbeddedPostgres | None = None
        self._rabbitmq: PrivateRabbitMQ | None = None
        self._running: _Running | None = None
        self._thread: threading.Thread | None = None
        self._up = threading.Event()
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of all processes together: every service's databases, address and port."""
        return self._now.wiring.whole_env()

    @property
    def pids(self) -> dict[str, int]:
        """Name → process id of everything that runs now."""
        return self._now.supervisor.pids

    @property
    def server_url(self) -> str:
        """The database server's address as its administrator, which no service is told."""
        return self._now.wiring.server_url

    @property
    def bindir(self) -> Path | None:
        """Where the embedded server's psql and pgbench are; None with a server of somebody else's."""
        return self._postgres.bindir if self._postgres else None

    @property
    def _now(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the desk does not run")
        return self._running

    def start(self, seconds: float = 240.0) -> None:
        """Run the desk in a thread of its own and return when everything is ready."""
        self._up.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run_aside, name="stack")
        self._thread.start()
        in_time = self._up.wait(seconds)
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        if not in_time:
            self.stop()
            raise CannotStart(f"The desk was not ready after {seconds:.0f} s. See {self.home / 'logs'}.")

    def stop(self) -> None:
        """Stop what `start` began. Safe to call twice."""
        if self._running is not None:
            self._running.supervisor.request_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def ready(self) -> bool:
        """True when every process answers, also after some were killed and restarted."""
        now = self._now
        return now.supervisor.pids.keys() >= set(now.programs) and all(map(now.wiring.is_ready, now.programs))

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Bring the desk up, call `on_ready`, keep everything running until Ctrl-C or SIGTERM, and stop it."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self._alone():
            try:
                self._prepare()
                self._now.supervisor.run(lambda: self._when_ready(on_ready))
            finally:
                self._stop_servers()
                connections.forget(self.home)
                self._running = None

    def _run_aside(self) -> None:
        try:
            self.run(self._up.set)
        except BaseException as failure:
            # It is raised again by the thread that waits in `start`.
            self._failure = failure
        finally:
            self._up.set()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the home and find the port free, or refuse with a sentence."""
        refusal = f"A desk already runs in {self.home}. Stop it first, or set DOORSTEP_HOME to another folder."
        with processes.lock(self.home / "lock", refusal):
            wiring.end_leftovers(self.home)
            if not processes.port_is_free(self.port):
                raise CannotStart(
                    f"Port {self.port} is already in use. Stop what uses it, or set DOORSTEP_PORT to another port."
                )
            yield

    def _prepare(self) -> None:
        """Bring up servers, databases and sample, and list the processes; the supervisor then starts those."""
        if self._with_sample:
            loading.refuse_in_production(self._environment)
        keys = keep_keys(self.home)
        bus, line = servers.choose_bus(self._broker or servers.named_broker())
        self._echo(line)
        if bus == "private":
            # The broker takes the longest and needs nothing of the rest: it starts while the databases are prepared.
            self._rabbitmq = PrivateRabbitMQ(self.home)
            self._rabbitmq.launch()
        server_url = self._database_server()
        servers.prepare_databases(server_url, keys.role_secret, self._echo)
        self._fill(server_url, keys)
        amqp = {"given": os.environ.get("AMQP_URL", "").strip(), "postgres": None}.get(bus)
        if self._rabbitmq is not None:
            amqp = self._rabbitmq.start()
        ports = wiring.keep_ports(self.home, self.port)
        plan = Wiring(self.home, server_url, amqp, keys, ports, self._extra_env)
        programs = plan.programs()
        kept = [server for server in (self._postgres, self._rabbitmq) if server is not None]
        supervisor = Supervisor([*kept, *programs], self.home / "logs", self._echo, self.home)
        self._running = _Running(supervisor, plan, tuple(program.name for program in programs))
        connections.note(self.home, plan)

    @property
    def _environment(self) -> str:
        return self._extra_env.get("DOORSTEP_ENV") or os.environ.get("DOORSTEP_ENV") or "development"

    def _database_server(self) -> str:
        given = servers.given_server()
        if given:
            self._echo("Database: the PostgreSQL of DATABASE_URL")
            return given
        self._postgres = EmbeddedPostgres(self.home)
        url = self._postgres.start()
        self._echo(f"Database: a PostgreSQL of our own in {self._postgres.folder}")
        return url

    def _fill(self, server_url: str, keys: Keys) -> None:
        if loading.is_loaded(server_url, keys.role_secret):
            loading.refuse_in_production(self._environment)
        elif self._with_sample and loading.is_empty(server_url, keys.role_secret):
            counted = loading.load(server_url, keys.role_secret, self._environment)
            self._echo(f"Sample organisation: {counted}")

    def _when_ready(self, on_ready: Callable[[], None]) -> None:
        """Wait until every process says that it is ready; whatever dies before that ends the start with its words."""
        now = self._now
        self._echo(f"Processes: {', '.join(now.programs)}")
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(now.programs)
        while waiting and not now.supervisor.pause(0.05):
            dead = next((name for name in now.programs if name not in now.supervisor.pids), None)
            if dead or time.monotonic() > deadline:
                name = dead or waiting[0]
                how = "ended while starting" if dead else f"was not ready after {READY_SECONDS:.0f} s"
                log = self.home / "logs" / f"{name}.log"
                raise CannotStart(f"{name} {how}. Its last words, from {log}:\n{processes.last_lines(log)}")
            waiting = [name for name in waiting if not now.wiring.is_ready(name)]
        if not waiting:
            on_ready()

    def _stop_servers(self) -> None:
        """Stop what was started before the supervisor had it in hand; stopping twice does no harm."""
        for server in (self._rabbitmq, self._postgres):
            if server is not None:
                server.stop()

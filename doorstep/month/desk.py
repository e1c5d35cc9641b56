"""The whole desk in one process: four applications asked as people ask them, and every loop one pass at a time."""

import io
import os
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from flask import Flask

from doorstep.sample import HUATING
from doorstep.wiring import Wiring
from gateway import app as gateway_app
from gateway import handlers as gateway_handlers
from gateway import models as gateway_models
from gateway import settings as gateway_settings
from gateway.routes import table
from services.contracts import SUBSCRIPTIONS
from services.kit import clock, identity, settings
from services.kit.bus import Delivery, Outcome
from services.kit.clock import now as real_now
from services.kit.database import make_engine
from services.kit.events import Message
from services.kit.http import current_service
from services.kit.identity import Actor
from services.kit.inbox import Consumer, Handle
from services.kit.outbox import Relay, Waker
from services.kit.process import Loop, every
from services.notify import app as notify_app
from services.notify import channels as notify_channels
from services.notify import models as notify_models
from services.notify import settings as notify_settings
from services.notify import worker as notify_worker
from services.notify.handlers import Handlers
from services.surveys import app as surveys_app
from services.surveys import handlers as surveys_handlers
from services.surveys import models as surveys_models
from services.surveys import settings as surveys_settings
from services.surveys import worker as surveys_worker
from services.tickets import app as tickets_app
from services.tickets import handlers as tickets_handlers
from services.tickets import mailing, pictures
from services.tickets import models as tickets_models
from services.tickets import settings as tickets_settings
from services.tickets import worker as tickets_worker

# Events are carried here by hand, after every step; what only listens or tidies up has nothing to do in a past.
_NOT_NEEDED = ("relay", "consume", "sweep", "erase", "remove", "mail", "hooks-1", "hooks-2", "hooks-3")
CONNECTIONS = 3


class Unexpected(Exception):
    """The desk refused what somebody of the month's story did; the story and the desk do not agree."""


class _OnePass(threading.Event):
    """Lets a loop run until it would wait for something to do."""

    def wait(self, timeout: float | None = None) -> bool:
        """End the loop in place of waiting."""
        self.set()
        return True


class _Carrier:
    """The bus by hand: what is published is taken in by every service bound for it before `publish` returns."""

    def __init__(self, consumers: Mapping[str, Consumer]) -> None:
        self._consumers = consumers

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Hand a batch to each service, in order."""
        for service, consumer in self._consumers.items():
            bound = [one for one in messages if one.key in SUBSCRIPTIONS[service]]
            if bound:
                consumer.process([Delivery(one, None, 0) for one in bound])
        return [Outcome.CONFIRMED] * len(messages)

    def close(self) -> None:
        """Nothing is kept open."""


class Desk:
    """Everything that serves and works, on the databases of one home."""

    def __init__(self, wiring: Wiring, kept: ExitStack) -> None:
        """Make the applications and loops; `kept` closes what they opened."""
        own = tickets_settings.load(), notify_settings.load(), surveys_settings.load(), settings.load("gateway")
        tickets, notify, surveys, gateway = own
        self._signing_key = wiring.keys.signing_key_file.read_text()
        self._apps: dict[str, Flask] = {
            "tickets": tickets_app.make_app(tickets),
            "notify": notify_app.make_app(notify.kit, vapid_key=notify.vapid_key),
            "surveys": surveys_app.make_app(surveys.kit, surveys.rules),
            "gateway": gateway_app.make_app(gateway_settings.load()),
        }
        kits = {"tickets": tickets.kit, "notify": notify.kit, "surveys": surveys.kit, "gateway": gateway}
        self._engines = {
            name: make_engine(kit.worker_database_url, pool_size=CONNECTIONS) for name, kit in kits.items()
        }
        for engine in self._engines.values():
            kept.callback(engine.dispose)
        tables = {
            "tickets": tickets_models, "notify": notify_models, "surveys": surveys_models, "gateway": gateway_models
        }  # fmt: skip
        ways = notify_channels.configured(notify)
        handles: dict[str, Handle] = {
            "tickets": tickets_handlers.handle,
            "notify": Handlers(notify.kit.public_url, ways).handle,
            "surveys": partial(surveys_handlers.handle, surveys.rules),
            "gateway": gateway_handlers.handling(lambda: None),
        }
        carrier = _Carrier(
            {name: Consumer(name, self._engines[name], tables[name].inbox, handles[name]) for name in handles}
        )
        self._carrier = carrier
        self._relays = {name: Relay(name, self._engines[name], tables[name].outbox, lambda: carrier) for name in tables}
        self._loops = self._all_loops(kept, tickets, notify, surveys)
        # Asked after every act, so not taken from the pool each time; given back before the pools end.
        self._kept = {
            name: kept.enter_context(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
            for name, engine in self._engines.items()
        }
        for app in self._apps.values():
            kept.callback(_close, app)
        self._people = {person.login: actor_of(person) for person in HUATING.people}
        self._table = table()

    def _all_loops(self, kept: ExitStack, tickets: Any, notify: Any, surveys: Any) -> list[Loop]:
        wakers: dict[str, Waker] = {}
        for name in ("tickets", "surveys"):
            wakers[name] = Waker(self._engines[name])
            kept.callback(wakers[name].close)
        loops = [
            tickets_worker.loops(tickets, self._engines["tickets"], wakers["tickets"]),
            notify_worker.loops(notify, self._engines["notify"]),
            surveys_worker.loops(surveys, self._engines["surveys"], wakers["surveys"]),
        ]
        usual = [loop for some in loops for name, loop in some.items() if name not in _NOT_NEEDED]
        return [*usual, self._letters(kept, tickets, wakers["tickets"])]

    def _letters(self, kept: ExitStack, tickets: Any, waker: Waker) -> Loop:
        """Return the loop that reads letters, on connections that are given back: a worker keeps its own for good."""
        web = make_engine(tickets.kit.database_url, pool_size=CONNECTIONS)
        kept.callback(web.dispose)
        store = pictures.open_store(tickets.kit.home, None, None)
        reader = mailing.MailReader(self._engines["tickets"], web, store, tickets.kit.secret, waker.wake)
        return every(mailing.READ_SECONDS, reader.read_due)

    def tick(self) -> None:
        """Let every loop do what is due now, and carry what follows from it."""
        for loop in self._loops:
            loop(_OnePass())
        self.carry()

    def carry(self) -> None:
        """Carry events until none is left."""
        moved = 1
        while moved:
            moved = sum(self._relay(name, relay) for name, relay in self._relays.items())

    def _relay(self, name: str, relay: Relay) -> int:
        return relay.step(self._kept[name], self._carrier)

    def next_due(self) -> Any:
        """Return when the next deadline falls due, or None."""
        return self._kept["tickets"].exec_driver_sql("SELECT min(next_fire_at) FROM clocks").scalar_one()

    def ask(self, login: str, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Ask as somebody does, and carry what follows; returns the answer. Raises Unexpected for a refusal."""
        status, answer = self.try_to(login, method, path, body, **headers)
        if status >= 400:
            raise Unexpected(f"{clock.now():%m-%d %H:%M} {login} {method} {path}: {status} {answer}")
        return answer

    def try_to(
        self, login: str, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Ask as `ask` does, and return the status and whatever was answered."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            body = {} if body is None else body
        return self._open(login, method, path, given, json=body)

    def show(self, login: str, path: str, photo: bytes) -> dict[str, Any]:
        """Add a photo as somebody does; returns what is known of it. Raises Unexpected for a refusal."""
        status, answer = self._open(login, "POST", path, {}, data={"photo": (io.BytesIO(photo), "photo.jpg")})
        if status >= 400:
            raise Unexpected(f"{clock.now():%m-%d %H:%M} {login} {path}: {status} {answer}")
        return answer

    def bring(self, path: str, letter: bytes, headers: Mapping[str, str]) -> int:
        """Bring a letter as a mail server does; returns the status."""
        return self._open("", "POST", path, {**headers, "Content-Type": "message/rfc822"}, data=letter)[0]

    def _open(
        self, login: str, method: str, path: str, headers: Mapping[str, str], **what: Any
    ) -> tuple[int, dict[str, Any]]:
        service = self._table.service_of(f"/api/v1{path}".partition("?")[0]) or "gateway"
        given = {"Accept-Language": "zh-CN", **headers}
        if login:
            # The library that verifies tokens asks the real time; what they let somebody do happens at ours.
            token = identity.mint(self._people[login], self._signing_key, at=real_now())
            given["Authorization"] = f"Bearer {token}"
        if method == "POST":
            given["Idempotency-Key"] = f'"{uuid.uuid4()}"'
        reply = self._apps[service].test_client().open(f"/api/v1{path}", method=method, headers=given, **what)
        # Looking publishes nothing that could not wait for the next act.
        if method != "GET":
            self.carry()
        return reply.status_code, reply.get_json(silent=True) or {}


def actor_of(person: Any) -> Actor:
    """Return whom an account of the sample stands for."""
    return Actor(
        person.id, HUATING.id, person.role, person.community_ids, person.unit_ids, person.skills, person.locale
    )


def _close(app: Flask) -> None:
    with app.app_context():
        current_service().close()


@contextmanager
def desk(wiring: Wiring) -> Iterator[Desk]:
    """Yield the desk of a home whose databases are up to date."""
    env = wiring.whole_env()
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        with ExitStack() as kept:
            yield Desk(wiring, kept)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

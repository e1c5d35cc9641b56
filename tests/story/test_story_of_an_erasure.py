"""A resident is erased: what they left everywhere is looked for in every table, queue, log and file, and is nowhere."""

import io
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pika
import psycopg
import pytest
from PIL import Image
from story_people import Desk, Person

from doorstep import personal
from doorstep.wiring import EVERYBODY
from services.kit import clock, migrate
from services.kit.bus import rabbitmq
from tests.waiting import until

# A whole desk starts within these: seconds on a quiet machine, a minute on a busy one.
pytestmark = pytest.mark.timeout(400)

NAME, PHONE = "上官云岫", "13877770421"
LOGIN = "shangguan.yunxiu.13877770421"
MAIL = "shangguan.yunxiu@doorstep.example.org"
PASSWORD = "long-enough-for-this"
WORDS = [NAME, PHONE, LOGIN, "shangguan.yunxiu"]


@dataclass
class Tap:
    """A queue of our own on the exchange: everything that any service says, as the broker carries it."""

    url: str
    queue: str

    def drained(self) -> list[bytes]:
        """Take everything out, bodies and headers."""
        with closing(pika.BlockingConnection(pika.URLParameters(self.url))) as connection:
            return [*_all_of(connection.channel(), self.queue), *_all_of(connection.channel(), rabbitmq.DEAD_EXCHANGE)]


def _all_of(channel: Any, queue: str) -> Iterator[bytes]:
    while True:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return
        yield body + repr(properties.headers).encode() + method.routing_key.encode()


@pytest.fixture
def tap(desk: Desk) -> Iterator[Tap]:
    url = desk.stack.env["AMQP_URL"]
    queue = f"tap-{uuid.uuid4()}"
    with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        connection.channel().queue_declare(queue, durable=True)
        connection.channel().queue_bind(queue, rabbitmq.EXCHANGE, "#")
    yield Tap(url, queue)
    with closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        connection.channel().queue_delete(queue)


def photo_with_a_name() -> bytes:
    """Return a picture whose EXIF says whose it is."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E], exif[0x013B] = "shangguan.yunxiu", f"{PHONE} {LOGIN}"  # ImageDescription, Artist
    Image.new("RGB", (64, 48), "blue").save(out, "JPEG", exif=exif)
    return out.getvalue()


def an_empty_home(admin: Person, manager: Person) -> str:
    """Return a home of the sample nobody has an account for."""
    taken = {unit for one in admin.get("/accounts?limit=100")["items"] for unit in one["units"]}
    return next(str(unit["id"]) for unit in manager.get("/units?limit=100")["items"] if unit["id"] not in taken)


def moved_in(desk: Desk, admin: Person, home: str) -> tuple[str, Person]:
    """Open the resident's account and sign them in."""
    body = {"login": LOGIN, "password": PASSWORD, "role": "resident", "units": [home]}
    opened = admin.ask("POST", "/accounts", body, **{"Idempotency-Key": f'"{LOGIN}"'})
    again = admin.ask("POST", "/accounts", body, **{"Idempotency-Key": '"an-honest-key"'})
    assert again.status == 409
    return opened.ok()["id"], desk.person(LOGIN, PASSWORD)


def lives(desk: Desk, resident: Person, home: str) -> dict[str, Any]:
    """Let the resident and the staff write the name and the number wherever words are taken."""
    dispatcher, crew = (desk.person(login, "doorstep-demo") for login in ("dispatcher1", "crew1"))
    body = {"description": f"我是{NAME}，手机{PHONE}。厨房水管漏水", "title": f"{NAME}家漏水", "location": f"{NAME}家"}
    ticket: dict[str, Any] = resident.ask("POST", "/tickets", body, **{"Idempotency-Key": f'"{PHONE}"'}).ok()
    resident.step(ticket, "comments", body=f"请先打{PHONE}").ok()
    dispatcher.step(ticket, "comments", body=f"已与{NAME}通话", visible=False).ok()
    answer = resident.http.request(
        "POST",
        f"{resident.url}/api/v1/tickets/{ticket['id']}/photos",
        fields={"photo": (f"{PHONE}.jpg", photo_with_a_name(), "image/jpeg")},
        headers={"Authorization": f"Bearer {resident.token}", "Idempotency-Key": f'"photo-{PHONE}"'},
    )
    assert answer.status == 201, answer.data
    ends = (clock.now() + timedelta(days=30)).isoformat()
    record = {
        "salutation": {"zh-CN": f"{NAME}女士", "en": "Ms shangguan.yunxiu"},
        "circumstances": [{"kind": "illness", "until": ends, "consent": {}}],
        "equipment": [{"kind": "other", "model": PHONE, "installed_on": "2024-01-31", "life_months": 12}],
    }
    resident.ask("PATCH", f"/households/{home}", record, **{"If-Match": "*"}).ok()
    resident.ask("PUT", "/preferences", {"email": MAIL}, **{"If-Match": "*", "Idempotency-Key": f'"{MAIL}"'}).ok()
    code = "elevator" if ticket["topic"] != "elevator" else "repair"
    other = next(item["code"] for item in dispatcher.get("/catalogue")["items"] if item["topic"] == code)
    change = {"reason": f"{NAME}补充说明", "catalogue_code": other}
    dispatcher.ask("POST", f"/tickets/{ticket['id']}/override", change, **{"If-Match": "*"}).ok()
    in_an_hour = (clock.now() + timedelta(hours=1)).isoformat()
    dispatcher.step(ticket, "promise", promised_at=in_an_hour, note=f"已告诉{NAME}").ok()
    change = {"reason": "改回", "catalogue_code": ticket["catalogue_code"]}
    dispatcher.ask("POST", f"/tickets/{ticket['id']}/override", change, **{"If-Match": "*"}).ok()
    for verb in ("claim", "depart", "arrive", "start"):
        crew.step(ticket, verb).ok()
    crew.step(ticket, "complete", note=f"{NAME}在场验收").ok()
    token = resident.hears(ticket, "survey.invited")["data"]["survey_token"]
    said = {"solved": True, "satisfaction": 5, "comment": f"谢谢，{NAME} {PHONE}"}
    resident.ask("POST", f"/surveys/{token}", said, **{"Idempotency-Key": f'"survey-{PHONE}"'}).ok()
    return ticket


def in_databases(desk: Desk) -> personal.Search:
    search = personal.Search()
    for service in EVERYBODY:
        search.add(personal.found_in(desk.stack.server_url, service, WORDS), f"{service}.")
    assert search.unread == []
    return search


def command(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the `doorstep` command against the desk that runs."""
    env = {**os.environ, "DOORSTEP_HOME": str(desk.stack.home)}
    run = [sys.executable, "-m", "doorstep", *arguments]
    return subprocess.run(run, env=env, capture_output=True, text=True, check=False, timeout=180)


def caught_up(desk: Desk, person_id: str) -> bool:
    """True once every service has made its first pass and the files of photos are gone."""
    for service in EVERYBODY:
        with psycopg.connect(migrate.owner_url(desk.stack.server_url, service)) as db:
            passes = "SELECT count(*) FROM erasure_passes WHERE person_id = %s AND counts IS NOT NULL"
            row = db.execute(passes, (person_id,)).fetchone()
            if not row or row[0] == 0:
                return False
            if service == "tickets" and db.execute("SELECT 1 FROM photo_removals").fetchone():
                return False
    return True


def test_nothing_of_an_erased_resident_is_left_anywhere(desk: Desk, person: Callable[[str], Person], tap: Tap) -> None:
    admin, manager = person("admin1"), person("manager1")
    home = an_empty_home(admin, manager)
    person_id, resident = moved_in(desk, admin, home)
    ticket = lives(desk, resident, home)
    until(
        lambda: [one for one in resident.get(f"/tickets/{ticket['id']}/history")["items"] if one["action"] == "answer"],
        "the survey's answer on record",
    )
    before = {place.partition(" ")[0] for place in in_databases(desk).where}
    assert before >= {
        "tickets.tickets.title", "tickets.tickets.description", "tickets.tickets.location", "tickets.remarks.body",
        "tickets.refilings.words", "tickets.idempotency_keys.body", "tickets.idempotency_keys.key",
        "tickets.households.salutation_zh", "tickets.household_equipment.model", "notify.contacts.email",
        "notify.idempotency_keys.key", "surveys.answers.comment", "surveys.idempotency_keys.key",
        "gateway.accounts.login", "gateway.idempotency_keys.body",
    }  # fmt: skip

    done = command(desk, "erase", LOGIN, "--reason", "requested")
    assert done.returncode == 0, done.stdout + done.stderr
    assert NAME not in done.stdout
    until(lambda: caught_up(desk, person_id), "every service to have erased")

    after = in_databases(desk)
    assert after.where == []
    assert after.read > 100
    said = tap.drained()
    assert any(b"person.erased.v1" in message for message in said)
    assert any(ticket["id"].encode() in message for message in said)
    spelt = [word.encode() for word in personal.spellings(WORDS)]
    assert [message for message in said if any(word in message for word in spelt)] == []
    # The photos, the logs of all eight processes, the broker's own files and everything else but the database's pages.
    files = personal.found_under(desk.stack.home, WORDS)
    assert files.where == []
    assert len(list((desk.stack.home / "logs").iterdir())) >= 8

    found = command(desk, "find-person", *WORDS)
    assert (found.returncode, found.stdout) == (0, "")
    history = command(desk, "verify-history")
    assert history.returncode == 0, history.stdout
    replayed = command(desk, "sla", "replay")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    shown = manager.get(f"/tickets/{ticket['id']}")
    assert NAME not in orjson.dumps(shown).decode()
    assert manager.get(f"/tickets/{ticket['id']}/history")["items"][0]["actor_id"] == person_id
    assert desk.http.request(
        "POST", f"{desk.stack.url}/api/v1/auth/token", json={"login": LOGIN, "password": PASSWORD}
    ).status == 401  # fmt: skip

"""Nobody sees what is not theirs: not the neighbour, not another company, by any route that reads."""

import io
import re
from collections.abc import Callable

import pytest
import urllib3
from PIL import Image
from story_people import Desk, Person

# A whole desk starts within these: seconds on a quiet machine, a minute on a busy one.
pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
STRANGERS = ("resident2", "other-resident1", "other-manager1", "other-crew1", "other-dispatcher1")
MARK = "这句话只有一户人家知道"
# The rule of the caller's own company, for whatever community it names: it looks nothing up of anybody else.
OF_ONES_OWN = {"/callbacks/sampling/{community_id}"}


def photo() -> bytes:
    """Return a small picture."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def secret(desk: Desk) -> dict[str, str]:
    """Return the ids of everything one household has: ticket, photo, notice, account."""
    resident = desk.person("resident1", "doorstep-demo")
    ticket = resident.file(f"卫生间漏水。{MARK}")
    resident.step(ticket, "comments", body=MARK).ok()
    answer = resident.http.request(
        "POST",
        f"{resident.url}/api/v1/tickets/{ticket['id']}/photos",
        fields={"photo": ("photo.jpg", photo(), "image/jpeg")},
        headers={"Authorization": f"Bearer {resident.token}"},
    )
    assert answer.status == 201, answer.data
    notice = resident.hears(ticket, "ticket.filed")
    return {
        "ticket_id": ticket["id"],
        "photo_id": answer.json()["id"],
        "notice_id": notice["id"],
        "account_id": resident.get("/me")["id"],
    }


def reading_paths(desk: Desk) -> list[str]:
    """Return every path of the public document that is read by GET."""
    document = desk.http.request("GET", f"{desk.stack.url}/api/v1/openapi.json").json()
    paths = [path.removeprefix("/api/v1") for path, item in document["paths"].items() if "get" in item]
    assert len(paths) >= 15
    return paths


def filled(path: str, secret: dict[str, str]) -> str:
    """Put the household's own ids into a path."""
    return re.sub(r"\{(\w+)\}", lambda name: secret.get(name[1], secret["ticket_id"]), path)


def read(person: Person, path: str) -> tuple[int, str]:
    """Return status and text; of a stream what comes at once."""
    answer = person.http.request(
        "GET",
        f"{person.url}/api/v1{path}",
        headers={"Authorization": f"Bearer {person.token}", "Last-Event-ID": "0"},
        preload_content=False,
        timeout=urllib3.Timeout(connect=5.0, read=1.0 if path == "/stream" else 20.0),
    )
    pieces = []
    try:
        while piece := answer.read1(65536) if path == "/stream" else answer.read():
            pieces.append(piece)
    except urllib3.exceptions.ReadTimeoutError:
        assert path == "/stream", path
    finally:
        answer.close()
    return answer.status, b"".join(pieces).decode(errors="replace")


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_route_shows_a_stranger_anything(desk: Desk, person: People, secret: dict[str, str], stranger: str) -> None:
    """Every GET of the document, with the ids of somebody else's things, tells nothing about them."""
    somebody = person(stranger)
    for path in reading_paths(desk):
        status, text = read(somebody, filled(path, secret))
        assert status < 500, (path, text)
        # A refusal repeats the address that was asked for, and nothing else.
        ids = list(secret.values()) if status < 400 else []
        if path in OF_ONES_OWN and status < 400:
            continue
        if path == "/similar":
            # A neighbour may let a report go along with this one: its id is told for that, and who or what is not.
            ids = [one for name, one in secret.items() if name != "ticket_id"]
        told = [thing for thing in (MARK, *ids) if thing in text]
        assert not told, (stranger, path, told)
        if "{" in path:
            assert status in (403, 404), (stranger, path, status)


def test_the_household_itself_reads_it_all(desk: Desk, person: People, secret: dict[str, str]) -> None:
    """The control: with the same paths the household sees its things, so that empty hands mean something."""
    seen = [
        path
        for path in reading_paths(desk)
        if secret["ticket_id"] in read(person("resident1"), filled(path, secret))[1]
    ]
    assert {"/tickets", "/tickets/{ticket_id}", "/notices", "/stream"} <= set(seen)


@pytest.mark.parametrize("stranger", STRANGERS)
def test_no_step_of_a_stranger_touches_it(person: People, secret: dict[str, str], stranger: str) -> None:
    """Writing is refused as well, and looks the same as for a ticket that is not there."""
    somebody = person(stranger)
    steps = {
        "comments": {"body": "?"}, "cancel": {}, "confirm": {}, "reopen": {"reason": "?"}, "claim": {},
        "acknowledge": {}, "decline": {"reason": "?"}, "release": {"reason": "?"},
    }  # fmt: skip
    for verb, body in steps.items():
        reply = somebody.ask("POST", f"/tickets/{secret['ticket_id']}/{verb}", body)
        assert reply.status in (403, 404), (stranger, verb, reply.status, reply.body)
    assert somebody.ask("POST", f"/notices/{secret['notice_id']}/read").status == 404

"""From filing to the return visit, and around again when it was not solved."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from story_people import Person

from services.kit import clock
from tests.waiting import until

# A whole desk starts within these: seconds on a quiet machine, a minute on a busy one.
pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
CLAIMS = 200


def in_an_hour() -> str:
    """Return the moment an hour from now."""
    return (clock.now() + timedelta(hours=1)).isoformat()


def do_the_work(crew: Person, ticket: dict[str, object], *verbs: str) -> None:
    """Take the steps, each of which must be accepted."""
    for verb in verbs:
        crew.step(ticket, verb).ok()


def test_a_request_travels_to_the_return_visit_and_back_until_it_is_solved(person: People) -> None:
    """The whole promise of the desk, as a household sees it."""
    resident, dispatcher = person("resident1"), person("dispatcher1")
    crew, colleague = person("crew1"), person("crew2")

    ticket = resident.file("厨房水管漏水，水已经流到地板上了")
    assert ticket["status"] == "filed"
    assert ticket["topic"] == "repair"
    assert ticket["because"]
    assert ticket["owner"] == {"kind": "desk", "desk": "dispatch", "id": None, "name": None}
    resident.hears(ticket, "ticket.filed")
    dispatcher.hears(ticket, "ticket.filed")

    dispatcher.step(ticket, "acknowledge").ok()
    assert ticket["id"] in [job["id"] for job in crew.get("/pool?limit=100")["items"]]
    claimed = crew.step(ticket, "claim").ok()
    refused = colleague.step(ticket, "claim")
    assert refused.status == 409
    assert claimed["owner"]["name"] in refused.body["detail"]

    do_the_work(crew, ticket, "depart", "arrive", "start")
    crew.step(ticket, "pause", reason="parts", note="等角阀到货", until=in_an_hour()).ok()
    do_the_work(crew, ticket, "resume")
    crew.step(ticket, "complete", note="更换了角阀").ok()
    for kind in ("acknowledged", "claimed", "departed", "arrived", "paused", "resumed", "completed"):
        resident.hears(ticket, f"ticket.{kind}")

    token = resident.hears(ticket, "survey.invited")["data"]["survey_token"]
    assert resident.get(f"/surveys/{token}")["state"] == "invited"
    resident.ask("POST", f"/surveys/{token}", {"solved": False, "satisfaction": 2, "comment": "还在滴水"}).ok()
    assert resident.ask("POST", f"/surveys/{token}", {"solved": True}).status in (404, 409, 410)

    crew.hears(ticket, "ticket.reopened")
    again = resident.get(f"/tickets/{ticket['id']}")
    assert again["status"] == "reopened"
    assert again["owner"]["id"] == claimed["owner"]["id"]
    assert again["first_completed_at"]

    do_the_work(crew, ticket, "start", "complete")
    second = resident.hears(ticket, "survey.invited", times=2)["data"]["survey_token"]
    assert second != token
    resident.ask("POST", f"/surveys/{second}", {"solved": True, "satisfaction": 5}).ok()

    def answered() -> list[dict[str, object]]:
        entries: list[dict[str, object]] = resident.get(f"/tickets/{ticket['id']}/history")["items"]
        return entries if entries[-1]["action"] == "answer" else []

    until(answered, "a human's answer on record")
    resident.step(ticket, "confirm").ok()

    history = resident.get(f"/tickets/{ticket['id']}/history")["items"]
    assert [entry["action"] for entry in history] == [
        "file", "acknowledge", "claim", "depart", "arrive", "start", "pause", "resume", "complete",
        "reopen", "start", "complete", "answer", "confirm",
    ]  # fmt: skip
    clocks = resident.get(f"/tickets/{ticket['id']}/clocks")["items"]
    assert {clock["clock"] for clock in clocks} >= {"acknowledge", "attend", "resolve"}


def test_of_two_hundred_claims_at_once_one_wins(person: People) -> None:
    """One winner, and 199 who are told at once who it is."""
    ticket = person("resident1").file("客厅插座没有电，需要电工")
    crews = [person("crew1"), person("crew2"), person("crew3")]
    together = threading.Barrier(CLAIMS)

    def claim(number: int) -> tuple[int, dict[str, object]]:
        together.wait()
        reply = crews[number % len(crews)].step(ticket, "claim")
        return reply.status, reply.body

    with ThreadPoolExecutor(CLAIMS) as pool:
        replies = list(pool.map(claim, range(CLAIMS)))
    assert Counter(status for status, _ in replies) == {200: 1, 409: CLAIMS - 1}
    winner = next(body["owner"]["id"] for status, body in replies if status == 200)  # type: ignore[index]
    assert {body["owner"]["id"] for status, body in replies if status == 409} == {winner}  # type: ignore[index]
    history = person("crew1").get(f"/tickets/{ticket['id']}/history")["items"]
    assert [entry["action"] for entry in history] == ["file", "claim"]


def test_a_retry_with_the_same_key_makes_one_ticket(person: People) -> None:
    """One effect: the same key and body are answered the same, another body is refused."""
    resident = person("resident1")
    body = {"description": "楼道灯不亮"}
    first, second = (resident.ask("POST", "/tickets", body, **{"Idempotency-Key": '"once"'}) for _ in range(2))
    assert first.ok()["id"] == second.ok()["id"]
    other = resident.ask("POST", "/tickets", {"description": "别的事"}, **{"Idempotency-Key": '"once"'})
    assert other.status == 422

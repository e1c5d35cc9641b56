"""A crew member who sees that two reports have one cause joins them, also without signal, and parts them again."""

from datetime import timedelta
from typing import TYPE_CHECKING

from services.kit import clock
from tests.tickets.refusals import is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

LEAK = "楼道水管漏水"


def test_what_has_the_same_cause_goes_along_with_ones_own_job_and_apart_again(estate: "Estate") -> None:
    lead, other = estate.file(LEAK), estate.file(LEAK)
    estate.step("crew", lead, "claim")
    after = estate.step("crew", other, "join", {"to": lead["id"], "reason": "同一根管"})
    assert (after["status"], after["owner"]["id"]) == ("assigned", estate.people["crew"].id)
    assert "part" in after["actions"]
    is_problem(estate.post("colleague", f"/tickets/{other['id']}/part"), 403)
    assert estate.step("crew", other, "part", {"reason": "另一根管"})["status"] == "filed"


def test_joining_is_told_later_by_a_phone_once(estate: "Estate") -> None:
    lead, other = estate.file(LEAK), estate.file(LEAK)
    estate.step("crew", lead, "claim")
    sent = clock.now()
    told = {"acted_at": (sent - timedelta(minutes=20)).isoformat(), "sent_at": sent.isoformat()}
    body = {"to": lead["id"], "expected_status": "filed", **told}
    after = estate.step("crew", other, "join", body)
    assert after["joined_to"] == lead["id"]
    again = estate.post("crew", f"/tickets/{other['id']}/join", {"to": lead["id"], **told})
    is_problem(again, 409)
    assert again.json["ticket"]["owner"]["id"] == estate.people["crew"].id


def test_what_somebody_took_meanwhile_is_not_joined_and_says_who_has_it(estate: "Estate") -> None:
    lead, other = estate.file(LEAK), estate.file(LEAK)
    estate.step("crew", lead, "claim")
    estate.step("colleague", other, "claim")
    refused = estate.post("crew", f"/tickets/{other['id']}/join", {"to": lead["id"], "expected_status": "filed"})
    is_problem(refused, 409)
    assert refused.json["why"] == "status_changed"
    assert refused.json["ticket"]["owner"]["id"] == estate.people["colleague"].id
    assert refused.json["wanted"]["action"] == "join"

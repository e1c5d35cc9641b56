"""Somebody makes a link for an account of another: its owner hears of it before it is used."""

from collections.abc import Callable

from story_people import Desk, Person

from services.kit.testing import fresh
from tests.waiting import until

FIRST, SECOND = "chosen at the kitchen table", "chosen once more"


def joined(by: Person, invitation_id: str, password: str) -> None:
    """Let whoever has the link choose a password."""
    token = by.get(f"/invitations/{invitation_id}/link")["link"].rpartition("/join/")[2]
    by.ask("POST", "/auth/invitation/accept", {"token": token, "password": password}).ok()


def test_nobody_s_password_is_made_anew_behind_their_back(desk: Desk, person: Callable[[str], Person]) -> None:
    admin, manager = person("admin1"), person("manager1")
    community = manager.get("/units")["items"][0]["community"]["id"]
    body = {"login": f"new-{fresh()[-12:]}", "role": "resident", "locale": "en", "communities": [community]}
    made = admin.ask("POST", "/invitations", body).ok()
    joined(admin, made["invitation"]["id"], FIRST)
    resident = desk.person(body["login"], FIRST)

    again = manager.ask("POST", f"/accounts/{made['account']['id']}/invitations", {}).ok()
    assert again["purpose"] == "reset"
    heard = until(lambda: resident.get("/notices")["items"], "news of the link")
    assert [one["kind"] for one in heard] == ["account.reinvited"]
    assert "a link for a new password was made for you" in heard[0]["title"]

    # Nobody knows an e-mail address of theirs, so that the link is handed over on paper.
    joined(manager, again["id"], SECOND)
    renewed = Desk(desk.stack, [], desk.http).person(body["login"], SECOND)
    assert [one["kind"] for one in renewed.get("/notices")["items"]] == ["account.reinvited"]

"""Accounts opened by invitation, and links that are taken."""

from typing import Any

from flask.testing import FlaskClient

from services.kit.testing import fresh

CHOSEN = "chosen by myself"


def new(**changes: Any) -> dict[str, Any]:
    return {"login": f"new-{fresh()[-12:]}", "role": "resident", "locale": "en", **changes}


def invite(client: FlaskClient, by: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/invitations", json=new(**changes), headers=by)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def token_of(client: FlaskClient, by: dict[str, str], invitation_id: str) -> str:
    answer = client.get(f"/api/v1/invitations/{invitation_id}/link", headers=by)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    link = answer.get_json()["link"]
    assert link.startswith("http")
    return link.rpartition("/join/")[2]


def accept(client: FlaskClient, token: str, password: str = CHOSEN, **more: Any) -> Any:
    return client.post("/api/v1/auth/invitation/accept", json={"token": token, "password": password, **more})


def signs_in(client: FlaskClient, login: str, password: str) -> bool:
    return client.post("/api/v1/auth/token", json={"login": login, "password": password}).status_code == 200


def invited(client: FlaskClient, admin: dict[str, str], **changes: Any) -> tuple[dict[str, Any], str]:
    made = invite(client, admin, **changes)
    return made, token_of(client, admin, made["invitation"]["id"])

"""Asking the demo over HTTP, and reading what it answers."""

from sqlalchemy import func, select

from services.kit.testing import actor, bearer


def count(engine, table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def post(client, words="hello", who=None, **headers):
    """Post a parcel; `key` becomes the Idempotency-Key."""
    sent = bearer(who or actor())
    if "key" in headers:
        sent["Idempotency-Key"] = headers.pop("key")
    return client.post("/parcels", json={"words": words}, headers=sent | headers)


def is_problem(response, status: int, code: str) -> dict:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body

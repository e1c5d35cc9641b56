"""Calls routes with whatever a client may send, and reads the refusals."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from services.kit import testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WHO = {
    "/tickets/{id}/claim": "crew", "/tickets/{id}/depart": "crew", "/tickets/{id}/arrive": "crew",
    "/tickets/{id}/start": "crew", "/tickets/{id}/pause": "crew", "/tickets/{id}/complete": "crew",
    "/tickets/{id}/confirm": "resident", "/tickets/{id}/object": "resident", "/tickets/{id}/reevaluate": "manager",
}  # fmt: skip


class Caller:
    """Calls routes about one ticket as whoever may, and tells what it left in the database."""

    def __init__(self, estate: "Estate", engine: Engine) -> None:
        self.estate = estate
        self.engine = engine
        self.ticket = estate.file()

    def post(self, path: str, *, name: str | None = None, **sent: Any) -> TestResponse:
        """POST something to a route."""
        who = self.estate.people[name or WHO.get(path, "dispatcher")]
        headers = {**testing.bearer(who), "If-Match": "*", "Accept-Language": "en", **sent.pop("headers", {})}
        url = f"/api/v1{path.replace('{id}', self.ticket['id'])}"
        return self.estate.client.post(url, headers=headers, **sent)

    def written(self) -> list[int]:
        """Count what this organisation has in every table that a request writes."""
        tables = ("tickets", "history", "remarks", "outbox", "idempotency_keys", "refilings")
        mine = {"organisation": self.estate.organisation_id}
        with self.engine.connect() as db:
            return [
                db.execute(
                    text(f"SELECT count(*) FROM {name} WHERE organisation_id = :organisation"), mine
                ).scalar_one()
                for name in tables
            ]


def is_problem(answer: TestResponse, *statuses: int) -> None:
    """Check that an answer is a problem document of one of these statuses."""
    assert answer.status_code in statuses, (answer.status_code, answer.get_data(as_text=True))
    assert answer.mimetype == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "instance", "request_id"} <= set(answer.json)


def fields_of(answer: TestResponse) -> set[str]:
    """Return the fields a problem names."""
    return {error["field"] for error in answer.json.get("errors", [])}

"""How much of a body is taken in, and for how long."""

import io

import gevent
import pytest
from flask.testing import FlaskClient

from gateway import bodies
from tests.gateway.conftest import FakeService

Services = dict[str, FakeService]


def test_a_photo_of_fifteen_megabytes_goes_through_and_a_larger_one_does_not(
    client: FlaskClient, services: Services
) -> None:
    photo = b"p" * 15_000_000
    assert client.post("/api/v1/tickets/1/photos", data=photo, content_type="image/jpeg").status_code == 200
    assert services["tickets"].asked.pop()["body"] == photo
    answer = client.post("/api/v1/tickets/1/photos", data=b"p" * (20 * 1024 * 1024 + 1), content_type="image/jpeg")
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert client.post("/api/v1/tickets", data=b"p" * 300_000).status_code == 413
    assert services["tickets"].asked == []


class Stalled(io.BytesIO):
    """A body of which nothing comes any more."""

    def read(self, _size: int | None = -1) -> bytes:
        gevent.sleep(30)
        return b""


@pytest.mark.parametrize("path", ["/api/v1/auth/token", "/api/v1/tickets", "/s/x"])
def test_a_body_that_stalls_is_given_up(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    answer = client.post(path, input_stream=Stalled(), content_length=100)
    assert (answer.status_code, answer.mimetype) == (408, "application/problem+json")


def test_a_page_takes_no_large_body(client: FlaskClient) -> None:
    assert client.post("/s/x", data={"comment": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("path", ["/photos", "/nobody/knows/photos", "/admin/import", "/my/photos"])
def test_a_name_alone_buys_no_large_body(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"comment": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("path", ["/my/new/photos", "/follow/x/photos", "/admin/residents/import"])
def test_pages_that_take_files_take_large_ones(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"comment": "x" * 300_000}).status_code != 413
    assert client.post(path, data=b"x" * (20 * 1024 * 1024 + 1)).status_code == 413

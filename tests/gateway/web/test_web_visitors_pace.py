"""Pages for people without an account count under the rates of the API's routes, and lead around none of them."""

import pytest
from flask import Flask

from gateway.routes import table
from tests.gateway.conftest import FakeService
from tests.gateway.web.pages import browser


@pytest.mark.parametrize("path", ["/q/x", "/follow/x/photos", "/follow/x/phone"])
def test_what_visitors_send_is_counted_with_what_the_api_is_sent(
    app: Flask, services: dict[str, FakeService], path: str
) -> None:
    one = browser(app)
    for _ in range(table().rates["visitor"].quota):
        assert one.send(path, description="漏水").status_code != 429
    asked = len(services["tickets"].asked)
    answer = one.send(path, description="漏水")
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    by_api = one.client.post("/api/v1/q/x/tickets", json={"description": "漏水"})
    assert by_api.status_code == 429
    assert len(services["tickets"].asked) == asked, "nothing more reached the service"


@pytest.mark.parametrize("path", ["/q/x", "/follow/x"])
def test_codes_and_links_are_looked_up_at_the_pace_of_the_api(app: Flask, path: str) -> None:
    one = browser(app)
    for _ in range(table().rates["scan"].quota):
        assert one.client.get(f"/api/v1{path}").status_code != 429
    assert one.open(path).status_code == 429

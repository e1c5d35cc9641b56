"""Styles, scripts and pictures: compressed, kept for good by their address, and light enough for a cheap phone."""

import gzip
import re

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation
from tests.gateway.web.pages import answers, browser
from tests.gateway.web.test_web_sign_in import HOMES, PLACES

MOST_BYTES = 100_000
PACKED = {"Accept-Encoding": "gzip, deflate, br"}
FILE = re.compile(r'(?:href|src)="(/(?:assets|service-worker|manifest)[^"]*)"')


def test_a_file_is_kept_for_good_under_its_digest(app: Flask) -> None:
    one = browser(app)
    address = re.search(r'"(/assets/[^"]+/site.css)"', one.open("/sign-in").text)[1]  # type: ignore[index]
    answer = one.open(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "text/css"
    assert "Set-Cookie" not in answer.headers
    packed = one.open(address, **PACKED)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == answer.data
    old = one.open("/assets/000000000000/site.css")
    assert (old.data, old.headers["Cache-Control"]) == (answer.data, "no-cache")


@pytest.mark.parametrize(
    "name", ["nothing.css", "../session.py", "%2e%2e/session.py", "translations/zh_CN", "", "resident"]
)
def test_nothing_else_is_given(app: Flask, name: str) -> None:
    answer = browser(app).open(f"/assets/x/{name}")
    assert answer.status_code == 404
    assert "gateway" not in answer.text


def test_a_page_is_compressed_and_its_length_tells_little(app: Flask) -> None:
    one = browser(app)
    pages = [one.open("/sign-in", **PACKED) for _ in range(20)]
    assert {page.headers["Content-Encoding"] for page in pages} == {"gzip"}
    assert all("Accept-Encoding" in page.headers["Vary"] for page in pages)
    assert b"<h1>" in gzip.decompress(pages[0].data)
    assert len({len(page.data) for page in pages}) > 5


@pytest.mark.parametrize("role", HOMES)
def test_the_first_page_of_each_role_is_light(
    app: Flask, organisation: Organisation, services: dict[str, FakeService], role: str
) -> None:
    """The page and every file it names, once over the line; tests/e2e counts what a browser really loads."""
    answers(services["tickets"], {"/tickets": {"items": []}, "/communities": PLACES})
    one = browser(app)
    one.sign_in(organisation.open(role)["login"])
    page = one.open(HOMES[role], **PACKED)
    files = set(FILE.findall(gzip.decompress(page.data).decode()))
    assert len(files) >= 5
    weight = len(page.data) + sum(len(one.open(address, **PACKED).data) for address in files)
    assert weight < MOST_BYTES


def test_the_app_can_be_installed(app: Flask) -> None:
    one = browser(app)
    manifest = one.open("/manifest.webmanifest").get_json(force=True)
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert one.open(icon["src"]).mimetype == icon["type"]
    worker = one.open("/service-worker.js")
    assert (worker.mimetype, worker.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert "script-src 'self'" in worker.headers["Content-Security-Policy"]
    for address in re.findall(r'"(/[^"]+)"', worker.text.partition("\n//")[0]):
        assert one.open(address).status_code == 200, address
    offline = one.open("/offline")
    assert "没有网络" in offline.text
    assert "No connection" in offline.text
    assert "Set-Cookie" not in offline.headers

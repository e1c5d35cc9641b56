"""A browser without a screen: follows forms and links of pages, and reads what they say."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.gateway.conftest import PASSWORD, Answer, FakeService, json_answer

HTML = {"Accept": "text/html"}


@dataclass
class Browser:
    """One browser with its cookies, at an application whose services are fakes."""

    client: FlaskClient
    language: str = "en"
    seen: list[TestResponse] = field(default_factory=list)

    def open(self, path: str, **headers: str) -> TestResponse:
        """Open an address without following redirects."""
        answer = self.client.get(path, headers={**HTML, "Accept-Language": self.language, **headers})
        self.seen.append(answer)
        return answer

    def send(self, path: str, _csrf: str | None = None, _headers: dict[str, str] | None = None, **form: Any) -> Any:
        """Send a form with the token of this browser's session."""
        form["csrf_token"] = self.csrf() if _csrf is None else _csrf
        headers = {**HTML, "Accept-Language": self.language, **(_headers or {})}
        return self.client.post(path, data=form, headers=headers)

    def csrf(self) -> str:
        """Return the token for this browser's forms."""
        told = self.client.get("/call/session")
        if told.status_code == 200:
            return str(told.get_json()["csrf"])
        found = re.search(r'data-csrf="([^"]+)"', self.client.get("/sign-in").text)
        assert found is not None
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD, next: str = "") -> TestResponse:
        """Choose the language and fill in the sign-in page."""
        self.send("/language", language=self.language)
        return self.send("/sign-in", login=login, password=password, next=next)


def browser(app: Flask, language: str = "en") -> Browser:
    """Return a browser without a cookie."""
    return Browser(app.test_client(), language)


def text_of(answer: TestResponse) -> str:
    """Return what a page says, without its tags."""
    inside = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", answer.text, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", inside)))


def answers(fake: FakeService, by_path: dict[str, Any]) -> None:
    """Let a fake answer by path: JSON, an Answer, or a function of what was asked; 404 for all else."""

    def answer(asked: dict[str, Any]) -> Answer:
        found = by_path.get(f"{asked['method']} {path_of(asked)}", by_path.get(path_of(asked)))
        if found is None:
            return json_answer({"detail": "nothing here", "code": "not_found", "status": 404}, 404)
        if isinstance(found, Callable):  # type: ignore[arg-type]
            found = found(asked)
        return found if isinstance(found, Answer) else json_answer(found)

    fake.answer = answer


def path_of(asked: dict[str, Any]) -> str:
    """Return the path of what a fake was asked, below /api/v1."""
    return urlsplit(asked["path"]).path.removeprefix("/api/v1")


def query_of(asked: dict[str, Any]) -> dict[str, list[str]]:
    """Return the query of what a fake was asked."""
    return parse_qs(urlsplit(asked["path"]).query)

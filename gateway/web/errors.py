"""Says refusals on a page: what the API words as a problem document, a person in a browser reads as a page."""

from typing import Any

import orjson
from flask import Flask, Response, g, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from gateway.web.desk import Refused
from gateway.web.guard import of_pages
from gateway.web.language import speak
from gateway.web.page import page
from gateway.web.session import COOKIE
from services.kit.http import problems

PROBLEM = "application/problem+json"


def configure(app: Flask) -> None:
    """Show every refusal of a page, and of an address that is none, as a page."""

    @app.before_request
    def in_the_language_of_the_page() -> None:
        if for_people():
            speak()

    @app.errorhandler(Refused)
    def refused(problem: Refused) -> Response:
        response = problems.problem(problem.status, problem.sentence, code=problem.code)
        if problem.retry_after:
            response.headers["Retry-After"] = problem.retry_after
        return response

    @app.errorhandler(CSRFError)
    def too_old(_error: CSRFError) -> Response:
        said = _("This form is too old to be sent. Nothing was changed; open the page again and repeat it.")
        if COOKIE not in request.cookies:
            said += " " + _("Your browser sent no cookie: it keeps one only over https, or at http://localhost.")
        return problems.problem(400, said)

    @app.after_request
    def as_a_page(response: Response) -> Response:
        if response.mimetype == PROBLEM and for_people():
            return _page(response)
        return response


def for_people() -> bool:
    """True where a person reads the answer: at a page of ours, or at an address that is none."""
    if request.path.startswith(("/api/", "/call/")):
        return False
    if request.endpoint is None:
        return "text/html" in request.headers.get("Accept", "")
    return of_pages() and not request.headers.get("Accept", "").startswith("application/json")


def _page(response: Response) -> Response:
    problem: dict[str, Any] = orjson.loads(response.get_data())
    # Where looking the visitor up failed, the page that says so does not try it again.
    g.setdefault("visitor", None)
    shown = page("web/refusal.html", response.status_code, problem=problem)
    for name in ("Retry-After", "RateLimit", "RateLimit-Policy", "Allow"):
        if name in response.headers:
            shown.headers[name] = response.headers[name]
    return shown

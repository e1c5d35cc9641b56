"""The few pages without an account: the browsable API document and the answer forms of surveys."""

from typing import Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, g, request

from gateway.api.documents import whole_document
from gateway.limits import client_address
from gateway.parts import own_headers, parts
from gateway.reading import sections
from gateway.web.page import page
from services.kit.errors import DeskError, NotFound, Unavailable
from services.kit.http import public
from services.kit.http.problems import STATUS, wants
from services.kit.identity import LOCALES

blp = Blueprint("pages", __name__)

# No script, and nothing from anywhere else.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SCORES = range(1, 6)
# One line each: a phone shows little else above the fold.
HEADINGS = {
    200: ("Thank you", "感谢您"),
    404: ("This link does not work", "链接无法打开"),
    409: ("This survey is over", "本次回访已结束"),
    410: ("This link is over", "链接已失效"),
    429: ("Please wait a moment", "请稍候再试"),
    503: ("Please try again shortly", "请稍后再试"),
}
OTHERWISE = ("That did not work", "未能完成")


@blp.before_request
def count() -> None:
    """Count a page like any other call: some of them ask a service."""
    door = parts()
    door.throttles["default"].take(client_address(request.environ, door.settings.trusted_proxies))


@blp.get("/docs")
@public
def docs() -> Response:
    """Show the API's document, without a script and without anybody else's server."""
    document = whole_document()
    base = parts().settings.kit.public_url
    listed = sections(document, base, chinese=_language() == "zh-CN")
    return _page("docs.html", document=document, sections=listed, base=base)


@blp.get("/s/<token>")
@public
def survey(token: str) -> Response:
    """Show the questions of a return visit. Looking answers nothing: messengers look at links too."""
    status, found = _ask("GET", token)
    if status == 200:
        return _page("survey.html", survey=found, given={}, errors={}, scores=SCORES)
    return _message(found, status)


@blp.post("/s/<token>")
@public
def answer(token: str) -> Response:
    """Take the answers; show what needs correcting beside its question, with what was typed still there."""
    given = request.form.to_dict()
    status, found = _ask("POST", token, _answers(given))
    if status == 201:
        return _message(found, 200)
    if status == 422:
        errors = {error["field"]: error["detail"] for error in found.get("errors", ())}
        again, asked = _ask("GET", token)
        if again == 200:
            return _page("survey.html", 422, survey=asked, given=given, errors=errors, scores=SCORES)
    return _message(found, status)


@blp.get("/confirm/<token>")
@public
def confirm(token: str) -> Response:
    """Ask for a press of the button: mail programs look at links too, and looking confirms nothing."""
    return _page("confirm.html", token=token)


@blp.post("/confirm/<token>")
@public
def confirm_address(token: str) -> Response:
    """Confirm the address that the link was sent to."""
    status, found = _ask("POST", token, {}, at="confirmations")
    return _message(found, 200 if status == 200 else 410 if status == 409 else status)


@blp.get("/o/<token>")
@public
def opinion(token: str) -> Response:
    """Show the questions of an opinion survey. Looking answers nothing."""
    status, found = _ask("GET", token, at="opinions")
    if status == 200:
        return _page("opinion.html", survey=found, given={}, errors={})
    return _message(found, status)


@blp.post("/o/<token>")
@public
def answer_opinion(token: str) -> Response:
    """Take the household's opinion; show what needs correcting beside its question."""
    given = request.form.to_dict()
    status, found = _ask("POST", token, {"answers": _opinion(given)}, at="opinions")
    if status == 201:
        return _message(found, 200)
    if status == 422:
        errors = {error["field"].removeprefix("answers."): error["detail"] for error in found.get("errors", ())}
        again, asked = _ask("GET", token, at="opinions")
        if again == 200:
            return _page("opinion.html", 422, survey=asked, given=given, errors=errors)
    return _message(found, status)


def _opinion(given: dict[str, str]) -> dict[str, Any]:
    """Return the form as the API takes it: `scale:…` is a number, `text:…` words; what was left out is not sent."""
    said: dict[str, Any] = {}
    for key, value in given.items():
        kind, _, name = key.partition(":")
        words = value.replace("\r\n", "\n").strip()
        if kind == "scale" and words.isascii() and words.isdigit():
            said[name] = int(words[:4])
        elif words:
            said[name] = words
    return said


def _answers(given: dict[str, str]) -> dict[str, Any]:
    """Return the form as the API takes it. What was left out is not sent: no answer is not an answer."""
    body: dict[str, Any] = {}
    if given.get("solved") in ("yes", "no"):
        body["solved"] = given["solved"] == "yes"
    if given.get("satisfaction", "").isascii() and given.get("satisfaction", "").isdigit():
        body["satisfaction"] = int(given["satisfaction"][:3])
    comment = given.get("comment", "").replace("\r\n", "\n").strip()
    if comment:
        body["comment"] = comment
    return body


def _ask(
    method: str, token: str, body: dict[str, Any] | None = None, *, at: str = "surveys"
) -> tuple[int, dict[str, Any]]:
    headers = own_headers()
    headers.pop("Authorization", None)
    # The language chosen on the page goes before the browser's, for the service's sentences too.
    headers["Accept-Language"] = _language()
    if body is not None:
        headers["Content-Type"] = "application/json"
    target = f"/api/v1/{at}/{quote(token, safe='')}"
    content = None if body is None else orjson.dumps(body)
    service = "notify" if at == "confirmations" else "surveys"
    status, answer = parts().upstreams[service].fetch(method, target, headers, content)
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError as problem:
        raise Unavailable(
            "The survey cannot be shown just now. Please try again shortly.", "问卷暂时无法显示，请稍后再试。"
        ) from problem
    if status == 404:
        raise NotFound(
            "This link is not valid. Please open the link in your newest notice, or call the service desk.",
            "该链接无效。请打开您最近收到的通知中的链接，或致电物业服务台。",
        )
    return status, found


def _message(found: dict[str, Any], status: int) -> Response:
    return _said(found.get("message") or found.get("detail", ""), status)


def _said(message: str, status: int) -> Response:
    english, chinese = HEADINGS.get(status, OTHERWISE)
    heading = chinese if _language() == "zh-CN" else english
    return _page("message.html", status, heading=heading, message=message)


@blp.errorhandler(DeskError)
def refusal(error: DeskError) -> Response:
    """Say a refusal on a page: a person who follows a link does not read JSON."""
    return _said(error.sentence(_language()), STATUS[error.code])


def _page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page in the layout of all others, which here runs no script and looks nobody up."""
    g.visitor = None
    g.language = _language()
    response = page(template, status, **values)
    g.csp_policy = POLICY
    response.headers.add("Vary", "Accept-Language")
    return response


def _language() -> str:
    chosen = request.args.get("lang")
    return chosen if chosen in LOCALES else wants()

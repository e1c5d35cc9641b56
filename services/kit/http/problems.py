"""Errors as problem+json (RFC 9457): one table from our codes to HTTP, sentences in the caller's language."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from services.kit.errors import DeskError
from services.kit.http.sentences import field_sentence

log = structlog.get_logger()

STATUS = {
    "invalid": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "stale": 412,
    "unavailable": 503,
}
RETRY_AFTER_SECONDS = "2"
_ZH_TITLES = {
    400: "请求无法读取",
    401: "请先登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持该操作",
    406: "无法提供所要求的格式",
    409: "与当前状态冲突",
    412: "内容已被更新",
    413: "内容过大",
    415: "不支持的内容类型",
    422: "填写有误",
    428: "缺少 If-Match",
    429: "请求过于频繁",
    500: "服务出错",
    503: "服务暂时不可用",
}
_EN_TITLES = {
    422: "Something in the input needs correcting",
    428: "If-Match is required",
    429: "Too many requests",
}
# What the framework says of a path, a method or a body, said so that a reader knows what to do.
_DETAILS = {
    404: (
        "There is nothing at this address. /docs lists what there is.",
        "此地址不存在，可在 /docs 查看全部接口。",
    ),
    405: (
        "This address does not take that method. /docs lists what it takes.",
        "此地址不支持该方法，可在 /docs 查看。",
    ),
    415: (
        "Send the body as JSON, with Content-Type: application/json.",
        "请以 JSON 发送，并注明 Content-Type: application/json。",
    ),
    428: (
        "GET it first, then send the ETag of that answer in If-Match, so that nobody's change is overwritten unseen.",
        "请先 GET，再带上其 ETag（If-Match），以免覆盖他人的修改。",
    ),
}


def wants() -> str:
    """Return the language the caller reads: Accept-Language first, then their own setting, then English."""
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"])
    if best:
        return "zh-CN" if best.startswith("zh") else "en"
    actor = g.get("actor")
    return actor.locale if actor else "en"


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    fields: Mapping[str, list[str]] | None = None,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document. `fields` maps dotted field names to sentences."""
    chinese = wants().startswith("zh")
    title = _ZH_TITLES.get(status) if chinese else _EN_TITLES.get(status)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title or _phrase(status),
        "status": status,
        "detail": detail,
        "code": code or _code(status),
        "instance": request.path,
        "request_id": g.get("request_id", ""),
    }
    if fields:
        body["errors"] = [
            {"field": name, "detail": field_sentence(sentence, chinese=chinese)}
            for name, sentences in fields.items()
            for sentence in sentences
        ]
    body.update(more or {})

    response = current_app.response_class(
        # What the caller sent may hold half a character, and is told back to them in field names.
        current_app.json.dumps(body).encode("utf-8", "replace"),
        status=status,
        mimetype="application/problem+json",
    )
    response.headers["Content-Language"] = "zh-CN" if chinese else "en"
    response.headers.update(headers or {})
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="doorstep"'
    return response


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _code(status: int) -> str:
    by_status = {value: key for key, value in STATUS.items()}
    return by_status.get(status, "invalid" if status < 500 else "unavailable")


def flatten(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted field, sentence) from the nested messages of the validation library."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            inner = path if key in ("json", "query", "form", "files", "_schema") else f"{path}.{key}".lstrip(".")
            yield from flatten(value, inner)
    elif isinstance(messages, list):
        for value in messages:
            yield from flatten(value, path)
    else:
        yield path or "body", str(messages)


def handle(app: Flask) -> None:
    """Register the handlers: every error leaves as one format, and none of them speaks of our insides."""
    app.register_error_handler(DeskError, _desk_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RecursionError, _too_deep)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(Exception, _unexpected)


def _in_words(en: str, zh: str) -> str:
    return zh if wants().startswith("zh") else en


def _desk_error(error: DeskError) -> Response:
    sentence = error.sentence(wants())
    fields = {name: [sentence] for name in error.fields} if len(error.fields) == 1 else error.fields
    return problem(STATUS[error.code], sentence, code=error.code, fields=fields, more=error.more)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        fields: dict[str, list[str]] = {}
        for name, sentence in flatten(messages):
            fields.setdefault(name, []).append(sentence)
        said = _in_words(f"Please correct: {', '.join(fields)}.", f"请更正以下内容：{'、'.join(fields)}。")
        return problem(status, said, fields=fields)
    detail = error.description or _phrase(status)
    headers = {k: v for k, v in error.get_headers() if k not in ("Content-Type", "Content-Length")}
    en, zh = _DETAILS.get(status, (detail, _ZH_TITLES.get(status, detail)))
    return problem(status, _in_words(en, zh), headers=headers)


def _too_deep(_error: RecursionError) -> Response:
    return problem(400, _in_words("The JSON is nested too deeply.", "JSON 嵌套过深。"), code="invalid")


def _database_away(error: Exception) -> Response:
    cancelled = isinstance(getattr(error, "orig", None), QueryCanceled)
    log.error("http.database_unavailable", cancelled=cancelled, problem=repr(error)[:500])
    return problem(
        503,
        _in_words(
            "The database is not answering just now. Nothing was changed; please try again shortly.",
            "数据库暂时无法响应，请稍后再试。",
        ),
    )


def _unexpected(error: Exception) -> Response:
    log.error("http.unexpected", path=request.path, exc_info=error)
    return problem(
        500,
        _in_words(
            "Something unexpected happened and was recorded. Try again, or tell us the request id.",
            "出现意外错误，已记录；请稍后再试，或告知请求编号。",
        ),
    )

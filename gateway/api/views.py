"""Who saw what: the records of every service as one list, for managers."""

import uuid
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
import orjson
from flask import Response
from flask_smorest import Blueprint

from gateway.parts import own_headers, parts
from services.kit.errors import Unavailable
from services.kit.http import Answer, Page, access, cut, page_link, read_cursor, respond
from services.kit.http.problems import wants

blp = Blueprint("views", __name__, description="Who saw what, for managers")

# Each lists by id, the latest first: ids are made in order of time, so that one cursor serves all.
_SOURCES = {
    "tickets": "/api/v1/looks",
    "surveys": "/api/v1/return-visits/answers/views",
    "notify": "/api/v1/reports/told/exports",
}
# Nobody's home is told apart by what this service has.
_OF_NO_HOME = "notify"
_KEPT = ("id", "at", "viewer_id", "viewer_name", "viewer_role", "ticket_id")
_WHAT = {
    "household": ("the record of home {0}", "住户档案（{0}）"),
    "contact": ("the telephone number left with {0}", "报事留下的电话（{0}）"),
    "answers": ("what a household answered", "住户的回访答复"),
    "case_file": ("took out the case file of {0}", "案卷（{0}）"),
    "report": ("took out the report “{0}”", "报表（{0}）"),
}
# What the services call their reports; one that is new here keeps the service's name.
_REPORTS = {
    "sla": ("deadlines", "时限"),
    "attainment": ("need levels", "需求层次"),
    "appointments": ("appointments", "上门预约"),
    "pauses": ("pauses", "暂停"),
    "acts": ("told later", "补报"),
    "waits": ("waits", "等候"),
    "complaints": ("complaints", "投诉"),
    "announcements": ("announcements", "公告"),
    "told": ("told in time", "通知及时"),
    "satisfaction": ("satisfaction", "满意度"),
    "gaps": ("five gaps", "五大差距"),
    "recovery": ("recovery", "服务补救"),
    "campaign": ("campaign", "意见征集"),
}
_WHY = {
    "call": ("for a call", "为电话联系"),
    "complaint": ("for a complaint", "为处理投诉"),
    "care_visit": ("for a care visit", "为关怀走访"),
    "planning": ("to plan work", "为安排工作"),
    "correction": ("to correct it", "为更正信息"),
    "quality": ("to look after quality", "为质量检查"),
    "ticket": ("for work on a request", "为处理工单"),
}


class ViewsQuery(Page):
    """Who looked, and at whose home's; how many, and after what. Every service is asked for one more."""

    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(min=1, max=50))
    viewer_id = ma.fields.UUID(load_default=None)
    unit_id = ma.fields.UUID(load_default=None)


class ViewOut(ma.Schema):
    """One view. `reason` is null where none is asked for; `says` tells what was seen and why, in the caller's words."""

    id = ma.fields.UUID(required=True)
    at = ma.fields.AwareDateTime(required=True)
    viewer_id = ma.fields.UUID(required=True)
    viewer_name = ma.fields.String(required=True, allow_none=True)
    viewer_role = ma.fields.String(required=True)
    what = ma.fields.String(required=True, validate=ma.validate.OneOf(tuple(_WHAT)))
    reason = ma.fields.String(required=True, allow_none=True)
    ticket_id = ma.fields.UUID(required=True, allow_none=True)
    unit_id = ma.fields.UUID(required=True, allow_none=True)
    subject = ma.fields.String(required=True, allow_none=True)
    says = ma.fields.String(required=True)


class ViewsOut(ma.Schema):
    """One page of views, the latest first. `missing` names services that do not answer: theirs are not among them."""

    items = ma.fields.List(ma.fields.Nested(ViewOut), required=True)
    missing = ma.fields.List(ma.fields.String(), required=True)


@blp.route("/views", methods=["GET"])
@access("manager")
@blp.arguments(ViewsQuery, location="query")
@blp.alt_response(200, schema=ViewsOut)
def list_views(query: dict[str, Any]) -> Response:
    """List who saw homes' records, numbers to call and answers, and took out case files and reports, latest first."""
    read_cursor(query["after"], uuid.UUID)
    found: list[dict[str, Any]] = []
    missing = []
    for service in _SOURCES:
        if service == _OF_NO_HOME and query["unit_id"]:
            continue
        rows = _asked(service, query)
        missing += [service] if rows is None else []
        found += rows or []
    found.sort(key=lambda row: str(row["id"]), reverse=True)
    shown, more = cut(found, query["limit"], "id")
    items = [_view(row, chinese=wants().startswith("zh")) for row in shown]
    return respond(Answer({"items": items, "missing": missing}, headers=page_link(more)))


def _asked(service: str, query: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return one service's views from the cursor on, one more than wanted where it has them; None without an answer.

    A refusal is no outage: what managers may read here the services must let them read.
    """
    wanted = {**query, "limit": query["limit"] + 1}
    target = f"{_SOURCES[service]}?{urlencode({name: value for name, value in wanted.items() if value is not None})}"
    try:
        status, body = parts().upstreams[service].fetch("GET", target, own_headers())
    except Unavailable:
        return None
    if status >= 500:
        return None
    if status != 200:
        raise RuntimeError(f"{service} refused to list who saw what: {status}")
    rows: list[dict[str, Any]] = orjson.loads(body)["items"]
    return rows


def _view(row: dict[str, Any], *, chinese: bool) -> dict[str, Any]:
    what = row.get("what", "answers")
    reason = row.get("reason") or row.get("purpose") or ("ticket" if row["ticket_id"] and what == "household" else None)
    subject = row.get("subject")
    named = _REPORTS[subject][chinese] if what == "report" and subject in _REPORTS else subject
    seen = _WHAT[what][chinese].format(named or "—")
    why = _WHY[reason][chinese] if reason in _WHY else ""
    says = f"{why}查看：{seen}" if chinese else f"{seen} {why}".strip()
    kept = {name: row[name] for name in _KEPT}
    return {**kept, "what": what, "reason": reason, "unit_id": row.get("unit_id"), "subject": subject, "says": says}

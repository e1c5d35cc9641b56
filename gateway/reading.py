"""Lays an OpenAPI document out for reading: operations by tag, fields of their schemas, a curl line for each."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
DEEP = 4

Document = dict[str, Any]

# The document is in English; a reader of Chinese finds the way by these.
CHINESE_SECTIONS = {
    "accounts": "账号管理（管理员）",
    "appointments": "约定上门时间",
    "behind-figures": "住户评价数字所对应的工单",
    "told-reports": "及时告知报表",
    "addresses": "确认电子邮箱",
    "callbacks": "电话回访",
    "campaigns": "业主意见征集",
    "complaints": "投诉及其处理",
    "desk": "查询",
    "board": "调度看板",
    "documents": "本文档",
    "erasures": "删除住户信息（管理员）",
    "invitations": "邀请开通账号（管理员、项目经理）",
    "shifts": "班次与值班人员",
    "invitation-letters": "账号邀请邮件（由网关调用）",
    "residents": "导入住户账号",
    "looks": "谁查看过住户档案、导出过案卷与报表",
    "views": "查看记录（项目经理）",
    "joining": "设置与更改密码",
    "gatherings": "社区活动与志愿者",
    "households": "住户档案",
    "mail": "接收邮件",
    "me": "当前用户",
    "organisation": "本公司名称与电话",
    "notify": "通知，以及各人的接收方式",
    "opinions": "住户链接中的意见问卷",
    "photos": "工单照片",
    "plans": "周期性工作及其巡查",
    "proofs": "结果的由来与凭证",
    "push": "接收推送的设备",
    "reports": "管理人员的服务考核报表",
    "return-visits": "住户的回访问卷及其作答",
    "sampling": "电话回访的抽取规则",
    "sessions": "登录、续期与退出",
    "steps": "工单的处理步骤",
    "stream": "实时动态",
    "survey-reports": "住户评价与五项差距",
    "surveys": "回访：完成后的提问",
    "terms": "各小区的服务约定",
    "tickets": "工单及其经过",
    "told": "及时告知、电话任务与突发事件",
    "webhooks": "向其他系统推送事件",
    "wording": "面向住户文字的措辞建议",
    "announcements": "告知住户的施工与停水停电等公告",
    "catalogues": "服务目录",
    "contacts": "报事的联系电话",
    "places": "小区、楼栋与房屋",
    "readings": "员工查看住户回答（留有记录）",
    "spots": "电梯、大门等位置的二维码",
    "visitors": "无账号人员扫码报事",
}


def sections(document: Document, base: str, *, chinese: bool = False) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return (tag, its description, operations) by tag; operations in the order of the document's paths."""
    described = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    if chinese:
        described |= CHINESE_SECTIONS
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                shared = item.get("parameters", [])
                tag = (operation.get("tags") or ["api"])[0]
                groups.setdefault(tag, []).append(_read(document, base, path, method, operation, shared))
    return [(tag, described.get(tag, ""), groups[tag]) for tag in sorted(groups)]


def _read(
    document: Document, base: str, path: str, method: str, operation: Document, shared: list[Document]
) -> dict[str, Any]:
    parameters = [resolve(document, one) for one in [*shared, *operation.get("parameters", [])]]
    kind, schema = _content(resolve(document, operation.get("requestBody", {})))
    return {
        "method": method.upper(),
        "path": path,
        "anchor": re.sub(r"\W+", "-", f"{method} {path}").strip("-"),
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "roles": [role for role in operation.get("x-roles", []) if role != "public"],
        "open": operation.get("security") == [],
        "parameters": [{**one, "kind": _kind(document, one.get("schema", {}))} for one in parameters],
        "body": list(fields(document, schema)) if schema else [],
        "body_kind": kind,
        "answers": [_answer(document, status, answer) for status, answer in operation.get("responses", {}).items()],
        "curl": _curl(document, base, path, method, operation, parameters, kind, schema),
    }


def _answer(document: Document, status: str, answer: Document) -> dict[str, Any]:
    answer = resolve(document, answer)
    kind, schema = _content(answer)
    return {
        "status": status,
        "description": answer.get("description", ""),
        "kind": kind,
        "fields": list(fields(document, schema)) if schema else [],
    }


def resolve(document: Document, node: Document) -> Document:
    """Follow a reference into the document's components."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def fields(document: Document, schema: Document, path: str = "", depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield each field of a schema: dotted name, kind, whether it is required, and its description."""
    schema = resolve(document, schema)
    if schema.get("type") == "array" and "items" in schema:
        yield from fields(document, schema["items"], f"{path}[]", depth)
        return
    for name, inner in schema.get("properties", {}).items():
        full = f"{path}.{name}".lstrip(".")
        yield {
            "name": full,
            "kind": _kind(document, inner),
            "required": name in schema.get("required", ()),
            "description": resolve(document, inner).get("description", ""),
        }
        if depth < DEEP:
            yield from fields(document, inner, full, depth + 1)


def _kind(document: Document, schema: Document) -> str:
    schema = resolve(document, schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _one_of([_kind(document, one) for one in schema[choice]])
    if "enum" in schema:
        return _one_of([value if isinstance(value, str) else json.dumps(value) for value in schema["enum"]])
    types = schema.get("type", "any")
    types = types if isinstance(types, list) else [types]
    return _one_of([_plain_kind(document, schema, kind) for kind in types])


def _one_of(kinds: list[str]) -> str:
    """Join the choices; that nothing is one of them is said last and once."""
    named = " | ".join(dict.fromkeys(kind for kind in kinds if kind != "null"))
    return " or ".join([word for word in (named, "null" if "null" in kinds else "") if word])


def _plain_kind(document: Document, schema: Document, kind: str) -> str:
    if kind == "null":
        return kind
    if kind == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    named = f"{kind} ({schema['format']})" if "format" in schema else kind
    bounds = (
        _range(schema.get("minLength"), schema.get("maxLength"), " characters"),
        _range(schema.get("minimum"), schema.get("maximum"), ""),
    )
    return ", ".join([named, *filter(None, bounds)])


def _range(least: float | None, most: float | None, unit: str) -> str:
    """Say two bounds as a person would: `exactly 5 characters`, `1 to 5`, `at least 1`, `at most 40 characters`."""
    if least is None and most is None:
        return ""
    if least == most:
        return f"exactly {least}{unit}"
    if least is None or (least == 0 and unit):
        return f"at most {most}{unit}" if most is not None else ""
    return f"{least} to {most}{unit}" if most is not None else f"at least {least}{unit}"


def _content(node: Document) -> tuple[str, Document | None]:
    for kind, media in node.get("content", {}).items():
        return kind, media.get("schema")
    return "", None


def _curl(
    document: Document,
    base: str,
    path: str,
    method: str,
    operation: Document,
    parameters: list[Document],
    kind: str,
    schema: Document | None,
) -> str:
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    if operation.get("security") != []:
        words += ["-H", "Authorization: Bearer $TOKEN"]
    words += [word for one in parameters if one["in"] == "header" and one.get("required") for word in _header(one)]
    if kind.startswith("multipart/"):
        words += ["-F", "photo=@photo.jpg"]
    elif schema is not None:
        example = json.dumps(_example(document, schema), ensure_ascii=False)
        words += ["-H", "Content-Type: application/json", "-d", example]
    quoted = [f'"{word}"' if "$TOKEN" in word else shlex.quote(word) for word in words]
    return " ".join([*quoted, shlex.quote(base + path)])


def _header(parameter: Document) -> list[str]:
    return ["-H", f"{parameter['name']}: …"]


def _example(document: Document, schema: Document, depth: int = 0) -> Any:
    schema = resolve(document, schema)
    if "example" in schema:
        return schema["example"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" and depth < DEEP:
        return {
            name: _example(document, inner, depth=depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in schema.get("required", ())
        }
    if kind == "array":
        return []
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True, "object": {}}.get(str(kind), "…")

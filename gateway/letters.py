"""Links on their way by e-mail: handed to the notify service, which alone writes letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.parts import own_headers, parts
from services.kit.errors import Conflict, Unavailable, invalid_field
from services.kit.http import current_service
from services.kit.invitations import Invitations


@dataclass(frozen=True)
class Letter:
    """An open invitation, whose account it is for, and where to; None is the address that the person confirmed."""

    invitation: Mapping[str, Any]
    locale: str
    email: str | None = field(repr=False)


def hand_over(letters: Sequence[Letter]) -> set[str]:
    """Have links sent, on behalf of the caller; returns the ids of the invitations that are on their way.

    Not among them is whoever has no address. Raises Invalid naming `email`, Unavailable, and Conflict where the
    installation sends no e-mail. Not to be called in a transaction.
    """
    links = Invitations(current_service().settings.secret)
    items = [
        {
            "token": links.token(one.invitation["id"]),
            "person_id": one.invitation["account_id"],
            "purpose": one.invitation["purpose"],
            "expires_at": one.invitation["expires_at"].isoformat(),
            "locale": one.locale,
            "email": one.email,
        }
        for one in letters
    ]
    headers = {**own_headers(), "Content-Type": "application/json"}
    body = orjson.dumps({"items": items})
    status, answer = parts().upstreams["notify"].fetch("POST", "/api/v1/invitation-letters", headers, body)
    if status == 422:
        raise invalid_field("email", "This is no e-mail address that can be written to.", "该电子邮箱地址无法使用。")
    if status != 200:
        raise Unavailable(
            "Letters cannot be sent just now. Print the link, or try again shortly.",
            "暂时无法发送邮件，可先打印链接，或稍后再试。",
        )
    told = orjson.loads(answer)
    if not told["by_mail"]:
        raise Conflict("This desk sends no e-mail. Print the link.", "本系统未配置邮件发送，请打印链接。")
    return {letter.invitation["id"] for letter, one in zip(letters, told["items"], strict=True) if one["queued"]}


def check_nowhere_else(person_id: str) -> None:
    """Raise Conflict where somebody confirmed an address that links can be sent to, or Unavailable.

    Not to be called in a transaction.
    """
    path = f"/api/v1/invitation-letters/{person_id}/reached"
    status, answer = parts().upstreams["notify"].fetch("GET", path, own_headers())
    if status != 200:
        raise Unavailable(
            "It cannot be found out just now how this person is reached. Please try again shortly.",
            "暂时无法查询此人的联系方式，请稍后再试。",
        )
    if orjson.loads(answer)["confirmed"]:
        raise Conflict(
            "This person confirmed an e-mail address. Send the link there; they alone can use it.",
            "此人已确认电子邮箱，请将链接发送至该邮箱，仅供本人使用。",
        )


def no_address() -> Conflict:
    """Return the refusal to write to somebody of whom no address is known."""
    return Conflict(
        "No e-mail address is known of this person. Give one, or print the link.",
        "没有此人的电子邮箱，请填写邮箱或打印链接。",
    )

"""Accounts: who there is, what one of them may do, closing and opening again."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.admin.area import blp
from gateway.web.admin.fields import Person
from gateway.web.admin.names import after, choices, communities, homes, ids_of, sentence
from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.page import go, page
from services.kit.identity import ROLES

PER_PAGE = 30


@blp.get("")
@page_for("admin")
def accounts() -> Response:
    """List the accounts of a role, or all."""
    role = request.args.get("role") if request.args.get("role") in ROLES else None
    found = desk().get("/accounts", limit=PER_PAGE, after=after(), role=role)
    named = homes(one for account in found["items"] for one in account["units"])
    return page("admin/accounts.html", accounts=found["items"], after=found.after, role=role, roles=ROLES, homes=named)


@blp.get("/accounts/<uuid:account_id>")
@page_for("admin")
def account(account_id: str) -> Response:
    """Show one account, to be changed."""
    found = desk().get(f"/accounts/{account_id}")
    named = homes(found["units"])
    form = Person(
        formdata=None,
        role=found["role"],
        badge=found["badge"],
        locale=found["locale"],
        communities=found["communities"],
        skills=found["skills"],
        codes="\n".join(named[one]["code"] for one in found["units"] if one in named),
    )
    return _page(found, form)


@blp.post("/accounts/<uuid:account_id>")
@page_for("admin")
def change_account(account_id: str) -> Response:
    """Change what an account says of somebody."""
    form, found = Person(), desk().get(f"/accounts/{account_id}")
    known, unknown = ids_of(form.home_codes())
    if unknown:
        form.refuse_codes(unknown)
        return _page(found, form, 422)
    try:
        desk().patch(f"/accounts/{account_id}", _changes(form, known), if_match=request.form.get("version"))
    except Refused as refused:
        return _page(found, form, form.refuse(refused, {"units": "codes"}))
    return go("admin.account", account_id=account_id, said=_("The account is changed."))


@blp.post("/accounts/<uuid:account_id>/active")
@page_for("admin")
def close_account(account_id: str) -> Response:
    """Close an account, or open it again."""
    opens = request.form.get("active") == "yes"
    try:
        desk().patch(f"/accounts/{account_id}", {"active": opens}, if_match=request.form.get("version"))
    except Refused as refused:
        return go("admin.account", account_id=account_id, said=sentence(refused), kind="danger")
    said = _("The account is open again.") if opens else _("The account is closed: nobody can sign in with it.")
    return go("admin.account", account_id=account_id, said=said)


def _changes(form: Person, known: list[dict[str, Any]]) -> dict[str, Any]:
    staff = form.role.data != "resident"
    return {
        "role": form.role.data,
        "badge": (form.badge.data or "").strip() or None if staff else None,
        "locale": form.locale.data,
        "communities": form.communities.data or [],
        "units": [one["id"] for one in known],
        "skills": form.skills.data or [],
    }


def _page(found: Any, form: Person, status: int = 200) -> Response:
    form.offer(ROLES, choices(open_only=False))
    invited = desk().get("/invitations", account_id=found["id"], limit=10)
    return page(
        "admin/account.html",
        status,
        account=found,
        version=request.form.get("version") or found.etag,
        form=form,
        invitations=invited["items"],
        communities=communities(),
    )

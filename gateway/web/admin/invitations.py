"""Invitations: asking somebody in, what became of it, sending the link, taking it back."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, StringField

from gateway.web.admin.area import blp
from gateway.web.admin.fields import Person
from gateway.web.admin.names import after, choices, homes, ids_of, sentence
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.session import signed_in
from gateway.web.words import Word
from services.kit.identity import ROLES

STATES = {
    "open": Word(_l("Open"), "◔", "primary"),
    "used": Word(_l("Accepted"), "✓", "success"),
    "revoked": Word(_l("Taken back"), "✕"),
    "expired": Word(_l("Over"), "!", "warning"),
}
OF_MANAGERS = ("resident", "crew", "dispatcher")
PER_PAGE = 30


class Invite(Person):
    """Whom to ask in."""

    login = StringField(_l("Login"), description=_l("Latin letters, digits and . _ - @ +; an e-mail address is fine."))


class Send(DeskForm):
    """Where the link goes."""

    email = EmailField(_l("E-mail address"), description=_l("Empty: the address that is known of the person."))


@blp.get("/invite")
@page_for("admin", "manager")
def invite_form() -> Response:
    """Ask whom to invite; a home may be given in the address."""
    form = Invite(formdata=None, role="resident", locale="zh-CN", codes=request.args.get("home", ""), communities=[])
    return _form(form)


@blp.post("/invite")
@page_for("admin", "manager")
def invite() -> Response:
    """Open the account and make its invitation."""
    form = Invite()
    known, unknown = ids_of(form.home_codes())
    if unknown:
        form.refuse_codes(unknown)
        return _form(form, 422)
    try:
        made = desk().post("/invitations", _body(form, known))
    except Refused as refused:
        return _form(form, form.refuse(refused, {"units": "codes"}))
    said = _("The account is ready. Send the link, or print it.")
    return go("admin.invitation", invitation_id=made["invitation"]["id"], said=said)


@blp.get("/invitations")
@page_for("admin", "manager")
def invitations() -> Response:
    """List invitations of a state."""
    state = request.args.get("state", "open")
    found = desk().get("/invitations", state=state if state in STATES else None, limit=PER_PAGE, after=after())
    named = homes(one for invited in found["items"] for one in invited["units"])
    return page(
        "admin/invitations.html",
        invitations=found["items"],
        after=found.after,
        state=state,
        states=STATES,
        homes=named,
    )


@blp.get("/invitations/<uuid:invitation_id>")
@page_for("admin", "manager")
def invitation(invitation_id: str) -> Response:
    """Show one invitation and what can be done about it."""
    return _page(invitation_id, Send(formdata=None))


@blp.post("/invitations/<uuid:invitation_id>/send")
@page_for("admin", "manager")
def send_invitation(invitation_id: str) -> Response:
    """Send the link by e-mail."""
    form = Send()
    try:
        desk().post(f"/invitations/{invitation_id}/send", form.body())
    except Refused as refused:
        return _page(invitation_id, form, form.refuse(refused))
    return go("admin.invitation", invitation_id=invitation_id, said=_("The link is on its way."))


@blp.post("/invitations/<uuid:invitation_id>/revoke")
@page_for("admin", "manager")
def revoke_invitation(invitation_id: str) -> Response:
    """Take the invitation back."""
    try:
        desk().post(f"/invitations/{invitation_id}/revoke", {})
    except Refused as refused:
        return go("admin.invitation", invitation_id=invitation_id, said=sentence(refused), kind="danger")
    said = _("The invitation is taken back: its link opens nothing any more.")
    return go("admin.invitation", invitation_id=invitation_id, said=said)


@blp.post("/accounts/<uuid:account_id>/invite")
@page_for("admin", "manager")
def invite_again(account_id: str) -> Response:
    """Make a new link for an account: a first password, or a forgotten one."""
    try:
        made = desk().post(f"/accounts/{account_id}/invitations", {})
    except Refused as refused:
        return go("admin.invitations", said=sentence(refused), kind="danger")
    said = _("There is a new link. Any earlier one opens nothing now.")
    return go("admin.invitation", invitation_id=made["id"], said=said)


def _body(form: Invite, known: list[dict[str, Any]]) -> dict[str, Any]:
    given = form.body()
    given.pop("codes", None)
    if known:
        given["units"] = [one["id"] for one in known]
        # A resident belongs to the communities of their homes.
        given["communities"] = sorted({*given.get("communities", []), *(one["community_id"] for one in known)})
    return given


def _form(form: Invite, status: int = 200) -> Response:
    form.offer(ROLES if signed_in().role == "admin" else OF_MANAGERS, choices())
    return page("admin/invite.html", status, form=form)


def _page(invitation_id: str, form: Send, status: int = 200) -> Response:
    found = desk().get(f"/invitations/{invitation_id}")
    return page(
        "admin/invitation.html",
        status,
        invitation=found,
        state=STATES[found["state"]],
        homes=homes(found["units"]),
        form=form,
    )

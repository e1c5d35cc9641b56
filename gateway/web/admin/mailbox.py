"""Where the organisation takes mail, and the secret its mail server signs with."""

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, TextAreaField

from gateway.web.admin.area import blp
from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page


class Mailbox(DeskForm):
    """The address, and the servers whose word counts."""

    address = EmailField(_l("Address"), description=_l("The address residents write to. Empty: no mail is taken."))
    servers = TextAreaField(
        _l("Mail servers to believe"),
        description=_l("The names your own servers write into Authentication-Results (RFC 8601), one a line."),
    )


@blp.get("/mailbox")
@page_for("admin", "manager")
def mailbox() -> Response:
    """Show where mail is taken."""
    found = _mailbox()
    given = {"address": found["address"], "servers": "\n".join(found["authserv_ids"])} if found else {}
    return _page(found, Mailbox(formdata=None, **given))


@blp.post("/mailbox")
@page_for("admin", "manager")
def set_mailbox() -> Response:
    """Set where mail is taken."""
    form, found = Mailbox(), _mailbox()
    servers = [line.strip() for line in (form.servers.data or "").splitlines() if line.strip()]
    body = {"address": (form.address.data or "").strip() or None, "authserv_ids": servers}
    try:
        desk().put("/mailbox", body, if_match=found.etag if found else "*")
    except Refused as refused:
        return _page(found, form, form.refuse(refused, {"authserv_ids": "servers", "authserv_ids.0": "servers"}))
    return go("admin.mailbox", said=_("The mailbox is kept."))


@blp.post("/mailbox/secret")
@page_for("admin", "manager")
def new_mail_secret() -> Response:
    """Make a new secret, and show it this once."""
    made = desk().post("/mailbox/secret", {})
    return page(
        "admin/secret.html",
        title=_("The mailbox's new secret"),
        secret=made["secret"],
        address=made["url"],
        back="admin.mailbox",
        note=_("Give it to the mail server. The secret before it is good for one more day."),
    )


def _mailbox() -> Told | None:
    try:
        return desk().get("/mailbox")
    except Refused as refused:
        if refused.status != 404:
            raise
        return None


def _page(found: Told | None, form: Mailbox, status: int = 200) -> Response:
    return page("admin/mailbox.html", status, mailbox=found, form=form)

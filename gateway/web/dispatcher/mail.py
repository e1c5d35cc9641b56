"""Letters that came in by e-mail and wait for somebody to say what becomes of them."""

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.filing import find
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page


class LetterFiling(DeskForm):
    """Whose request a letter is."""

    on_behalf_of = HiddenField()
    unit_id = HiddenField()
    description = TextAreaField(_l("What it says, where that is to be said otherwise"))


class LetterAttaching(DeskForm):
    """Which request a letter belongs to."""

    ticket_id = SelectField(_l("Belongs to"), validate_choice=False)


@blp.get("/mail")
@page_for(*DESK)
def letters() -> Response:
    """List letters, those that wait first."""
    state = request.args.get("state") or "waiting"
    found = desk().get("/mail", state=state, limit=30, after=request.args.get("after"))
    return page("dispatcher/letters.html", found=found, state=state)


@blp.get("/mail/<uuid:letter_id>")
@page_for(*DESK)
def letter(letter_id: str) -> Response:
    """Show a letter and what can become of it."""
    return _show(str(letter_id))


@blp.post("/mail/<uuid:letter_id>/file")
@page_for(*DESK)
def file_letter(letter_id: str) -> Response:
    """Make a ticket of it."""
    form = LetterFiling()
    try:
        made = desk().post(f"/mail/{letter_id}/file", form.body())
    except Refused as refused:
        return _show(str(letter_id), form, form.refuse(refused))
    return go("dispatcher.ticket", ticket_id=made["id"], said=_("Filed: %(number)s", number=made["number"]))


@blp.post("/mail/<uuid:letter_id>/attach")
@page_for(*DESK)
def attach_letter(letter_id: str) -> Response:
    """Make a remark of it."""
    ticket_id = request.form.get("ticket_id", "")
    desk().post(f"/mail/{letter_id}/attach", {"ticket_id": ticket_id})
    return go("dispatcher.ticket", ticket_id=ticket_id, said=_("The letter is a remark of this request now."))


@blp.post("/mail/<uuid:letter_id>/discard")
@page_for(*DESK)
def discard_letter(letter_id: str) -> Response:
    """Put it away, with why it needs nothing."""
    desk().post(f"/mail/{letter_id}/discard", {"reason": request.form.get("reason", "")})
    return go("dispatcher.letters", said=_("The letter is put away."))


def _show(letter_id: str, form: LetterFiling | None = None, status: int = 200) -> Response:
    its = desk().get(f"/mail/{letter_id}")
    if form is None:
        form = LetterFiling(formdata=None)
        form.on_behalf_of.data = request.args.get("person") or its["person_id"]
        form.unit_id.data = request.args.get("unit")
    q = request.args.get("q", "")
    attaching = LetterAttaching(formdata=None)
    recent = desk().get("/tickets", limit=50)["items"]
    attaching.ticket_id.choices = [(one["id"], f"{one['number']} {one['title']}") for one in recent]
    return page("dispatcher/letter.html", status, letter=dict(its), form=form, attaching=attaching, q=q, found=find(q))

"""Letters that came in by e-mail and wait for somebody to say what becomes of them."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectChoice, SelectField, TextAreaField

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
    """Which request a letter belongs to, and who reads it there."""

    ticket_id = SelectField(_l("Belongs to"), validate_choice=False)
    visible = RadioField(
        _l("Who reads it there"),
        choices=[SelectChoice("no", _l("staff only")), SelectChoice("yes", _l("the resident, too"))],
        default="no",
    )

    def body(self) -> dict[str, Any]:
        """Return the request, and whether its resident reads the letter there."""
        return {"ticket_id": self.ticket_id.data or "", "visible": self.visible.data == "yes"}


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
    """Make a remark of it, for staff or for the resident to read."""
    form = LetterAttaching()
    try:
        desk().post(f"/mail/{letter_id}/attach", form.body())
    except Refused as refused:
        return _show(str(letter_id), status=form.refuse(refused), attaching=form)
    told = _("The letter is a remark of this request now.")
    return go("dispatcher.ticket", ticket_id=form.ticket_id.data, said=told)


@blp.post("/mail/<uuid:letter_id>/discard")
@page_for(*DESK)
def discard_letter(letter_id: str) -> Response:
    """Put it away, with why it needs nothing."""
    desk().post(f"/mail/{letter_id}/discard", {"reason": request.form.get("reason", "")})
    return go("dispatcher.letters", said=_("The letter is put away."))


def _show(
    letter_id: str, form: LetterFiling | None = None, status: int = 200, attaching: LetterAttaching | None = None
) -> Response:
    its = desk().get(f"/mail/{letter_id}")
    if form is None:
        form = LetterFiling(formdata=None)
        form.on_behalf_of.data = request.args.get("person") or its["person_id"]
        form.unit_id.data = request.args.get("unit")
    q, number = request.args.get("q", ""), request.args.get("number", "").strip()
    attaching = attaching or LetterAttaching(formdata=None)
    attaching.ticket_id.choices = _may_belong_to(its["person_id"], number)
    return page(
        "dispatcher/letter.html",
        status,
        letter=dict(its),
        form=form,
        attaching=attaching,
        q=q,
        number=number,
        found=find(q),
    )


def _may_belong_to(person_id: str | None, number: str) -> list[SelectChoice]:
    """Return the request of a number, those of the sender, and the latest of all, each once."""
    groups = {}
    if number:
        groups[_("By this number")] = desk().get("/tickets", number=number[:30])["items"]
    if person_id:
        groups[_("Of the sender")] = desk().get("/tickets", requester_id=person_id, limit=20)["items"]
    groups[_("The latest")] = desk().get("/tickets", limit=30)["items"]
    found: dict[str, SelectChoice] = {}
    for group, some in groups.items():
        for one in some:
            name = f"{one['number']} {one['title']}"
            found.setdefault(one["id"], SelectChoice(one["id"], name, optgroup=group))
    return list(found.values())

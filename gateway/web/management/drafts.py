"""How terms are written: a form, a look at what it would change, and the new version; what was typed is never lost."""

import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField

from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES
from gateway.web.management.cells import CARRIED, Cells, place_of, typed
from gateway.web.management.term_words import CLASSES, named, valued
from gateway.web.page import go, page

STALE = 412


@blp.context_processor
def words_of_terms() -> dict[str, Any]:
    """Give templates what the parts of a policy are called."""
    return {"classes": CLASSES, "named": named, "valued": valued}


class Draft(DeskForm):
    """Terms to write, from the version that was shown."""

    version = HiddenField()
    note = StringField(_l("Why"), description=_l("Is kept with the new version of the terms."))


@dataclass(frozen=True)
class Sheet:
    """A part of a community's terms as a form.

    `shown` puts the terms in force into cells, and `written` makes a document of cells and the terms they change.
    `paths` are where a refusal of the service can stand, `elsewhere` the form's name of what the service calls
    otherwise, `within` what the service puts before the names of a part, and `lists` the fields of a row by the list
    they are added to.
    """

    kind: str
    template: str
    shown: Callable[[Told], Cells]
    written: Callable[[Cells, Told], dict[str, Any]]
    paths: Callable[[Cells], Iterable[str]]
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    within: re.Pattern[str] | None = None
    values: dict[str, Any] = field(default_factory=dict)


def show(sheet: Sheet, community_id: uuid.UUID) -> Response:
    """Show the form with the terms in force."""
    terms, places = _read(sheet, community_id)
    form = Draft(formdata=None, version=terms.etag)
    return _form(sheet, form, sheet.shown(terms), terms, _place(places, community_id))


def take(sheet: Sheet, community_id: uuid.UUID) -> Response:
    """Do what was pressed: add or drop a row, look at what would change, go back to the form, or write it."""
    form, cells, do = Draft(), typed(request.form), request.form.get("do", "look")
    terms, places = _read(sheet, community_id)
    place = _place(places, community_id)
    if do == "back" or _moved(sheet, cells, do):
        return _form(sheet, form, cells, terms, place)
    for path in sheet.lists:
        cells.tidy(path)
    document = sheet.written(cells, terms)
    if cells.refused:
        return _form(sheet, form, cells, terms, place, status=422)
    path = f"/communities/{community_id}/{sheet.kind}"
    try:
        if do == "save":
            body = {"document": document, "note": (form.note.data or "").strip()}
            desk().put(path, body, if_match=form.version.data)
            return go("management.terms_of", community_id=community_id, said=saved())
        looked = desk().post(f"{path}/preview", {"document": document})
    except Refused as refused:
        if refused.status == STALE:
            return _stale(sheet, form, cells, terms, place)
        if "note" in refused.errors and do == "save":
            form.refuse(refused)
            return _looked(sheet, form, desk().post(f"{path}/preview", {"document": document}), place, status=422)
        return _form(sheet, form, cells, terms, place, status=_refuse(sheet, form, cells, refused))
    if form.version.data != terms.etag:
        return _stale(sheet, form, cells, terms, place)
    return _looked(sheet, form, looked, place)


def saved() -> str:
    """Return what is said once terms are written."""
    return _("Written, for what is filed from now on.")


def _read(sheet: Sheet, community_id: uuid.UUID) -> tuple[Told, Told]:
    told = desk().several({"terms": f"/communities/{community_id}/{sheet.kind}", "places": PLACES})
    return told["terms"], told["places"]


def _place(places: Told, community_id: uuid.UUID) -> dict[str, Any]:
    return next(one for one in places["items"] if one["id"] == str(community_id))


def _moved(sheet: Sheet, cells: Cells, do: str) -> bool:
    """Add or drop a row as `do` says, `add hours.mon` or `drop hours.mon 2`; False where it is about no row."""
    verb, _sign, rest = do.partition(" ")
    path, _sign, number = rest.partition(" ")
    if path not in sheet.lists or verb not in ("add", "drop"):
        return False
    if verb == "add":
        cells.add_row(path, sheet.lists[path])
    else:
        cells.drop_row(path, number)
    return True


def _refuse(sheet: Sheet, form: Draft, cells: Cells, refused: Refused) -> int:
    """Put a refusal beside the cell it is about, and what is about none above the form."""
    known = list(sheet.paths(cells))
    for name, sentence in list(refused.errors.items()):
        path = name.removeprefix("document.")
        path = sheet.within.sub("", path, count=1) if sheet.within else path
        place = place_of(sheet.elsewhere.get(path, path), known)
        if place is not None:
            cells.refuse(place, sentence)
            del refused.errors[name]
    if cells.refused and not refused.errors:
        return refused.status
    return form.refuse(refused)


def _stale(sheet: Sheet, form: Draft, cells: Cells, terms: Told, place: dict[str, Any]) -> Response:
    """Show what was typed again, from now on against the version that somebody wrote meanwhile."""
    form.form_errors.append(
        _(
            "Somebody wrote version %(version)s meanwhile. What you typed is kept: look again, and you see how it"
            " differs from theirs.",
            version=terms["version"],
        )
    )
    form.version.data = terms.etag
    return _form(sheet, form, cells, terms, place, status=STALE)


def _form(
    sheet: Sheet, form: Draft, cells: Cells, terms: Told, place: dict[str, Any], *, status: int = 200
) -> Response:
    return page(sheet.template, status, form=form, cells=cells, terms=terms, place=place, **sheet.values)


def _looked(sheet: Sheet, form: Draft, looked: Told, place: dict[str, Any], *, status: int = 200) -> Response:
    kept = [(name, value) for name, value in request.form.items() if name not in CARRIED]
    shown = {"form": form, "looked": looked, "kept": kept, "place": place, "counting": counting(looked)}
    return page(f"management/preview_{sheet.kind}.html", status, **shown)


def counting(looked: Told) -> list[dict[str, Any]]:
    """Return which rules count instead of the table, of those that a change is about: its places, packs and rules."""
    about = {_place_in(one) for one in looked["targets"]}
    switched = {one["code"] for one in looked.get("packs", ())}
    written = {one["code"] for one in looked.get("rules", ())}
    return [
        one
        for one in looked.get("beside", ())
        if _place_in(one) in about or one["pack"] in switched or (one["pack"] is None and one["rule"] in written)
    ]


def _place_in(one: dict[str, Any]) -> tuple[str, str, str]:
    return one["sla_class"], one["urgency"], one["clock"]

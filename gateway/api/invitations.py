"""Invitations, for admins and managers: accounts without a password, and the links by which people choose one."""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from gateway import letters, queries
from gateway.api.accounts import columns
from gateway.api.accounts import dump as dump_account
from gateway.commands import invitations
from gateway.commands.accounts import open_account
from gateway.invitation_schemas import (
    InvitationIn,
    InvitationOut,
    InvitationsOut,
    InvitationsQuery,
    InvitedOut,
    LinkOut,
    SendIn,
)
from gateway.parts import own_headers, parts
from services.kit.errors import DeskError, Unavailable, invalid_field
from services.kit.http import Answer, access, current_service, cut, one_effect, page_link, read_cursor, respond, scoped
from services.kit.identity import current_actor
from services.kit.invitations import Invitations

blp = Blueprint("invitations", __name__, description="Invitations, for admins and managers")


@blp.route("/invitations", methods=["POST"])
@access("admin", "manager")
@blp.arguments(InvitationIn)
@blp.alt_response(201, schema=InvitedOut)
def invite_somebody(body: dict[str, Any]) -> Response:
    """Open an account for somebody, who chooses the password by the invitation's link."""
    # Asked while no transaction is open. A refusal goes on to where an earlier answer is looked for first.
    refusal: DeskError | None = None
    try:
        _check_homes(body)
    except DeskError as problem:
        refusal = problem
    return _invite(refusal, body)


def _check_homes(body: Mapping[str, Any]) -> None:
    """Refuse homes that are not a manager's to give: whoever lives in a home reads its tickets and its record."""
    wanted = {str(one) for one in body.get("units", ())}
    if not wanted or not current_actor().community_ids:
        return
    headers = {**own_headers(), "Content-Type": "application/json"}
    asked = orjson.dumps({"ids": sorted(wanted)})
    status, answer = parts().upstreams["tickets"].fetch("POST", "/api/v1/units/find", headers, asked)
    if status != 200:
        raise Unavailable(
            "The register of homes is not answering just now. Nothing was changed; please try again shortly.",
            "房屋登记暂时无法查询，未作任何更改，请稍后再试。",
        )
    if wanted - {one["id"] for one in orjson.loads(answer)["items"]}:
        raise invalid_field("units", "Not every one of these homes is in your communities.", "部分房屋不在您的小区内。")


@one_effect
def _invite(db: Connection, refusal: DeskError | None, body: dict[str, Any]) -> Answer:
    if refusal is not None:
        raise refusal
    by, wanted = current_actor(), columns(body)
    invitations.check_may_look_after(by, {"community_ids": [], **wanted})
    account = open_account(db, organisation_id=by.organisation_id, password=None, **wanted)
    row = invitations.invite(db, by, account["id"])
    shown = {"account": dump_account(account), "invitation": dump({**row, **_of(account)})}
    return Answer(shown, 201, {"Location": f"/api/v1/invitations/{row['id']}"})


@blp.route("/accounts/<uuid:account_id>/invitations", methods=["POST"])
@access("admin", "manager")
@blp.alt_response(201, schema=InvitationOut)
@one_effect
def invite_again(db: Connection, account_id: uuid.UUID) -> Answer:
    """Invite an account anew: a first password, or a forgotten one. An earlier link opens nothing any more."""
    row = invitations.invite(db, current_actor(), str(account_id))
    account = queries.account(db, str(account_id))
    return Answer(dump({**row, **_of(account)}), 201, {"Location": f"/api/v1/invitations/{row['id']}"})


@blp.route("/invitations", methods=["GET"])
@access("admin", "manager")
@blp.arguments(InvitationsQuery, location="query")
@blp.alt_response(200, schema=InvitationsOut)
def list_invitations(query: dict[str, Any]) -> Response:
    """List invitations, the latest first; a manager sees those to the accounts they look after."""
    after = read_cursor(query["after"], uuid.UUID)
    with scoped() as db:
        rows = queries.invitation_page(
            db,
            current_actor(),
            limit=query["limit"],
            after=str(after[0]) if after else None,
            state=query["state"],
            account_id=str(query["account_id"]) if query["account_id"] else None,
        )
    shown, more = cut(rows, query["limit"], "id")
    return respond(Answer({"items": [dump(row) for row in shown]}, headers=page_link(more)))


@blp.route("/invitations/<uuid:invitation_id>", methods=["GET"])
@access("admin", "manager")
@blp.alt_response(200, schema=InvitationOut)
def show_invitation(invitation_id: uuid.UUID) -> Response:
    """Show one invitation."""
    with scoped() as db:
        found = invitations.find(db, current_actor(), str(invitation_id))
    return respond(_shown(found))


@blp.route("/invitations/<uuid:invitation_id>/link", methods=["GET"])
@access("admin", "manager")
@blp.alt_response(200, schema=LinkOut)
def show_link(invitation_id: uuid.UUID) -> Response:
    """Make the link of an open invitation, to be printed or handed over.

    Whoever reads it can sign in as that person. A manager is therefore shown none for a forgotten password where the
    person confirmed an e-mail address: it is sent there.
    """
    with scoped() as db:
        found = invitations.find(db, current_actor(), str(invitation_id))
    invitations.check_open(found.invitation)
    if current_actor().role != "admin" and found.invitation["purpose"] == "reset":
        letters.check_nowhere_else(found.account["id"])
    settings = current_service().settings
    link = Invitations(settings.secret, settings.public_url).link(str(invitation_id))
    expires_at = found.invitation["expires_at"].isoformat()
    return respond(Answer({"link": link, "expires_at": expires_at}, headers={"Cache-Control": "no-store"}))


@blp.route("/invitations/<uuid:invitation_id>/send", methods=["POST"])
@access("admin", "manager")
@blp.arguments(SendIn)
@blp.alt_response(202, schema=InvitationOut)
def send_link(body: dict[str, Any], invitation_id: uuid.UUID) -> Response:
    """Send the link by e-mail: to this address, or to the one that is known of the person."""
    # Handed over while no transaction is open. A refusal goes on to where an earlier answer is looked for first.
    refusal: DeskError | None
    try:
        with scoped() as db:
            found = invitations.find(db, current_actor(), str(invitation_id))
        invitations.check_open(found.invitation)
        letter = letters.Letter(found.invitation, found.account["locale"], body["email"])
        refusal = None if letters.hand_over([letter]) else letters.no_address()
    except DeskError as problem:
        refusal = problem
    return _note_sent(refusal, str(invitation_id))


@one_effect
def _note_sent(db: Connection, refusal: DeskError | None, invitation_id: str) -> Answer:
    if refusal is not None:
        raise refusal
    invitations.note_sent(db, current_actor(), invitation_id)
    return _shown(invitations.find(db, current_actor(), invitation_id), 202)


@blp.route("/invitations/<uuid:invitation_id>/revoke", methods=["POST"])
@access("admin", "manager")
@blp.alt_response(200, schema=InvitationOut)
@one_effect
def revoke_invitation(db: Connection, invitation_id: uuid.UUID) -> Answer:
    """Take an invitation back: its link opens nothing any more."""
    invitations.revoke(db, current_actor(), str(invitation_id))
    return _shown(invitations.find(db, current_actor(), str(invitation_id)))


def _shown(found: invitations.Invited, status: int = 200) -> Answer:
    return Answer(dump({**found.invitation, **_of(found.account)}), status)


def _of(account: Mapping[str, Any]) -> dict[str, Any]:
    return {name: account[name] for name in ("login", "role", "unit_ids")}


def dump(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an invitation, joined with its account's login, role and unit_ids, as it is shown."""
    kept = ("id", "account_id", "login", "role", "purpose", "made_by")
    return {
        **{name: row[name] for name in kept},
        "units": list(row["unit_ids"]),
        "state": invitations.state_of(row),
        "made_at": row["made_at"].isoformat(),
        "expires_at": row["expires_at"].isoformat(),
        "sent_at": row["sent_at"].isoformat() if row["sent_at"] else None,
    }

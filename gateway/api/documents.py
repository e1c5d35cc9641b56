"""The document of the whole public API."""

from flask import Response, current_app
from flask_smorest import Blueprint

from gateway.document import Document, merge
from gateway.parts import parts
from gateway.routes import table
from services.kit.http import Answer, openapi_of, public, respond

blp = Blueprint("documents", __name__, description="This document")


@blp.route("/openapi.json", methods=["GET"])
@public
@blp.alt_response(200, schema={"type": "object"}, description="OpenAPI 3.1; `x-incomplete` names what is missing.")
def openapi() -> Response:
    """Return the OpenAPI document of the gateway and of the services behind it."""
    return respond(Answer(whole_document(), headers={"Cache-Control": "public, max-age=60"}))


def whole_document() -> Document:
    """Return the merged document as it can be known now."""
    own = openapi_of(current_app, current_app.extensions["flask-smorest"]["blp_name_to_api"][blp.name])
    others, incomplete = parts().documents.current()
    return merge(own, others, table(), incomplete)

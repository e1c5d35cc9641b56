"""Renders pages: the policy of what a browser may load, the navigation of the role, and what templates can say."""

import gzip
import io
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import LazyString

from gateway.web import moments, visiting, words
from gateway.web.assets import assets
from gateway.web.language import chinese, language
from gateway.web.session import visitor

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:;"
    " font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
QUICKLY = 5
MOST_PADDING = 256


@dataclass(frozen=True)
class Entry:
    """One entry of a role's navigation: the endpoint, its name, and the sign drawn above it.

    What lies below its address belongs to it, and what lies below the addresses `under` it.
    """

    endpoint: str
    name: LazyString
    sign: str
    under: tuple[str, ...] = ()


def page(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page in the visitor's language. It is theirs alone, so that nobody on the way keeps it."""
    g.csp_nonce = g.get("csp_nonce") or secrets.token_urlsafe(16)
    g.csp_policy = POLICY.format(nonce=g.csp_nonce)
    html = render_template(template, **values)
    response = current_app.response_class(html, status=status, mimetype="text/html")
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    return response


def packed(response: Response) -> Response:
    """Compress a page where the browser takes it.

    Its length would tell, bit by bit, whether something guessed is on it (BREACH); a file name of random length in the
    head of the compressed page makes that guessing slow, and the session's cookie is not sent for other sites' pages.
    """
    response.headers.add("Vary", "Accept-Encoding")
    if "gzip" not in request.headers.get("Accept-Encoding", "") or "Content-Encoding" in response.headers:
        return response
    out = io.BytesIO()
    name = "x" * (1 + secrets.randbelow(MOST_PADDING))
    with gzip.GzipFile(name, "wb", QUICKLY, out, 0) as file:
        file.write(response.get_data())
    response.set_data(out.getvalue())
    response.headers["Content-Encoding"] = "gzip"
    return response


def go(endpoint: str, *, said: str | None = None, kind: str = "success", **values: Any) -> Response:
    """Return the redirect after a form was carried out, with a sentence that the next page shows.

    `kind` is success, info, warning or danger.
    """
    if said:
        flash(said, kind)
    return redirect(url_for(endpoint, **values), 303)  # type: ignore[return-value]


def configure(app: Flask, navigation: Mapping[str, Sequence[Entry]]) -> None:
    """Give templates the visitor, the navigation of their role, addresses of assets, and the words and times."""

    app.extensions["doorstep.navigation"] = dict(navigation)

    @app.context_processor
    def shared() -> dict[str, Any]:
        who = visitor() if "csp_policy" in g else None
        return {
            "nonce": g.get("csp_nonce", ""),
            "visitor": who,
            "navigation": navigation.get(who.actor.role, ()) if who else (),
            "asset": assets().address,
        } | ({"lang": language(), "zh": chinese()} if "csp_policy" in g else {})

    @app.after_request
    def compress(response: Response) -> Response:
        return packed(response) if response.mimetype == "text/html" else response

    app.jinja_env.globals.update(
        new_key=lambda: str(uuid.uuid4()), word=words.word, words=words.all_of, here=here, section=section
    )
    app.jinja_env.globals.update(visiting=visiting)
    app.jinja_env.filters.update(
        moment=moments.moment, day=moments.day, duration=moments.duration, window=visiting.window
    )


def home_of(role: str) -> str:
    """Return the address of a role's first page: the first entry of its navigation."""
    return url_for(current_app.extensions["doorstep.navigation"][role][0].endpoint)


def section(navigation: Sequence[Entry]) -> Entry | None:
    """Return the entry that this page belongs to: of those whose addresses it lies below, the one with the longest."""
    addresses = ((address, entry) for entry in navigation for address in (url_for(entry.endpoint), *entry.under))
    above = [found for found in addresses if f"{request.path}/".startswith(f"{found[0]}/")]
    return max(above, key=lambda found: len(found[0]), default=("", None))[1]


def here() -> str:
    """Return the address of this page within the site."""
    return request.full_path.rstrip("?")

"""The installed app: its manifest, its service worker, and the page it shows without a connection."""

import json
from pathlib import Path

from flask import Response, current_app, g, render_template

from gateway.web.assets import assets
from gateway.web.door import blp
from gateway.web.guard import still

WORKER = (Path(__file__).parent / "worker.js").read_text(encoding="utf-8")
SHELL = ("bootstrap.css", "site.css", "site.js", "api.js", "icons/icon.svg")
# A worker has its own policy: what it loads, and whom it asks.
WORKER_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
OFFLINE_POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
SIZES = (192, 512)


@blp.get("/service-worker.js")
@still
def service_worker() -> Response:
    """Give the worker with the files of this version; the browser asks for it anew each time."""
    g.csp_policy = WORKER_POLICY
    files = assets()
    shell = ["/offline", *[files.address(name) for name in SHELL]]
    icon = files.address("icons/icon-192.png")
    areas = [files.address(name) for name in files.names() if name.endswith("/worker.js")]
    head = "".join(
        f"const {name} = {json.dumps(value)};\n"
        for name, value in (("VERSION", files.digest), ("SHELL", shell), ("ICON", icon), ("AREAS", areas))
    )
    response = current_app.response_class(head + WORKER, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blp.get("/offline")
@still
def offline() -> Response:
    """Show that there is no connection, in both languages: nobody's page, so that every phone may keep it."""
    g.csp_policy = OFFLINE_POLICY
    response = current_app.response_class(render_template("web/offline.html"), mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blp.get("/manifest.webmanifest")
@still
def manifest() -> Response:
    """Describe the app to the phone that installs it."""
    files = assets()
    icons = [{"src": files.address("icons/icon.svg"), "type": "image/svg+xml", "sizes": "any"}]
    for size in SIZES:
        source = files.address(f"icons/icon-{size}.png")
        icons.append({"src": source, "type": "image/png", "sizes": f"{size}x{size}", "purpose": "any maskable"})
    whole = {
        "name": "Doorstep 上门",
        "short_name": "上门",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f8f6",
        "theme_color": "#14532d",
        "icons": icons,
    }
    response = current_app.response_class(json.dumps(whole, ensure_ascii=False), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response

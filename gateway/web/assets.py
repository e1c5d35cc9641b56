"""Styles, scripts and pictures of the pages: ours, and Bootstrap's from its package, compressed once, kept for good."""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import flask_bootstrap
from flask import Response, current_app, request

HERE = Path(__file__).parent
BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
THEIRS = {"bootstrap.css": BOOTSTRAP / "css" / "bootstrap.min.css"}
KINDS = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml"}
SMALL = 500
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file: its bytes, the same compressed where that helps, and its kind."""

    content: bytes
    compressed: bytes | None
    kind: str


class Assets:
    """All files by name. One digest is in every address, so that a script's imports stay in its version."""

    def __init__(self, areas: Iterable[str]) -> None:
        files = {**THEIRS, **_below(HERE / "static", "")}
        for area in areas:
            files |= _below(HERE / area / "static", f"{area}/")
        self._files = {name: _read(path) for name, path in sorted(files.items())}
        whole = hashlib.sha256()
        for name, asset in self._files.items():
            whole.update(name.encode() + b"\0" + asset.content)
        self.digest = whole.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return the address of a file; raises KeyError where there is none."""
        if name not in self._files:
            raise KeyError(f"there is no asset {name!r}")
        return f"/assets/{self.digest}/{name}"

    def names(self) -> list[str]:
        """Return the names of all files."""
        return list(self._files)

    def answer(self, digest: str, name: str) -> Response | None:
        """Return a file. An address of another version gets today's file, and is not to be kept."""
        asset = self._files.get(name)
        if asset is None:
            return None
        packed = asset.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
        response = current_app.response_class(asset.compressed if packed else asset.content, mimetype=asset.kind)
        response.headers["Cache-Control"] = FOR_GOOD if digest == self.digest else "no-cache"
        if asset.compressed is not None:
            response.headers["Vary"] = "Accept-Encoding"
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response


def assets() -> Assets:
    """Return the files of this application."""
    found: Assets = current_app.extensions["doorstep.assets"]
    return found


def _below(folder: Path, prefix: str) -> dict[str, Path]:
    return {f"{prefix}{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    if path.name == "bootstrap.min.css":
        # It names a map for debuggers, which nobody gets.
        content = content.partition(b"\n/*# sourceMappingURL")[0]
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = gzip.compress(content, 9, mtime=0) if len(content) > SMALL else None
    if compressed is not None and len(compressed) > len(content) * 0.9:
        compressed = None
    return Asset(content, compressed, kind)

"""Takes a case file apart and puts it together again otherwise, as somebody would who wants another truth."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from services.kit import testing
from services.tickets import chain
from services.tickets.case_file import page, seals
from services.tickets.case_file.checks import check
from services.tickets.case_file.document import conclusions, entries_of, written

Case = dict[str, Any]


def opened(content: bytes) -> dict[str, bytes]:
    """Return the files of a bundle."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def case_in(content: bytes) -> Case:
    """Return what a bundle says."""
    return dict(orjson.loads(opened(content)["case.json"]))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def desks_key() -> Ed25519PrivateKey:
    """Return the key that the desk under test signs with."""
    key = load_pem_private_key(testing.keys()[0].encode(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def resigned(files: Mapping[str, bytes], key: Ed25519PrivateKey) -> bytes:
    """Return the bundle with digests and signature made anew, as whoever holds the key could."""
    manifest = orjson.loads(files["manifest.json"])
    manifest["key"] = seals.public_pem(key)
    for name in manifest["files"]:
        manifest["files"][name] = {"sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name])}
    text = written(manifest)
    return zipped({**files, "manifest.json": text, "manifest.sig": key.sign(text)})


def forged(content: bytes, change: Callable[[Case], None], key: Ed25519PrivateKey | None = None) -> bytes:
    """Return the bundle with its case changed and everything around it made to fit, signed again."""
    case = case_in(content)
    change(case)
    return resigned({**opened(content), "case.json": written(case), "case.html": page.render(case)}, key or desks_key())


def rechained(case: Case) -> None:
    """Make the hashes of a changed history fit one another again, and the ticket fit its end."""
    previous = chain.GENESIS
    for entry, read in zip(case["history"], entries_of(case), strict=True):
        entry["previous_hash"], entry["hash"] = previous, chain.digest(previous, read)
        previous = entry["hash"]
    end = case["history"][-1]
    case["ticket"] |= {"history_hash": end["hash"], "version": end["seq"], "status": end["status"]}


def reconcluded(case: Case) -> None:
    """State the clocks that follow from what the case says now."""
    case |= conclusions(case)


def verdict(content: bytes, key: Any = None) -> str:
    """Return the first untruth in English; empty where everything holds."""
    findings = list(check(content, key))
    assert all(finding.holds for finding in findings[:-1]), "nothing is said after the first untruth"
    assert all(set(finding.says) == {"zh-CN", "en"} for finding in findings)
    return "" if findings[-1].holds else findings[-1].says["en"]

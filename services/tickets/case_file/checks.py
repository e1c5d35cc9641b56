"""Checks a case file offline, one sentence for each check, up to the first untruth."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jinja2 import TemplateError

from services.tickets.case_file import page, seals
from services.tickets.case_file.bundle import (
    DATA,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    PAGE,
    SIGNATURE,
    Unreadable,
    unpack,
)
from services.tickets.case_file.contents import CHECKS
from services.tickets.case_file.document import read, written
from services.tickets.case_file.findings import Finding, Untruth, holds

# What a document of the wrong shape makes the code that reads it raise. A case is either read whole or refused.
MISSHAPEN = (
    TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError, OSError, TemplateError,
)  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """The files of a bundle and its manifest, whose signature has been looked at."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]


def check(content: bytes, key: Ed25519PublicKey | None = None) -> Iterator[Finding]:
    """Yield what holds of a case file, and at the first thing that does not, that, and nothing more.

    With `key` the signature must be that key's. Without, it is held against the key inside, which proves only that
    nothing was changed since somebody signed it.
    """
    try:
        opened = _opened(content)
        yield holds("压缩包完整，恰含案卷的四个文件。", "It is a ZIP with exactly the four files of a case.")
        yield _signature(opened, key)
        yield _digests(opened)
        case = _shaped("case.json", lambda: read(opened.files[DATA]))
        yield _shaped("manifest.json", lambda: _same_case(case, opened))
        for one in CHECKS:
            yield _shaped("case.json", lambda one=one: one(case))  # type: ignore[misc]
        yield _shaped("case.json", lambda: _readable(case, opened))
    except Untruth as untruth:
        yield Finding(False, untruth.says)


def _opened(content: bytes) -> Opened:
    try:
        files = unpack(content)
    except Unreadable as problem:
        raise Untruth(problem.zh, problem.en) from problem
    manifest = _shaped("manifest.json", lambda: read(files[MANIFEST]))
    version = _shaped("manifest.json", lambda: (manifest["format"], manifest["format_version"]))
    if version != (FORMAT, FORMAT_VERSION):
        raise Untruth(
            f"案卷格式为 {version[0]} {version[1]}，本程序可核验 {FORMAT} {FORMAT_VERSION}。",
            f"The file is of format {version[0]} {version[1]}; this program checks {FORMAT} {FORMAT_VERSION}.",
        )
    return Opened(files, manifest)


def _signature(opened: Opened, given: Ed25519PublicKey | None) -> Finding:
    try:
        inside = seals.read_public(str(opened.manifest.get("key", "")).encode())
    except seals.NoKey as problem:
        raise Untruth("manifest.json 中没有可用的公钥。", "manifest.json holds no public key.") from problem
    signer = given or inside
    mark = seals.fingerprint(signer)
    if not seals.verifies(signer, opened.files[SIGNATURE], opened.files[MANIFEST]):
        if given is not None and seals.verifies(inside, opened.files[SIGNATURE], opened.files[MANIFEST]):
            raise Untruth(
                f"签名不属于给定的公钥，而属于案卷内的另一公钥，指纹 {seals.fingerprint(inside)}。",
                f"The signature is not by the key given but by another one, with the fingerprint "
                f"{seals.fingerprint(inside)}.",
            )
        raise Untruth("manifest.json 与其签名不符。", "manifest.json is not what was signed.")
    if given is None:
        return holds(
            f"签名与案卷内的公钥相符：仅证明签署后未被改动，不证明由谁签署。请核对指纹 {mark}，或用 --key 指定公钥。",
            "The signature is by the key inside: that proves integrity only, not who signed. Compare the fingerprint "
            f"{mark}, or give the key with --key.",
        )
    return holds(f"签名属于给定的公钥，指纹 {mark}。", f"The signature is by the key given, fingerprint {mark}.")


def _digests(opened: Opened) -> Finding:
    for name in (DATA, PAGE):
        content = opened.files[name]
        stated = _shaped("manifest.json", lambda name=name: opened.manifest["files"][name])  # type: ignore[misc]
        if stated != {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}:
            raise Untruth(f"{name} 与清单中的摘要不符。", f"{name} is not the file whose digest was signed.")
    return holds("各文件与已签名的摘要一致。", "Every file has the digest that was signed.")


def _same_case(case: Mapping[str, Any], opened: Opened) -> Finding:
    stated = (opened.manifest["ticket"], opened.manifest["exported_at"])
    if stated != (case["ticket"]["id"], case["exported"]["at"]):
        raise Untruth("清单与案卷所述的工单或导出时间不同。", "The manifest speaks of another ticket or export.")
    if written(case) != opened.files[DATA]:
        raise Untruth("case.json 的写法不唯一。", "case.json is not written in the one way a case is.")
    number, at = case["ticket"]["number"], case["exported"]["at"]
    return holds(f"案卷为工单 {number}，导出于 {at}。", f"It is the case of ticket {number}, exported at {at}.")


def _readable(case: Mapping[str, Any], opened: Opened) -> Finding:
    """The page is made from the data alone, so it can be made again; by this program only in its own words."""
    if opened.manifest["page_edition"] != page.edition():
        return holds(
            "case.html 由本程序的另一版本排版，其内容未与数据比对；其摘要已核验。",
            "case.html was laid out by another edition of this program and was not compared with the data; its digest "
            "was checked.",
        )
    if page.render(case) != opened.files[PAGE]:
        raise Untruth("case.html 所述与 case.json 不同。", "case.html does not say what case.json says.")
    return holds("case.html 与数据所述一致。", "case.html says what the data say.")


def _shaped(name: str, step: Callable[[], Any]) -> Any:
    """Take a step that reads a document; one of the wrong shape is an untruth, not a crash."""
    try:
        return step()
    except Untruth:
        raise
    except MISSHAPEN as problem:
        said = f"{type(problem).__name__}: {problem}"
        raise Untruth(
            f"{name} 的内容不成案卷（{said}）。", f"{name} does not have the shape of a case ({said})."
        ) from problem

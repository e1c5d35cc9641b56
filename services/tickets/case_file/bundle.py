"""The ZIP of a case: four files, the manifest of their digests signed; read back within bounds and by name only."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.tickets.case_file import page, seals
from services.tickets.case_file.document import written

FORMAT, FORMAT_VERSION = "doorstep-case", 1
DATA, PAGE, MANIFEST, SIGNATURE = "case.json", "case.html", "manifest.json", "manifest.sig"
MEBIBYTE = 1024 * 1024
# Larger than any case can honestly be; what unpacks to more is no case but an attempt to fill somebody's memory.
LARGEST = {DATA: 32 * MEBIBYTE, PAGE: 32 * MEBIBYTE, MANIFEST: 64 * 1024, SIGNATURE: seals.SIGNATURE_BYTES}
LARGEST_FILE = 64 * MEBIBYTE
# ZIP knows no zone and no year before this one; the same moment in every file keeps the bytes the same.
_ALWAYS = (1980, 1, 1, 0, 0, 0)
# How many bytes of a ZIP are none of its contents: no extra fields and no comments, which we never write.
_LOCAL_HEADER, _DIRECTORY_ENTRY, _END_RECORD = 30, 46, 22


class Unreadable(ValueError):
    """This is no case file; `zh` and `en` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def pack(case: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the bundle of a concluded case. The same case and key give the same bytes."""
    contents = {DATA: written(case), PAGE: page.render(case)}
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "ticket": case["ticket"]["id"],
        "exported_at": case["exported"]["at"],
        "page_edition": page.edition(),
        "key": seals.public_pem(key),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in contents.items()
        },
    }
    contents[MANIFEST] = written(manifest)
    contents[SIGNATURE] = key.sign(contents[MANIFEST])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in contents.items():
            archive.writestr(_member(name), content)
    return out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _ALWAYS)
    member.compress_type = zipfile.ZIP_DEFLATED
    # Unix, and readable: what the machine that wrote it would add must not show in the bytes.
    member.create_system, member.external_attr = 3, 0o644 << 16
    return member


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the four files of a bundle by name; nothing is written anywhere. Raises Unreadable."""
    if len(content) > LARGEST_FILE:
        raise Unreadable("文件过大，不是案卷。", "The file is larger than any case file.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [member.filename for member in archive.infolist()]
            if sorted(names) != sorted(LARGEST):
                raise Unreadable(
                    f"压缩包内应恰有 {'、'.join(sorted(LARGEST))}。",
                    f"It must hold exactly {', '.join(sorted(LARGEST))}.",
                )
            if not _nothing_beside(archive, len(content)):
                raise Unreadable(
                    "压缩包在四个文件之外还夹带内容。",
                    "There is something in the file before, between or after its members.",
                )
            return {name: _bounded(archive, name) for name in LARGEST}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        raise Unreadable("压缩包已损坏或不是 ZIP 文件。", "It is no ZIP file, or a damaged one.") from problem


def _nothing_beside(archive: zipfile.ZipFile, size: int) -> bool:
    """True where the members follow one another from the first byte and only their directory comes after them.

    Unpacking tools step over what else lies in a ZIP, so it could hold another truth that no digest speaks of.
    """
    at = 0
    for member in sorted(archive.infolist(), key=lambda member: member.header_offset):
        if member.header_offset != at:
            return False
        at += _LOCAL_HEADER + len(member.filename) + member.compress_size
    directory = sum(_DIRECTORY_ENTRY + len(name) for name in archive.namelist())
    return at + directory + _END_RECORD == size


def _bounded(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member, read no further than its bound: the size that the ZIP states of itself may be a lie."""
    with archive.open(name) as member:
        content = member.read(LARGEST[name] + 1)
    if len(content) > LARGEST[name]:
        raise Unreadable(f"{name} 展开后过大。", f"{name} unpacks to more than any case holds.")
    return content

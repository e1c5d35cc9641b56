"""Photos as they are kept: whole or not at all, on a disk or in a bucket, and made small when first asked for."""

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from services.kit.errors import NotFound, Unavailable
from services.tickets import pictures
from services.tickets.pictures import (
    SMALL,
    DiskStore,
    Picture,
    S3Store,
    open_store,
    read_picture,
)
from tests.tickets.photographing import photo

PICTURE = Picture(b"content", b"small", 60, 40, "0" * 64)


def test_the_disk_keeps_a_photo_whole(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "photos")
    store.put("0123-abcd", PICTURE)
    assert (store.get("0123-abcd"), store.get_small("0123-abcd")) == (b"content", b"small")
    files = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["0123-abcd.jpg", "0123-abcd.small.jpg"]
    store.remove("0123-abcd")
    store.remove("0123-abcd")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    for read in (store.get, store.get_small):
        with pytest.raises(NotFound):
            read("0123-abcd")


def test_a_photo_kept_before_there_were_small_ones_is_made_small_when_it_is_asked_for(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    store.put("0123-abcd", read_picture(photo(size=(4000, 3000))))
    (small,) = tmp_path.rglob(f"*{SMALL}")
    kept = small.read_bytes()
    small.unlink()
    made = store.get_small("0123-abcd")
    assert (Image.open(io.BytesIO(made)).size, Image.open(io.BytesIO(kept)).size) == ((256, 192), (256, 192))
    assert not small.exists(), "what an erasure under way has removed does not come back"


def test_a_write_that_dies_leaves_no_half_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskStore(tmp_path)

    def die(_descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(pictures.os, "fsync", die)
    with pytest.raises(OSError, match="full"):
        store.put("0123-abcd", PICTURE)
    monkeypatch.undo()
    with pytest.raises(NotFound):
        store.get("0123-abcd")
    store.put("0123-abcd", PICTURE)
    assert store.get("0123-abcd") == b"content"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of an S3-compatible service with a bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=address)
    client.create_bucket(Bucket="doorstep-photos")
    client.close()
    yield address
    server.stop()


def test_a_bucket_keeps_photos_the_same_way(endpoint: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, "doorstep-photos", endpoint)
    store.put("0123-abcd", PICTURE)
    assert (store.get("0123-abcd"), store.get_small("0123-abcd")) == (b"content", b"small")
    store.remove("0123-abcd")
    for read in (store.get, store.get_small):
        with pytest.raises(NotFound):
            read("0123-abcd")


def test_a_bucket_makes_small_what_it_has_only_whole(endpoint: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, "doorstep-photos", endpoint)
    store.put("0123-abcd", read_picture(photo(size=(4000, 3000))))
    client = boto3.client("s3", endpoint_url=endpoint)
    client.delete_object(Bucket="doorstep-photos", Key=f"0123-abcd{SMALL}")
    client.close()
    assert Image.open(io.BytesIO(store.get_small("0123-abcd"))).size == (256, 192)


def test_a_bucket_that_is_not_there_is_unavailable(endpoint: str) -> None:
    for store in (S3Store("no-such-bucket", endpoint), S3Store("doorstep-photos", "http://127.0.0.1:9")):
        with pytest.raises(Unavailable):
            store.put("0123-abcd", PICTURE)

"""Photos: read with care, written anew without what a camera adds, kept on disk or in an S3-compatible store."""

import hashlib
import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3
import pillow_heif
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from services.kit.errors import NotFound, Unavailable, invalid_field

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
MOST_PIXELS = 50_000_000
LONGEST_PHOTO_SIDE = 20_000
LONGEST_SIDE = 2560
BODY_LIMIT_BYTES = 20 * 1024 * 1024
# What pages show of a photo: several of them must leave a page within its 100 kB. So these are tried in turn, as the
# longest side and the quality of the JPEG, until one is small enough.
SMALL_BYTES = 8 * 1024
_SMALLER = ((256, 75), (256, 50), (192, 40), (128, 25))

# How the store names the two of a photo, after its id.
WHOLE, SMALL = ".jpg", ".small.jpg"

# A picture of 50 million pixels takes up to half a gigabyte while it is read, however small its file: one at a time.
# As many more may wait as leave threads of the process for everybody else.
MOST_WAITING = 6
_PLACES = threading.BoundedSemaphore(MOST_WAITING)
_ONE_AT_A_TIME = threading.Lock()

pillow_heif.register_heif_opener()


@dataclass(frozen=True)
class Picture:
    """A JPEG of ours: pixels only, no EXIF, no GPS, no colour profile. `small` is the same picture for pages."""

    content: bytes
    small: bytes
    width: int
    height: int
    sha256: str


def read_picture(data: bytes) -> Picture:
    """Re-encode an uploaded photo; raises Invalid for what is no photo, or too large to be one.

    Raises Unavailable where too many photos are being read already.
    """
    if not _PLACES.acquire(blocking=False):
        raise Unavailable(
            "Many photos are arriving just now. Nothing was changed; please send this one again shortly.",
            "当前上传的照片较多，未作任何更改，请稍后重新发送。",
        )
    try:
        with _ONE_AT_A_TIME:
            return _read_picture(data)
    finally:
        _PLACES.release()


def _read_picture(data: bytes) -> Picture:
    """The size is checked before any pixel is decoded, so that a small file cannot unfold into gigabytes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise _refusal("has more than 50 million pixels", "像素超过 5000 万")
        if max(image.size) > LONGEST_PHOTO_SIDE:
            raise _refusal("has a side of more than 20,000 pixels", "单边超过 2 万像素")
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = _on_white(ImageOps.exif_transpose(_small(image)))
    except Image.DecompressionBombError as problem:
        raise _refusal("has more pixels than a photo", "像素过多") from problem
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as problem:
        raise _refusal(
            "is not a readable JPEG, PNG, WebP or HEIC photo", "不是可读取的 JPEG、PNG、WebP 或 HEIC 图片"
        ) from problem
    # Only pixels are carried over: a new image has no metadata to forget about.
    clean = Image.frombytes("RGB", upright.size, upright.tobytes())
    content = _jpeg(clean, 85)
    return Picture(content, _for_pages(clean), clean.width, clean.height, hashlib.sha256(content).hexdigest())


def small_of(content: bytes) -> bytes:
    """Return a photo of the store as pages show it, for one that was kept before there were small ones."""
    image = Image.open(io.BytesIO(content), formats=("JPEG",))
    # A multiple of what is wanted is decoded, so that this costs a fraction of the whole picture.
    image.draft("RGB", (2 * _SMALLER[0][0],) * 2)
    return _for_pages(image.convert("RGB"))


def _for_pages(image: Image.Image) -> bytes:
    for side, quality in _SMALLER:
        smaller = image.copy()
        smaller.thumbnail((side, side))
        content = _jpeg(smaller, quality)
        if len(content) <= SMALL_BYTES:
            break
    return content


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _small(image: Image.Image) -> Image.Image:
    """Return the image within LONGEST_SIDE, before anything else copies it whole."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode != mode:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        image = image.convert(mode)
        if orientation:
            image.getexif()[ExifTags.Base.Orientation] = orientation
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return image


def _on_white(image: Image.Image) -> Image.Image:
    """Return the image in RGB; what is transparent becomes white, as on paper, and not what lay hidden below."""
    if image.mode == "RGB":
        return image
    page = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(page, image).convert("RGB")


def _refusal(en: str, zh: str) -> Exception:
    return invalid_field("photo", f"The file {en}.", f"该文件{zh}。")


class Store(Protocol):
    """Keeps photos by id, each whole and small."""

    def put(self, photo_id: str, picture: Picture) -> None:
        """Keep the picture durably before returning."""
        ...

    def get(self, photo_id: str) -> bytes:
        """Return the whole photo; raises NotFound."""
        ...

    def get_small(self, photo_id: str) -> bytes:
        """Return the photo as pages show it; raises NotFound."""
        ...

    def remove(self, photo_id: str) -> None:
        """Forget a photo that no ticket refers to, whole and small."""
        ...


class DiskStore:
    """Files under a folder, spread over sub-folders by the end of their id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, photo_id: str, suffix: str = WHOLE) -> Path:
        return self._folder / photo_id[-2:] / f"{photo_id}{suffix}"

    def put(self, photo_id: str, picture: Picture) -> None:
        """Write beside, flush to disk, then rename: a kill leaves no half photo under its name.

        The folders are flushed too: until then the name itself may be lost with the power.
        """
        folder = self._path(photo_id).parent
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in ((SMALL, picture.small), (WHOLE, picture.content)):
            path = self._path(photo_id, suffix)
            partial = path.with_suffix(".part")
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        _flush_folder(folder)
        _flush_folder(self._folder)

    def get(self, photo_id: str) -> bytes:
        """Return the content; raises NotFound."""
        try:
            return self._path(photo_id).read_bytes()
        except FileNotFoundError as problem:
            raise _gone() from problem

    def get_small(self, photo_id: str) -> bytes:
        """Return the small content, made anew where the photo has none yet; raises NotFound."""
        try:
            return self._path(photo_id, SMALL).read_bytes()
        except FileNotFoundError:
            return small_of(self.get(photo_id))

    def remove(self, photo_id: str) -> None:
        """Delete the files where there are any. A folder that is not mounted must not pass for one without them."""
        if not self._folder.is_dir():
            raise _unreachable()
        for suffix in (WHOLE, SMALL):
            self._path(photo_id, suffix).unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3Store:
    """A bucket of an S3-compatible service; credentials come from the client library's own settings."""

    def __init__(self, bucket: str, endpoint_url: str | None = None) -> None:
        self._bucket = bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint_url,
            config=Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2}),
        )

    def put(self, photo_id: str, picture: Picture) -> None:
        """Keep the picture in the bucket; raises Unavailable where the service does not take it."""
        with _answering():
            for suffix, content in ((SMALL, picture.small), (WHOLE, picture.content)):
                key = f"{photo_id}{suffix}"
                self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType="image/jpeg")

    def get(self, photo_id: str) -> bytes:
        """Return the content; raises NotFound, or Unavailable where the service does not answer."""
        found = self._object(f"{photo_id}{WHOLE}")
        if found is None:
            raise _gone()
        return found

    def get_small(self, photo_id: str) -> bytes:
        """Return the small content, made anew where the photo has none yet; raises as `get` does."""
        found = self._object(f"{photo_id}{SMALL}")
        return small_of(self.get(photo_id)) if found is None else found

    def _object(self, key: str) -> bytes | None:
        with _answering():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=key)
            except self._client.exceptions.NoSuchKey:
                return None
            content: bytes = found["Body"].read()
        return content

    def remove(self, photo_id: str) -> None:
        """Delete the objects where there are any."""
        with _answering():
            for suffix in (WHOLE, SMALL):
                self._client.delete_object(Bucket=self._bucket, Key=f"{photo_id}{suffix}")


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise _unreachable() from problem


def _unreachable() -> Unavailable:
    return Unavailable(
        "Photos cannot be reached just now. Nothing was changed; please try again shortly.",
        "照片存储暂时无法访问，未做任何更改，请稍后再试。",
    )


def _gone() -> NotFound:
    return NotFound("The photo is not in the store.", "照片文件不存在。")


def open_store(home: Path, bucket: str | None, endpoint_url: str | None) -> Store:
    """Return the bucket where one is named, else a folder under `home`."""
    return S3Store(bucket, endpoint_url) if bucket else DiskStore(home / "photos")

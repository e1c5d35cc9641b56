"""Photos are read with care: what a camera adds is gone, what is no photo is refused, what is stored is on disk."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import ExifTags, Image

from services.kit.errors import Invalid, Unavailable
from services.tickets import pictures
from services.tickets.pictures import (
    SMALL_BYTES,
    read_picture,
    small_of,
)
from tests.tickets.photographing import GREEN, RED, WHITE, photo


def opened(data: bytes) -> Image.Image:
    """Read a picture and open what was made of it."""
    image = Image.open(io.BytesIO(read_picture(data).content))
    image.load()
    return image


def near(found: object, wanted: tuple[int, int, int]) -> bool:
    """True where a pixel is the colour that was meant, give or take the JPEG."""
    return all(abs(a - b) < 40 for a, b in zip(found, wanted, strict=True))  # type: ignore[call-overload]


def geotagged() -> bytes:
    """Return a photo that says where and with what it was taken."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "MakerOfPhones", 1
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (31.0, 14.0, 0.0)
    gps[3], gps[4] = "E", (121.0, 29.0, 0.0)
    return photo(exif=exif.tobytes(), icc_profile=b"x" * 200, comment=b"31.2333, 121.4833")


def test_what_a_camera_adds_is_gone() -> None:
    data = geotagged()
    assert b"MakerOfPhones" in data
    clean = read_picture(data)
    assert b"MakerOfPhones" not in clean.content
    assert b"121.4833" not in clean.content
    image = Image.open(io.BytesIO(clean.content))
    assert not image.getexif()
    assert "icc_profile" not in image.info
    assert "comment" not in image.info


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_phones_formats_become_jpeg(format_name: str) -> None:
    image = opened(photo(format=format_name))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (60, 40))
    assert near(image.getpixel((30, 20)), RED)


@pytest.mark.parametrize(
    ("mode", "color", "format_name", "shown"),
    [
        ("RGBA", (0, 0, 0, 0), "PNG", WHITE),
        ("RGBA", (30, 180, 30, 255), "PNG", GREEN),
        ("LA", (0, 0), "PNG", WHITE),
        ("RGBA", (0, 0, 0, 0), "WEBP", WHITE),
        ("L", 255, "JPEG", WHITE),
        ("1", 1, "PNG", WHITE),
        ("P", 0, "PNG", (0, 0, 0)),
        ("CMYK", (0, 0, 0, 0), "JPEG", WHITE),
    ],
)
def test_every_kind_of_pixel_is_shown_as_on_paper(
    mode: str, color: object, format_name: str, shown: tuple[int, int, int]
) -> None:
    assert near(opened(photo(mode, color=color, format=format_name)).getpixel((10, 10)), shown)


def test_a_photo_held_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(photo(size=(60, 40), exif=exif.tobytes())).size == (40, 60)


def test_a_large_photo_becomes_smaller_and_keeps_its_shape() -> None:
    assert opened(photo(size=(8000, 6000))).size == (2560, 1920)


@pytest.mark.parametrize("size", [(60, 40), (4000, 3000), (3000, 4000), (19_000, 10), (1, 1)])
def test_the_small_one_is_the_same_picture(size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    made = read_picture(photo(size=size, exif=exif.tobytes()))
    small = Image.open(io.BytesIO(made.small))
    assert max(small.size) == min(256, max(size))
    assert (small.width <= small.height) == (made.width <= made.height)
    assert not small.getexif()
    assert near(small.getpixel((small.width // 2, small.height // 2)), RED)


def test_even_of_noise_the_small_one_stays_small() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((1600, 1600), 250) for _ in range(3)])
    out = io.BytesIO()
    noise.save(out, "JPEG")
    made = read_picture(out.getvalue())
    assert len(made.small) <= SMALL_BYTES
    assert len(small_of(made.content)) <= SMALL_BYTES


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


NO_PHOTOS = {
    "nothing": b"",
    "words": b"just words",
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "an archive": b"PK\x03\x04" + b"\0" * 60,
    "a document": b"%PDF-1.7 " + b"\0" * 60,
    "a GIF": photo("P", color=0, format="GIF"),
    "a BMP": photo(format="BMP"),
    "a TIFF": photo(format="TIFF"),
    "only a beginning": b"\xff\xd8\xff\xe0" + b"\0" * 60,
    "a huge claim": bomb(60_000, 60_000),
    "a large claim": bomb(9_000, 9_000),
    "a claim beyond numbers": bomb(2_000_000_000, 2_000_000_000),
    "no width": bomb(0, 100),
}


@pytest.mark.parametrize("data", NO_PHOTOS.values(), ids=NO_PHOTOS)
def test_what_is_no_photo_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        read_picture(data)
    assert list(refusal.value.fields) == ["photo"]


def test_a_disguised_page_leaves_its_script_behind() -> None:
    data = photo(comment=b"<script>alert(1)</script>") + b"<script>alert(2)</script>PK\x03\x04"
    assert b"script" not in read_picture(data).content


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_broken_photo_is_refused_or_read_and_never_more(format_name: str) -> None:
    noise = Image.effect_noise((64, 48), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, format=format_name)
    whole = out.getvalue()
    step = max(1, len(whole) // 60)
    pieces = [whole[:end] for end in range(1, len(whole) - 2, step)]
    flipped = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(4, len(whole), step)]
    outcomes = set()
    for data in [*pieces, *flipped]:
        try:
            outcomes.add(type(read_picture(data)).__name__)
        except Invalid:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_a_side_no_camera_makes_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Invalid) as refused:
        read_picture(photo("L", (1, pictures.LONGEST_PHOTO_SIDE + 1), 0, format="PNG"))
    assert "20,000 pixels" in str(refused.value)


def test_a_large_picture_is_made_small_before_it_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[tuple[int, int]] = []
    on_white = pictures._on_white

    def noting(image: Image.Image) -> Image.Image:
        copied.append(image.size)
        return on_white(image)

    monkeypatch.setattr(pictures, "_on_white", noting)
    read_picture(photo("RGBA", (6000, 3000), (0, 0, 0, 0), format="PNG"))
    assert copied == [(2560, 1280)]


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA"])
def test_a_picture_is_upright_whatever_its_colours_are(mode: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    color: object = 0 if mode in ("L", "P") else (0,) * len(mode)
    assert opened(photo(mode, (60, 40), color, format="PNG", exif=exif.tobytes())).size == (40, 60)


def test_a_crowd_of_pictures_is_read_one_at_a_time_and_the_rest_refused() -> None:
    with ThreadPoolExecutor(pictures.MOST_WAITING) as crowd, pictures._ONE_AT_A_TIME:
        waiting = [crowd.submit(read_picture, photo()) for _ in range(pictures.MOST_WAITING)]
        while pictures._PLACES.acquire(blocking=False):
            pictures._PLACES.release()
        with pytest.raises(Unavailable):
            read_picture(photo())
        assert not any(one.done() for one in waiting)
    assert [one.result().width for one in waiting] == [60] * pictures.MOST_WAITING
    assert read_picture(photo()).width == 60

"""Pictures as cameras make them."""

import io

from PIL import Image

RED, GREEN, WHITE = (200, 30, 30), (30, 180, 30), (255, 255, 255)


def photo(mode: str = "RGB", size: tuple[int, int] = (60, 40), color: object = RED, **options: object) -> bytes:
    """Return a picture; `format` is JPEG unless said otherwise."""
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, **({"format": "JPEG"} | options))  # type: ignore[arg-type]
    return out.getvalue()

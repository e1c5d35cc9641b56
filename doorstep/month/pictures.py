"""Photos that people took, drawn here: a stain on a wall, a pipe, a lamp."""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 960)
WALL, WATER, PIPE, DARK, LIGHT = "#d9d2c4", "#7d8fa0", "#8c8f93", "#3c4046", "#f6e7a8"


@cache
def photo(number: int) -> bytes:
    """Return one of three photos as a JPEG, as a phone sends it."""
    picture = Image.new("RGB", SIZE, WALL)
    draw = ImageDraw.Draw(picture)
    if number % 3 == 0:
        draw.rectangle((560, 0, 640, 960), fill=PIPE)
        draw.ellipse((380, 520, 900, 900), fill=WATER)
    elif number % 3 == 1:
        draw.rectangle((250, 120, 1030, 840), fill="#bcd3e0", outline=DARK, width=24)
        draw.line((640, 120, 640, 840), fill=DARK, width=24)
    else:
        draw.rectangle((0, 0, *SIZE), fill=DARK)
        draw.ellipse((520, 80, 760, 320), fill=LIGHT)
    noise = Image.effect_noise(SIZE, 24).convert("RGB")
    out = io.BytesIO()
    Image.blend(picture.filter(ImageFilter.GaussianBlur(6)), noise, 0.12).save(out, "JPEG", quality=85)
    return out.getvalue()

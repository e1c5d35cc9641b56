"""Where a complainant can turn who does not agree with the desk's answer."""

from collections.abc import Mapping
from pathlib import Path

import yaml

RECOURSE: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    Path(__file__).with_name("recourse.yaml").read_text(encoding="utf-8")
)
DEFAULT = "default"


def recourse_key(zone: str) -> str:
    """Return which entry speaks for communities of this time zone."""
    return zone if zone in RECOURSE else DEFAULT


def recourse_in(zone: str, locale: str) -> str:
    """Return the sentence that an answer ends with, in `locale` (`zh-CN` or `en`)."""
    return RECOURSE[recourse_key(zone)][locale]

"""Signs are drawn, or characters of ordinary fonts: an emoji is an empty box where no font has it."""

import re

import pytest

from tests.house.test_house import ROOT, said, tracked

READ = [
    path
    for path in tracked()
    if path.relative_to(ROOT).parts[0] in ("gateway", "services", "deploy")
    and path.suffix in (".py", ".html", ".js", ".css", ".po", ".txt", ".svg", ".yaml", ".json")
]
# Pictographs, what makes a picture of the character before it, and those below that are pictures unless told otherwise
# (Emoji_Presentation of Unicode's emoji-data.txt).
EMOJI = re.compile(
    "[\\U0001f000-\\U0001faff\\ufe0f\\u231a\\u231b\\u23e9-\\u23ec\\u23f0\\u23f3\\u25fd\\u25fe\\u2614\\u2615\\u2648-\\u2653"
    "\\u267f\\u2693\\u26a1\\u26aa\\u26ab\\u26bd\\u26be\\u26c4\\u26c5\\u26ce\\u26d4\\u26ea\\u26f2\\u26f3\\u26f5\\u26fa\\u26fd\\u2705"
    "\\u270a\\u270b\\u2728\\u274c\\u274e\\u2753-\\u2755\\u2757\\u2795-\\u2797\\u27b0\\u27bf\\u2b1b\\u2b1c\\u2b50\\u2b55]"
)
SIGNS = ROOT / "gateway" / "web" / "templates" / "web" / "parts" / "signs.html"


def test_nothing_that_people_read_is_an_emoji() -> None:
    found = {said(path): sorted(set(EMOJI.findall(path.read_text(encoding="utf-8")))) for path in READ}
    assert {name: signs for name, signs in found.items() if signs} == {}


def test_the_rule_knows_an_emoji() -> None:
    assert EMOJI.findall("\U0001f514 \u26a1 \u2713 \u25d4 \u4fee") == ["\U0001f514", "\u26a1"]


@pytest.mark.parametrize("path", [path for path in READ if path.suffix == ".html"], ids=said)
def test_a_sign_that_a_page_names_is_drawn(path) -> None:
    drawn = set(re.findall(r'^  "(\w+)":', SIGNS.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r'\bsign\("(\w+)"\)', path.read_text(encoding="utf-8"))) <= drawn

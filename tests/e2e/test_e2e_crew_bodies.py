"""A complaint's step says the same to the desk whether a form was posted or a phone without signal kept it."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.datastructures import MultiDict

import gateway.web.crew
from gateway.web import case_forms
from gateway.web.case_forms import CASE_STEPS
from gateway.web.crew.steps import CASE

pytestmark = pytest.mark.timeout(200)

SCRIPT = Path(gateway.web.crew.__file__).with_name("static") / "case.js"
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
HEARD = {"emotion": "calm", "cause": "repair_quality", "wanted": " 打扫干净 ", "restated": "第一行\r\n第二行\r\n"}
JUDGED = {"severity": "minor", "justified": "yes", "settle_at_once": "no", "department": "维修", "note": "看过现场"}
WAYS = {"what_1": " 打扫 ", "by_1": "2026-11-24T18:00", "what_2": "退款", "by_2": "2026-11-30T09:30:15"}
GIVEN: list[tuple[str, dict[str, str], str]] = [
    ("identify", HEARD, SHANGHAI),
    ("identify", {**HEARD, "cause": "", "restated": "   "}, SHANGHAI),
    ("assess", {**JUDGED, "investigate_until": "2026-11-24T18:00"}, SHANGHAI),
    ("assess", {"severity": "grave", "justified": "no", "department": "", "investigate_until": "soon"}, SHANGHAI),
    ("offer", {**WAYS, "what_3": "", "by_3": ""}, SHANGHAI),
    ("offer", {**WAYS, "what_3": "面谈", "by_3": ""}, ""),
    # The hour that comes twice, the one that is left out, and days around them.
    ("offer", {"what_1": "a", "by_1": "2026-10-25T02:30", "what_2": "b", "by_2": "2026-03-29T02:30"}, BERLIN),
    ("offer", {"what_1": "a", "by_1": "2026-10-25T01:59", "what_2": "b", "by_2": "2026-10-25T03:00"}, BERLIN),
    ("offer", {"what_1": "a", "by_1": "2026-03-29T01:59", "what_2": "b", "by_2": "2026-03-29T03:00"}, BERLIN),
    ("choose", {"option": "2"}, SHANGHAI),
    ("choose", {}, SHANGHAI),
    ("choose", {"option": "²"}, SHANGHAI),
    ("assess", {**JUDGED, "justified": "maybe"}, SHANGHAI),
    ("act", {"to": "", "promised_at": ""}, SHANGHAI),
    ("act", {"to": "5f5fe4ca-5b39-4e26-b6f6-3a3ad0eb4c6f", "promised_at": "2026-11-24T18:00"}, SHANGHAI),
    ("settle", {"note": " 已道歉\r\n并打扫 "}, SHANGHAI),
    ("reply", {"text": "因为停电，所以需要登记。"}, SHANGHAI),
]


def posted(monkeypatch: pytest.MonkeyPatch, step: str, given: dict[str, str], zone: str, lang: str) -> dict[str, Any]:
    """Return what the page's own form says of what was filled in."""
    monkeypatch.setattr(case_forms, "language", lambda: lang)
    app = Flask(__name__)
    app.config.update(WTF_CSRF_ENABLED=False, WTF_I18N_ENABLED=False, SECRET_KEY="of this test")
    with app.test_request_context():
        typed = MultiDict({f"{step}-{name}": value for name, value in given.items()})
        # A zone stands for the community whose clocks it is.
        return CASE_STEPS[step](zone or None, formdata=typed).body()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_kept_step_says_what_its_form_would(browser: Browser, monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    page = browser.new_page()
    page.add_script_tag(type="module", content=f"{SCRIPT.read_text(encoding='utf-8')}\nwindow.caseBody = caseBody;")
    page.wait_for_function("'caseBody' in window")
    assert {step for step, _, _ in GIVEN} == set(CASE)
    for step, given, zone in GIVEN:
        kept = page.evaluate("(said) => window.caseBody(...said)", [step, given, zone, lang])
        assert kept == posted(monkeypatch, step, given, zone, lang), (step, given, zone)
    page.close()

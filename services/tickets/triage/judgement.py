"""Weighs the words of a request into a topic, an item, a need level and an urgency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.tickets.catalogue import NEEDS_A_HUMAN, NOT_OURS, URGENCIES, Catalogue, Item

from .corrections import DECISIVE, Corrections
from .degrees import degree_signs
from .lexicon import LETTER_SIGN, TITLE_PREFIX, Decision, Lexicon, lexicon, lexicon_for
from .matcher import Hit
from .text import Text, is_chinese, read
from .wording import because_correction, because_decision, because_nothing, because_topic

OTHER = "other_not_property"

TITLE, LEAD, TAIL = 4.0, 1.0, 0.08
# A text without a title is a resident's own sentence: its words count nearly as much as a title's.
ALONE = 2.0
# Words up to this weight are vague; all the vague words of a topic together count at most VAGUE_SUM,
# so that a page about the developer's manners does not drown the one word that names the leak.
VAGUE, VAGUE_SUM = 4.0, 9.0
# A topic known by vague words alone is believed this much of what its score says.
ONLY_VAGUE = 0.6
# Score that a sure topic has; used only to turn evidence into a confidence.
SURE = 14.0
# From this many tokens on a text is a letter and no longer one sentence.
# From LONG_LETTER on it also tells of the past, and a danger it mentions need not be there now.
LETTER, LONG_LETTER = 60, 150
LONG_LETTER_SIGN = "long letter"
# The service class of what may hurt somebody.
DANGER = "life_safety"
# Below this confidence nothing was understood, so a person is asked.
LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What triage makes of a text; `need_level` is None for other_not_property, `confidence` is 0 to 1."""

    topic: str
    catalogue_code: str
    work_type: str
    need_level: int | None
    urgency: str
    confidence: float
    because: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Weighed:
    topic: str
    confidence: float
    words: tuple[str, ...]


def triage(
    text: str, *, locale: str | None = None, corrections: Corrections | None = None, items: Catalogue | None = None
) -> Verdict:
    """Judge `text` (any language, any length); `locale` (zh-CN or en) only chooses the language of `because`.

    `items` is an organisation's own catalogue, where it has one; what is not active there is never found.
    """
    lex = lexicon() if items is None else lexicon_for(items)
    reading = read(text)
    chinese = locale.lower().startswith("zh") if locale else is_chinese(text)
    signs = _signs(reading, lex)
    weighed = _weigh(reading, signs, lex)
    item, decisions = _decide(weighed.topic, weighed.confidence, reading, signs, lex)
    because = _because(weighed, item, decisions, signs, chinese)
    verdict = _verdict(item, decisions, weighed.confidence, because)
    if corrections is None:
        return verdict
    return _corrected(verdict, corrections.votes(text), lex, reading, signs, chinese)


def _signs(reading: Text, lex: Lexicon) -> dict[str, str]:
    """Sign → the words that showed it, from the telling part of the text."""
    found: dict[str, str] = {}
    where: dict[str, int] = {}
    for hit in _sign_hits(reading, lex):
        for name in hit.says:
            shown = reading.words(hit.start, hit.end)
            where.setdefault(name, hit.start)
            found.setdefault(name, shown)
            if hit.start < (reading.title_end or reading.lead_end):
                found.setdefault(TITLE_PREFIX + name, shown)
    for order in lex.orders:
        if order.first in where and where[order.first] <= where.get(order.then, -1):
            found[order.sign] = found[order.first]
    for name, start, end in degree_signs(reading):
        found.setdefault(name, reading.words(start, end))
    if len(reading.forms) > LETTER:
        found[LETTER_SIGN] = ""
    if len(reading.forms) > LONG_LETTER:
        found[LONG_LETTER_SIGN] = ""
    return found


def _sign_hits(reading: Text, lex: Lexicon) -> Iterator[Hit[str]]:
    """Everyday signs are asked of a sentence or two only: a long letter holds half of them by chance."""
    yield from lex.signs.find(reading.forms, reading.lead_end)
    if len(reading.forms) <= LETTER:
        for matcher in lex.everyday:
            yield from matcher.find(reading.forms, reading.lead_end)


def _weigh(reading: Text, signs: dict[str, str], lex: Lexicon) -> _Weighed:
    """Add up what every word says for every topic; a repeated word counts half as much each time."""
    scores: dict[str, float] = defaultdict(float)
    vague: dict[str, float] = defaultdict(float)
    words: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    times: dict[tuple[str, ...], int] = defaultdict(int)
    for hit in lex.cues.find(reading.forms):
        phrase = reading.forms[hit.start : hit.end]
        place = _place(hit.start, reading) * 0.5 ** times[phrase]
        times[phrase] += 1
        shown = reading.words(hit.start, hit.end)
        for cue in hit.says:
            (vague if cue.weight <= VAGUE else scores)[cue.topic] += cue.weight * place
            words[cue.topic][shown] += cue.weight * place
    for topic, sum_of_vague in vague.items():
        scores[topic] += min(VAGUE_SUM, sum_of_vague)
    for rule in lex.evidence:
        if _holds(rule.when, rule.unless, signs):
            for topic, weight in rule.add:
                scores[topic] += weight * ALONE
                words[topic][signs[rule.when[0]]] += weight
    _doubt_strangers(reading, signs, scores)
    ranked = sorted(((score, topic) for topic, score in scores.items() if score > 0), reverse=True)
    if not ranked:
        return _Weighed("consultation", 0.05, ())
    best, topic = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    told = sorted(words[topic], key=lambda word: -words[topic][word])[:4]
    sure = 1.0 if best > vague[topic] else ONLY_VAGUE
    return _Weighed(topic, _confidence(best * sure, second * sure), tuple(told))


def _place(position: int, reading: Text) -> float:
    if reading.title_end:
        if position < reading.title_end:
            return TITLE
        return LEAD if position < reading.lead_end else TAIL
    return ALONE if position < reading.lead_end else TAIL


def _doubt_strangers(reading: Text, signs: dict[str, str], scores: dict[str, float]) -> None:
    """A long Chinese letter that never mentions a home is seldom about one."""
    if "home" not in signs and LETTER_SIGN in signs and is_chinese(reading.shown):
        scores[OTHER] += 6.0


def _confidence(best: float, second: float) -> float:
    margin = (best - second) / (best + second + 1.0)
    weight = min(1.0, best / SURE)
    return round(min(0.99, 0.08 + weight * (0.35 + 0.65 * margin)), 2)


def _decide(
    topic: str, confidence: float, reading: Text, signs: dict[str, str], lex: Lexicon
) -> tuple[Item, list[Decision]]:
    decisions = [rule for rule in lex.decisions if _applies(rule, topic, reading, signs)]
    code = next((rule.code for rule in decisions if rule.code), None)
    if code:
        item = lex.catalogue.get(code)
        return item if item.active else lex.catalogue.default_of(item.topic), decisions
    if topic == OTHER:
        return lex.catalogue.get(NOT_OURS), decisions
    if confidence < LEAST:
        return lex.catalogue.get(NEEDS_A_HUMAN), decisions
    return _nearest_item(topic, reading, lex), decisions


def _nearest_item(topic: str, reading: Text, lex: Lexicon) -> Item:
    """The item of `topic` whose own words stand in the text; an emergency item is only ever reached by a rule."""
    found: dict[str, float] = defaultdict(float)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for hit in lex.items[topic].find(reading.forms, reading.lead_end):
        phrase = reading.forms[hit.start : hit.end]
        for code in hit.says:
            if (code, phrase) not in seen and lex.catalogue.get(code).urgency != URGENCIES[-1]:
                seen.add((code, phrase))
                found[code] += (hit.end - hit.start) * (2.5 if hit.start < reading.title_end else 1.0)
    if not found:
        return lex.catalogue.default_of(topic)
    return lex.catalogue.get(max(found, key=lambda code: found[code]))


def _applies(rule: Decision, topic: str, reading: Text, signs: dict[str, str]) -> bool:
    # A title says what a letter is about; a danger that only the letter under it mentions is part of its story.
    story = LETTER_SIGN if reading.title_end else LONG_LETTER_SIGN
    fitting = topic in rule.topics or (rule.anywhere and story not in signs)
    return fitting and _holds(rule.when, rule.unless, signs)


def _holds(when: Sequence[str], unless: Sequence[str], signs: dict[str, str]) -> bool:
    return all(sign in signs for sign in when) and not any(sign in signs for sign in unless)


def _verdict(item: Item, decisions: Sequence[Decision], confidence: float, because: list[dict[str, str]]) -> Verdict:
    need = next((rule.need_level for rule in decisions if rule.need_level), item.need_level)
    urgency = next((rule.urgency for rule in decisions if rule.urgency), item.urgency)
    return Verdict(
        topic=item.topic,
        catalogue_code=item.code,
        work_type=item.work_type,
        need_level=None if item.topic == OTHER else need,
        urgency="routine" if item.topic == OTHER else urgency,
        confidence=confidence,
        because=tuple(because),
    )


def _because(
    weighed: _Weighed, item: Item, decisions: Sequence[Decision], signs: dict[str, str], chinese: bool
) -> list[dict[str, str]]:
    if not weighed.words:
        return [because_nothing(chinese)]
    reasons = [because_topic(word, weighed.topic, chinese) for word in weighed.words]
    settled = next((rule for rule in decisions if rule.urgency), None)
    if settled:
        reasons.extend(because_decision(signs[sign], settled, chinese) for sign in settled.when)
    return reasons


def _corrected(
    verdict: Verdict, votes: dict[str, float], lex: Lexicon, reading: Text, signs: dict[str, str], chinese: bool
) -> Verdict:
    """The dispatchers' choice when a text is much like what they re-filed.

    An emergency stays an emergency, and danger stays danger: a correction may see some where the words did not, but
    nobody's slip takes the next gas leak to a desk that has days to answer.
    """
    danger = lex.catalogue.get(verdict.catalogue_code).sla_class == DANGER
    known = {
        code: vote
        for code, vote in votes.items()
        if code in lex.catalogue
        and lex.catalogue.get(code).active
        and (not danger or lex.catalogue.get(code).sla_class == DANGER)
    }
    if not known:
        return verdict
    code = max(known, key=lambda name: known[name])
    if known[code] < DECISIVE or code == verdict.catalogue_code:
        return verdict
    item = lex.catalogue.get(code)
    decisions = [
        rule for rule in lex.decisions if rule.code in (None, code) and _applies(rule, item.topic, reading, signs)
    ]
    because = [because_correction(item, chinese), *verdict.because]
    changed = _verdict(item, decisions, round(min(0.97, 0.4 + 0.5 * known[code]), 2), because)
    if verdict.urgency != "emergency":
        return changed
    return Verdict(
        topic=changed.topic,
        catalogue_code=changed.catalogue_code,
        work_type=changed.work_type,
        need_level=changed.need_level and min(changed.need_level, verdict.need_level or changed.need_level),
        urgency=URGENCIES[-1],
        confidence=changed.confidence,
        because=changed.because,
    )

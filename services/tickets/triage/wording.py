"""Says in the reader's language why triage decided as it did."""

from __future__ import annotations

from services.tickets.catalogue import Item

from .lexicon import Decision

_TOPICS = {
    "repair": ("维修", "repair"),
    "utilities": ("水电气暖网供应", "a supply: water, power, gas, heat or network"),
    "elevator": ("电梯", "a lift"),
    "cleaning": ("环境卫生", "cleanliness or air"),
    "noise": ("噪音", "noise"),
    "security": ("秩序与安全", "order or a hazard"),
    "parking": ("停车", "parking"),
    "greening": ("绿化", "greenery"),
    "community": ("社区生活", "community life"),
    "complaint_service": ("服务与收费投诉", "a complaint about service or charges"),
    "consultation": ("咨询", "a question"),
    "other_not_property": ("非物业事项", "not a property matter"),
}


def because_topic(word: str, topic: str, chinese: bool) -> dict[str, str]:
    """A word and the topic it speaks for."""
    zh, en = _TOPICS[topic]
    return {"word": word, "says": f"说的是{zh}" if chinese else f"speaks of {en}"}


def because_decision(word: str, rule: Decision, chinese: bool) -> dict[str, str]:
    """A word and the judgement on need or urgency that it led to."""
    return {"word": word, "says": rule.zh if chinese else rule.en}


def because_correction(item: Item, chinese: bool) -> dict[str, str]:
    """A dispatcher re-filed a similar text under `item`."""
    if chinese:
        return {"word": "", "says": f"调度曾把相近的报事改派为“{item.zh}”"}
    return {"word": "", "says": f"dispatchers re-filed a similar request as “{item.en}”"}


def because_nothing(chinese: bool) -> dict[str, str]:
    """No word of the text is in the lexicon."""
    if chinese:
        return {"word": "", "says": "没有认出关键词，请人工判断"}
    return {"word": "", "says": "no telling word was found, a person should decide"}

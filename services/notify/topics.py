"""What residents choose how to be told of: a few topics, each of many kinds of notice; and what reaches all. Pure."""

from collections.abc import Mapping, Sequence

from services.contracts import Fact
from services.notify.audience import HURRIED, RULES, urgency_of

# By the first part of a kind.
_TOPIC_OF = {
    "ticket": "requests",
    "wait": "requests",
    "complaint": "requests",
    "plan": "requests",
    "appointment": "requests",
    "announcement": "announcements",
    "event": "events",
    "survey": "opinions",
    "campaign": "opinions",
}
TOPICS: Mapping[str, tuple[str, ...]] = {
    topic: tuple(
        dict.fromkeys(
            rule.kind
            for rule in RULES
            if rule.audience == "resident" and _TOPIC_OF.get(rule.kind.partition(".")[0]) == topic
        )
    )
    for topic in dict.fromkeys(_TOPIC_OF.values())
}


def must_reach(fact: Fact) -> bool:
    """True for what nobody can choose not to be told: what is urgent, such as an outage that nobody planned."""
    return urgency_of(fact) in HURRIED


def chosen(channels: Mapping[str, Sequence[str]]) -> dict[str, list[str] | None]:
    """Return the channels of each topic, None for all; a topic whose kinds differ is left out."""
    found: dict[str, list[str] | None] = {}
    for topic, kinds in TOPICS.items():
        of_each = [channels.get(kind) for kind in kinds]
        if all(one == of_each[0] for one in of_each):
            found[topic] = None if of_each[0] is None else list(of_each[0])
    return found


def choose(
    channels: Mapping[str, Sequence[str]], topics: Mapping[str, Sequence[str] | None]
) -> dict[str, Sequence[str]]:
    """Return the channels of each kind as they are once topics are chosen."""
    after = dict(channels)
    for topic, wanted in topics.items():
        for kind in TOPICS[topic]:
            after.pop(kind, None)
            if wanted is not None:
                after[kind] = wanted
    return after

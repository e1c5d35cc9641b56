"""Events wait in queues, logs and backups where nobody erases: they carry ids and codes, and no words of a person."""

from services.contracts import ALL
from services.contracts.fact import kinds_of

# Text beside ids: codes, numbers and digests of ours, some of them keyed; the name staff work under; a secret of one
# survey; what the company itself calls a campaign, and where it takes mail. What people write has no place here.
NO_WORDS = {
    "actor_role", "address_digest", "badge", "because", "catalogue_code", "cause", "channel", "clock", "clocks",
    "joined_to", "kind", "link_token", "locale", "mailbox", "name", "number", "outcome", "owner_desk", "parted_from",
    "question_set",
    "recorded_by", "role", "rule", "skills", "spoken_by", "status", "timezone", "to", "urgency", "waiting_reason",
    "work_type",
    "channels", "digest_at", "quiet_from", "quiet_until",  # Hours of the day.
    "basis", "measure", "moved", "waits",
}  # fmt: skip


def test_an_event_has_no_field_for_what_people_write() -> None:
    found = {
        f"{name}.{field}"
        for name, fact in ALL.items()
        for field, kind in kinds_of(fact).items()
        if kind.type in (str, tuple[str, ...]) and not field.endswith(("_id", "_ids")) and field not in NO_WORDS
    }
    assert found == set(), "an event outlives an erasure: give the id of the words, or a code"

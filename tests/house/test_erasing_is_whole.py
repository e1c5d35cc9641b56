"""Every column that can hold text is either erased with a person or named as one that no words of theirs come into."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

WITHOUT_WORDS = yaml.safe_load(Path(__file__).with_name("columns_without_words.yaml").read_text(encoding="utf-8"))
# What each service's `erasing.py` takes away; tests/story/test_story_of_an_erasure.py shows that it does.
ERASED: dict[str, dict[str, str]] = {
    "tickets": {
        "tickets": "title description location because words_salt",
        "remarks": "body salt",
        "refilings": "words",
        "complaint_words": "word",
        "households": "salutation_zh salutation_en",
        "household_equipment": "model",
        "idempotency_keys": "route key headers body",
        "plans": "title description location",
        "plan_checkpoints": "name instruction",
        "ticket_checkpoints": "name instruction note",
        "volunteers": "skills note",
        "addresses": "digest former",
        "mails": "key sender sender_name sender_digest subject text attachments raw note",
        "volunteer_hours": "what reason",
        "people": "badge",
        "ticket_contacts": "phone",
        "resident_preferences": "account_locale locale timezone quiet_from quiet_until digest_at",
    },
    "notify": {
        "contacts": "email apprise_urls sms_urls preferred_locale channels",
        "notices": "title body link data",
        "deliveries": "last_error answer address_key",
        "phone_tasks": "title",
        "incidents": "remark",
        "push_subscriptions": "address_key endpoint p256dh auth",
        "paces": "address_key",
        "address_confirmations": "address locale",
        "invitation_letters": "address locale purpose",
        "idempotency_keys": "route key headers body",
    },
    "surveys": {
        "answers": "comment",
        "campaign_answers": "comment",
        "idempotency_keys": "route key headers body",
        "people": "badge",
    },
    "gateway": {
        "accounts": "login password_hash badge",
        "refresh_tokens": "token_hash predecessor",
        "web_sessions": "token_hash",
        "idempotency_keys": "route key headers body",
    },
}
MODELS = {
    "tickets": "services.tickets.models",
    "notify": "services.notify.models",
    "surveys": "services.surveys.models",
    "gateway": "gateway.models",
}


def can_hold_text(column: Any) -> bool:
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    return isinstance(kind, String | LargeBinary | JSONB)


@pytest.mark.parametrize("service", MODELS)
def test_no_column_with_words_is_forgotten(service: str) -> None:
    tables = importlib.import_module(MODELS[service]).metadata.tables
    there = {f"{name}.{column.name}" for name, table in tables.items() for column in table.c if can_hold_text(column)}
    erased = {f"{table}.{column}" for table, columns in ERASED[service].items() for column in columns.split()}
    kept = {f"{table}.{column}" for table, columns in WITHOUT_WORDS[service].items() for column in columns}
    assert erased & kept == set()
    assert there - erased - kept == set(), (
        f"words of a person who is erased must not stay: take these away in {service}'s erasing.py and add "
        "them to ERASED, or name them in columns_without_words.yaml where no words of a resident can come into them"
    )
    assert (erased | kept) - there == set(), "these columns are not there any more"

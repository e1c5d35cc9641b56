"""Tags, pages and fields: what goes in and out of every HTTP application of ours."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from asking import count, is_problem, post
from kit_demo import parcels

from services.kit.errors import Invalid
from services.kit.http import cut, read_cursor, write_cursor
from services.kit.testing import actor, bearer


@pytest.mark.parametrize(
    ("tag", "status", "version"),
    [('"v3"', 200, 3), ('W/"v3"', 200, 3), ("*", 200, None), (None, 428, None), ('"3"', 422, None), ("v3", 422, None)],
)
def test_an_edit_says_which_version_it_read(client, tag, status, version):
    who = actor("crew")
    headers = bearer(who) | ({"If-Match": tag} if tag else {})
    answer = client.put(f"/parcels/{who.id}", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.get_json() == {"version": version}
        assert answer.headers["ETag"] == '"v4"'


def test_who_says_no_version_is_told_where_it_is(client):
    who = actor("crew")
    for language, words in (
        ("en", "GET it first, then send the ETag"),
        ("zh-CN", "请先 GET，再带上其 ETag（If-Match）"),
    ):
        answer = client.put(f"/parcels/{who.id}", headers={**bearer(who), "Accept-Language": language})
        assert words in answer.get_json()["detail"]


def test_pages_follow_each_other_without_gap_or_overlap(client):
    who = actor()
    for number in range(7):
        post(client, str(number), who)
    seen, path = [], "/parcels?limit=3"
    while path:
        answer = client.get(path, headers=bearer(who))
        seen += [parcel["words"] for parcel in answer.get_json()]
        link = answer.headers.get("Link")
        path = link.partition(">")[0].lstrip("<") if link else None
    assert sorted(seen) == [str(number) for number in range(7)]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1e9", "99999999999999999999"])
def test_a_page_size_out_of_range_is_refused(client, limit):
    is_problem(client.get(f"/parcels?limit={limit}", headers=bearer(actor())), 422, "invalid")


CURSOR = write_cursor(["0190-x"])


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "====", "%00", "a" * 501, CURSOR[:-3], CURSOR + "!", "é", write_cursor([1]), write_cursor(["a", "b"]),
     write_cursor([None]), write_cursor(["a\x00b"]), "bnVsbA", "e30", "W10", "W1tbW1tbW10"],
)  # fmt: skip
def test_a_garbled_cursor_is_refused_by_name(client, cursor):
    answer = client.get("/parcels", query_string={"after": cursor}, headers=bearer(actor()))
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "after"


def test_a_cursor_holds_what_the_database_can_compare():
    moment, thing = datetime(2026, 1, 2, tzinfo=UTC), uuid.uuid4()
    cursor = write_cursor([moment, thing, 5])
    assert read_cursor(cursor, datetime, uuid.UUID, int) == (moment, thing, 5)
    assert read_cursor(None, int) is None
    for wrong in ([2**63], [True], ["1"]):
        with pytest.raises(Invalid):
            read_cursor(write_cursor(wrong), int)
    with pytest.raises(Invalid):
        read_cursor(write_cursor(["2026-01-02T00:00:00"]), datetime)


@pytest.mark.parametrize(
    "words",
    ["a\x00b", "a\nb", "\x1b[2J", "\x7f", "\x85", "\ud83d", "a\u2028b", "", "   ", "\u202e", "x" * 41, 5, ["a"], {}],
)
def test_words_nobody_could_read_are_refused_by_name(client, worker, words):
    body = json.dumps({"words": words})
    headers = {**bearer(actor()), "Content-Type": "application/json"}
    answer = client.post("/parcels", data=body, headers=headers)
    assert is_problem(answer, 422, "invalid")["errors"][0]["field"] == "words"
    assert count(worker, parcels) == 0


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("👨‍👩‍👧 家", "👨‍👩‍👧 家"),
        ("\u202d+86 138\u202c", "+86 138"),
        ("x" * 40, "x" * 40),
        ("漏" * 40, "漏" * 40),
        ("  a  ", "a"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_words_of_people_are_kept(client, words, kept):
    assert post(client, words).get_json()["words"] == kept


def test_prose_may_have_lines(client):
    sent = {"words": "x", "note": "one\ntwo\u2028three\t\r\n"}
    assert client.post("/parcels", json=sent, headers=bearer(actor())).status_code == 201
    sent["note"] = "a\x0bb"
    assert client.post("/parcels", json=sent, headers=bearer(actor())).status_code == 422


def test_a_page_is_cut_where_the_next_one_begins():
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    rows = [{"at": moment, "id": number} for number in range(3)]
    assert cut(rows, 3, "at", "id") == (rows, None)
    shown, more = cut(rows, 2, "at", "id")
    assert shown == rows[:2]
    assert read_cursor(more, datetime, int) == (moment, 1)
    assert cut([], 2, "at", "id") == ([], None)

"""The replay of Boston's records, on invented rows of the same form: what agrees, and every way to differ."""

import csv
import gzip
import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import evaluate_boston as boston

SCRIPT = Path(boston.__file__)
HEADER = "id,created,target,closed,on_time,status,type"
# Closed after everything else, so that the file was extracted at this moment or later.
LAST = "last,2015-12-30T12:00:00,,2016-01-05T09:00:00,ONTIME,Closed,Graffiti"
# reason ("" for agreement, None for nobody knows), what the engine says, the row
ROWS = [
    ("", "ONTIME", "in-time,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-05T09:59:59,ONTIME,Closed,Lamp"),
    ("", "OVERDUE", "late,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-05T10:00:01,OVERDUE,Closed,Lamp"),
    ("", "ONTIME", "at-due,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-05T10:00:00,ONTIME,Closed,Lamp"),
    ("", "ONTIME", "open-in-time,2015-12-30T10:00:00,2016-02-01T10:00:00,,ONTIME,Open,Lamp"),
    ("", "OVERDUE", "open-overdue,2015-03-02T10:00:00,2015-03-05T10:00:00,,OVERDUE,Open,Lamp"),
    ("", "ONTIME", "backwards,2015-03-02T10:00:20,2015-03-05T10:00:00,2015-03-02T10:00:00,ONTIME,Closed,Lamp"),
    ("", "OVERDUE", "no-time,2015-03-02T10:00:00,2015-03-02T10:00:00,2015-03-02T10:05:00,OVERDUE,Closed,Lamp"),
    ("no target", None, "unpromised,2015-03-02T10:00:00,,2015-08-01T10:00:00,ONTIME,Closed,Lamp"),
    ("no flag", "OVERDUE", "unflagged,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-09T10:00:00,,Closed,Lamp"),
    ("same second", "ONTIME", "cut,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-05T10:00:00,OVERDUE,Closed,Lamp"),
    # On the first Sunday of November 01:30 comes twice; the second time is after any moment of the first.
    ("repeated hour", "ONTIME", "dst,2015-10-31T10:00:00,2015-11-01T01:40:00,2015-11-01T01:30:00,OVERDUE,Closed,Lamp"),
    ("closed, no moment", "OVERDUE", "when,2015-03-02T10:00:00,2015-03-05T10:00:00,,ONTIME,Closed,Lamp"),
    ("still open", "ONTIME", "edge,2015-12-30T10:00:00,2016-01-05T15:00:00,,OVERDUE,Open,Lamp"),
    ("closed before opened", "ONTIME",
     "absurd,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-01T10:00:00,OVERDUE,Closed,Lamp"),
    ("target before opened", "OVERDUE",
     "given-up,2015-03-02T10:00:00,2015-03-01T10:00:00,2015-03-02T11:00:00,ONTIME,Closed,Lamp"),
    ("unreadable", None, "smudged,2015-03-02T10:00:00,03/05/2015 10:00,2015-03-05T09:00:00,ONTIME,Closed,Lamp"),
    ("unreadable", None, "unopened,,2015-03-05T10:00:00,2015-03-05T09:00:00,ONTIME,Closed,Lamp"),
    (None, "ONTIME", "wrong,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-03-04T10:00:00,OVERDUE,Closed,Lamp"),
    (None, "OVERDUE", "wrong-too,2015-03-02T10:00:00,2015-03-05T10:00:00,2015-04-04T10:00:00,ONTIME,Closed,Lamp"),
    (None, None, "blamed,2015-03-02T10:00:00,,2015-08-01T10:00:00,OVERDUE,Closed,Lamp"),
]  # fmt: skip


def records(*rows: str) -> list[boston.Record]:
    return boston.read(csv.DictReader(io.StringIO("\n".join([HEADER, *rows]))))[0]


def replay(folder: Path, *rows: str) -> subprocess.CompletedProcess[str]:
    text = "\n".join([HEADER, *rows])
    (folder / boston.NAME).write_bytes(gzip.compress(text.encode()))
    command = [sys.executable, SCRIPT, folder, "--all"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("reason", "verdict", "row"), ROWS, ids=[row.partition(",")[0] for *_, row in ROWS])
def test_a_record_agrees_or_says_itself_why_it_does_not(reason, verdict, row):
    last, record = records(LAST, row)
    judged = boston.judge(record, boston.extraction([last, record]))
    assert (judged.verdict, judged.reason) == (verdict, reason)


def test_every_reason_has_a_row_here():
    assert {reason for reason, *_ in ROWS if reason} == boston.REASONS.keys()


def test_a_row_that_says_the_same_once_more_is_dropped_and_one_that_says_otherwise_is_not():
    once = ROWS[0][2]
    found, dropped = boston.read(
        csv.DictReader(io.StringIO("\n".join([HEADER, once, once, once.replace("ONTIME", "")])))
    )
    assert [record.flag for record in found] == ["ONTIME", ""]
    assert dropped == 1


def test_the_script_counts_each_class_and_ends_well_when_all_is_explained(tmp_path):
    ended = replay(tmp_path, LAST, *(row for reason, _, row in ROWS if reason is not None))
    assert ended.returncode == 0, ended.stderr
    assert "7 agree" in ended.stdout
    assert "unexplained: 0" in ended.stdout


def test_the_script_fails_and_names_the_record_that_nobody_can_explain(tmp_path):
    ended = replay(tmp_path, LAST, *(row for _, _, row in ROWS))
    assert ended.returncode == 1, ended.stderr
    assert "unexplained: 3" in ended.stdout
    assert "wrong: flag OVERDUE, engine ONTIME" in ended.stdout


def test_without_the_data_there_is_nothing_to_replay(tmp_path):
    ended = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "nothing to replay" in ended.stdout


def test_the_month_taken_is_the_fullest_one_that_is_whole():
    days = [datetime(2015, 4, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(30)]
    april = [f"{day},{at:%Y-%m-%dT%H:%M:%S},,,ONTIME,Open,Lamp" for day, at in enumerate(days)]
    crowd = [f"may{number},2015-05-01T12:00:00,,,ONTIME,Open,Lamp" for number in range(50)]
    assert boston.densest_month(records(*april, *crowd)) == "2015-04"


def test_a_target_is_made_again_over_a_holiday_and_over_the_night():
    # Two office days, over Patriots' Day (20 April 2015), from a Friday and a Saturday; and thirty days of any kind.
    rows = [
        "day,2015-04-17T11:20:00,2015-04-22T11:20:00,,ONTIME,Open,Offices",
        "night,2015-04-18T23:10:00,2015-04-23T08:30:00,,ONTIME,Open,Offices",
        "winter,2015-03-01T11:20:00,2015-03-31T11:20:00,,ONTIME,Open,Any day",
        "winter,2015-10-20T11:20:30,2015-11-19T11:20:00,,ONTIME,Open,Any day",
    ]
    found = records(*rows)
    promises = boston.promised_days(found)
    assert {kind: (target.basis, target.days) for kind, target in promises.items()} == {
        "Offices": ("working", 2),
        "Any day": ("clock", 30),
    }
    off = [boston.made_again(record, promises[record.type]) for record in found]
    assert off == [timedelta(0), timedelta(0), timedelta(0), timedelta(seconds=30)]

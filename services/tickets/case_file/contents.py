"""The checks of what a case says: history, words, photos, terms, clocks and what timers fired."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.tickets import acts, chain, ledger, retold, service_levels
from services.tickets.case_file.document import conclusions, entries_of, firings_of, shelf_of
from services.tickets.case_file.findings import Finding, Untruth, counted, holds
from services.tickets.sla.policy import shipped_documents

Case = Mapping[str, Any]
# More steps than any ticket takes; each is computed from all that came before.
MOST_ENTRIES = 10_000


def history_is_whole(case: Case) -> Finding:
    """Every entry follows from the one before, they are this ticket's, and the ticket is as the last one left it."""
    entries, ticket = entries_of(case), case["ticket"]
    if not 0 < len(entries) <= MOST_ENTRIES:
        raise Untruth("处理记录为空或过长。", "The history is empty, or longer than any.")
    broken = chain.first_break(entries)
    if broken is not None:
        raise Untruth(f"处理记录的哈希链在第 {broken} 条断开。", f"The chain of the history breaks at entry {broken}.")
    if {entry["ticket_id"] for entry in entries} != {ticket["id"]} or entries[0]["action"] != "file":
        raise Untruth("处理记录属于另一工单，或并非始于报事。", "The history is another ticket's, or has no filing.")
    if chain.first_disorder(entries) is not None:
        raise Untruth("处理记录的时间先后颠倒。", "The moments of the history are out of order.")
    end = entries[-1]
    if (ticket["version"], ticket["history_hash"], ticket["status"]) != (end["seq"], end["hash"], end["status"]):
        raise Untruth(
            "工单的版本、哈希或状态与最后一条记录不同。",
            "The ticket's version, hash or status is not that of its last entry.",
        )
    return holds(
        f"处理记录共 {len(entries)} 条，逐条相连，末条哈希 {end['hash']}。",
        f"The history of {counted(len(entries), 'entry', 'entries')} is whole; its last hash is {end['hash']}.",
    )


def ticket_is_as_history_says(case: Case) -> Finding:
    """Who asked, what clocks depend on, and how far it came stand in the ticket as its history left them."""
    for name, stored, value in retold.untruths(case["ticket"], entries_of(case)):
        raise Untruth(
            f"工单的 {name} 为 {stored}，处理记录为 {value}。",
            f"The ticket's {name} is {stored}, its history says {value}.",
        )
    return holds("工单所载与处理记录一致。", "What the ticket says of itself is what its history says.")


def request_is_sealed(case: Case) -> Finding:
    """The words of the request are those it was filed with; erased ones, and ones from before seals, are said."""
    state = retold.words_are(case["ticket"], entries_of(case))
    if state is None:
        raise Untruth(
            "工单的标题、描述或地点与其封印不符。",
            "The ticket's title, description or location are not those that history sealed.",
        )
    return {
        retold.SEALED: holds("报事的文字与其封印相符。", "The words of the request match their seal."),
        retold.ERASED: holds(
            "报事的文字已删除，仅存封印。", "The words of the request were erased, and their seal remains."
        ),
        retold.UNSEALED: holds(
            "工单早于文字封印，其标题、描述与地点无从核对。",
            "The ticket is from before requests were sealed: nothing vouches for its title, description and location.",
        ),
    }[state]


def words_are_sealed(case: Case) -> Finding:
    """Words that were erased are allowed and said; words that were changed or added are not."""
    sealed = {
        entry["data"]["remark_id"]: entry["data"]["remark_sha256"]
        for entry in case["history"]
        if entry["data"].get("remark_id")
    }
    for remark in case["remarks"]:
        if sealed.get(remark["id"]) != chain.sealed(remark["salt"], remark["body"]):
            raise Untruth(
                f"留言 {remark['id']} 的文字与其封印不符。",
                f"The words of remark {remark['id']} are not those that history sealed.",
            )
    there, erased = len(case["remarks"]), len(sealed) - len({remark["id"] for remark in case["remarks"]})
    if erased:
        return holds(
            f"{there} 条留言与封印相符；另有 {erased} 条文字已删除，仅存封印。",
            f"Of {counted(there + erased, 'remark', 'remarks')} {there} match their seals; "
            f"the words of {erased} were erased, and their seals remain.",
        )
    return holds(
        f"{there} 条留言与封印相符。",
        f"The words of {counted(there, 'remark', 'remarks')} match their seals, and none was erased.",
    )


def photos_are_recorded(case: Case) -> Finding:
    """Each photo has the digest that history recorded when it was added."""
    recorded = {
        entry["data"]["photo_id"]: entry["data"]["sha256"]
        for entry in case["history"]
        if entry["action"] == "photograph"
    }
    for photo in case["photos"]:
        if recorded.get(photo["id"]) != photo["sha256"]:
            raise Untruth(
                f"照片 {photo['id']} 的摘要与处理记录不符。",
                f"The digest of photo {photo['id']} is not the one that history recorded.",
            )
    there, gone = len(case["photos"]), len(recorded) - len({photo["id"] for photo in case["photos"]})
    return holds(
        f"{there} 张照片的摘要与处理记录一致，{gone} 张已移除。",
        f"The digests of {counted(there, 'photo', 'photos')} are those that history recorded; {gone} were removed.",
    )


def terms_are_there(case: Case) -> Finding:
    """Every policy and calendar of the history is inside, and one that ships with the product is as it ships."""
    policies, calendars = service_levels.versions_of(entries_of(case))
    shelf = shelf_of(case)
    lacking = [*sorted(policies - set(shelf.policies)), *map(str, sorted(calendars - set(shelf.calendars)))]
    if lacking:
        raise Untruth(f"缺少政策或日历 {lacking[0]}。", f"Policy or calendar {lacking[0]} is not inside.")
    for version, policy in shelf.policies.items():
        if policy.version != version:
            raise Untruth(f"政策 {version} 自称 {policy.version}。", f"Policy {version} calls itself {policy.version}.")
        if version in shipped_documents() and shipped_documents()[version] != case["policies"][version]:
            raise Untruth(
                f"政策 {version} 并非随产品发布的同名政策。",
                f"Policy {version} is not the policy of that version that ships with the product.",
            )
    return holds(
        f"处理记录涉及的政策（{'、'.join(sorted(policies))}）与日历（{'、'.join(map(str, sorted(calendars)))}）俱在。",
        f"The policies ({', '.join(sorted(policies))}) and calendars ({', '.join(map(str, sorted(calendars)))}) "
        "that history speaks of are inside.",
    )


def clocks_are_recomputed(case: Case) -> Finding:
    """Clocks and their stories, computed anew from history, policy and calendar, are those stated."""
    ours = conclusions(case)
    theirs = {(clock["clock"], clock["generation"]): clock for clock in case["clocks"]}
    for clock in ours["clocks"]:
        key = (clock["clock"], clock["generation"])
        if key not in theirs:
            raise Untruth(f"案卷缺少计时 {key[0]} {key[1]}。", f"Clock {key[0]} {key[1]} is not stated.")
        stated = theirs[key]
        for name, value in clock.items():
            if stated.get(name) != value:
                raise Untruth(
                    f"计时 {key[0]} {key[1]} 的 {name} 写为 {stated.get(name)}，重算为 {value}。",
                    f"Clock {key[0]} {key[1]} is stated with {name} {stated.get(name)}; recomputed it is {value}.",
                )
    if ours["clocks"] != case["clocks"]:
        raise Untruth("案卷列出了处理记录中没有的计时。", "The case states a clock that history does not know.")
    if _marks(ours) != _marks(case):
        raise Untruth("计时经过与重算的不同。", "The story of a clock is not what history tells.")
    clocks = len(ours["clocks"])
    return holds(
        f"{clocks} 项计时由处理记录、政策与日历重算，结果一致。",
        f"Recomputed from history, policy and calendar, {counted(clocks, 'clock', 'clocks')} came out as stated.",
    )


def _marks(case: Case) -> list[Any]:
    """What the stories say apart from their words, which another edition of the program may put otherwise."""
    return [
        (story["clock"], story["generation"], [(line["at"], line["until"], line["what"]) for line in story["lines"]])
        for story in case["timelines"]
    ]


def acts_are_bounded(case: Case) -> Finding:
    """An act that a phone told later counts from the moment that the rules make of the phone's clock, and no other."""
    entries = entries_of(case)
    for seq, name, recorded, made in ledger.untrue_acts(entries, shelf_of(case)):
        raise Untruth(
            f"第 {seq} 条为补报操作，其 {name} 写为 {recorded}，按规则应为 {made}。",
            f"Entry {seq} was told later and is recorded with {name} {recorded}; by the rules it is {made}.",
        )
    later = sum(acts.phone_of(entry) is not None for entry in entries)
    back = sum(acts.done_before(entry) for entry in entries)
    return holds(
        f"补报操作 {later} 次，其中 {back} 次按实际时间计算，均符合规则。",
        f"{counted(later, 'act was', 'acts were')} told later, {back} of them counted from their own time, "
        "all as the rules have it.",
    )


def firings_are_true(case: Case) -> Finding:
    """What timers fired was due at that very moment; what was due and not fired by then is said."""
    entries, fired, shelf = entries_of(case), firings_of(case), shelf_of(case)
    community_id = case["ticket"]["community_id"]
    early = [firing for firing in fired if firing["fired_at"] < firing["true_at"]]
    for firing in (*ledger.unknown_firings(fired, entries, community_id, shelf), *early):
        raise Untruth(
            f"{firing['kind']} {firing['generation']} 的第 {firing['level']} 级提示与处理记录不符。",
            f"Level {firing['level']} of clock {firing['kind']} {firing['generation']} was fired at a moment that "
            "history does not know.",
        )
    asof = datetime.fromisoformat(case["exported"]["at"])
    gone = {ledger.level_of(firing) for firing in fired}
    owed = [
        row
        for row in ledger.rows_of(case["ticket"], entries, shelf, gone)
        if row["next_fire_at"] is not None and row["next_fire_at"] < asof
    ]
    if owed:
        return holds(
            f"{len(fired)} 次预警与超时提示的时刻属实；导出时另有 {len(owed)} 项计时到点而尚未提示。",
            f"{counted(len(fired), 'level was', 'levels were')} fired at the true moment; of "
            f"{counted(len(owed), 'clock', 'clocks')} more was due and not fired by the time of the export.",
        )
    return holds(
        f"{len(fired)} 次预警与超时提示的时刻属实，到点者均已提示。",
        f"{counted(len(fired), 'level was', 'levels were')} fired at the true moment, and none was owed.",
    )


CHECKS = (
    history_is_whole,
    ticket_is_as_history_says,
    request_is_sealed,
    words_are_sealed,
    photos_are_recorded,
    terms_are_there,
    acts_are_bounded,
    clocks_are_recomputed,
    firings_are_true,
)

"""What people do in the demo: residents file and answer, the desk sorts, crews race for jobs and do them."""

import itertools
import queue
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from doorstep.demo.client import Client, Refused
from doorstep.demo.ledger import Day
from doorstep.demo.texts import Text
from services.kit import clock

# How long somebody with nothing to do waits before looking again.
LOOK_AGAIN_SECONDS = 0.1
# How often a household looks at its notices.
NOTICES_SECONDS = 1.5
JOBS_SEEN, CLAIMS_TRIED = 10, 3
PAUSE = timedelta(hours=1)
OURS = {
    "handed over": ("同事更顺路，转由其处理。", "A colleague is nearer."),
    "released": ("临时有紧急任务，先放回待接单。", "Called to an emergency; back to the pool."),
    "declined": (
        "该事项不属于物业服务范围，已为您列出可联系的部门。",
        "This belongs to the city.",
    ),
    "cancelled": ("已自行解决，谢谢。", "Solved meanwhile, thank you."),
    "reopened": ("昨天又出现了同样的情况。", "The same thing happened again."),
}


def waiting_for(reason: str) -> dict[str, str]:
    """Return the body of a pause that ends today."""
    return {"reason": reason, "note": "已说明原因，并告知预计恢复时间。", "until": (clock.now() + PAUSE).isoformat()}


def step(day: Day, who: Client, ticket_id: str, action: str, body: Mapping[str, Any] | None = None) -> bool:
    """Take one step and remember it; False where somebody else was faster. Raises Refused for any other refusal."""
    reply = who.post(f"/tickets/{ticket_id}/{action}", body)
    if reply.ok:
        day.ledger.note_step(ticket_id, _in_history(action), who.id)
        if action == "complete":
            day.ledger.note_completed(reply.body)
        return True
    if reply.status == 409:
        day.ledger.note_refusal(action)
        return False
    raise Refused(f"{action} of {ticket_id} by {who.login}: {reply.status} {reply.body.get('detail')}")


def _in_history(action: str) -> str:
    return "comment" if action == "comments" else action


@dataclass
class Filing:
    """The residents' half of the day that writes: each request once, and what they say about it at once."""

    day: Day
    work: "queue.Queue[tuple[Client, Text]]"
    desk: "queue.Queue[str]"
    gate: Callable[[int], None] = lambda _number: None
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def run(self) -> None:
        """File until nothing is left to file. `gate` may hold a filing back, so that there is work while things die."""
        while not self.day.stop.is_set():
            try:
                resident, text = self.work.get_nowait()
            except queue.Empty:
                return
            self.gate(next(self.numbers))
            self._file(resident, text)

    def _file(self, resident: Client, text: Text) -> None:
        body = {"description": text.description, "title": text.title, "channel": "web"}
        ticket = resident.post("/tickets", body).wanted()
        plan = self.day.ledger.note_filed(ticket)
        self.desk.put(ticket["id"])
        chinese = text.locale == "zh-CN"
        if plan.comment:
            words = "工作日晚上七点以后在家。" if chinese else "Somebody is at home after seven."
            step(self.day, resident, ticket["id"], "comments", {"body": words})
        if plan.cancel and step(self.day, resident, ticket["id"], "cancel", {"reason": OURS["cancelled"][not chinese]}):
            self.day.ledger.settle(ticket["id"])


@dataclass
class Desk:
    """A dispatcher: answers some requests, gives some to somebody by name, turns a few down."""

    day: Day
    who: Client
    inbox: "queue.Queue[str]"
    crews: list[str]

    def run(self) -> None:
        """Sort what comes in until the day is over."""
        while not self.day.over:
            try:
                ticket_id = self.inbox.get(timeout=LOOK_AGAIN_SECONDS)
            except queue.Empty:
                continue
            self._sort(ticket_id)

    def _sort(self, ticket_id: str) -> None:
        plan = self.day.ledger.plan_of(ticket_id)
        if plan.acknowledge:
            step(self.day, self.who, ticket_id, "acknowledge")
        if plan.promise:
            at = (clock.now() + timedelta(hours=6)).isoformat()
            step(self.day, self.who, ticket_id, "promise", {"promised_at": at})
        if plan.assign:
            crew = self.crews[sum(ticket_id.encode()) % len(self.crews)]
            step(self.day, self.who, ticket_id, "assign", {"to": crew})
        if plan.decline and step(self.day, self.who, ticket_id, "decline", {"reason": OURS["declined"][0]}):
            self.day.ledger.settle(ticket_id)


@dataclass
class Crew:
    """A crew member: does what is theirs first, and races the others for the top of the pool."""

    day: Day
    who: Client
    crews: list[str]

    def run(self) -> None:
        """Work until the day is over."""
        while not self.day.over:
            job = self._own() or self._race()
            if job is None:
                self.day.wait(LOOK_AGAIN_SECONDS)
            else:
                self._do(job)

    def _own(self) -> str | None:
        """Return a job that was given to us, or that came back to us because it was not solved."""
        for status in ("reopened", "assigned"):
            found = self.who.get(f"/tickets?owner=me&status={status}&limit=1").wanted()["items"]
            if found:
                return str(found[0]["id"])
        return None

    def _race(self) -> str | None:
        """Claim from the top of the pool until a claim wins."""
        jobs = self.who.get(f"/pool?limit={JOBS_SEEN}").wanted()["items"]
        free = [job["id"] for job in jobs if not self.day.ledger.plan_of(job["id"]).kept_by_desk]
        for ticket_id in free[:CLAIMS_TRIED]:
            if step(self.day, self.who, ticket_id, "claim"):
                return str(ticket_id)
        return None

    def _do(self, ticket_id: str) -> None:
        plan, ledger = self.day.ledger.plan_of(ticket_id), self.day.ledger
        if plan.release and ledger.first_time(ticket_id, "release"):
            step(self.day, self.who, ticket_id, "release", {"reason": OURS["released"][0]})
            return
        if plan.hand_over and ledger.first_time(ticket_id, "hand over"):
            colleague = next(crew for crew in self.crews if crew != self.who.id)
            step(self.day, self.who, ticket_id, "assign", {"to": colleague, "note": OURS["handed over"][0]})
            return
        ways: list[tuple[str, Mapping[str, Any] | None]] = [("depart", None), ("arrive", None), ("start", None)]
        if plan.pause and ledger.first_time(ticket_id, "pause"):
            ways += [("pause", waiting_for(plan.pause)), ("resume", None)]
        if plan.remark:
            ways.append(("comments", {"body": "已拍照存档，备件型号已登记。", "visible": False}))
        # The resident may withdraw the request until work begins; then there is nothing left to do.
        for action, body in [*ways, ("complete", {"note": "已处理完毕，请您查验。"})]:
            if not step(self.day, self.who, ticket_id, action, body):
                return


@dataclass
class Households:
    """Some residents at their phones: they read their notices, confirm, reopen, and answer when they are asked."""

    day: Day
    residents: list[Client]
    seen: set[str] = field(default_factory=set)
    later: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def run(self) -> None:
        """Look at everybody's notices in turn until the day is over."""
        while not self.day.over:
            awaiting = set(self.day.ledger.awaiting())
            for resident in self.residents:
                if resident.id in awaiting and not self.day.over:
                    self._read(resident)
            self.day.wait(NOTICES_SECONDS)

    def _read(self, resident: Client) -> None:
        news = [*self.later.pop(resident.id, []), *reversed(list(self._news(resident)))]
        self.seen.update(notice["id"] for notice in news)
        for notice in news:
            if notice["kind"] == "ticket.completed":
                self._completed(resident, notice["ticket_id"])
            elif notice["kind"] == "survey.invited" and not self._asked(resident, notice):
                self.later.setdefault(resident.id, []).append(notice)

    def _news(self, resident: Client) -> Iterator[dict[str, Any]]:
        """Yield what was not seen yet, newest first, page by page until a page holds nothing new."""
        path: str | None = "/notices?limit=50"
        while path:
            reply = resident.get(path)
            items = reply.wanted()["items"]
            fresh = [notice for notice in items if notice["id"] not in self.seen]
            yield from fresh
            path = _next(reply.headers.get("Link", "")) if len(fresh) == len(items) else None

    def _completed(self, resident: Client, ticket_id: str) -> None:
        plan, ledger = self.day.ledger.plan_of(ticket_id), self.day.ledger
        if plan.reopen and ledger.first_time(ticket_id, "reopen"):
            step(self.day, resident, ticket_id, "reopen", {"reason": OURS["reopened"][0]})
        elif plan.confirm and ledger.first_time(ticket_id, "confirm"):
            step(self.day, resident, ticket_id, "confirm")

    def _asked(self, resident: Client, notice: Mapping[str, Any]) -> bool:
        """Open the survey's link and answer as planned; False where it is too early to tell what it asks about."""
        ticket_id, ledger = notice["ticket_id"], self.day.ledger
        token = notice["data"]["survey_token"]
        survey = resident.get(f"/surveys/{token}").wanted()
        newest = ledger.completed_at.get(ticket_id)
        asked_about = datetime.fromisoformat(survey["completed_at"])
        if survey["state"] != "invited" or (newest is not None and asked_about < newest):
            return True
        if newest is None or asked_about > newest:
            return False
        resident.post(f"/notices/{notice['id']}/read").wanted()
        plan = ledger.plan_of(ticket_id)
        if not plan.answers:
            # Silence is no answer. Who reopened by themselves is silent only about the completion after that.
            if not plan.reopen or ledger.completions[ticket_id] > 1:
                ledger.settle(ticket_id)
            return True
        solved = plan.solved or not ledger.first_time(ticket_id, "not solved")
        reply = resident.post(
            f"/surveys/{token}",
            {"solved": solved, "satisfaction": plan.satisfaction, "comment": None if solved else "还是老样子。"},
        )
        if not reply.ok:
            raise Refused(f"the survey of {ticket_id}: {reply.status} {reply.body.get('detail')}")
        ledger.note_answer(ticket_id, solved=solved)
        return True


def _next(link: str) -> str | None:
    """Return the path of the next page from a Link header, below /api/v1."""
    for part in link.split(","):
        target, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return target.strip(" <>").partition("/api/v1")[2]
    return None

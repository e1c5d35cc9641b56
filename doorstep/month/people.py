"""What people do in the month: each request is a story, told by those who live it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from doorstep.demo.texts import Text
from doorstep.month.agenda import Story
from doorstep.month.desk import Desk
from doorstep.month.pictures import photo
from doorstep.sample import HUATING
from doorstep.sample.organisation import Person
from services.kit import clock

ZONE = ZoneInfo("Asia/Shanghai")
DISPATCHER, CREWS = "dispatcher1", ("crew1", "crew2")
OPENS, SHUTS = 8.5, 18.0
EMERGENCY, URGENT = "emergency", "urgent"
# Of a hundred requests, how many go which way.
WAYS = {"smooth": 46, "paused": 16, "late": 10, "reopened": 8, "silent": 12, "cancelled": 4, "declined": 4}


def minutes(luck: random.Random, least: float, most: float) -> timedelta:
    """Return some minutes between two numbers of them."""
    return timedelta(minutes=luck.uniform(least, most))


def in_hours(moment: datetime) -> datetime:
    """Return the moment, or the next opening of the desk where it lies outside its hours."""
    local = moment.astimezone(ZONE)
    hour = local.hour + local.minute / 60
    if OPENS <= hour < SHUTS:
        return moment
    day = local if hour < OPENS else local + timedelta(days=1)
    return day.replace(hour=8, minute=35, second=0, microsecond=0) + timedelta(minutes=local.minute % 20)


@dataclass
class Town:
    """The people and their luck, the same for the same seed."""

    desk: Desk
    luck: random.Random
    residents: Sequence[Person]
    filed: int = 0

    def request(self, text: Text, way: str) -> Story:
        """Tell one request from its filing to the household's answer, or as far as the month goes."""
        who = self.somebody(text.locale)
        body = {"description": text.description, "channel": "web"}
        ticket = self.desk.ask(who.login, "POST", "/tickets", body)
        self.filed += 1
        if self.luck.random() < 0.2:
            self.desk.show(who.login, f"/tickets/{ticket['id']}/photos", photo(self.filed))
        if way == "cancelled":
            yield minutes(self.luck, 5, 15)
            yield from self.step(who.login, ticket, "cancel", {"reason": "已自行解决，谢谢。"})
            return
        hurried = ticket["urgency"] in (EMERGENCY, URGENT)
        yield self._soon(hurried, 3, 25)
        if way == "declined" and not hurried:
            words = "该事项由市政部门负责，我们已把联系电话和办理方式写在下面：12345。"
            yield from self.step(DISPATCHER, ticket, "decline", {"reason": words})
            return
        if ticket["owner"]["kind"] == "desk" and self.luck.random() < 0.6:
            yield from self.step(DISPATCHER, ticket, "acknowledge")
        if way == "late":
            yield self._soon(hurried, *((90, 300) if hurried else (2800, 5200)))
            yield from self.step(who.login, ticket, "urge")
        yield from self._worked(who, ticket, way, hurried)
        if way == "reopened":
            yield minutes(self.luck, 120, 900)
            yield from self.step(who.login, ticket, "reopen", {"reason": "又出现了同样的情况，请再来看看。"})
            yield self._soon(hurried, 30, 240)
            yield from self._worked(who, ticket, "smooth", hurried)
        yield from self._heard(who, ticket, way)

    def id_of(self, login: str) -> str:
        """Return the id of a member of staff."""
        return next(person.id for person in HUATING.people if person.login == login)

    def somebody(self, locale: str) -> Person:
        """Return a resident who reads a language."""
        return self.luck.choice([person for person in self.residents if person.locale == locale])

    def _soon(self, hurried: bool, least: float, most: float) -> datetime:
        moment = clock.now() + minutes(self.luck, least, most)
        return moment if hurried else in_hours(moment)

    def step(self, login: str, ticket: dict[str, Any], action: str, body: Any = None) -> Story:
        """Take a step if the ticket is still where it can be taken: meanwhile others act too."""
        now = self.desk.ask(login, "GET", f"/tickets/{ticket['id']}")
        if action.replace("-", "_") in now["actions"]:
            self.desk.ask(login, "POST", f"/tickets/{ticket['id']}/{action}", body)
        yield timedelta(seconds=self.luck.randint(5, 50))

    def _worked(self, who: Person, ticket: dict[str, Any], way: str, hurried: bool) -> Story:
        crew = self.luck.choice(CREWS)
        yield self._soon(hurried, 4, 40)
        yield from self.step(crew, ticket, "claim")
        if self.luck.random() < 0.5:
            promised = in_hours(clock.now() + minutes(self.luck, 90, 400))
            yield from self.step(crew, ticket, "promise", {"promised_at": promised.isoformat()})
        elif not hurried and self.luck.random() < 0.4:
            yield from self._appointed(who, crew, ticket)
        yield self._soon(hurried, 5, 60)
        yield from self.step(crew, ticket, "depart")
        yield minutes(self.luck, 4, 25)
        yield from self.step(crew, ticket, "arrive", self._told_later())
        if ticket["urgency"] == EMERGENCY:
            yield minutes(self.luck, 3, 15)
            yield from self.step(crew, ticket, "make-safe", {"note": "已关闭阀门并断电，现场已无危险。"})
        yield from self.step(crew, ticket, "start")
        if way == "paused":
            yield minutes(self.luck, 10, 40)
            yield from self._paused(who, crew, ticket, hurried)
        yield minutes(self.luck, 15, 110)
        if self.luck.random() < 0.3:
            yield from self.step(crew, ticket, "comments", {"body": "已拍照存档，备件型号已登记。", "visible": False})
        if self.luck.random() < 0.25:
            yield from self._photographed(crew, ticket)
        yield from self.step(crew, ticket, "complete", {"note": "已处理完毕，请您查验。"})

    def _appointed(self, who: Person, crew: str, ticket: dict[str, Any]) -> Story:
        """Agree on when somebody comes, and wait for it; some come late."""
        begins = in_hours(clock.now() + minutes(self.luck, 120, 1500))
        window = {"from": begins.isoformat(), "to": (begins + timedelta(hours=2)).isoformat()}
        yield from self.step(crew, ticket, "propose", window)
        yield minutes(self.luck, 5, 60)
        seen = self.desk.ask(who.login, "GET", f"/tickets/{ticket['id']}")["appointment"]
        if seen and seen["proposed"]:
            yield from self.step(who.login, ticket, "agree", {"seen": seen["version"]})
        yield begins + minutes(self.luck, 0, 130)

    def _told_later(self) -> dict[str, str] | None:
        """Return what a phone in a cellar without signal says of an act: when it was done, and when it is sent."""
        if self.luck.random() > 0.08:
            return None
        done = clock.now() - minutes(self.luck, 2, 4)
        return {"acted_at": done.isoformat(), "sent_at": clock.now().isoformat()}

    def _photographed(self, crew: str, ticket: dict[str, Any]) -> Story:
        now = self.desk.ask(crew, "GET", f"/tickets/{ticket['id']}")
        if "photograph" in now["actions"]:
            self.desk.show(crew, f"/tickets/{ticket['id']}/photos", photo(self.luck.randrange(3)))
        yield timedelta(minutes=1)

    def _paused(self, who: Person, crew: str, ticket: dict[str, Any], hurried: bool) -> Story:
        reason = self.luck.choice(("parts", "parts", "access", "resident_choice", "third_party"))
        until = in_hours(clock.now() + minutes(self.luck, 300, 1700))
        body = {"reason": reason, "note": "已说明原因，并告知预计恢复时间。", "until": until.isoformat()}
        yield from self.step(crew, ticket, "pause", body)
        if reason != "resident_choice" and self.luck.random() < 0.3:
            yield timedelta(minutes=40)
            yield from self.step(who.login, ticket, "object", {"reason": "家里有老人，希望能早一点来修。"})
        yield until - minutes(self.luck, 5, 60)
        yield from self.step(crew, ticket, "resume")

    def _heard(self, who: Person, ticket: dict[str, Any], way: str) -> Story:
        """Let the household confirm and answer the return visit, or say nothing."""
        if way != "silent" and self.luck.random() < 0.6:
            yield minutes(self.luck, 20, 600)
            yield from self.step(who.login, ticket, "confirm")
        if way == "silent" or self.luck.random() < 0.25:
            return
        yield timedelta(hours=self.luck.uniform(25, 40))
        for token in self._tokens(who, ticket):
            score = {"late": (1, 2, 2, 3), "reopened": (2, 3, 4)}.get(way, (3, 4, 4, 5, 5, 5))
            answer = {"solved": way != "late" or self.luck.random() < 0.8, "satisfaction": self.luck.choice(score)}
            self.desk.try_to("", "POST", f"/surveys/{token}", answer)

    def _tokens(self, who: Person, ticket: dict[str, Any]) -> Iterator[str]:
        notices = self.desk.ask(who.login, "GET", "/notices?limit=50")["items"]
        for notice in notices:
            if notice["kind"] == "survey.invited" and notice["ticket_id"] == ticket["id"]:
                self.desk.ask(who.login, "POST", f"/notices/{notice['id']}/read")
                yield notice["data"]["survey_token"]
                return

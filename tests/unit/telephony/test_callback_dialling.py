"""Phones rung for callbacks: what is sent, only when it is kept, only as the rules of dialling allow, and what comes back."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime

import pytest

from core.callback import Attempt, Callback, First
from core.desk import DialPolicy
from core.effects import PlaceCallback
from core.errors import ContactCentreError, NotFound, Rejected, ResultUnknown, Unavailable
from core.events import CallbackNotDialled
from telephony.callback_dialling import CallbackCalls, CallClient
from telephony.commands import Command
from telephony.dial_policy import DialRules
from telephony.dialling import DialPlan
from telephony.wire import Headers
from tests.items import callback

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PLAN = DialPlan(phone="PJSIP/{extension}", context="from-agent", prefix="9", client_phone="PJSIP/{number}@trunk")


class Line:
    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.fails: ContactCentreError | None = None

    def send(self, command: Command) -> Awaitable[Headers]:
        self.sent.append(dict(command.headers()))
        return self._answer()

    async def _answer(self) -> Headers:
        if self.fails is not None:
            raise self.fails
        return {}


class Desk:
    """`unkept`: the record can't promise anything now."""

    def __init__(self, plan: DialPlan = PLAN, policy: DialPolicy | None = None) -> None:
        self.line, self.told, self.expected = Line(), list[CallbackNotDialled](), list[tuple[str, str, str]]()
        self.unkept = False
        self.rules = DialRules(policy or DialPolicy(), region="LV", is_internal=lambda _digits: False)
        self.calls = CallbackCalls(
            {"pbx1": self.line},
            {"pbx1": plan},
            rules=self.rules,
            keep=self.keep,
            expect=lambda *what: self.expected.append(what),  # type: ignore[arg-type]  # three texts
            deliver=self.told.append,
            now=lambda: NOW,
        )

    async def keep(self) -> None:
        assert not self.line.sent, "nothing rings before it is kept"
        if self.unkept:
            raise Unavailable("the disk is full")

    def place(self, one: Callback) -> None:
        attempt = Attempt(at=NOW, agent="1001", login="anna", leg_id="cb.1.1795262400.0", call_id="c")
        asyncio.run(self.calls.place(PlaceCallback(callback=one, attempt=attempt, ring_s=15)))

    def why(self) -> tuple[str, bool, bool, float | None]:
        (told,) = self.told
        assert (told.leg_id, told.at) == ("cb.1.1795262400.0", NOW)
        return told.why, told.certain, told.barred, told.retry_s


def test_the_operators_phone_rings_and_dials_the_client_then() -> None:
    desk = Desk()
    desk.place(callback(first=First.OPERATOR, name='Ilze "O" <b>'))
    (sent,) = desk.line.sent
    assert sent == {
        "Action": "Originate", "Channel": "PJSIP/1001", "Context": "from-agent", "Exten": "937120000001", "Priority": "1",
        "Timeout": "15000", "CallerID": '"Ilze O b" <37120000001>', "ChannelId": "cb.1.1795262400.0", "Async": "true",
    }  # fmt: skip
    assert not desk.told and not desk.expected


def test_the_clients_phone_rings_and_they_wait_then() -> None:
    desk = Desk()
    desk.place(callback(first=First.CLIENT))
    (sent,) = desk.line.sent
    assert (sent["Channel"], sent["Context"], sent["Exten"]) == ("PJSIP/37120000001@trunk", "meridian-acd", "support")
    assert "CallerID" not in sent, "the trunk says who calls"
    assert desk.expected == [("pbx1", "cb.1.1795262400.0", "+37120000001")]


def test_client_first_needs_a_way_to_them() -> None:
    desk = Desk(plan=DialPlan(phone="PJSIP/{extension}", context="from-agent", prefix="9"))
    desk.place(callback(first=First.CLIENT))
    assert desk.why() == ("no_client_phone", True, False, None) and not desk.line.sent


@pytest.mark.parametrize("number", ["+37190000000", "+88213300000", "112", "", "anonymous", "+79161110001", "1001"])
def test_what_the_rules_forbid_is_never_dialled_and_barred_for_good(number: str) -> None:
    desk = Desk()
    assert desk.calls.barred(number) == "number_not_allowed"
    desk.place(callback(number=number, first=First.OPERATOR))
    assert desk.why() == ("number_not_allowed", True, True, None) and not desk.line.sent


def test_an_ordinary_number_isnt_barred() -> None:
    assert Desk().calls.barred("+37120000001") is None


def test_too_many_calls_wait_and_count_for_the_operator_who_calls() -> None:
    desk = Desk(policy=DialPolicy(per_user_minute=1))
    desk.place(callback(first=First.OPERATOR))
    desk.line.sent.clear()
    desk.place(callback(first=First.OPERATOR))
    assert desk.why() == ("too_many_calls", True, False, 60.0) and not desk.line.sent


def test_what_cant_be_kept_isnt_dialled() -> None:
    desk = Desk()
    desk.unkept = True
    desk.place(callback(first=First.OPERATOR))
    assert desk.why() == ("not_kept", True, False, 30.0) and not desk.line.sent


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (ResultUnknown("no answer"), ("result_unknown", False, False, None)),
        (Unavailable("the line is down"), ("unavailable", True, False, None)),
        (NotFound("no such extension"), ("not_found", True, False, None)),
    ],
)
def test_what_the_pbx_says_is_told(failure: ContactCentreError, why: tuple[str, bool, bool, None]) -> None:
    desk = Desk()
    desk.line.fails = failure
    desk.place(callback(first=First.OPERATOR))
    assert desk.why() == why


def test_a_pbx_that_is_no_more() -> None:
    desk = Desk()
    desk.place(callback(pbx="gone", first=First.OPERATOR))
    assert desk.why() == ("no_such_pbx", True, False, None)


@pytest.mark.parametrize("wrong", [{"phone": "x"}, {"queue": "a,b"}, {"channel_id": "/x"}, {"timeout_s": 0}])
def test_nothing_else_gets_into_the_command(wrong: dict[str, object]) -> None:
    fine = {"phone": "PJSIP/1@trunk", "queue": "support", "channel_id": "cb.1.2.3"}
    CallClient(**fine)  # type: ignore[arg-type]
    with pytest.raises(Rejected):
        CallClient(**{**fine, **wrong})  # type: ignore[arg-type]

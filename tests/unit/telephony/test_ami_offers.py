"""Ringing for callers and sending them on: what is sent in which order, what is asked before, and what comes back."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.effects import RingAgent, SendCaller, StopRinging
from core.errors import ContactCentreError, NotFound, Rejected, ResultUnknown, Unavailable
from core.events import RingFailed, SendFailed
from core.lobby import Lobby
from core.model import Door
from telephony import ami_offers
from telephony.ami_offers import Offers, Wanted
from telephony.commands import Command
from telephony.wire import Headers
from tests.adapters.link_line import until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RING = RingAgent(
    pbx="one", call_id="a1", offer_id="cc.77.0.1", agent="1001", queue="sales", caller_channel="PJSIP/trunk-0000002a",
    caller_uniqueid="77.0", shown_number="+79161110001", shown_name="Anna", ring_s=12,
)  # fmt: skip
STOP = StopRinging(pbx="one", offer_id="cc.77.0.1")
SEND = SendCaller(
    pbx="one", call_id="a1", caller_uniqueid="77.0", caller_channel="PJSIP/trunk-0000002a", door=Door.VOICEMAIL, queue="sales"
)  # fmt: skip


class Line:
    """A link that keeps what it was given. `says`: per variable what it answers; `fails`: per action what it raises."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.says: dict[str, str] = {"CC_SERVED": "0", "CHANNEL(state)": "Ringing"}
        self.fails: dict[str, list[ContactCentreError | None]] = {}
        self.go = asyncio.Event()
        self.go.set()

    def send(self, command: Command) -> Awaitable[Headers]:
        self.sent.append(dict(command.headers()))
        return self._answer(self.sent[-1])

    async def _answer(self, sent: dict[str, str]) -> Headers:
        await self.go.wait()
        failures = self.fails.get(sent["Action"], [])
        if failures and (failure := failures.pop(0)) is not None:
            raise failure
        variable = sent.get("Variable", "")
        return {"Value": self.says.get(variable, "1" if variable.startswith("DIALPLAN_EXISTS") else "")}

    @property
    def acts(self) -> list[str]:
        return [sent["Action"] for sent in self.sent if sent["Action"] != "Getvar"]


class Desk:
    """Offers over one line, and what they told."""

    def __init__(self, **options: object) -> None:
        self.line = Line()
        self.told: list[RingFailed | SendFailed] = []
        self.offers = Offers(
            {"one": self.line}, {"one": "PJSIP/{extension}"}, self.told.append, lambda: NOW, **options  # type: ignore[arg-type]
        )  # fmt: skip

    async def carried_out(self, *wanted: Wanted) -> None:
        for each in wanted:
            self.offers.put(each)
        task = asyncio.create_task(self.offers.run())
        for _ in range(400):
            await asyncio.sleep(0)
        if self.line.go.is_set():
            await until(lambda: not self.offers.under_way)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_rings_with_all_that_the_dialplan_needs() -> None:
    desk = Desk()
    await desk.carried_out(RING)
    (sent,) = desk.line.sent
    assert (sent["Action"], sent["Channel"], sent["ChannelId"]) == ("Originate", "PJSIP/1001", "cc.77.0.1")
    assert (sent["CallerID"], sent["Timeout"]) == ('"Anna" <+79161110001>', "12000")
    assert desk.told == []


async def test_what_a_caller_calls_themself_is_made_harmless() -> None:
    desk = Desk()
    await desk.carried_out(replace(RING, shown_number="anonymous\r\nAction: Command", shown_name='A "b" <c>'))
    assert desk.line.sent[0]["CallerID"] == '"A b c" <>'


async def test_a_queue_may_have_a_whisper_and_be_recorded() -> None:
    lobbies = {"sales": Lobby(whisper="custom/sales", record=True)}
    desk = Desk(lobby_of=lambda queue: lobbies.get(queue, Lobby()))
    made = desk.offers._ring(RING)
    assert (made.announce, made.record) == ("custom/sales", "a1-1772366400.wav")
    other = desk.offers._ring(replace(RING, queue="support"))
    assert (other.announce, other.record) == ("", "")


@pytest.mark.parametrize(
    ("failure", "certain"),
    [
        (Unavailable("one takes no commands now."), True),
        (Rejected("The PBX refuses: Extension does not exist."), True),
        (ResultUnknown("Originate was sent, but the connection broke"), False),
    ],
)
async def test_what_cannot_be_rung_is_told_and_never_tried_again(failure: ContactCentreError, certain: bool) -> None:
    desk = Desk()
    desk.line.fails["Originate"] = [failure]
    await desk.carried_out(RING)
    assert desk.line.acts == ["Originate"]
    assert desk.told == [
        RingFailed(at=NOW, call_id="a1", offer_id="cc.77.0.1", agent="1001", why=str(failure), certain=certain)
    ]


async def test_a_phone_that_can_be_none_is_told() -> None:
    desk = Desk()
    await desk.carried_out(replace(RING, agent="10\r\n01"), replace(RING, queue="Sales Team"))
    assert desk.line.sent == [] and [failed.certain for failed in desk.told] == [True, True]


async def test_a_late_answer_holds_nobody_up_and_the_order_stays() -> None:
    desk = Desk()
    desk.line.go.clear()
    await desk.carried_out(RING, replace(RING, offer_id="cc.77.0.2"), STOP)
    assert [sent.get("ChannelId", sent["Action"]) for sent in desk.line.sent] == ["cc.77.0.1", "cc.77.0.2", "Getvar"]


async def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_offers, "_MOST_UNDER_WAY", 2)
    desk = Desk()
    desk.line.go.clear()
    for n in range(4):
        desk.offers.put(replace(RING, offer_id=f"cc.77.0.{n}"))
    assert [failed.offer_id for failed in desk.told] == ["cc.77.0.2", "cc.77.0.3"]
    assert all(failed.certain for failed in desk.told)


# -- silence


async def test_the_phone_falls_silent_without_a_missed_call() -> None:
    desk = Desk()
    await desk.carried_out(STOP)
    assert desk.line.sent[-1] == {"Action": "Hangup", "Channel": "cc.77.0.1", "Cause": "26"}


async def test_who_has_answered_is_not_cut_off() -> None:
    desk = Desk()
    desk.line.says["CHANNEL(state)"] = "Up"
    await desk.carried_out(STOP)
    assert desk.line.acts == []


async def test_a_channel_that_is_yet_to_be_made_is_waited_for() -> None:
    desk = Desk()
    desk.line.fails["Getvar"] = [NotFound("No such channel"), NotFound("No such channel"), None]
    await desk.carried_out(STOP)
    assert desk.line.acts == ["Hangup"]


async def test_what_rings_no_more_needs_no_silence(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.line.fails["Getvar"] = [NotFound("No such channel")] * 9
    await desk.carried_out(STOP)
    assert desk.line.acts == [] and len(desk.line.sent) == 4 and caplog.text == ""


# -- doors


async def test_a_caller_goes_through_the_door() -> None:
    desk = Desk()
    await desk.carried_out(SEND)
    assert desk.line.sent[-1] == {
        "Action": "Redirect", "Channel": "77.0", "Context": "meridian-voicemail", "Exten": "sales", "Priority": "1",
    }  # fmt: skip


async def test_a_caller_who_talks_by_now_is_left_alone() -> None:
    desk = Desk()
    desk.line.says["CC_SERVED"] = "1"
    await desk.carried_out(SEND)
    assert desk.line.acts == []


async def test_without_a_door_the_caller_stays(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.line.says["DIALPLAN_EXISTS(meridian-voicemail,sales,1)"] = "0"
    await desk.carried_out(SEND)
    assert desk.line.acts == []
    (told,) = desk.told
    assert isinstance(told, SendFailed) and told.call_id == "a1"
    assert "no voicemail for the queue sales" in caplog.text and "no voicemail for the queue sales" in told.why


async def test_a_mistake_of_ours_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    await desk.carried_out(replace(RING, pbx="unknown"), RING)
    assert [failed.certain for failed in desk.told] == [False] and desk.line.acts == ["Originate"]
    assert "offer failed" in caplog.text

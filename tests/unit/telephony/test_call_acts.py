"""What an operator may have done to a call: only to their own part, only when it makes sense, once."""

from collections.abc import Awaitable, Callable

import pytest

from core.desk import DialPolicy
from core.destination import Destination, DestinationKind, RecordingAct
from core.errors import Conflict, ContactCentreError, Forbidden, NotFound, Rejected, ResultUnknown, Unavailable
from telephony.call_acts import CallActs
from telephony.commands import AttendedTransfer, BlindTransfer, CancelTransfer, Command, HangUp, Mute, Park
from telephony.dial_policy import DialRules
from telephony.dialling import DialPlan, Phones
from telephony.facts import FromPbx, HangupAsked, RecordingBegan, RecordingPaused
from telephony.live import Endpoints
from telephony.recording_commands import PauseRecording, ResumeRecording, StartRecording, StopRecording
from telephony.wire import Headers
from tests.playbook import AGENTS, Playbook, at

SITE = "riga"
COLLEAGUE = Destination(DestinationKind.AGENT, "1002")


class Line:
    """Takes commands; `fails` refuses them."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.fails: ContactCentreError | None = None

    async def send(self, command: Command) -> Headers:
        if self.fails:
            raise self.fails
        self.sent.append(command)
        return {"Response": "Success"}


class Desk:
    def __init__(self) -> None:
        self.line, self.other = Line(), Line()
        self.play = Playbook()
        self.tracker = self.play.tracker
        policy = DialPolicy(per_user_minute=2)
        plan = DialPlan(
            phone="PJSIP/{extension}", context="from-agent", prefix="9", queues={"sales": "501"}, parking_s=45
        )
        phones = Phones(Endpoints(AGENTS), {"pbx1": plan}, policy)
        self.told: list[FromPbx] = []
        self.now = 100.0
        self.acts = CallActs(
            {"pbx1": self.line, "pbx2": self.other},
            {"pbx1": plan, "pbx2": plan},
            {"pbx2": Playbook().tracker, "pbx1": self.tracker},
            phones=phones,
            rules=DialRules(policy, region="RU", is_internal=phones.is_internal),
            deliver=self.deliver,
            now=lambda: at(self.now),
        )

    def deliver(self, told: FromPbx) -> None:
        self.told.append(told)
        self.play.feed(told.fact)

    def talking(self) -> str:
        """A client (A) talks with 1001 (B); the id of the call."""
        self.play.created(0, "A", "trunk", number="79161110001")
        self.play.rang(1, "A", "B", "1001")
        self.play.bridged(2, "B", "A")
        return self.tracker.channels["A"].call.call_id

    def asking(self) -> str:
        """As `talking`; then 1001 asks 1002 (C) by Asterisk's attended transfer, while A hears music."""
        call_id = self.talking()
        self.play.held(3, "B")
        self.play.created(3, "L", "Local/1002@from-agent-0;1", linkedid="A", state="Down")
        self.play.left(3, "B")
        self.play.bridged(3, "L", "B", bridge="b2")
        return call_id

    async def transfer(self, call_id: str, to: Destination, *, attended: bool = False, agent: str = "1001") -> None:
        await self.acts.transfer(SITE, agent, call_id, to, attended=attended, user="anna")


async def test_hanging_up_ends_the_operators_own_part() -> None:
    desk = Desk()
    await desk.acts.hang_up(SITE, "1001", desk.talking())
    assert desk.line.sent == [HangUp(uniqueid="B")] and not desk.other.sent
    # The PBX would say that it hung up by itself.
    (told,) = desk.told
    assert isinstance(told.fact, HangupAsked) and (told.pbx, told.fact.uniqueid) == ("pbx1", "B")


@pytest.mark.parametrize(
    ("to", "number"),
    [
        (COLLEAGUE, "1002"),
        (Destination(DestinationKind.QUEUE, "sales"), "501"),
        (Destination(DestinationKind.NUMBER, "8 903 555 00 01"), "979035550001"),
    ],
)
async def test_a_client_is_passed_on(to: Destination, number: str) -> None:
    desk = Desk()
    call_id = desk.talking()
    await desk.transfer(call_id, to)
    await desk.transfer(call_id, to, attended=True)
    assert desk.line.sent == [
        BlindTransfer(uniqueid="B", context="from-agent", number=number),
        AttendedTransfer(uniqueid="B", context="from-agent", number=number),
    ]


@pytest.mark.parametrize(
    ("to", "code"),
    [
        (Destination(DestinationKind.AGENT, "1001"), "yourself"),
        (Destination(DestinationKind.AGENT, "2001"), "no_colleague"),
        (Destination(DestinationKind.AGENT, "1x"), "no_colleague"),
        (Destination(DestinationKind.QUEUE, "support"), "no_such_queue"),
        (Destination(DestinationKind.QUEUE, "501"), "no_such_queue"),
        (Destination(DestinationKind.NUMBER, "+7 809 505 12 34"), "number_not_allowed"),
        (Destination(DestinationKind.NUMBER, "112"), "number_not_allowed"),
    ],
)
async def test_nobody_is_passed_where_they_may_not_go(to: Destination, code: str) -> None:
    desk = Desk()
    call_id = desk.talking()
    for attended in (False, True):
        with pytest.raises(Rejected) as refusal:
            await desk.transfer(call_id, to, attended=attended)
        assert refusal.value.code == code
    assert not desk.line.sent


async def test_transfers_to_outside_count_as_calls() -> None:
    desk = Desk()
    call_id = desk.talking()
    for n in range(2):
        await desk.transfer(call_id, Destination(DestinationKind.NUMBER, f"8 903 555 00 0{n}"))
    with pytest.raises(Forbidden, match="2 calls a minute"):
        await desk.transfer(call_id, Destination(DestinationKind.NUMBER, "8 903 555 00 05"))


async def test_while_a_colleague_is_asked_the_transfer_can_be_completed_or_taken_back() -> None:
    desk = Desk()
    call_id = desk.asking()
    for act in (desk.transfer(call_id, COLLEAGUE), desk.acts.park(SITE, "1001", call_id)):
        with pytest.raises(Conflict) as refusal:
            await act
        assert refusal.value.code == "asking"
    await desk.acts.complete_transfer(SITE, "1001", call_id)
    await desk.acts.cancel_transfer(SITE, "1001", call_id)
    assert desk.line.sent == [HangUp(uniqueid="B"), CancelTransfer(uniqueid="B")]
    assert not desk.told  # the transfer's own event tells it


async def test_completing_where_nobody_is_asked_never_hangs_up_on_the_client() -> None:
    desk = Desk()
    call_id = desk.talking()
    desk.play.held(3, "B")  # just on hold, by the phone's own key
    for act in (desk.acts.complete_transfer, desk.acts.cancel_transfer):
        with pytest.raises(Conflict) as refusal:
            await act(SITE, "1001", call_id)
        assert refusal.value.code == "not_asking"
    # The colleague declined: Asterisk has brought the operator back.
    other = Desk()
    call_id = other.asking()
    other.play.left(4, "L", "B", bridge="b2")
    other.play.bridged(4, "B")
    other.play.unheld(4, "B")
    with pytest.raises(Conflict):
        await other.acts.complete_transfer(SITE, "1001", call_id)
    assert not desk.line.sent and not other.line.sent


async def test_an_operator_who_is_reached_through_a_local_channel_is_asking_nobody() -> None:
    desk = Desk()
    desk.play.created(0, "A", "trunk", number="79161110001")
    desk.play.created(1, "L1", "Local/1001@members-0;1", linkedid="A", state="Down")
    desk.play.created(1, "L2", "Local/1001@members-0;2", linkedid="A")
    desk.play.rang(1, "L2", "B", "1001")
    desk.play.bridged(2, "A", "L1")
    desk.play.bridged(2, "B", "L2", bridge="b2")
    call_id = desk.tracker.channels["A"].call.call_id
    with pytest.raises(Conflict):
        await desk.acts.complete_transfer(SITE, "1001", call_id)
    await desk.transfer(call_id, COLLEAGUE)
    assert [type(command) for command in desk.line.sent] == [BlindTransfer]


async def test_parking_names_the_phone_to_which_the_client_comes_back() -> None:
    desk = Desk()
    await desk.acts.park(SITE, "1001", desk.talking())
    assert desk.line.sent == [Park(uniqueid="A", origin=desk.play.name("B"), timeout_s=45)]


async def test_the_clients_channel_is_recorded_and_what_is_recorded_is_paused_and_stopped() -> None:
    desk = Desk()
    call_id = desk.talking()
    for what in (RecordingAct.PAUSE, RecordingAct.RESUME, RecordingAct.STOP):
        with pytest.raises(Conflict, match="isn't recorded"):
            await desk.acts.record(SITE, "1001", call_id, what)
    await desk.acts.record(SITE, "1001", call_id, RecordingAct.START)
    (start,) = desk.line.sent
    assert isinstance(start, StartRecording) and (start.uniqueid, start.file[:36]) == ("A", call_id)
    desk.play.feed(RecordingBegan(at(3), "A", ""), RecordingBegan(at(3), "B", ""))  # the dialplan has its own on B
    desk.now += 5
    with pytest.raises(Conflict, match="already"):
        await desk.acts.record(SITE, "1001", call_id, RecordingAct.START)
    for what in (RecordingAct.PAUSE, RecordingAct.RESUME, RecordingAct.STOP):
        await desk.acts.record(SITE, "1001", call_id, what)
    assert {*desk.line.sent[1:3]} == {PauseRecording(uniqueid="A"), PauseRecording(uniqueid="B")}
    assert {*desk.line.sent[3:5]} == {ResumeRecording(uniqueid="A"), ResumeRecording(uniqueid="B")}
    assert {*desk.line.sent[5:]} == {StopRecording(uniqueid="A"), StopRecording(uniqueid="B")}


async def test_a_call_from_before_our_start_may_be_recorded_unseen_and_can_be_paused() -> None:
    desk = Desk()
    call_id = desk.talking()
    desk.tracker.calls[call_id].adopted = True
    await desk.acts.record(SITE, "1001", call_id, RecordingAct.PAUSE)
    assert desk.line.sent == [PauseRecording(uniqueid="A"), PauseRecording(uniqueid="B")]
    desk.play.feed(RecordingPaused(at(4), "A", True))
    assert desk.tracker.channels["A"].recording == "paused"


async def test_muting_is_told_since_asterisk_does_not_and_whoever_asks_a_colleague_is_heard() -> None:
    desk = Desk()
    call_id = desk.talking()
    await desk.acts.mute(SITE, "1001", call_id, muted=True)
    assert desk.tracker.channels["B"].muted
    await desk.transfer(call_id, COLLEAGUE, attended=True)
    assert desk.line.sent[:2] == [Mute(uniqueid="B", muted=True), Mute(uniqueid="B", muted=False)]
    assert not desk.tracker.channels["B"].muted and isinstance(desk.line.sent[2], AttendedTransfer)


async def test_what_the_pbx_refused_is_not_shown_as_done() -> None:
    desk = Desk()
    call_id = desk.talking()
    desk.line.fails = ResultUnknown("no answer")
    with pytest.raises(ResultUnknown):
        await desk.acts.mute(SITE, "1001", call_id, muted=True)
    assert not desk.told and not desk.tracker.channels["B"].muted


Act = Callable[[CallActs, str, str, str], Awaitable[None]]
ACTS: dict[str, Act] = {
    "hang_up": lambda acts, site, agent, call_id: acts.hang_up(site, agent, call_id),
    "blind": lambda acts, site, agent, call_id: acts.transfer(
        site, agent, call_id, Destination(DestinationKind.AGENT, "1003"), attended=False, user="x"
    ),
    "attended": lambda acts, site, agent, call_id: acts.transfer(
        site, agent, call_id, Destination(DestinationKind.AGENT, "1003"), attended=True, user="x"
    ),
    "complete": lambda acts, site, agent, call_id: acts.complete_transfer(site, agent, call_id),
    "cancel": lambda acts, site, agent, call_id: acts.cancel_transfer(site, agent, call_id),
    "park": lambda acts, site, agent, call_id: acts.park(site, agent, call_id),
    "record": lambda acts, site, agent, call_id: acts.record(site, agent, call_id, RecordingAct.START),
    "mute": lambda acts, site, agent, call_id: acts.mute(site, agent, call_id, muted=True),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(("site", "agent"), [("riga", "1002"), ("tokyo", "1001"), ("riga", "trunk"), ("riga", "")])
async def test_nobody_does_anything_to_calls_of_others(act: str, site: str, agent: str) -> None:
    desk = Desk()
    call_id = desk.talking()
    with pytest.raises(NotFound):
        await ACTS[act](desk.acts, site, agent, call_id)
    assert not desk.line.sent and not desk.told


@pytest.mark.parametrize("act", ACTS)
async def test_a_call_that_is_over_or_was_passed_on_has_no_part_left(act: str) -> None:
    desk = Desk()
    call_id = desk.talking()
    desk.play.blind(3, "B", "1002")
    with pytest.raises(NotFound, match="no part"):
        await ACTS[act](desk.acts, SITE, "1001", call_id)
    desk.play.hung_up(4, "B", "A")
    with pytest.raises(NotFound, match="over"):
        await ACTS[act](desk.acts, SITE, "1001", call_id)


@pytest.mark.parametrize("act", [act for act in ACTS if act != "hang_up"])
async def test_a_phone_that_only_rings_can_only_be_silenced(act: str) -> None:
    desk = Desk()
    desk.play.created(0, "A", "trunk", number="79161110001")
    desk.play.rang(1, "A", "B", "1001")
    call_id = desk.tracker.channels["A"].call.call_id
    with pytest.raises(Conflict):
        await ACTS[act](desk.acts, SITE, "1001", call_id)
    await desk.acts.hang_up(SITE, "1001", call_id)
    assert desk.line.sent == [HangUp(uniqueid="B")]


@pytest.mark.parametrize("act", [act for act in ACTS if act not in ("complete", "cancel")])
async def test_two_clicks_do_it_once_and_what_failed_may_be_tried_again(act: str) -> None:
    desk = Desk()
    call_id = desk.talking()
    desk.line.fails = Unavailable("away")
    with pytest.raises(Unavailable):
        await ACTS[act](desk.acts, SITE, "1001", call_id)
    desk.line.fails = None
    for _ in range(2):
        await ACTS[act](desk.acts, SITE, "1001", call_id)
    assert len(desk.line.sent) == 1

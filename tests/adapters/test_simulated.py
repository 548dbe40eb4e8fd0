"""The simulated PBX on a real socket: it speaks AMI as Asterisk does, and misbehaves when told to."""

import asyncio
import csv
import time
import wave
from collections.abc import AsyncIterator
from hashlib import md5
from pathlib import Path

import pytest

from telephony.simulated import Account, SimulatedPbx
from telephony.simulated_exchange import Company
from telephony.simulated_plan import Hand, Plan, Ring
from telephony.simulated_traffic import TrafficPlan
from telephony.wire import AmiStream, Odd
from tests.patience import PATIENT_S
from tests.servers.plain_ami import PlainAmi

ACCOUNTS = {
    "meridian": Account(secret="secret"),
    "reader": Account(secret="secret", read=frozenset({"call", "agent"}), write=frozenset({"reporting"})),
}
COMPANY = Company(
    queues={"support": ("1001", "1002"), "sales": ("1003",)},
    dids={"500": "support", "501": "sales", "600": "lobby"},
    acd={"lobby": "support"},
)
TALK = Plan(rings=(("1001", Ring(after_s=1)),), talk_s=600)


@pytest.fixture
async def pbx() -> AsyncIterator[SimulatedPbx]:
    simulated = SimulatedPbx(accounts=ACCOUNTS, company=COMPANY, speed=20)
    await simulated.start()
    yield simulated
    await simulated.stop()


@pytest.fixture
async def ami(pbx: SimulatedPbx) -> AsyncIterator[PlainAmi]:
    async with PlainAmi(pbx.port) as client:
        assert (await client.log_in())["Message"] == "Authentication accepted"
        yield client


async def talking(pbx: SimulatedPbx, ami: PlainAmi) -> tuple[str, str]:
    """The Uniqueids of a caller and of agent 1001, who talk."""
    pbx.calls.inbound(number="79161234567", name="Иван", plan=TALK)
    connected = await ami.event("AgentConnect")
    return connected["Uniqueid"], connected["DestUniqueid"]


# -- sessions


async def test_greets_and_says_fully_booted_after_the_login(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    assert ami.greeting == b"Asterisk Call Manager/11.0.0\r\n"
    assert (await ami.event("FullyBooted"))["Status"] == "Fully Booted"
    assert pbx.sessions == ["meridian"]


async def test_md5_login(pbx: SimulatedPbx) -> None:
    async with PlainAmi(pbx.port) as ami:
        challenge = (await ami.ask("Challenge", AuthType="MD5"))["Challenge"]
        key = md5((challenge + "secret").encode(), usedforsecurity=False).hexdigest()
        assert (await ami.ask("Login", AuthType="MD5", Username="meridian", Key=key))["Response"] == "Success"


async def test_a_wrong_password_is_an_error_and_a_close_a_moment_later(pbx: SimulatedPbx) -> None:
    async with PlainAmi(pbx.port) as ami:
        began = time.monotonic()
        answer = await ami.log_in(secret="wrong")
        assert (answer["Response"], answer["Message"]) == ("Error", "Authentication failed")
        await ami.closed()
        assert 0.8 < time.monotonic() - began < 3


async def test_nothing_without_a_login_and_a_goodbye_at_the_end(pbx: SimulatedPbx) -> None:
    async with PlainAmi(pbx.port) as ami:
        assert (await ami.ask("CoreStatus"))["Message"] == "Permission denied"
        await ami.log_in()
        assert (await ami.ask("Logoff"))["Response"] == "Goodbye"
        await ami.closed()


async def test_an_account_has_the_rights_it_has(pbx: SimulatedPbx) -> None:
    async with PlainAmi(pbx.port) as ami:
        await ami.log_in(user="reader")
        for action in ("Hangup", "QueueAdd", "Originate", "Command", "UserEvent"):
            assert (await ami.ask(action))["Message"] == "Permission denied", action
        commands = await ami.ask("ListCommands")
        assert "CoreStatus" in commands and "Hangup" not in commands
        assert (await ami.ask("CoreStatus"))["Response"] == "Success"
        await asyncio.sleep(0.05)
        assert not any(m.get("Event") == "FullyBooted" for m in ami.messages)


async def test_even_the_full_account_may_not_run_commands(ami: PlainAmi) -> None:
    assert (await ami.ask("Command", Command="core show channels"))["Message"] == "Permission denied"
    assert "Invalid/unknown command" in (await ami.ask("NoSuchThing"))["Message"]


async def test_masks_and_filters_choose_the_events(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    assert (await ami.ask("Events", EventMask="agent"))["Events"] == "On"
    await ami.ask("Filter", Operation="Add", MatchCriteria="action(exclude),name(QueueMemberStatus)")
    await ami.ask("Filter", Operation="Add", Filter="!Queue: sales")
    seen = len(ami.messages)
    await talking(pbx, ami)
    pbx.calls.inbound(number="1", plan=Plan(patience_s=2), dialled="501")
    await asyncio.sleep(0.3)
    await ami.ask("Ping")
    names = {m["Event"] for m in ami.messages[seen:] if "Event" in m}
    assert names == {"QueueCallerJoin", "AgentCalled", "QueueCallerLeave", "AgentConnect"}
    assert {m.get("Queue") for m in ami.messages[seen:] if "Event" in m} == {"support"}
    assert (await ami.ask("Events", EventMask="off"))["Events"] == "Off"


# -- state and actions


async def test_lists_fit_what_was_told(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller, agent = await talking(pbx, ami)
    pbx.calls.inbound(number="79160000002", plan=Plan(), dialled="501")
    joined = await ami.event("QueueCallerJoin", Queue="sales")
    channels = {m["Uniqueid"]: m for m in await ami.listed("CoreShowChannels")}
    assert set(channels) == {caller, agent, joined["Uniqueid"]}
    assert channels[caller]["BridgeId"] == channels[agent]["BridgeId"] != ""
    assert (channels[caller]["CallerIDName"], channels[agent]["Application"]) == ("Иван", "AppQueue")
    (bridge,) = await ami.listed("BridgeList")
    assert bridge["BridgeUniqueid"] == channels[caller]["BridgeId"]
    entries = [m for m in await ami.listed("QueueStatus") if m["Event"] == "QueueEntry"]
    assert [(m["Uniqueid"], m["Position"]) for m in entries] == [(joined["Uniqueid"], "1")]
    devices = {m["Device"]: m["State"] for m in await ami.listed("DeviceStateList")}
    assert (devices["PJSIP/1001"], devices["PJSIP/1002"]) == ("INUSE", "NOT_INUSE")
    (status,) = await ami.listed("Status", Channel=caller, Variables="CC_MODE,NONE")
    assert status["Variable"] == "CC_MODE=native"
    summary = {m["Queue"]: m for m in await ami.listed("QueueSummary")}
    assert summary["sales"]["Callers"] == "1"
    assert (await ami.ask("CoreStatus"))["CoreCurrentCalls"] == "3"


async def test_the_response_comes_before_the_events_of_an_action(ami: PlainAmi) -> None:
    await ami.ask("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="Lunch")
    paused = await ami.event("QueueMemberPause")
    answer = next(i for i, m in enumerate(ami.messages) if m.get("Message") == "Interface paused successfully")
    assert ami.messages.index(paused) > answer
    assert (paused["Paused"], paused["PausedReason"]) == ("1", "Lunch")


async def test_members_are_added_and_removed(ami: PlainAmi) -> None:
    added = await ami.ask("QueueAdd", Queue="sales", Interface="PJSIP/1001", MemberName="Ann", Penalty="2")
    assert added["Message"] == "Added interface to queue"
    assert (await ami.ask("QueueAdd", Queue="sales", Interface="PJSIP/1001"))["Message"].endswith("Already there")
    members = [m for m in await ami.listed("QueueStatus", Queue="sales") if m["Event"] == "QueueMember"]
    assert [(m["Name"], m["Penalty"]) for m in members] == [("Agent 1003", "0"), ("Ann", "2")]
    assert (await ami.ask("QueuePenalty", Interface="PJSIP/1001", Penalty="4"))["Response"] == "Success"
    assert (await ami.ask("QueueRemove", Queue="sales", Interface="PJSIP/1001"))["Response"] == "Success"
    assert (await ami.ask("QueueRemove", Queue="sales", Interface="PJSIP/1001"))["Message"].endswith("Not there")


async def test_click_to_call_with_our_channel_id(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    asked = {"Channel": "PJSIP/1002", "Context": "from-agent", "Exten": "979035550010", "Priority": "1"}
    await ami.ask("Originate", Async="true", ChannelId="mine.1", CallerID='"Anna" <79035550010>', **asked)
    answered = await ami.event("OriginateResponse")
    assert (answered["Response"], answered["Uniqueid"], answered["Reason"]) == ("Success", "mine.1", "4")
    await ami.event("BridgeEnter", BridgeNumChannels="2")
    await ami.ask("Originate", Async="true", ChannelId="mine.1", **asked)
    assert (await ami.event("OriginateResponse", Response="Failure"))["Reason"] == "0"
    assert (await ami.ask("Hangup", Channel="mine.1"))["Message"] == "Channel Hungup"
    assert (await ami.event("Hangup", Uniqueid="mine.1"))["Cause"] == "16"
    assert (await ami.ask("Originate", Channel="PJSIP/1002", Context="x", Exten="nope"))["Response"] == "Error"


async def test_a_supervisor_listens_in_until_the_talk_ends(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller, agent = await talking(pbx, ami)
    spy = {"Channel": "PJSIP/1002", "Application": "ChanSpy", "Data": "PJSIP/1001-,qE", "ChannelId": "spy.1"}
    await ami.ask("Originate", Async="true", **spy)
    started = await ami.event("ChanSpyStart")
    assert (started["SpyerUniqueid"], started["SpyeeUniqueid"]) == ("spy.1", agent)
    await ami.ask("Hangup", Channel=caller)
    await ami.event("ChanSpyStop")
    await ami.event("Hangup", Uniqueid="spy.1")
    assert pbx.truth[-1].direction == "spy"


async def test_actions_move_a_call(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller, agent = await talking(pbx, ami)
    await ami.ask("MixMonitor", Channel=caller, File="one.wav")
    assert (await ami.event("MixMonitorStart"))["Uniqueid"] == caller
    await ami.ask("Setvar", Channel=caller, Variable="A", Value="1")
    assert (await ami.ask("Getvar", Channel=caller, Variable="A"))["Value"] == "1"
    assert (await ami.ask("BlindTransfer", Channel=agent, Context="from-agent", Exten="1002"))["Response"] == "Success"
    moved = await ami.event("BlindTransfer")
    assert (moved["TransfererUniqueid"], moved["TransfereeUniqueid"], moved["Extension"]) == (agent, caller, "1002")
    await ami.event("BridgeEnter", Uniqueid=caller, Context="from-agent")
    await ami.ask("Park", Channel=caller, Timeout="60000")
    parked = await ami.event("ParkedCall")
    assert parked["ParkeeUniqueid"] == caller
    assert [m["ParkingSpace"] for m in await ami.listed("ParkedCalls")] == [parked["ParkingSpace"]]
    assert (await ami.ask("Hangup", Channel="PJSIP/none"))["Message"] == "No such channel"


async def test_writes_the_cdr_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "cdr" / "Master.csv"
    pbx = SimulatedPbx(accounts=ACCOUNTS, company=COMPANY, speed=50, cdr=path)
    await pbx.start()
    truth = await pbx.over(pbx.calls.inbound(number="79161234567", name='Q "x"', plan=Plan(rings=TALK.rings)))
    await pbx.stop()
    (row,) = csv.reader(path.read_text(encoding="utf-8").splitlines())
    assert len(row) == 19 and (row[1], row[13], row[16]) == ("79161234567", "ANSWERED", truth.uniqueid)


async def test_traffic_reaches_who_is_favoured() -> None:
    pbx = SimulatedPbx(accounts=ACCOUNTS, seed=5, speed=20, traffic=TrafficPlan())
    async with PlainAmi(await pbx.start()) as ami:
        await ami.log_in()
        pbx.traffic.favour("1001")
        await ami.event("AgentCalled", Interface="PJSIP/1001")
    await pbx.stop()


# -- ACD: callers wait for Meridian's choice


async def waiting(pbx: SimulatedPbx, ami: PlainAmi, plan: Plan) -> dict[str, str]:
    """A caller in the lobby, and a Meridian that lives."""
    await ami.ask("Setvar", Variable="CC_HEARTBEAT", Value=str(int(time.time())))
    pbx.calls.inbound(number="79161234567", name="Иван", dialled="600", plan=plan)
    return await ami.event("QueueCallerJoin", Queue="lobby")


def offer(caller: dict[str, str], agent: str, attempt: int = 1) -> dict[str, str]:
    return {
        "Channel": f"PJSIP/{agent}",
        "Context": "meridian-agent",
        "Exten": "s",
        "Priority": "1",
        "Timeout": "15000",
        "CallerID": f'"Иван" <{caller["CallerIDNum"]}>',
        "ChannelId": f"cc.{caller['Uniqueid']}.{attempt}",
        "Variable": f"CC_CALLER={caller['Channel']},CC_CALLID={caller['Uniqueid']},CC_AGENT={agent}",
        "Async": "true",
    }


async def test_an_operator_who_answers_an_offer_gets_the_caller(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller = await waiting(pbx, ami, Plan(rings=(("1001", Ring(after_s=1)),), talk_s=600))
    entries = [m for m in await ami.listed("QueueStatus", Queue="lobby") if m["Event"] != "QueueParams"]
    assert [(m["Event"], m["Uniqueid"], m["Position"]) for m in entries] == [("QueueEntry", caller["Uniqueid"], "1")]
    (status,) = await ami.listed("Status", Channel=caller["Uniqueid"], Variables="CC_SERVED")
    assert status["Variable"] == "CC_SERVED=0"
    answer = await ami.ask("Originate", **offer(caller, "1001"))
    assert answer["Message"] == "Originate successfully queued"
    assert (await ami.event("DialState"))["DestUniqueid"] == f"cc.{caller['Uniqueid']}.1"
    response = await ami.event("OriginateResponse")
    assert (response["Response"], response["Uniqueid"]) == ("Success", f"cc.{caller['Uniqueid']}.1")
    connected = await ami.event("UserEvent", UserEvent="CcConnect")
    assert (connected["Call"], connected["Agent"]) == (caller["Uniqueid"], "1001")
    joined = await ami.event("BridgeEnter", BridgeNumChannels="2")
    assert joined["Linkedid"] == caller["Uniqueid"]
    assert not [m for m in await ami.listed("QueueStatus", Queue="lobby") if m["Event"] == "QueueEntry"]
    await ami.ask("Originate", **offer(caller, "1002", 2))
    lost = await ami.event("UserEvent", UserEvent="CcOfferLost")
    assert (lost["Why"], lost["Uniqueid"]) == ("taken", f"cc.{caller['Uniqueid']}.2")


async def test_the_same_offer_twice_rings_once_and_hangup_by_its_id_stops_it(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller = await waiting(pbx, ami, Plan(rings=(("1001", Ring(outcome=Hand.NOANSWER)),), patience_s=60))
    await ami.ask("Originate", **offer(caller, "1001"))
    await ami.event("DialState")
    await ami.ask("Originate", **offer(caller, "1001"))
    assert (await ami.event("OriginateResponse"))["Response"] == "Failure"
    assert (await ami.ask("Getvar", Channel=f"cc.{caller['Uniqueid']}.1", Variable="CHANNEL(state)"))[
        "Value"
    ] == "Ringing"
    assert (await ami.ask("Hangup", Channel=f"cc.{caller['Uniqueid']}.1", Cause="26"))["Response"] == "Success"
    assert (await ami.event("Hangup"))["Cause"] == "26"
    await ami.ask("Ping")
    stopped = [m for m in ami.messages if m.get("Event") == "OriginateResponse"]
    assert [(m["Response"], m["Reason"]) for m in stopped] == [("Failure", "0")] * 2
    channels = await ami.listed("CoreShowChannels")
    assert [m["Uniqueid"] for m in channels] == [caller["Uniqueid"]]


async def test_phones_that_cannot_ring_are_told_at_once(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller = await waiting(pbx, ami, Plan(patience_s=60))
    pbx.calls.exchange.unregistered.add("1002")
    for agent in ("1002", "1099"):
        await ami.ask("Originate", **offer(caller, agent))
        refused = await ami.event("OriginateResponse", Channel=f"PJSIP/{agent}")
        assert (refused["Response"], refused["Reason"]) == ("Failure", "0")
        assert refused["Uniqueid"] == f"cc.{caller['Uniqueid']}.1"


async def test_a_waiting_caller_is_redirected(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    caller = await waiting(pbx, ami, Plan(patience_s=60))
    for queue, there in (("lobby", "1"), ("support", "0")):
        asked = await ami.ask("Getvar", Variable=f"DIALPLAN_EXISTS(meridian-voicemail,{queue},1)")
        assert asked["Value"] == there
    assert abs(int((await ami.ask("Getvar", Variable="EPOCH"))["Value"]) - time.time()) < 2
    door = {"Context": "meridian-voicemail", "Exten": "lobby", "Priority": "1"}
    assert (await ami.ask("Redirect", Channel=caller["Channel"], **door))["Response"] == "Success"
    assert (await ami.event("QueueCallerAbandon"))["Uniqueid"] == caller["Uniqueid"]
    assert (await ami.event("UserEvent", UserEvent="CcVoicemailLeft"))["Queue"] == "lobby"


async def test_a_message_lies_where_the_pbx_says(tmp_path: Path) -> None:
    pbx = SimulatedPbx(accounts=ACCOUNTS, company=COMPANY, speed=20, messages=tmp_path / "messages")
    async with PlainAmi(await pbx.start()) as ami:
        await ami.log_in()
        caller = await waiting(pbx, ami, Plan(patience_s=60, message_s=4))
        await ami.ask("Redirect", Channel=caller["Channel"], Context="meridian-voicemail", Exten="lobby", Priority="1")
        left = await ami.event("UserEvent", UserEvent="CcVoicemailLeft")
    await pbx.stop()
    with wave.open(str(tmp_path / "messages" / Path(left["File"]).name)) as sound:
        assert sound.getnframes() / sound.getframerate() == int(left["Seconds"]) == 4


# -- mishaps


async def test_dribbles_byte_by_byte_and_nothing_is_lost(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.faults.dribble_bytes = 1
    await talking(pbx, ami)
    stream, odd = AmiStream(), []
    for start in range(0, len(ami.raw), 7):
        odd += [m for m in stream.feed(bytes(ami.raw[start : start + 7])) if isinstance(m, Odd)]
    assert not odd and "Иван" in ami.raw.decode()


async def test_cuts_the_connection_at_a_byte(pbx: SimulatedPbx) -> None:
    async with PlainAmi(pbx.port) as ami:
        pbx.faults.cut_after_bytes = 50
        await ami.send("Login", Username="meridian", Secret="secret")
        assert len(await ami.closed()) == 50


async def test_drops_now_and_lets_back_in(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.drop()
    await ami.closed()
    async with PlainAmi(pbx.port) as again:
        assert (await again.log_in())["Response"] == "Success"


async def test_freezes_with_the_socket_open(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.freeze()
    with pytest.raises(TimeoutError):
        await ami.ask("Ping", within_s=0.3)
    pbx.thaw()
    assert (await ami.ask("Ping"))["Ping"] == "Pong"


async def test_actions_unanswered_late_and_cut(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.faults.unanswered.add("ping")
    with pytest.raises(TimeoutError):
        await ami.ask("Ping", within_s=0.2)
    pbx.faults.unanswered.clear()
    pbx.faults.late_s["corestatus"] = 0.3
    began = time.monotonic()
    await ami.ask("CoreStatus")
    assert time.monotonic() - began >= 0.3
    pbx.faults.cut_on.add("queuestatus")
    await ami.send("QueueStatus")
    await ami.closed()


async def test_refuses_logins_for_a_while(pbx: SimulatedPbx) -> None:
    pbx.faults.refused_logins = 1
    for expected in ("Error", "Success"):
        async with PlainAmi(pbx.port) as ami:
            assert (await ami.log_in())["Response"] == expected


async def test_an_orderly_restart_hangs_up_and_says_so(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    before = (await ami.ask("CoreStatus"))["CoreStartupTime"]
    caller, _ = await talking(pbx, ami)
    await asyncio.sleep(1.0 - time.time() % 1)
    await pbx.restart(down_s=0.05)
    said = (await ami.closed()).decode()
    assert said.count("Event: Hangup\r\n") == 2 and "Event: Shutdown" in said and caller in said
    async with PlainAmi(pbx.port) as again:
        await again.log_in()
        assert await again.listed("CoreShowChannels") == []
        assert (await again.ask("CoreStatus"))["CoreStartupTime"] != before
        members = [m for m in await again.listed("QueueStatus") if m["Event"] == "QueueMember"]
        assert len(members) == 3


async def test_a_crash_says_nothing(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    await talking(pbx, ami)
    await pbx.crash(down_s=0.05)
    said = (await ami.closed()).decode()
    assert "Event: Hangup" not in said and "Shutdown" not in said
    async with PlainAmi(pbx.port) as again:
        await again.log_in()
        assert await again.listed("CoreShowChannels") == []


async def test_a_clock_set_back_before_a_restart_repeats_ids(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    first, _ = await talking(pbx, ami)
    began = time.time()
    await pbx.crash(down_s=0.05)
    pbx.set_clock_back(time.time() - began + (began - int(first.partition(".")[0])) - 0.3)
    async with PlainAmi(pbx.port) as again:
        await again.log_in()
        second, _ = await talking(pbx, again)
    assert second == first


async def test_not_fully_booted_means_no_queues_and_fully_booted_later(pbx: SimulatedPbx) -> None:
    pbx.faults.not_booted = True
    async with PlainAmi(pbx.port) as ami:
        assert (await ami.log_in())["Response"] == "Success"
        assert "Invalid/unknown command" in (await ami.ask("QueueStatus"))["Message"]
        assert not any(m.get("Event") == "FullyBooted" for m in ami.messages)
        await pbx.boot_completes()
        await ami.event("FullyBooted")
        assert (await ami.ask("QueueStatus"))["Response"] == "Success"


async def test_events_come_late_twice_and_shuffled(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.faults.events_late_s, pbx.faults.events_twice = 0.3, True
    began = time.monotonic()
    await ami.ask("UserEvent", UserEvent="Probe")
    await ami.event("UserEvent")
    assert time.monotonic() - began >= 0.3
    await ami.ask("Ping")
    assert sum(m.get("Event") == "UserEvent" for m in ami.messages) == 2
    pbx.faults.events_late_s, pbx.faults.events_twice, pbx.faults.events_shuffled = 0.0, False, 20
    seen = len(ami.messages)
    for n in range(20):
        await ami.ask("UserEvent", UserEvent=f"N{n}")
    await ami.event("UserEvent", UserEvent="N7")
    await ami.ask("Ping")
    names = [m["UserEvent"] for m in ami.messages[seen:] if m.get("Event") == "UserEvent"]
    assert sorted(names) == sorted(f"N{n}" for n in range(20)) != names


async def test_says_any_bytes(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.inject(b"Event: Newchannel\r\nChannel: x\0y\r\n" + b"A" * 1_000_000)
    await ami.send("Ping")
    async with asyncio.timeout(PATIENT_S):
        while b"Pong" not in ami.raw:
            await ami._more()
    assert b"x\0y" in ami.raw


async def test_floods(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    pbx.flood(per_s=5000, seconds=0.5)
    await asyncio.sleep(0.6)
    await ami.ask("Ping")
    assert sum(m.get("UserEvent") == "Flood" for m in ami.messages) == 2500


async def test_a_client_that_does_not_read_is_thrown_out(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    for _ in range(24):
        pbx.inject(b"Event: Noise\r\nText: " + b"x" * 1_000_000 + b"\r\n\r\n")
    assert len(await ami.closed()) < 24_000_000
    assert pbx.sessions == []


async def test_a_refused_phone_is_in_the_stream_and_in_the_truth(pbx: SimulatedPbx, ami: PlainAmi) -> None:
    plan = Plan(rings=(("1001", Ring(outcome=Hand.REJECTED, after_s=1)), ("1002", Ring(after_s=1))), talk_s=2)
    truth = await pbx.over(pbx.calls.inbound(number="79161234567", plan=plan))
    assert truth.rang == [{"agent": "1001", "outcome": "rejected"}, {"agent": "1002", "outcome": "answered"}]
    gone = await ami.event("Hangup", Cause="21")
    assert gone["TechCause"] == "603"

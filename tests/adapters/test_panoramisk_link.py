"""The link against a scripted manager port: every fault that a PBX, a network or a caller can do to it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import NotFound, Rejected, ResultUnknown, Unavailable
from telephony.commands import HangUp, PlaceCall
from telephony.facts import ChannelCreated, FromPbx, HungUp, InStep, LinkLost, Originated, StreamTainted
from telephony.link_state import LinkState
from telephony.panoramisk_link import PbxLink
from telephony.panoramisk_link_recorder import Recorder
from telephony.pbx_settings import AmiAccount, PbxSettings
from tests.adapters.link_line import Line, until
from tests.patience import PATIENT_S
from tests.servers.ami_messages import hangup, live_channel, newchannel, queue_entry
from tests.servers.ami_peer import Action, AmiPeer, Session, message

ACCOUNT = AmiAccount(user="svc", secret="secret")
CALL = PlaceCall(phone="PJSIP/1001", context="from-agent", number="979161110001", channel_id="mc.x.1795289549.1")


def settings(peer: AmiPeer, **changes: Any) -> PbxSettings:
    quick: dict[str, Any] = {
        "name": "pbx", "host": "127.0.0.1", "port": peer.port, "listener": ACCOUNT, "ping_s": 0.5,
        "action_deadline_s": 0.5, "booted_deadline_s": 0.2, "boot_patience_s": 0.4, "resync_pause_s": 0.05,
        "retry_first_s": 0.02, "retry_most_s": 0.1, "refused_first_s": 0.05, "refused_most_s": 0.2,
    }  # fmt: skip
    return PbxSettings(**quick | changes)


@asynccontextmanager
async def line(peer: AmiPeer, recorder: Recorder | None = None, **changes: Any) -> AsyncIterator[Line]:
    made = Line(settings(peer, **changes), recorder=recorder)
    await made.link.start()
    try:
        yield made
    finally:
        await made.link.stop()


def ids(made: Line, kind: type = ChannelCreated) -> list[str]:
    return [fact.uniqueid for fact in made.facts(kind)]


# -- login


async def test_it_logs_in_by_challenge_and_the_secret_is_never_sent() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        await made.takes_commands()
        assert b"secret" not in peer.received
        assert made.link.state_text == "pbx is live."


async def test_a_clear_secret_is_sent_only_where_configured() -> None:
    async with AmiPeer() as peer, line(peer, md5_login=False) as made:
        await made.live()
        assert b"Secret: secret" in peer.received


async def test_listener_and_controller_are_two_accounts_and_only_one_hears() -> None:
    async with AmiPeer({"ear": "a", "hand": "b"}) as peer:
        two = {"listener": AmiAccount(user="ear", secret="a"), "controller": AmiAccount(user="hand", secret="b")}
        async with line(peer, **two) as made:
            await made.live()
            await made.takes_commands()
            masks = {session.user: session.mask for session in peer.sessions}
            assert masks == {"ear": "system,call,agent,user", "hand": "off"}


async def test_a_wrong_password_is_a_state_not_a_hot_loop_and_mends_itself(caplog: pytest.LogCaptureFixture) -> None:
    async with AmiPeer({"svc": "other"}) as peer, line(peer, refused_first_s=0.1, refused_most_s=0.8) as made:
        assert await made.link.settled() is LinkState.BAD_CREDENTIALS
        await asyncio.sleep(1.0)
        assert "'svc'" in made.link.state_text and "manager.conf" in made.link.state_text
        assert 3 <= peer.connects <= 6  # 0.1, 0.2, 0.4 ... at least halved; the controller doesn't knock too
        assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1
        assert made.got == []
        peer.accounts["svc"] = "secret"
        await made.live()


async def test_missing_and_excess_rights_are_named() -> None:
    async with AmiPeer() as peer:
        peer.allowed.remove("CoreShowChannels")
        async with line(peer) as made:
            assert await made.link.settled() is LinkState.MISSING_RIGHTS
            assert "write class reporting" in made.link.state_text
        peer.allowed += ["CoreShowChannels", "Command"]
        async with line(peer) as made:
            assert await made.link.settled() is LinkState.EXCESS_RIGHTS
            assert "allow_command" in made.link.state_text
        async with line(peer, allow_command=True) as made:
            assert await made.link.settled() is LinkState.LIVE


async def test_a_controller_without_rights_is_named_and_the_line_is_live_all_the_same() -> None:
    async with AmiPeer() as peer:
        peer.allowed.remove("QueuePause")
        async with line(peer) as made:
            await made.live()
            await until(lambda: "write class agent" in made.link.commands_text)
            with pytest.raises(Unavailable, match="write class agent"):
                await made.link.send(CALL)


async def test_an_account_that_hears_no_system_events_is_named() -> None:
    async with AmiPeer() as peer:
        peer.booted = False
        async with line(peer) as made:
            await until(lambda: made.link.state is LinkState.BOOTING)
            assert await made.link.settled() is LinkState.MISSING_RIGHTS
            assert "read class system" in made.link.state_text


async def test_another_kind_of_server_is_recognised() -> None:
    async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(http, "127.0.0.1", 0)
    peer = AmiPeer()
    peer.port = server.sockets[0].getsockname()[1]
    async with line(peer, action_deadline_s=0.1) as made:
        await until(lambda: "doesn't greet" in made.link.state_text)
    server.close()
    await server.wait_closed()


# -- in step


async def test_events_that_come_during_the_snapshot_follow_it_in_order() -> None:
    async with AmiPeer() as peer:

        def between(session: Session, action: Action) -> None:
            session.write(newchannel(1) + peer.listing(action) + newchannel(2))

        def before(session: Session, action: Action) -> None:
            session.write(newchannel(0) + message(Response="Success", ActionID=action["ActionID"], **peer.core_status))

        peer.overrides["BridgeList"] = between
        peer.overrides["CoreStatus"] = before
        async with line(peer) as made:
            await made.live()
            peer.events(newchannel(3))
            await until(lambda: len(made.got) >= 4)
            assert isinstance(made.got[0], InStep)
            assert ids(made) == ["1795289549.1", "1795289549.2", "1795289549.3"]


async def test_the_snapshot_tells_what_is_live() -> None:
    async with AmiPeer() as peer:
        peer.items["CoreShowChannels"] = [live_channel(1)]
        peer.items["QueueStatus"] = [queue_entry(1)]
        async with line(peer) as made:
            await made.live()
            snapshot = made.of(InStep)[0].snapshot
            assert snapshot.boot_id == "2026-11-21T08:00:00"
            assert [(c.uniqueid, c.name) for c in snapshot.channels] == [("1795289549.1", "Жанна")]
            assert [(w.queue, w.position) for w in snapshot.waiting] == [("support", 1)]
            assert snapshot.missing == ()


async def test_a_starting_pbx_is_waited_for() -> None:
    async with AmiPeer() as peer:
        peer.booted = False
        async with line(peer, boot_patience_s=5.0) as made:
            await until(lambda: made.link.state is LinkState.BOOTING)
            assert made.got == [] and peer.count("QueueStatus") == 0
            peer.events(message(Event="FullyBooted", Status="Fully Booted"))
            await made.live()


async def test_a_missing_queue_module_is_said_and_not_shown_as_nobody_waiting() -> None:
    async with AmiPeer() as peer:

        def unknown(session: Session, action: Action) -> None:
            session.write(message(Response="Error", ActionID=action["ActionID"], Message="Invalid/unknown command"))

        peer.overrides["QueueStatus"] = unknown
        async with line(peer) as made:
            await made.live()
            assert made.of(InStep)[0].snapshot.missing == ("QueueStatus",)
            assert "QueueStatus" in made.link.state_text
            assert peer.count("QueueStatus") > 3  # it may have been starting


async def test_it_reconciles_periodically_without_dropping_anything() -> None:
    async with AmiPeer() as peer, line(peer, reconcile_s=0.05) as made:
        await made.live()
        for n in range(40):
            peer.events(newchannel(n))
            await asyncio.sleep(0.01)
        await made.in_step(4)
        await until(lambda: len(ids(made)) == 40)
        assert ids(made) == [f"1795289549.{n}" for n in range(40)]


async def test_full_boot_and_shutdown_are_not_believed_but_looked_into() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        peer.core_status["CoreStartupTime"] = "09:00:00"
        peer.events(message(Event="Shutdown", Shutdown="Cleanly", Restart="False"))
        await made.in_step(2)
        assert made.of(LinkLost) == [] and peer.connects == 2
        assert made.of(InStep)[-1].snapshot.boot_id == "2026-11-21T09:00:00"


# -- loss


async def test_a_reset_is_told_at_once_and_a_new_snapshot_follows() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        peer.cut()
        await until(lambda: made.of(LinkLost))
        await made.in_step(2)
        assert [type(got) for got in made.got] == [InStep, LinkLost, InStep]
        assert made.link.figures.losses == 1


async def test_what_came_before_the_end_of_the_stream_is_delivered() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        peer.events(b"".join(hangup(n) for n in range(300)))
        for session in list(peer.sessions):
            session.writer.close()
        await until(lambda: made.of(LinkLost))
        assert len(ids(made, HungUp)) == 300
        assert isinstance(made.got[301], LinkLost)


async def test_a_frozen_line_is_known_within_three_pings() -> None:
    async with AmiPeer() as peer, line(peer, ping_s=0.1) as made:
        await made.live()
        await asyncio.sleep(0.3)  # pings are answered: nothing happens
        assert made.of(LinkLost) == []
        peer.frozen = True
        began = time.monotonic()
        await until(lambda: made.of(LinkLost))
        assert time.monotonic() - began < 0.35
        assert "no byte" in made.of(LinkLost)[0].why
        peer.frozen = False
        await made.in_step(2)


async def test_a_pbx_that_answers_nothing_but_sends_events_is_left() -> None:
    async with AmiPeer() as peer, line(peer, reconcile_s=0.1, action_deadline_s=0.2) as made:
        await made.live()
        peer.overrides["CoreStatus"] = lambda session, action: None
        await until(lambda: made.of(LinkLost))
        del peer.overrides["CoreStatus"]
        await made.in_step(2)


@pytest.mark.parametrize("when", ["connected", "waiting", "connecting"])
async def test_stop_stops(when: str) -> None:
    async with AmiPeer() as peer:
        made = Line(settings(peer, retry_first_s=0.05))
        await made.link.start()
        if when != "connecting":
            await made.live()
        if when == "waiting":
            peer.cut()
            await until(lambda: made.link.state is LinkState.LOST)
        await made.link.stop()
        connects = peer.connects
        await asyncio.sleep(0.2)
        assert made.link.state is LinkState.STOPPED
        assert peer.connects <= connects + (when == "connecting") and peer.sessions == []


async def test_a_pbx_that_is_not_there_is_tried_again() -> None:
    async with AmiPeer() as gone:
        pass
    made = Line(settings(gone))
    await made.link.start()
    await until(lambda: made.link.state is LinkState.LOST)
    assert "can't be reached" in made.link.state_text and made.got == []
    async with gone:
        await made.live()
        await made.link.stop()


# -- commands


async def test_a_command_goes_out_once_and_its_answer_comes_back() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.takes_commands()
        assert (await made.link.send(HangUp(uniqueid="1795289549.1")))["Message"] == "done"
        assert peer.count("Hangup") == 1
        ids = [action["ActionID"] for action in peer.seen]
        assert len(set(ids)) == len(ids) and all(len(i) == 24 for i in ids)


async def test_a_command_cut_off_is_unknown_at_once_and_is_not_repeated() -> None:
    async with AmiPeer() as peer, line(peer, action_deadline_s=60.0) as made:
        await made.takes_commands()

        def swallow_and_cut(session: Session, action: Action) -> None:
            peer.cut()

        peer.overrides["Originate"] = swallow_and_cut
        async with asyncio.timeout(PATIENT_S):
            with pytest.raises(ResultUnknown, match="may have happened"):
                await made.link.send(CALL)
        del peer.overrides["Originate"]
        await made.in_step(1)
        await made.takes_commands()
        await asyncio.sleep(0.2)
        assert peer.count("Originate") == 1
        assert made.link.figures.pending_actions == 0


async def test_an_event_that_looks_like_an_answer_is_an_event() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        headers = {
            "Channel": "PJSIP/1001-1",
            "Context": "x",
            "Exten": "1",
            "Reason": "4",
            "Uniqueid": "mc.x.1795289549.1",
        }
        names = {"CallerIDNum": "<unknown>", "CallerIDName": "<unknown>"}
        peer.events(message(Event="OriginateResponse", ActionID="1", Response="Success", **headers, **names))
        assert (await made.fact(Originated)).uniqueid == "mc.x.1795289549.1"


async def test_a_late_answer_is_ignored_and_leaks_nothing() -> None:
    async with AmiPeer() as peer, line(peer, action_deadline_s=0.1) as made:
        await made.live()
        await made.takes_commands()
        late: list[tuple[Session, Action]] = []
        peer.overrides["Hangup"] = lambda session, action: late.append((session, action))
        began = time.monotonic()
        with pytest.raises(ResultUnknown):
            await made.link.send(HangUp(uniqueid="1795289549.1"))
        assert time.monotonic() - began < 1.0
        session, action = late[0]
        session.write(message(Response="Success", ActionID=action["ActionID"]))
        await until(lambda: made.link.figures.late_answers == 1)
        assert made.link.figures.pending_actions == 0 and made.link.state is LinkState.LIVE


async def test_without_a_line_a_command_is_unavailable_not_unknown() -> None:
    peer = AmiPeer()
    made = Line(settings(peer))
    with pytest.raises(Unavailable) as raised:
        await made.link.send(CALL)
    assert not isinstance(raised.value, ResultUnknown)


async def test_refusals_are_told_in_the_words_of_the_pbx() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.takes_commands()
        said = "No such channel"
        peer.overrides["Hangup"] = lambda session, action: session.write(
            message(Response="Error", ActionID=action["ActionID"], Message=said)
        )
        with pytest.raises(NotFound, match="No such channel"):
            await made.link.send(HangUp(uniqueid="1795289549.1"))
        said = "Permission denied"
        with pytest.raises(Rejected, match="lacks the right"):
            await made.link.send(HangUp(uniqueid="1795289549.1"))


class Smuggler:
    """A command whose author forgot to check a value: the last gate is in the link."""

    acting = True

    def __init__(self, value: str) -> None:
        self.value = value

    def headers(self) -> list[tuple[str, str]]:
        return [("Action", "Hangup"), ("Channel", self.value)]


@pytest.mark.parametrize("value", ["a\r\n\r\nAction: Command", "a\nVariable: x", "a\rb", "a\0b", "x" * 1020, "\ud800"])
async def test_nothing_of_a_hostile_value_reaches_the_pbx(value: str) -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.takes_commands()
        with pytest.raises(Rejected):
            await made.link.send(Smuggler(value))
        await made.link.send(HangUp(uniqueid="1795289549.7"))
        acted = [seen for seen in peer.seen if seen["Action"] in ("Hangup", "Command")]
        assert [seen.get("Channel") for seen in acted] == ["1795289549.7"]


# -- forged, cut and broken messages


def torn(put: bytes) -> bytes:
    """Newchannel of channel 66 as it comes when its caller wrote `put` behind the number."""
    return newchannel(66).replace(b"CallerIDNum: 79161110001", b"CallerIDNum: 7" + put)


FORGERIES = {
    "a header": torn(b"\r\nUniqueid: 1795289549.1"),
    "a whole event": torn(b"\r\n\r\nEvent: Hangup\r\nUniqueid: 1795289549.1\r\nCause: 16\r\n\r\nEvent: x"),
    "a shutdown": torn(b"\r\n\r\nEvent: Shutdown\r\nRestart: False\r\n\r\n"),
    "a second event line": torn(b"\r\nEvent: Hangup"),
    "an answer": torn(b"\r\n\r\nResponse: Success\r\nActionID: 1\r\n\r\n"),
    "a voicemail": torn(b"\r\n\r\nEvent: UserEvent\r\nUserEvent: CcVoicemail\r\nUniqueid: 1795289549.1\r\n\r\n"),
    "a cut": torn(b"\r\n\r\n"),
    "junk": b"\x00\xff\xfe" * 20 + b"\r\n\r\n",
    "a line of a megabyte": b"Event: Newchannel\r\nChannel: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a missing blank line": newchannel(66)[:-2] + newchannel(67),
}


@pytest.mark.parametrize("kind", FORGERIES)
async def test_after_a_forged_message_nothing_is_believed_until_back_in_step(kind: str) -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        peer.events(newchannel(1) + FORGERIES[kind] + newchannel(2))
        await made.in_step(2)
        peer.events(newchannel(3))
        await until(lambda: "1795289549.3" in ids(made))
        assert ids(made) == ["1795289549.1", "1795289549.3"]
        assert ids(made, HungUp) == [] and made.of(LinkLost) == []
        assert len(made.of(FromPbx)) == 2
        assert [type(got) for got in made.got] == [InStep, FromPbx, StreamTainted, InStep, FromPbx]
        assert peer.connects == 2


async def test_a_storm_of_forged_messages_makes_no_storm_of_snapshots() -> None:
    async with AmiPeer() as peer, line(peer, resync_pause_s=0.2) as made:
        await made.live()
        for _ in range(100):
            peer.events(FORGERIES["a cut"])
            await asyncio.sleep(0.01)
        assert peer.count("CoreStatus") <= 8
        await until(lambda: made.link.state is LinkState.LIVE)
        peer.events(newchannel(3))
        await until(lambda: ids(made) == ["1795289549.3"])


@pytest.mark.parametrize(
    "put",
    [
        b"\r\n\r\n",
        b"\r\nUniqueid: 1795289549.1",
        b"\r\n\r\nEvent: Hangup\r\nUniqueid: 1795289549.1\r\n\r\nEvent: QueueEntry",
    ],
)
async def test_a_live_call_with_a_forged_number_spoils_its_own_list_item_only(put: bytes) -> None:
    async with AmiPeer() as peer:
        bad = b"CallerIDNum: 7" + put
        good = b"CallerIDNum: 79161110001"
        peer.items["CoreShowChannels"] = [live_channel(1), live_channel(66).replace(good, bad), live_channel(2)]
        peer.items["QueueStatus"] = [queue_entry(1), queue_entry(66).replace(good, bad), queue_entry(2)]
        async with line(peer) as made:
            await made.live()
            snapshot = made.of(InStep)[0].snapshot
            assert [c.uniqueid for c in snapshot.channels] == ["1795289549.1", "1795289549.66", "1795289549.2"]
            assert [w.uniqueid for w in snapshot.waiting] == ["1795289549.1", "1795289549.66", "1795289549.2"]
            assert made.of(StreamTainted) == [] and made.of(LinkLost) == []
            peer.events(newchannel(3))
            await until(lambda: ids(made) == ["1795289549.3"])


async def test_byte_by_byte_gives_the_same_as_at_once() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        data = newchannel(1) + hangup(1)
        peer.events(data)
        await until(lambda: len(made.of(FromPbx)) == 2)
        for i in range(len(data)):
            peer.events(data[i : i + 1])
            if i % 7 == 0:
                await asyncio.sleep(0)
        await until(lambda: len(made.of(FromPbx)) == 4)
        facts = [got.fact._replace(at=None) for got in made.of(FromPbx)]
        assert facts[:2] == facts[2:]
        assert facts[0].name == "Жанна"


async def test_unknown_events_and_headers_are_nothing_special() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        peer.events(message(Event="Novelty", Colour="blue") + newchannel(1).replace(b"Language: en", b"Mood: good"))
        await until(lambda: ids(made) == ["1795289549.1"])
        assert made.of(StreamTainted) == []


async def test_a_step_that_raises_costs_nothing_but_itself() -> None:
    async with AmiPeer() as peer:
        made = Line(settings(peer))
        deliver = made.got.append

        def failing(fact: Any) -> None:
            deliver(fact)
            if isinstance(fact, FromPbx):
                raise RuntimeError("a rule's mistake")

        made.link = PbxLink(settings(peer), failing)
        await made.link.start()
        await made.live()
        peer.events(newchannel(1) + newchannel(2))
        await until(lambda: len(made.of(FromPbx)) == 2)
        assert made.link.figures.handler_failures == 2 and made.link.state is LinkState.LIVE
        await made.link.stop()


# -- load and lateness


async def test_a_long_batch_is_read_in_slices() -> None:
    async with AmiPeer() as peer:
        made = Line(settings(peer))
        turns: list[int] = []
        turn = 0

        def slow(fact: Any) -> None:
            made.got.append(fact)
            if isinstance(fact, FromPbx):
                turns.append(turn)
                ends = time.perf_counter() + 0.0005
                while time.perf_counter() < ends:
                    pass

        made.link = PbxLink(settings(peer), slow)
        await made.link.start()
        await made.live()
        peer.events(b"".join(newchannel(n) for n in range(100)))
        while len(turns) < 100:
            turn += 1
            await asyncio.sleep(0)
        assert len(set(turns)) > 30  # the loop had its turn after every second or third message
        assert ids(made) == [f"1795289549.{n}" for n in range(100)]
        await made.link.stop()


async def test_late_events_are_replaced_by_snapshots_until_they_catch_up() -> None:
    async with AmiPeer() as peer, line(peer, probe_s=0.05, late_after_s=0.3, late_poll_s=0.1) as made:
        await made.live()
        await asyncio.sleep(0.2)
        assert made.link.figures.lag_s is not None and made.link.figures.lag_s < 0.2

        def with_old_news(session: Session, action: Action) -> None:
            if made.link.state is LinkState.LATE:
                session.write(newchannel(5))
            session.write(message(Response="Success", ActionID=action["ActionID"], **peer.core_status))

        peer.overrides["CoreStatus"] = with_old_news
        peer.echo_after_s = 0.6  # from here on events take this long
        await until(lambda: made.link.state is LinkState.LATE)
        assert "late" in made.link.state_text
        before = len(made.of(InStep))
        peer.events(newchannel(1))
        await until(lambda: len(made.of(InStep)) >= before + 3)
        assert ids(made) == []
        peer.echo_after_s = 0.0
        await made.live()
        peer.events(newchannel(2))
        await until(lambda: ids(made) == ["1795289549.2"])
        assert made.of(LinkLost) == []


async def test_the_pbx_is_asked_to_filter() -> None:
    async with AmiPeer() as peer, line(peer) as made:
        await made.live()
        asked = [seen["MatchCriteria"] for seen in peer.seen if seen["Action"] == "Filter"]
        assert "action(include),name(Hangup)" in asked and "action(include),name(FullyBooted)" in asked
        assert not any("VarSet" in criteria for criteria in asked)


async def test_a_pbx_that_does_not_filter_is_no_trouble() -> None:
    async with AmiPeer() as peer:
        peer.allowed.remove("Filter")
        async with line(peer) as made:
            await made.live()
            peer.events(message(Event="VarSet", Variable="x", Value="y") + newchannel(1))
            await until(lambda: ids(made) == ["1795289549.1"])


# -- recording


async def test_the_recording_holds_every_byte_of_the_listener(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "line.ami")
    async with AmiPeer() as peer, line(peer, recorder=recorder) as made:
        await made.live()
        peer.events(newchannel(1))
        await until(lambda: ids(made))
    recorder.close()
    kept = (tmp_path / "line.ami").read_bytes()
    assert kept.startswith(b"Asterisk Call Manager/11.0.0\r\n") and kept.count(b"Asterisk Call") == 1
    assert newchannel(1) in kept and b"secret" not in kept


async def test_a_full_disk_ends_the_recording_not_the_link() -> None:
    recorder = Recorder(Path("/dev/full"))
    async with AmiPeer() as peer, line(peer, recorder=recorder) as made:
        await until(lambda: recorder.why_stopped)
        await made.live()
        peer.events(newchannel(1))
        await until(lambda: ids(made))
    await asyncio.to_thread(recorder.close)

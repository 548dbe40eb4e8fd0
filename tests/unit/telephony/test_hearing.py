"""Read classes that lack show in what lives without a beginning."""

from datetime import UTC, datetime, timedelta

from telephony.facts import ChannelCreated, LiveChannel, QueueJoined, Snapshot, Waiting
from telephony.rights import Hearing, deaf_text

T0 = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def snapshot(
    seconds: float, *, channels: dict[str, float], waiting: dict[str, float] | None = None, boot: str = "b"
) -> Snapshot:
    live = tuple(
        LiveChannel("PJSIP/trunk-1", uniqueid, uniqueid, "Up", "", "", "", "", "", "", "", at(begun), "")
        for uniqueid, begun in channels.items()
    )
    queued = tuple(Waiting("support", uniqueid, 1, at(begun)) for uniqueid, begun in (waiting or {}).items())
    return Snapshot(at(seconds), boot, live, (), queued, (), ())


def created(uniqueid: str) -> ChannelCreated:
    return ChannelCreated(T0, "PJSIP/trunk-1", uniqueid, uniqueid, "Ring", "", "", "", "")


def test_a_channel_that_no_event_told_of() -> None:
    hearing = Hearing()
    assert hearing.lacking(snapshot(0, channels={"1.1": -100})) == ()  # there before us
    assert hearing.lacking(snapshot(60, channels={"1.1": -100})) == ()
    assert hearing.lacking(snapshot(120, channels={"1.1": -100, "2.1": 90})) == ("call",)
    hearing.take(created("3.1"))
    assert hearing.lacking(snapshot(240, channels={"2.1": 90, "3.1": 200})) == ()


def test_it_is_seen_however_often_one_looks() -> None:
    hearing = Hearing()
    hearing.lacking(snapshot(0, channels={}))
    found = [hearing.lacking(snapshot(2 * n, channels={"1.1": 1.0})) for n in range(1, 6)]
    assert found[0] == () and found[-1] == ("call",)


def test_somebody_waiting_whom_no_event_told_of() -> None:
    hearing = Hearing()
    hearing.lacking(snapshot(0, channels={}))
    hearing.take(created("1.1"))
    assert hearing.lacking(snapshot(60, channels={"1.1": 20}, waiting={"1.1": 21})) == ("agent",)
    hearing.take(QueueJoined(T0, "PJSIP/trunk-1", "2.1", "support", 1))
    assert hearing.lacking(snapshot(120, channels={"1.1": 20}, waiting={"1.1": 21})) == ()


def test_an_event_may_be_some_seconds_late() -> None:
    hearing = Hearing()
    hearing.lacking(snapshot(0, channels={}))
    assert hearing.lacking(snapshot(60, channels={"1.1": 57})) == ()


def test_one_hidden_call_among_heard_ones_is_no_missing_class() -> None:
    hearing = Hearing()
    hearing.lacking(snapshot(0, channels={}))
    hearing.take(created("1.1"))
    assert hearing.lacking(snapshot(60, channels={"1.1": 10, "2.1": 20})) == ()


def test_no_conclusion_across_an_interruption_or_a_restart() -> None:
    hearing = Hearing()
    hearing.lacking(snapshot(0, channels={}))
    hearing.forget()
    assert hearing.lacking(snapshot(60, channels={"1.1": 30})) == ()
    assert hearing.lacking(snapshot(120, channels={"2.1": 90}, boot="after")) == ()


def test_the_text_says_what_to_do() -> None:
    text = deaf_text("ears", ("agent", "call"))
    assert "queues and calls" in text and "read = system,call,agent,user" in text

"""Whatever the stream does to us - shuffled, cut, doubled, joined midway - the tracker neither fails nor keeps ghosts, and no
conversation gets two cards."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.replay import Replay
from core.events import CallArrived, CallDropped, CallEnded, CallMerged, Event, PbxConnected
from telephony import facts as f
from telephony.live import Endpoints
from telephony.tracker import CallTracker
from tests import streams

SHAPES = [shape for shape in streams.shapes() if not shape.startswith("burst")]
FACTS = {shape: streams.facts(streams.raw(shape)) for shape in SHAPES}
EVERYTHING = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def tracker() -> CallTracker:
    return CallTracker(site="s", pbx="p", endpoints=Endpoints(("PJSIP/1???",)))


def empty_snapshot(boot_id: str = "boot") -> f.InStep:
    return f.InStep("p", f.Snapshot(LATER, boot_id, (), (), (), (), ()))


def run(tracked: CallTracker, facts: list[f.Fact]) -> list[Event]:
    return [event for fact in facts for event in tracked.feed(fact)]


def assert_every_story_ends_once(events: list[Event]) -> None:
    began = Counter(e.call_id for e in events if isinstance(e, CallArrived))
    over = Counter(e.call_id for e in events if isinstance(e, CallEnded | CallMerged | CallDropped))
    assert set(began.values()) <= {1}
    assert began == over
    done: set[str] = set()
    for event in events:
        if not isinstance(event, PbxConnected):
            assert event.call_id not in done, f"{event} after its call was over"
        if isinstance(event, CallEnded | CallMerged | CallDropped):
            done.add(event.call_id)


shape = st.sampled_from(SHAPES)


@EVERYTHING
@given(shape=shape, data=st.data())
def test_shuffled(shape: str, data: st.DataObject) -> None:
    facts = data.draw(st.permutations(FACTS[shape]))
    tracked = tracker()
    events = run(tracked, facts) + tracked.on_in_step(empty_snapshot())
    assert_every_story_ends_once(events)
    assert not tracked.channels and not tracked.calls and not tracked.floor.bridges and not tracked.floor.by_linkedid


@EVERYTHING
@given(shape=shape, data=st.data())
def test_cut_anywhere_and_doubled(shape: str, data: st.DataObject) -> None:
    facts = FACTS[shape]
    begin = data.draw(st.integers(0, len(facts)))
    end = data.draw(st.integers(begin, len(facts)))
    doubled = [fact for fact in facts[begin:end] for _ in range(data.draw(st.integers(1, 2)))]
    tracked = tracker()
    events = run(tracked, doubled) + tracked.on_in_step(empty_snapshot())
    assert_every_story_ends_once(events)
    assert not tracked.channels and not tracked.calls


@EVERYTHING
@given(shape=shape, data=st.data())
def test_a_gap_is_closed_by_the_snapshot(shape: str, data: st.DataObject) -> None:
    """Facts between two instants are lost; the PBX's own lists follow; then the stream goes on."""
    facts = FACTS[shape]
    lost_from = data.draw(st.integers(0, len(facts)))
    lost_to = data.draw(st.integers(lost_from, len(facts)))
    model = streams.PbxModel()
    for fact in facts[:lost_to]:
        model.feed(fact)
    tracked = tracker()
    tracked.on_in_step(f.InStep("p", streams.PbxModel().snapshot()))
    events = run(tracked, facts[:lost_from])
    events += tracked.on_in_step(f.InStep("p", model.snapshot()))
    believed, real = set(tracked.channels), set(model.channels)
    assert believed <= real
    events += run(tracked, facts[lost_to:])
    events += tracked.on_in_step(empty_snapshot())
    assert_every_story_ends_once([e for e in events if not isinstance(e, PbxConnected)])
    cards = {e.uniqueid for e in events if isinstance(e, CallArrived)}
    merged = {e.call_id for e in events if isinstance(e, CallMerged | CallDropped)}
    calls = streams.truth(shape)["calls"]
    clients = [c["uniqueid"] for c in calls if c.get("direction") is None]
    seen_alive = {c.uniqueid for fact in facts[:lost_from] if isinstance(c := fact, f.ChannelCreated)} | real
    # Every client whose channel was visible to us at any time has a card, and exactly one.
    assert {uid for uid in clients if uid in seen_alive} <= cards
    arrived = Counter(e.uniqueid for e in events if isinstance(e, CallArrived) and e.call_id not in merged)
    assert set(arrived.values()) <= {1}


@EVERYTHING
@given(shape=shape, data=st.data())
def test_split_anywhere_gives_the_same_cards(shape: str, data: st.DataObject) -> None:
    raw = streams.raw(shape)
    whole, split = Replay(("PJSIP/1???",)), Replay(("PJSIP/1???",))
    whole.feed(raw)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=40)))
    for begin, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        split.feed(raw[begin:end])
    assert split.finished() == whole.finished()


@pytest.mark.parametrize("shape", ["inbound_answered", "names_utf8"])
def test_byte_by_byte(shape: str) -> None:
    raw = streams.raw(shape)
    whole, split = Replay(("PJSIP/1???",)), Replay(("PJSIP/1???",))
    whole.feed(raw)
    for i in range(len(raw)):
        split.feed(raw[i : i + 1])
    assert split.finished() == whole.finished()


@EVERYTHING
@given(shape=shape, data=st.data())
def test_joined_midway_in_the_middle_of_a_message(shape: str, data: st.DataObject) -> None:
    raw = streams.raw(shape)
    replay = Replay(("PJSIP/1???",))
    replay.feed(raw[data.draw(st.integers(0, len(raw))) :])
    replay.tracker.on_in_step(empty_snapshot())
    assert not replay.tracker.channels and not replay.tracker.calls


@EVERYTHING
@given(shape=shape, data=st.data())
def test_a_restart_of_the_pbx_ends_everything_as_such(shape: str, data: st.DataObject) -> None:
    facts = FACTS[shape]
    tracked = tracker()
    tracked.on_in_step(f.InStep("p", streams.PbxModel().snapshot()))
    events = run(tracked, facts[: data.draw(st.integers(0, len(facts)))])
    alive = tracked.live_call_ids()
    events = tracked.on_in_step(empty_snapshot("another boot"))
    ended = [e for e in events if isinstance(e, CallEnded)]
    assert {e.call_id for e in ended} >= alive
    assert all(e.inferred and e.reason == "pbx_restart" for e in ended)
    assert not tracked.channels and not tracked.calls

"""One operator's numbered stream: replay, resync, marks, bounds."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Direction, Pop
from runtime.wire import decode, encode
from screenpop.channels import Channel
from screenpop.protocol import Mode, plain

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def pop(number: int = 1, state: str = "ringing", **changes: object) -> Pop:
    bare = Pop(
        pop_id=f"p-{number}",
        card_id=f"card-{number}",
        leg_id="leg",
        agent="1001",
        state=state,
        direction=Direction.INBOUND,
        number="+79161234567",
        caller_name="",
        dialled="",
        queue=None,
        offered_at=NOON,
        waiting_since=None,
    )
    return replace(bare, **changes)  # type: ignore[arg-type]


def channel(**bounds: int) -> Channel:
    return Channel(epoch="e", encode=lambda message: encode(plain(message)), **bounds)


def read(frames: list[str]) -> list[dict[str, Any]]:
    return [decode(frame, most_chars=10**6) for frame in frames]


def put(to: Channel, *pops: Pop, watched: bool = True, now_s: float = 0.0) -> list[dict[str, Any]]:
    frames = []
    for each in pops:
        frames.append(to.put(each, now_s=now_s, watched=watched))
        to.forget_oldest()
    return read(frames)


def test_numbers_have_no_holes_and_an_unchanged_history_goes_once() -> None:
    frames = put(channel(), ringing := pop(), replace(ringing, state="talking"))
    assert [(f["version"], f["type"]) for f in frames] == [(1, "pop"), (2, "pop_changed")]


def test_since_replays_exactly_what_came_after() -> None:
    one = channel()
    put(one, *(pop(n) for n in range(5)))
    mode, frames = one.since("e", 2, now_s=0)
    assert mode is Mode.REPLAY
    assert [f["version"] for f in read(frames)] == [3, 4, 5]
    assert one.since("e", 5, now_s=0) == (Mode.REPLAY, [])


def test_another_epoch_no_cursor_the_future_or_the_forgotten_past_resyncs() -> None:
    one = channel(keep=3)
    put(one, *(pop(n) for n in range(5)))
    for epoch, version in (("old", 4), ("e", None), (None, None), ("e", 6), ("e", 1)):
        mode, frames = one.since(epoch, version, now_s=0)
        assert mode is Mode.RESYNC
        assert [f["pop"]["pop_id"] for f in read(frames)] == [f"p-{n}" for n in range(5)]
    assert one.since("e", 2, now_s=0)[0] is Mode.REPLAY


def test_a_pop_that_nobody_saw_before_its_end_is_marked() -> None:
    one = channel()
    put(one, pop(), watched=False)
    (frame,) = put(one, pop(state="missed"), watched=False)
    assert frame["unseen"] is True
    assert read(one.since(None, None, now_s=0)[1])[0]["unseen"] is True


def test_a_seen_one_is_not_and_the_wait_until_seen_is_told_once() -> None:
    one = channel()
    put(one, pop(), now_s=1.0)
    assert one.acknowledge(1, now_s=1.5) == [0.5]
    assert one.acknowledge(1, now_s=9.0) == []
    assert put(one, pop(state="ended"), now_s=100.0)[0]["unseen"] is False


def test_a_connected_screen_has_a_moment_to_acknowledge_a_very_short_ring() -> None:
    quick, dead = channel(), channel()
    assert put(quick, pop(), pop(state="ended"), now_s=0.0)[-1]["unseen"] is False
    put(dead, pop(), now_s=0.0)
    assert put(dead, pop(state="ended"), now_s=30.0)[0]["unseen"] is True  # connected, but it never answered


def test_an_acknowledgement_of_the_future_is_nothing() -> None:
    one = channel()
    put(one, pop())
    assert one.acknowledge(99, now_s=1.0) == []


def test_who_was_away_has_no_delivery_time() -> None:
    one = channel()
    put(one, pop(), watched=False)
    assert one.acknowledge(1, now_s=500.0) == []


def test_only_what_is_over_can_be_put_away() -> None:
    one = channel()
    put(one, pop())
    assert one.remove("p-1") is None
    put(one, pop(state="ended"))
    frame = one.remove("p-1")
    assert frame is not None and read([frame])[0] == {"type": "pop_removed", "version": 3, "pop_id": "p-1"}
    assert one.remove("p-1") is None
    assert one.since(None, None, now_s=0) == (Mode.RESYNC, [])


def test_a_new_person_gets_what_is_live_and_nothing_that_is_over() -> None:
    one = channel()
    put(one, pop(1), pop(1, "ended"), pop(2))
    one.hand_over("e2")
    mode, frames = one.since("e", 1, now_s=0)
    assert mode is Mode.RESYNC
    assert [f["pop"]["pop_id"] for f in read(frames)] == ["p-2"]


def test_memory_is_bounded_and_live_pops_are_never_forgotten() -> None:
    one = channel(keep=10, keep_bytes=4_000, retain=5)
    put(one, pop(0))
    for n in range(1, 300):
        put(one, pop(n), pop(n, "ended"))
    frames = read(one.since(None, None, now_s=0)[1])
    assert len(frames) == 5
    assert frames[0]["pop"]["pop_id"] == "p-0" and [p.pop_id for p in one.live] == ["p-0"]


STEPS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["ringing", "talking", "missed", "ended", "away"])))


@settings(deadline=None)
@given(STEPS, st.integers(0, 60))
def test_a_screen_that_was_away_ends_up_where_one_that_stayed_is(steps: list[tuple[int, str]], left_at: int) -> None:
    """Whatever happened and whenever the line was cut: after the resume both know the same."""
    one = channel(keep=20)
    stayed: dict[str, Any] = {}
    left: dict[str, Any] = {}
    cursor = 0
    for number, state in steps:
        frame = one.remove(f"p-{number}") if state == "away" else one.put(pop(number, state), now_s=0.0, watched=True)
        for message in read([frame] if frame else []):
            take(stayed, message)
            if message["version"] <= left_at:
                take(left, message)
                cursor = message["version"]
    mode, frames = one.since("e", cursor, now_s=0)
    if mode is Mode.RESYNC:
        left.clear()
    for message in read(frames):
        take(left, message)
    assert left == stayed


def take(screen: dict[str, Any], message: dict[str, Any]) -> None:
    if message["type"] == "pop_removed":
        screen.pop(message["pop_id"], None)
    else:
        screen[message["pop"]["pop_id"]] = message["pop"]["state"]


def test_yesterdays_calls_are_forgotten_and_every_screen_gets_the_whole_anew() -> None:
    one = channel()
    put(one, pop(1), pop(1, "ended"), pop(2), now_s=0)
    put(one, pop(3), pop(3, "missed"), now_s=14_000)
    assert [f["pop"]["pop_id"] for f in read(one.since("e", 0, now_s=14_400)[1])] == ["p-1", "p-1", "p-2", "p-3", "p-3"]
    mode, frames = one.since("e", 5, now_s=14_401)  # the first one was over for four hours
    assert (mode, [f["pop"]["pop_id"] for f in read(frames)]) == (Mode.RESYNC, ["p-2", "p-3"])
    assert one.since("e", 6, now_s=14_402) == (Mode.REPLAY, [])
    assert put(one, pop(4))[0]["version"] == 7  # a screen at 5 sees the hole, and asks

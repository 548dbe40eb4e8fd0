"""Every recorded call shape of a real Asterisk, replayed, gives exactly the cards that the driver of the phones knows to be
true."""

import os
from pathlib import Path
from typing import Any

import pytest

from commands.replay import Replay, as_contract
from tests import streams

AGENTS = ("PJSIP/1???",)
TOLERANCE_S = 1.0
TIMES = ("wait_s", "talk_s", "hold_s")
TALK_OF = "talk of"
OUTCOMES = {
    "forwarded": "cancelled",
    "answered elsewhere": "cancelled",
    "answered too late": "cancelled",
    "unreachable": "unavailable",
}
ENDED_BY = {"dialplan": "system"}


def outcome(word: str) -> str:
    return "cancelled" if word.startswith("picked up") else OUTCOMES.get(word, word)


def replayed(raw: bytes) -> Replay:
    replay = Replay(AGENTS)
    replay.feed(raw)
    replay.end()
    return replay


def differences(truth: dict[str, Any], card: dict[str, Any]) -> list[str]:
    """What the card says otherwise than the truth; fields that the driver doesn't know are left out."""
    found = []

    def same(what: str, told: object, real: object) -> None:
        if told != real:
            found.append(f"{what}: card {told!r}, truth {real!r}")

    def near(what: str, told: float | None, real: float | None) -> None:
        if (told is None) != (real is None) or (
            told is not None and real is not None and abs(told - real) > TOLERANCE_S
        ):
            found.append(f"{what}: card {told}, truth {real}")

    # Asterisk cuts names at 79 bytes, possibly inside a letter.
    cut = (
        truth.get("caller_name", "").encode("utf-8", "surrogateescape")[:79].decode("utf-8", "replace").rstrip("\ufffd")
    )
    if not card["caller_name"].startswith(cut):
        found.append(f"caller_name: card {card['caller_name']!r}, truth {cut!r}")
    for key in ("caller_number", "dialled", "cause"):
        if truth.get(key) is not None:
            same(key, card[key], truth[key])
    direction = {"click": "outbound"}.get(truth.get("direction", "inbound"), truth.get("direction", "inbound"))
    same("direction", card["direction"], direction)
    same("queue", card["queue"], truth.get("queue"))
    same("answered_by", card["answered_by"], truth.get("answered_by"))
    same("ended_by", card["ended_by"], ENDED_BY.get(truth["ended_by"], truth["ended_by"]))
    if direction == "inbound":
        # Whoever a transfer rang is told in `transfers`, not here.
        passed_to = {t["to"] for t in truth["transfers"]}
        rang = [(r["agent"], outcome(r["outcome"])) for r in truth["rang"] if r["agent"] not in passed_to]
        same("rang", sorted((r["agent"], r["outcome"]) for r in card["rang"]), sorted(rang))
    for key in TIMES:
        near(key, card[key], truth.get(key))
    transfers = [
        ("blind" if t["kind"] == "park" else t["kind"], t["from"], t["to"], t["answered"]) for t in truth["transfers"]
    ]
    same("transfers", [(t["kind"], t["from"], t["to"], t["answered"]) for t in card["transfers"]], transfers)
    for leg, real in zip(card["legs"], truth.get("legs", []), strict=False):
        same("leg of", leg["agent"], real["agent"])
        near(f"{TALK_OF} {leg['agent']}", leg["talk_s"], real["talk_s"])
    return found


def of_times(difference: str) -> bool:
    """Whether it is only how long something took."""
    return difference.startswith((*TIMES, TALK_OF))


def expected(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return [call for call in truth["calls"] if call.get("direction") not in streams.NOT_A_CARD or call.get("own_card")]


@pytest.mark.parametrize("shape", streams.shapes())
def test_replay_tells_the_truth(shape: str) -> None:
    truth = streams.truth(shape)
    replay = replayed(streams.raw(shape))
    cards = {card.uniqueid: as_contract(card) for card in replay.finished()}
    assert not replay.capture.odd and replay.tracker.odd_facts == 0
    assert not replay.tracker.channels and not replay.tracker.calls, "something is left alive"
    if "burst" in truth:
        assert len(cards) == truth["burst"]["callers"]
        assert sum(c["answered_by"] is not None for c in cards.values()) == truth["burst"]["answered"]
        return
    assert set(cards) == {call["uniqueid"] for call in expected(truth)}
    wrong = {u: d for call in expected(truth) if (d := differences(call, cards[u := call["uniqueid"]]))}
    assert not wrong


@pytest.mark.parametrize("shape", streams.shapes())
def test_without_timestamps_and_with_bare_line_feeds(shape: str, tmp_path: Path) -> None:
    """Most systems send no Timestamp; editors change line ends. The story stays the same, durations are unknown."""
    lines = streams.raw(shape).split(b"\r\n")
    bare = tmp_path / "bare.ami"
    bare.write_bytes(b"\n".join(line for line in lines if not line.startswith(b"Timestamp: ")))
    from commands.replay import read_capture

    replay = Replay(AGENTS)
    for data in read_capture(bare):
        replay.feed(data)
    replay.end()
    whole = [as_contract(card, timed=False) for card in replayed(streams.raw(shape)).finished()]
    told = [as_contract(card, timed=replay.capture.timed) for card in replay.finished()]
    assert not replay.capture.timed
    assert sorted(map(str, told)) == sorted(map(str, whole))


@pytest.mark.skipif(
    "MERIDIAN_CAPTURES" not in os.environ, reason="MERIDIAN_CAPTURES names no folder of more recordings"
)
def test_more_recordings() -> None:
    """The same over a folder of NAME.ami with NAME.json beside it."""
    import json

    wrong: dict[str, object] = {}
    for stream in sorted(Path(os.environ["MERIDIAN_CAPTURES"]).glob("*.ami")):
        if not stream.with_suffix(".json").exists():
            continue
        truth = json.loads(stream.with_suffix(".json").read_text(encoding="utf-8", errors="surrogateescape"))
        cards = {c.uniqueid: as_contract(c) for c in replayed(stream.read_bytes()).finished()}
        if "burst" in truth:
            continue
        if set(cards) != {call["uniqueid"] for call in expected(truth)}:
            wrong[stream.stem] = sorted(cards)
            continue
        for call in expected(truth):
            if found := differences(call, cards[call["uniqueid"]]):
                wrong[stream.stem] = found
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())

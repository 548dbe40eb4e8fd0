"""Every call shape, played with SIPp phones on real Asterisks that one Meridian is attached to, gives the right card; between
two shapes its Asterisk is started anew, so the link survives that as well."""

import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from commands.replay import as_contract
from core.model import Card
from tests.rig import scenes
from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.stage import SCENES, Stage
from tests.scenarios.test_truth import differences, expected, of_times

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(600)]
assert scenes.__name__  # importing them is what registers them
LANES = 8
SETTLE_S = 10.0
STALLS = 2
"""So often a shape is played again of which only times are wrong: a machine that stops for seconds makes the driver's untrue."""


@pytest.fixture
def asterisks() -> Iterator[dict[str, Asterisk]]:
    made: dict[str, Asterisk] = {}
    try:
        for lane in range(LANES):
            made[f"lane{lane}"] = asterisk = Asterisk()
            asterisk.start()
        yield made
    finally:
        for asterisk in made.values():
            asterisk.close()


class Lane:
    """Plays shapes one after the other on one Asterisk and judges their cards."""

    def __init__(self, name: str, asterisk: Asterisk, meridian: Meridian) -> None:
        self._name, self._asterisk, self._meridian = name, asterisk, meridian
        self._fresh = True
        self._done: set[str] = set()

    def play(self, shape: str) -> list[str]:
        if not self._fresh:
            self._asterisk.stop()
            self._asterisk.start()
        self._fresh = False
        self._meridian.wait_ready()
        stage = Stage(self._asterisk.ports.ami, self._asterisk.ports.sip, name=shape)
        try:
            SCENES[shape](stage)
            stage.settle(1)
        finally:
            stage.close()
        return self._judge(stage.truth)

    def _judge(self, truth: dict[str, Any]) -> list[str]:
        calls = expected(truth)
        if "burst" in truth:
            wanted = truth["burst"]["callers"]
            self._meridian.until(lambda: len(self._new()) >= wanted, SETTLE_S, f"{wanted} cards")
            cards = self._new()
            answered = sum(card.answered_by is not None for card in cards)
            problems = [] if answered == truth["burst"]["answered"] else [f"{answered} answered, {truth['burst']}"]
            problems += [f"not ended: {c.caller_number}" for c in cards if c.ended_at is None]
        else:
            self._meridian.until(lambda: self._all_ended(len(calls)), SETTLE_S, f"{len(calls)} ended cards")
            cards = self._new()
            by_id = {card.uniqueid: as_contract(card) for card in cards}
            problems = [f"cards for {sorted(by_id)}"] if len(by_id) != len(calls) else []
            for call in calls:
                if call["uniqueid"] not in by_id:
                    problems.append(f"no card for {call['uniqueid']}, only {sorted(by_id)}")
                else:
                    problems += differences(call, by_id[call["uniqueid"]])
        self._done |= {card.card_id for card in cards}
        return problems

    def _new(self) -> list[Card]:
        return [
            s.card for s in self._meridian.stored() if s.card.pbx == self._name and s.card.card_id not in self._done
        ]

    def _all_ended(self, wanted: int) -> bool:
        new = self._new()
        return len(new) >= wanted and all(card.ended_at is not None for card in new)


def test_every_shape_gives_the_right_card(asterisks: dict[str, Asterisk], tmp_path: Path) -> None:
    meridian = Meridian(asterisks, tmp_path)
    meridian.start()
    shapes: SimpleQueue[str] = SimpleQueue()
    for shape in sorted(SCENES, key=lambda s: s != "burst50"):
        shapes.put(shape)
    wrong: dict[str, object] = {}

    def work(name: str) -> None:
        lane = Lane(name, asterisks[name], meridian)
        while True:
            try:
                shape = shapes.get_nowait()
            except Empty:
                return
            try:
                stalls = 0
                while (found := lane.play(shape)) and all(map(of_times, found)) and stalls < STALLS:
                    stalls += 1
                if found:
                    wrong[shape] = found
            except Exception:
                wrong[shape] = traceback.format_exc(limit=-3)

    try:
        with ThreadPoolExecutor(LANES) as lanes:
            list(lanes.map(work, asterisks))
    finally:
        meridian.stop()
    assert not wrong, "\n".join(f"{shape}: {found}" for shape, found in wrong.items()) + meridian.log_tail()

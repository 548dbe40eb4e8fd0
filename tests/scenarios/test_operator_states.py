"""Every recorded call shape of a real Asterisk, replayed with all operators signed in: what each of them was seen doing."""

from collections import defaultdict
from typing import Any

import pytest

from core import events as e
from core.desk import Desk
from core.effects import AnnounceAgent
from core.model import AgentState
from telephony import facts as f
from telephony.live import Endpoints
from telephony.tracker import CallTracker
from tests import streams
from tests.desk_day import Day

AGENTS = ("PJSIP/1???",)

CROWDS = ("burst50", "names_utf8", "callerid_escapes", "callerid_long")
OPERATORS = tuple(str(n) for n in range(1001, 1021))


class Watched(Day):
    """The tracker's story of one stream goes into the rules; `seen` is what colleagues saw."""

    def __init__(self, at: Any) -> None:
        super().__init__(Desk(), at=at)
        self.tracker = CallTracker(site="riga", pbx="one", endpoints=Endpoints(AGENTS))
        for agent in OPERATORS:
            self.signs_in(agent)
        self.effects.clear()

    def hears(self, fact: f.Fact) -> None:
        self.now = max(self.now, fact.at)
        for told in self.tracker.feed(fact):
            if isinstance(told, e.Event):
                self.step(told)

    def seen(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for effect in self.effects:
            if isinstance(effect, AnnounceAgent):
                states = found[effect.status.agent]
                if states[-1:] != [effect.status.state.value]:
                    states.append(effect.status.state.value)
        return dict(sorted(found.items()))


def watched(shape: str) -> Watched:
    facts = streams.facts(streams.raw(shape))
    day = Watched(facts[0].at)
    for fact in facts:
        day.hears(fact)
    return day


def expected(shape: str) -> dict[str, list[str]]:
    """From what the driver of the phones knows: whoever rang was offered, whoever talked with a client wraps up."""
    found: dict[str, list[str]] = {}
    for line in SEEN.strip().splitlines():
        name, *rest = line.split(" ", 1)
        if name == shape and rest:
            for part in rest[0].split("; "):
                agent, *states = part.split()
                found[agent] = states
    return found


SEEN = """
abandon
abandon_ringing 1001 offered ready
acd_answered 1001 offered busy wrap_up
acd_blind_transfer 1001 offered busy wrap_up; 1002 offered busy wrap_up
acd_caller_gone 1001 offered ready
acd_noanswer_next 1001 offered ready; 1002 offered busy wrap_up
acd_reject_chain 1001 offered ready; 1002 offered ready; 1003 offered ready; 1004 offered busy wrap_up
acd_service_dead 1002 offered busy wrap_up
acd_two_nodes 1001 offered busy wrap_up; 1002 offered ready
agent_busy 1001 offered ready; 1002 offered busy wrap_up
agent_rejected 1001 offered ready; 1002 offered busy wrap_up
agent_unavailable 1001 offered ready; 1002 offered busy wrap_up
agent_unreachable 1003 offered ready; 1004 offered busy wrap_up
anonymous 1001 offered busy wrap_up
attended_by_keys 1001 offered busy wrap_up; 1002 offered busy wrap_up
attended_transfer 1001 offered busy wrap_up; 1002 offered busy wrap_up
attended_transfer_cancelled 1001 offered busy wrap_up; 1002 offered ready
attended_transfer_outside 1001 offered busy wrap_up
blind_transfer 1001 offered busy wrap_up; 1002 offered busy wrap_up
blind_transfer_noanswer 1001 offered busy wrap_up; 1002 offered ready
blind_transfer_outside 1001 offered busy wrap_up
blonde_transfer 1001 offered busy wrap_up; 1002 offered busy wrap_up
blonde_transfer_noanswer 1001 offered busy wrap_up; 1002 offered ready
chanspy 1001 offered busy wrap_up
click_agent_noanswer 1001 busy ready
click_number_busy 1001 busy ready
click_to_call 1001 busy wrap_up
conference
conference_with_client
direct_call_noanswer 1001 offered ready
forwarded_by_phone 1001 offered ready; 1002 offered busy wrap_up
forwarded_outside 1001 offered ready
hold_unhold 1001 offered busy wrap_up
inbound_agent_hangs_up 1001 offered busy wrap_up
inbound_answered 1001 offered busy wrap_up
internal_call 1001 busy ready; 1002 offered busy ready
local_member 1001 offered busy wrap_up
local_member_kept 1001 offered busy wrap_up
local_member_noanswer 1001 offered ready; 1002 offered busy wrap_up
local_member_optimised 1001 offered busy wrap_up
local_member_optimised_transfer 1001 offered busy wrap_up; 1002 offered busy wrap_up
noanswer_next 1001 offered ready; 1002 offered busy wrap_up
outbound_answered 1001 busy wrap_up
outbound_busy 1001 busy ready
outbound_hold_transfer 1001 busy wrap_up; 1002 offered busy wrap_up
outbound_invalid 1001 busy ready busy ready
outbound_noanswer 1001 busy ready
parked_call 1001 offered busy wrap_up; 1002 busy wrap_up
parked_gone 1001 offered busy wrap_up
parked_timeout 1001 offered busy wrap_up offered busy wrap_up
pause_reason 1002 offered busy wrap_up
pickup 1001 offered ready; 1002 busy wrap_up
queue_timeout_voicemail
reject_chain 1001 offered ready; 1002 offered ready; 1003 offered ready; 1004 offered busy wrap_up
ring_group 1001 offered ready; 1002 offered busy wrap_up; 1003 offered ready
transfer_by_keys 1001 offered busy wrap_up; 1002 offered busy wrap_up
transfer_comes_back 1001 offered busy wrap_up offered busy wrap_up; 1002 offered ready
transfer_to_queue 1001 offered busy wrap_up; 1002 offered busy wrap_up
"""


@pytest.mark.parametrize("shape", streams.shapes())
def test_what_is_seen_of_each_operator(shape: str) -> None:
    if shape in CROWDS:
        for states in watched(shape).seen().values():
            assert states == ["offered", "busy", "wrap_up"] * (len(states) // 3)
    else:
        assert watched(shape).seen() == expected(shape)


@pytest.mark.parametrize("shape", streams.shapes())
def test_whoever_talked_with_a_client_and_nobody_else_wraps_up(shape: str) -> None:
    """Against the truth that the driver of the phones wrote down."""
    calls = [c for c in streams.truth(shape)["calls"] if c.get("direction") not in (*streams.NOT_A_CARD, "internal")]
    talked = {leg["agent"] for call in calls for leg in call.get("legs", ()) if leg["talk_s"]}
    for call in calls:
        answered_by = call.get("answered_by") or ""
        placed_by = call.get("agent") or call.get("caller_number") if call.get("direction") else None
        talked |= {who for who in (answered_by, placed_by) if answered_by and who in OPERATORS}
    if shape not in CROWDS:
        assert {agent for agent, states in watched(shape).seen().items() if "wrap_up" in states} == talked


@pytest.mark.parametrize("shape", streams.shapes())
def test_when_it_is_over_everybody_is_ready(shape: str) -> None:
    day = watched(shape)
    day.passes(1_000)
    assert {day.state(agent) for agent in OPERATORS} == {"ready"}
    assert day.timers == {}


@pytest.mark.parametrize("shape", [shape for shape in streams.shapes() if shape not in CROWDS])
@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_stream_cut_anywhere_leaves_nobody_busy(shape: str, tenth: int) -> None:
    """The link is lost in the middle, and the snapshot after it shows an empty PBX."""
    facts = streams.facts(streams.raw(shape))
    day = Watched(facts[0].at)
    for fact in facts[: len(facts) * tenth // 10]:
        day.hears(fact)
    empty = streams.PbxModel()
    empty.at = day.now
    for told in day.tracker.on_in_step(f.InStep("one", empty.snapshot())):
        if isinstance(told, e.Event):
            day.step(told)
    assert {day.status(agent).state for agent in OPERATORS} <= {AgentState.READY, AgentState.WRAP_UP}

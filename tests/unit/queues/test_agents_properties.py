"""Any events in any order: no rule raises, nobody is busy without a live call, no timer outlives what it was set for."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import AnnounceAgent, SyncMember
from core.model import AgentState, Direction, LegOutcome
from tests.desk_day import QUEUES, Day

AGENTS, CALLS = st.sampled_from(("1001", "1002")), st.sampled_from(("c1", "c2", "c3"))
BLIND = settings(max_examples=400, deadline=None)

steps = st.one_of(
    st.tuples(st.just("signs_in"), AGENTS),
    st.tuples(st.just("signs_out"), AGENTS),
    st.tuples(st.just("takes_over"), AGENTS),
    st.tuples(st.just("goes"), AGENTS),
    st.tuples(st.just("comes_back"), AGENTS),
    st.tuples(st.just("rings"), CALLS, AGENTS, st.sampled_from((None, *QUEUES))),
    st.tuples(st.just("stops_ringing"), CALLS, AGENTS, st.sampled_from(LegOutcome)),
    st.tuples(st.just("answers"), CALLS, AGENTS),
    st.tuples(st.just("leaves"), CALLS, AGENTS),
    st.tuples(st.just("frees"), CALLS, AGENTS),
    st.tuples(st.just("arrives"), CALLS, AGENTS, st.sampled_from(Direction)),
    st.tuples(st.just("merges"), CALLS, CALLS),
    st.tuples(st.just("drops"), CALLS),
    st.tuples(st.just("ends"), CALLS),
    st.tuples(st.just("types"), CALLS, st.sampled_from((None, "", "resolved"))),
    st.tuples(st.just("forces"), st.sampled_from(("ready", "pause", "finish", "extend")), AGENTS),
    st.tuples(st.just("passes"), st.sampled_from((0, 1, 29, 31, 60, 500))),
    st.tuples(st.just("sees"), st.booleans(), st.sampled_from(("", "lunch"))),
    st.tuples(st.just("restarts"), st.sets(AGENTS)),
)


def play(day: Day, step: tuple[object, ...]) -> Day:
    match step:
        case "takes_over", agent:
            day.signs_in(str(agent), login="other", here=False)
        case "rings", call, agent, queue:
            day.rings(str(call), str(agent), queue=queue)  # type: ignore[arg-type]
        case "arrives", call, agent, direction:
            day.arrives(str(call), agent=str(agent), direction=direction)  # type: ignore[arg-type]
        case "merges", call, into:
            day.merges(str(call), into=str(into))
        case "forces", wish, agent:
            day.forces(str(wish), str(agent), reason="lunch" if wish == "pause" else None)
        case "sees", was_away, why:
            if was_away:
                day.pbx_returns()
            day.sees_members(p1001=str(why), p1002="")
        case "restarts", agents:
            return day.restarts(signed_in=tuple(sorted(agents)))  # type: ignore[type-var]
        case name, *arguments:
            getattr(day, str(name))(*arguments)
    return day


def sound(day: Day) -> None:
    """What holds after every event."""
    for agent in ("1001", "1002"):
        status = day.agents.status(agent)
        if status is None:
            assert not [name for name in day.timers if name.endswith(agent)]
            continue
        parts = day.agents._phones.parts(agent)
        assert (status.state is AgentState.BUSY) <= any(p.talks for p in parts)
        assert (status.state is AgentState.OFFERED) <= any(not p.talks for p in parts)
        if status.state is AgentState.SIGNED_OUT:
            assert not [name for name in day.timers if name.endswith(agent)]
        else:
            assert not parts or status.state in (AgentState.BUSY, AgentState.OFFERED)
        timed = day.timers.get(f"wrap-up {agent}")
        assert timed == (status.until if status.state is AgentState.WRAP_UP else None)
        assert status.since <= day.now
        assert (status.state is AgentState.WRAP_UP) <= (status.card_id is not None)
    shown = {x.status.agent: x.status for x in day.effects if isinstance(x, AnnounceAgent)}
    assert all(day.agents.status(agent) == status for agent, status in shown.items())


@BLIND
@given(st.lists(steps, max_size=40))
def test_any_order_of_events(script: list[tuple[object, ...]]) -> None:
    day = Day()
    for step in script:
        day = play(day, step)
        sound(day)


@BLIND
@given(st.lists(steps, max_size=40))
def test_when_everything_is_over_nobody_hangs(script: list[tuple[object, ...]]) -> None:
    """All calls end, everybody says ready, time passes: ready or signed out, available or paused, no timer left."""
    day = Day()
    for step in script:
        day = play(day, step)
    for call in ("c1", "c2", "c3"):
        day.ends(call)
        day.types(call, "resolved")
    for status in day.agents.signed_in():
        day.comes_back(status.agent)
        for _ in range(8):  # a wrap-up for each conversation that is still to be written up
            day.forces("ready", status.agent)
    day.passes(10_000)
    assert day.timers == {}
    found = Counter(s.state for s in map(day.agents.status, ("1001", "1002")) if s is not None)
    assert set(found) <= {AgentState.READY, AgentState.SIGNED_OUT}
    last = {x.agent: x for x in day.effects if isinstance(x, SyncMember)}
    for status in day.agents.signed_in():
        assert not last[status.agent].paused


@BLIND
@given(st.lists(steps, max_size=30), AGENTS)
def test_what_is_refused_changes_nothing(script: list[tuple[object, ...]], agent: str) -> None:
    day = Day()
    for step in script:
        day = play(day, step)
    for wish in ("ready", "pause", "finish", "extend"):
        if day.refused(wish, agent, "lunch" if wish == "pause" else None) is not None:
            before = len(day.effects), day.agents.status(agent)
            day.forces(wish, agent, "lunch" if wish == "pause" else None)
            assert (len(day.effects), day.agents.status(agent)) == before

"""The table of operator states: every cell as it is drawn, and every cell as it is lived, by real events through the rules."""

import pytest

from core.model import AgentState, LegOutcome
from queues.agent_states import TABLE, Moment, Word, next_state, settled
from tests.desk_day import Day
from wiring.rules import agent_rules

DRAWN = """
                signed_in  signed_out  rings    talks  silent  pause_asked  ready_asked  beneath
signed_out      settle     stay        stay     stay   stay    refused      refused      stay
ready           stay       signed_out  offered  busy   settle  paused       stay         settle
offered         stay       signed_out  stay     busy   settle  later        later        stay
busy            stay       signed_out  offered  stay   settle  later        later        stay
wrap_up         stay       signed_out  offered  busy   settle  settle       settle       settle
paused          stay       signed_out  offered  busy   settle  settle       settle       settle
not_responding  stay       signed_out  offered  busy   settle  settle       settle       settle
"""

# What is seen of an operator after each event. `!`: refused in one sentence, and nothing has changed.
LIVED = """
                        signed_out   ready       offered     busy        wrap_up     paused      not_responding
signs_in                ready        ready       offered     busy        wrap_up     paused      not_responding
somebody_else           ready        ready       ready+      ready+      ready       ready       ready
signs_out               signed_out   signed_out  signed_out  signed_out  signed_out  signed_out  signed_out
second_session_ends     signed_out   ready       offered     busy        wrap_up     paused      not_responding
page_gone               signed_out   ready       offered     busy        wrap_up     paused      not_responding
page_gone_for_good      signed_out   paused      offered     busy        paused      paused      paused
page_back               signed_out   ready       offered     busy        wrap_up     paused      not_responding
rings                   signed_out   offered     offered     busy        offered     offered     offered
rings_out               signed_out   ready       offered     busy        wrap_up     paused      not_responding
callback_rings          signed_out   offered     offered     busy        offered     offered     offered
callback_given_up       signed_out   ready       offered     busy        wrap_up     paused      not_responding
own_ring_ends           signed_out   ready       ready       busy        wrap_up     paused      not_responding
answers                 signed_out   busy        busy        busy        busy        busy        busy
dials                   signed_out   busy        busy        busy        busy        busy        busy
talk_ends               signed_out   ready       offered     busy        wrap_up     paused      not_responding
phone_hangs_up          signed_out   ready       ready       wrap_up     wrap_up     paused      not_responding
call_ends               signed_out   ready       ready       wrap_up     wrap_up     paused      not_responding
call_merges             signed_out   ready       ready       wrap_up     wrap_up     paused      not_responding
call_dropped            signed_out   ready       ready       wrap_up     wrap_up     paused      not_responding
foreign_call            signed_out   ready       offered     busy        wrap_up     paused      not_responding
pause                   !            paused      offered     busy        paused      paused      paused
ready                   !            ready       !           !           ready       ready       ready
finish                  !            !           !           !           ready       !           !
extend                  !            !           !           !           wrap_up     !           !
disposition             signed_out   ready       offered     busy        wrap_up     paused      not_responding
a_minute                signed_out   ready       offered     busy        ready       paused      not_responding
foreign_timer           signed_out   ready       offered     busy        wrap_up     paused      not_responding
members_seen            signed_out   ready       offered     busy        wrap_up     paused      not_responding
pbx_returns             signed_out   ready       offered     busy        wrap_up     paused      not_responding
call_recalled           signed_out   ready       offered     busy        wrap_up     paused      not_responding
"""


def table(text: str) -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return {(row[0], column): cell for row in rows for column, cell in zip(head, row[1:], strict=True)}


def test_the_table_is_as_it_is_drawn() -> None:
    cells = {(state.value, moment.value): cell.value for state, row in TABLE.items() for moment, cell in row.items()}
    assert cells == table(DRAWN)


def test_no_cell_is_missing() -> None:
    assert set(TABLE) == set(AgentState)
    assert all(set(row) == set(Moment) for row in TABLE.values())


def test_what_each_word_means() -> None:
    for state, row in TABLE.items():
        for moment, cell in row.items():
            after = next_state(state, moment, AgentState.PAUSED)
            if cell is Word.SETTLE:
                assert after is AgentState.PAUSED
            elif isinstance(cell, Word):
                assert after is state
            else:
                assert after is cell


def test_the_facts_count_in_this_order() -> None:
    facts = ("talks", "rings", "wraps_up", "paused", "misses")
    after = ("busy", "offered", "wrap_up", "paused", "not_responding", "ready")
    for first, state in enumerate(after):
        assert settled(**{fact: n >= first for n, fact in enumerate(facts)}) == state


def in_state(state: str) -> Day:
    """1001 in this state, a moment ago. Their own call is `own`."""
    day = Day()
    day.signs_in()
    match state:
        case "signed_out":
            day.signs_out()
        case "offered":
            day.rings("own")
        case "busy":
            day.talks("own")
        case "wrap_up":
            day.talks("own")
            day.hangs_up("own")
        case "paused":
            day.asks("pause", reason="lunch")
        case "not_responding":
            for n in range(3):
                day.rings(f"missed{n}")
                day.stops_ringing(f"missed{n}")
    assert day.state() == state
    return day


def happens(day: Day, event: str) -> None:  # noqa: C901, PLR0912  # one case for each row
    match event:
        case "signs_in":
            day.signs_in(session="another")
        case "somebody_else":
            day.signs_in(login="boris")
        case "signs_out":
            day.signs_out()
        case "second_session_ends":
            day.signs_out(session="another")
        case "page_gone":
            day.goes()
        case "page_gone_for_good":
            day.goes()
            day.passes(60)
        case "page_back":
            day.comes_back()
        case "rings":
            day.rings("new")
        case "rings_out":
            day.rings("new", queue=None)
            day.stops_ringing("new")
        case "callback_rings":
            day.rings_for_callback("new")
        case "callback_given_up":
            day.rings_for_callback("new")
            day.gives_up("new")
        case "own_ring_ends":
            day.stops_ringing("own", outcome=LegOutcome.CANCELLED)
        case "answers":
            day.talks("new")
        case "dials":
            day.arrives("new", agent="1001")
        case "talk_ends":
            day.leaves("own")
        case "phone_hangs_up":
            day.leaves("own")
            day.frees("own")
        case "call_ends":
            day.ends("own")
        case "call_merges":
            day.merges("own", into="other")
        case "call_dropped":
            day.drops("own")
        case "foreign_call":
            day.talks("new", "1002")
            day.hangs_up("new", "1002")
        case "disposition":
            day.types("own", "resolved")
        case "a_minute":
            day.passes(60)
        case "foreign_timer":
            day.wakes("wrap-up 1002")
        case "members_seen":
            day.sees_members(p1001="", p1002="lunch")
        case "pbx_returns":
            day.pbx_returns()
        case "call_recalled":
            day.recalls("own", "billing")
        case "pause":
            day.forces("pause", reason="lunch")
        case wish:
            day.forces(wish)


@pytest.mark.parametrize(("event", "state"), table(LIVED))
def test_every_event_in_every_state(event: str, state: str) -> None:
    """Lived through the rules, as the engine runs them."""
    expected, day = table(LIVED)[event, state], in_state(state)
    if expected == "!":
        assert day.refused(event, reason="lunch" if event == "pause" else None) is not None
        expected = state
    happens(day, event)
    if expected.endswith("+"):  # the call in hand goes with the phone, whoever sits there
        expected = state
    assert day.state() == expected


def test_an_event_of_the_engine_is_in_the_table_above() -> None:
    """A new event that operators' states hear must get its row: 23 kinds are heard, by 30 rows."""
    assert len(agent_rules(Day().agents)) == 23
    assert len({event for event, _ in table(LIVED)}) == 30

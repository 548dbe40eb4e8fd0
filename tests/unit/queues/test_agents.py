"""The operators' rules as stories."""

from core import events as e
from core.desk import Desk, QueueSettings, WrapUpMode
from core.effects import SyncMember, WakeAt
from core.model import AgentState, AgentStatus, Direction, LegOutcome
from queues.agents import Agents, AgentsLoaded
from tests.cards import NOON, instant
from tests.desk_day import QUEUES, Day


def day() -> Day:
    begun = Day()
    begun.signs_in()
    return begun


def test_a_call_from_ring_to_ready() -> None:
    d = day()
    d.rings("c1")
    d.passes(5)
    d.answers("c1")
    assert (d.status().card_id, d.status().queue, d.status().since) == ("c1", "support", instant(5))
    d.passes(100)
    d.hangs_up("c1")
    assert (d.state(), d.status().card_id) == ("wrap_up", "c1")
    assert (d.status().until, d.status().extensions_left) == (instant(165), 2)
    d.passes(59.9)
    assert d.state() == "wrap_up"
    d.passes(0.1)
    assert (d.state(), d.status().since, d.status().until, d.status().card_id) == ("ready", instant(165), None, None)
    assert d.told() == ["ready", "offered", "busy", "wrap_up", "ready"]
    assert d.timers == {}


def test_each_change_is_saved_with_its_instant() -> None:
    d = day()
    d.passes(7)
    d.asks("pause", reason="lunch")
    assert [(s.at, s.status.state) for s in d.saved()] == [(NOON, AgentState.READY), (instant(7), AgentState.PAUSED)]


# ---- pauses


def test_a_pause_asked_for_in_a_call_takes_effect_after_it_and_is_shown() -> None:
    d = day()
    d.talks("c1", queue="free")
    d.asks("pause", reason="lunch")
    assert (d.state(), d.status().reason) == ("busy", "lunch")
    d.hangs_up("c1")
    assert (d.state(), d.status().reason) == ("paused", "lunch")


def test_a_pause_asked_for_while_it_rings() -> None:
    d = day()
    d.rings("c1")
    d.asks("pause", reason="lunch")
    d.stops_ringing("c1", outcome=LegOutcome.CANCELLED)
    assert (d.state(), d.status().reason) == ("paused", "lunch")


def test_a_pause_in_a_mandatory_wrap_up_waits_for_the_disposition() -> None:
    d = day()
    d.talks("c1", queue="sales")
    d.hangs_up("c1")
    d.asks("pause", reason="lunch")
    assert (d.state(), d.status().reason) == ("wrap_up", "lunch")
    d.types("c1", "resolved")
    d.asks("finish")
    assert (d.state(), d.status().reason) == ("paused", "lunch")


def test_a_call_in_a_pause_leads_back_to_the_pause() -> None:
    d = day()
    d.asks("pause", reason="lunch")
    d.passes(10)
    d.arrives("c1", direction=Direction.INTERNAL, agent="1001")
    assert (d.state(), d.status().reason, d.status().card_id) == ("busy", "lunch", None)
    d.passes(5)
    d.ends("c1")
    assert (d.state(), d.status().reason, d.status().since) == ("paused", "lunch", instant(15))


def test_another_reason_is_another_spell() -> None:
    d = day()
    d.asks("pause", reason="lunch")
    d.passes(10)
    d.asks("pause", reason="lunch")
    assert d.status().since == NOON
    d.asks("pause", reason="meeting")
    assert (d.status().reason, d.status().since) == ("meeting", instant(10))


# ---- wrap-up


def test_modes_of_wrap_up() -> None:
    after = {}
    for queue in QUEUES:
        d = day()
        d.talks("c1", queue=queue)
        d.hangs_up("c1")
        after[queue] = [d.state()]
        d.passes(1000)
        after[queue].append(d.state())
        assert d.timers == {}
    assert after == {
        "free": ["ready", "ready"],
        "support": ["wrap_up", "ready"],
        "open": ["wrap_up", "wrap_up"],
        "sales": ["wrap_up", "wrap_up"],
        "claims": ["wrap_up", "ready"],
    }


def test_a_queue_of_which_nothing_is_declared_has_the_usual_wrap_up() -> None:
    d = day()
    d.talks("c1", queue=None)
    d.hangs_up("c1")
    assert d.status().until == instant(60)


def test_the_queue_that_the_client_waited_in_counts_after_a_transfer() -> None:
    d = day()
    d.arrives("c1")
    d.step(e.CallQueued(at=d.now, call_id="c1", queue="sales"))
    d.answers("c1")  # passed on to 1001, whose phone no queue rang
    d.hangs_up("c1")
    assert (d.state(), d.status().queue, d.status().until) == ("wrap_up", "sales", None)


def test_no_wrap_up_after_a_call_between_colleagues_or_one_that_nobody_took() -> None:
    d = day()
    d.signs_in("1002")
    d.arrives("c1", direction=Direction.INTERNAL, agent="1001")
    d.step(e.CallOffered(at=d.now, call_id="c1", leg_id="c1-1002", agent="1002", queue=None))
    d.answers("c1", "1002")
    d.answers("c1", "1001")
    assert (d.state("1001"), d.state("1002")) == ("busy", "busy")
    d.ends("c1")
    assert (d.state("1001"), d.state("1002")) == ("ready", "ready")
    d.arrives("c2", direction=Direction.OUTBOUND, agent="1001")
    assert (d.state(), d.member()) == ("busy", "available")
    d.ends("c2")
    assert d.state() == "ready"


def test_an_outbound_conversation_has_its_wrap_up() -> None:
    d = day()
    d.arrives("c1", direction=Direction.OUTBOUND, agent="1001")
    d.step(e.CallAnswered(at=d.now, call_id="c1", leg_id="far", party="7916", agent=None))
    d.answers("c1")
    d.passes(30)
    d.hangs_up("c1")
    assert (d.state(), d.status().card_id, d.status().since) == ("wrap_up", "c1", instant(30))


def test_click_to_call_where_the_client_was_called_first() -> None:
    """The operator is rung for the call that they placed: one part, which ends with the ringing."""
    d = day()
    d.arrives("c1", direction=Direction.OUTBOUND, agent="1001")
    d.step(e.CallOffered(at=d.now, call_id="c1", leg_id="other", agent="1001", queue=None))
    assert d.state() == "offered"
    d.step(e.CallOfferEnded(at=d.now, call_id="c1", leg_id="other", agent="1001", outcome=LegOutcome.NOANSWER))
    assert d.state() == "ready"


def test_a_disposition_chosen_in_the_call_counts_afterwards() -> None:
    d = day()
    d.talks("c1", queue="sales")
    d.types("c1", "resolved")
    assert d.status().disposed
    d.hangs_up("c1")
    d.asks("finish")
    assert d.state() == "ready"


def test_an_extension_prolongs_and_is_counted() -> None:
    d = day()
    d.talks("c1")
    d.hangs_up("c1")
    d.passes(50)
    d.asks("extend")
    assert (d.status().until, d.status().extensions_left, d.status().since) == (instant(90), 1, NOON)
    d.passes(39)
    assert d.state() == "wrap_up"
    d.passes(1)
    assert d.state() == "ready"


def test_a_call_into_the_wrap_up_leads_back_to_it_while_its_time_lasts() -> None:
    d = day()
    d.talks("c1")
    d.hangs_up("c1")
    d.passes(10)
    d.rings("c2", queue=None)
    d.stops_ringing("c2")
    assert (d.state(), d.status().card_id, d.status().until) == ("wrap_up", "c1", instant(60))
    d.talks("c3", queue="free")
    d.passes(100)
    assert d.state() == "busy"
    d.hangs_up("c3")
    assert d.state() == "ready"


def test_two_wrap_ups_come_one_after_the_other() -> None:
    d = day()
    d.talks("c1", queue="sales")
    d.hangs_up("c1")
    d.talks("c2", queue="sales")
    d.hangs_up("c2")
    seen = []
    for _ in range(2):
        seen.append(d.status().card_id)
        d.types(seen[-1] or "", "resolved")
        d.asks("finish")
    assert (seen, d.state()) == (["c2", "c1"], "ready")


def test_back_with_the_client_there_is_no_wrap_up_yet() -> None:
    """An operator who goes to ask a colleague by keys leaves the client's bridge, and comes back."""
    d = day()
    d.talks("c1")
    d.passes(3)
    d.leaves("c1")
    assert (d.state(), d.status().card_id) == ("busy", "c1")
    d.passes(3)
    d.answers("c1")
    assert (d.state(), d.status().until, d.status().since) == ("busy", None, NOON)
    d.passes(100)
    d.hangs_up("c1")
    assert d.status().until == instant(166)


def test_one_conversation_is_one_wrap_up_however_many_phones_of_mine_were_in_it() -> None:
    d = day()
    d.talks("c1", queue="sales")
    d.step(e.CallAnswered(at=d.now, call_id="c1", leg_id="second", party="1001", agent="1001"))
    d.hangs_up("c1")
    d.types("c1", "resolved")
    d.asks("finish")
    assert d.state() == "ready"


# ---- several calls


def test_busy_until_the_last_call_is_over() -> None:
    d = day()
    d.talks("c1", queue="free")
    d.rings("c2", queue="free")
    assert d.state() == "busy"
    d.hangs_up("c1")
    assert d.state() == "offered"
    d.ends("c2")
    assert d.state() == "ready"


def test_rung_by_two_queues_at_once() -> None:
    d = day()
    d.rings("c1")
    d.rings("c2", queue="sales")
    d.stops_ringing("c1", outcome=LegOutcome.CANCELLED)
    assert d.state() == "offered"
    d.answers("c2")
    assert (d.state(), d.status().card_id) == ("busy", "c2")


def test_a_consultation_that_becomes_the_clients_call() -> None:
    d = day()
    d.signs_in("1002")
    d.talks("client", "1001")
    d.arrives("ask", direction=Direction.INTERNAL, agent="1001")
    d.step(e.CallOffered(at=d.now, call_id="ask", leg_id="ask-1002", agent="1002", queue=None))
    d.answers("ask", "1002")
    d.answers("ask", "1001")
    d.passes(20)
    before = d.status("1002")
    d.leaves("client", "1001")
    d.leaves("ask", "1001")
    d.leaves("ask", "1002")
    d.passes(0.1)
    d.merges("ask", "client")
    assert d.state("1002") == "busy"  # never free in between: a queue would ring
    d.passes(0.1)
    d.step(e.LegGone(at=d.now, call_id="client", leg_id="client-1001", agent="1001"))
    d.step(e.LegGone(at=d.now, call_id="client", leg_id="ask-1001", agent="1001"))
    d.step(e.CallAnswered(at=d.now, call_id="client", leg_id="ask-1002", party="1002", agent="1002"))
    assert (d.state("1001"), d.status("1001").card_id) == ("wrap_up", "client")
    assert (d.state("1002"), d.status("1002").card_id) == ("busy", "client")
    assert d.status("1002").since == before.since  # it was one stretch of talking
    d.passes(60)
    d.ends("client")
    assert (d.state("1002"), d.status("1002").card_id) == ("wrap_up", "client")


# ---- missed calls


def test_calls_that_ring_out_make_not_responding_and_ready_leads_back() -> None:
    d = day()
    for n in range(3):
        assert d.state() == "ready"
        d.rings(f"c{n}")
        d.stops_ringing(f"c{n}")
    assert (d.state(), d.member()) == ("not_responding", "not_responding")
    d.asks("ready")
    assert (d.state(), d.member()) == ("ready", "available")
    d.rings("c9")
    d.stops_ringing("c9")
    assert d.state() == "ready"


def test_only_a_true_no_answer_to_a_queue_counts_and_only_in_a_row() -> None:
    d = day()
    for n, outcome in enumerate([o for o in LegOutcome if o is not LegOutcome.NOANSWER]):
        d.rings(f"c{n}")
        d.stops_ringing(f"c{n}", outcome=outcome)
        assert d.state() == "ready"
    for n in range(4):
        d.rings(f"direct{n}", queue=None)
        d.stops_ringing(f"direct{n}")
        assert d.state() == "ready"
    for n in range(4):
        d.rings(f"queued{n}", queue="free")
        d.stops_ringing(f"queued{n}")
        if n % 2:
            d.talks(f"taken{n}", queue="free")
            d.hangs_up(f"taken{n}")
    assert d.state() == "ready"


def test_whoever_talks_responds() -> None:
    d = day()
    for n in range(3):
        d.rings(f"c{n}")
        d.stops_ringing(f"c{n}")
    d.talks("c9", queue="free")
    d.hangs_up("c9")
    assert d.state() == "ready"


def test_never_not_responding_where_it_is_switched_off() -> None:
    d = Day(Desk(missed_calls=0, queues=QUEUES))
    d.signs_in()
    for n in range(20):
        d.rings(f"c{n}")
        d.stops_ringing(f"c{n}")
    assert d.state() == "ready"


# ---- the browser


def test_a_page_loaded_anew_is_silent() -> None:
    d = day()
    d.goes()
    d.passes(59)
    d.comes_back()
    d.passes(100)
    assert (d.told(), d.timers) == (["ready"], {})


def test_a_browser_that_is_gone_pauses_and_one_that_is_back_undoes_it() -> None:
    d = day()
    d.goes()
    d.passes(60)
    assert (d.state(), d.status().reason, d.member()) == ("paused", "away", "away")
    d.comes_back()
    assert (d.state(), d.member()) == ("ready", "available")


def test_a_late_timer_of_an_earlier_absence_counts_not() -> None:
    d = day()
    d.goes()
    d.passes(30)
    d.comes_back()
    d.goes()
    d.step(e.Woke(at=instant(60), timer_id="away 1001"))
    assert d.state() == "ready"


def test_an_own_pause_outlives_the_browser() -> None:
    d = day()
    d.asks("pause", reason="lunch")
    d.goes()
    d.passes(100)
    d.comes_back()
    assert (d.state(), d.status().reason, d.status().since) == ("paused", "lunch", NOON)


def test_a_browser_that_never_comes() -> None:
    d = Day()
    d.signs_in(here=False)
    d.passes(60)
    assert (d.state(), d.status().reason) == ("paused", "away")
    d.asks("ready")  # by a program, without a page
    assert d.state() == "ready"


def test_away_is_switched_off() -> None:
    d = Day(Desk(away_after_s=0, queues=QUEUES))
    d.signs_in(here=False)
    d.passes(10_000)
    assert (d.state(), d.timers) == ("ready", {})


# ---- who sits there


def test_two_browsers_and_the_last_one_counts() -> None:
    d = day()
    d.signs_in(session="tablet")
    d.signs_out(session="s-op1001")
    assert d.state() == "ready"
    d.signs_out(session="tablet")
    assert (d.state(), d.timers) == ("signed_out", {})


def test_the_next_one_finds_nothing_of_the_one_before() -> None:
    d = day()
    d.talks("c1", queue="sales")
    d.hangs_up("c1")
    d.asks("pause", reason="lunch")
    d.signs_in(login="boris")
    assert (d.state(), d.status().login, d.status().reason) == ("ready", "boris", None)
    assert d.told()[-2:] == ["signed_out", "ready"]


def test_whoever_signs_in_in_the_middle_of_a_call_is_busy() -> None:
    d = Day()
    d.talks("c1")
    d.signs_in()
    assert (d.state(), d.status().card_id) == ("busy", "c1")
    d.hangs_up("c1")
    assert d.state() == "wrap_up"


def test_who_never_signed_in_is_left_alone() -> None:
    d = Day()
    d.talks("c1")
    d.hangs_up("c1")
    d.sees_members(p1001="")
    d.pbx_returns()
    d.sees_members(p1001="phone")
    assert (d.effects, d.agents.signed_in()) == ([], [])


def test_who_is_counted() -> None:
    d = day()
    d.signs_in("1002")
    d.signs_in("1003")
    d.signs_out("1003")
    d.asks("pause", "1002", reason="lunch")
    counts = {state.value: n for state, n in d.agents.counts().items() if n}
    assert counts == {"ready": 1, "paused": 1}
    assert [s.agent for s in d.agents.signed_in()] == ["1001", "1002"]


# ---- Asterisk's own queues


def test_a_member_is_paused_while_still_talking_where_a_wrap_up_follows() -> None:
    """At the end of the call it would come too late: the queue rings the next one at once."""
    d = day()
    d.rings("c1")
    assert d.member() == "available"
    d.answers("c1")
    assert d.member() == "wrap_up"
    d.hangs_up("c1")
    d.passes(60)
    told = [x for x in d.effects if isinstance(x, SyncMember)]
    assert [(x.paused, x.reason) for x in told] == [(False, ""), (True, "wrap_up"), (False, "")]


def test_a_member_stays_available_where_nothing_follows() -> None:
    d = day()
    d.talks("c1", queue="free")
    assert d.member() == "available"
    d.asks("pause", reason="lunch")
    assert d.member() == "lunch"
    d.asks("ready")
    assert d.member() == "available"


def test_a_pause_survives_a_call() -> None:
    d = day()
    d.asks("pause", reason="lunch")
    d.talks("c1", queue="free")
    d.hangs_up("c1")
    assert [x.reason for x in d.effects if isinstance(x, SyncMember)] == ["", "lunch"]


def test_signing_out_pauses_the_member_for_good() -> None:
    d = day()
    d.signs_out()
    assert d.member() == "signed_out"


def test_members_that_are_otherwise_are_made_true_again() -> None:
    d = day()
    d.signs_in("1002")
    d.asks("pause", "1002", reason="lunch")
    d.effects.clear()
    d.sees_members(p1001="", p1002="lunch")
    assert d.effects == []
    d.sees_members(p1001="phone", p1002="")
    assert (d.member("1001"), d.member("1002")) == ("available", "lunch")
    d.effects.clear()
    d.sees_members(p1002="meeting")
    assert d.member("1002") == "lunch"


def test_members_signed_out_are_paused_again_only_when_the_pbx_was_away() -> None:
    d = day()
    d.signs_out()
    d.effects.clear()
    d.sees_members(p1001="")
    assert d.effects == []
    d.pbx_returns()
    d.sees_members(p1001="")
    assert d.member() == "signed_out"
    d.effects.clear()
    d.sees_members(p1001="")
    assert d.effects == []


def test_members_are_left_alone_where_it_is_switched_off() -> None:
    d = Day(Desk(sync_members=False, queues=QUEUES))
    d.signs_in()
    d.asks("pause", reason="lunch")
    d.sees_members(p1001="")
    d.signs_out()
    assert d.member() is None


# ---- our restart


def test_states_outlive_our_restart() -> None:
    d = day()
    d.asks("pause", reason="lunch")
    anew = d.restarts(after_s=30)
    anew.comes_back()
    assert (anew.state(), anew.status().reason, anew.status().since) == ("paused", "lunch", NOON)
    assert (anew.told(), anew.saved()) == (["paused"], [])  # screens must know, the record does


def test_who_had_signed_out_before_our_restart_is_known_to_the_rules_and_told_to_nobody_else() -> None:
    out = AgentStatus(agent="1001", site="riga", state=AgentState.SIGNED_OUT, since=NOON, login="anna")
    loaded = AgentsLoaded(at=instant(60), statuses=(out,), signed_in=())
    assert Agents(site="riga", desk=Desk()).on_agents_loaded(loaded) == [e.AgentChanged(at=instant(60), status=out)]


def test_a_wrap_up_goes_on_after_our_restart() -> None:
    d = day()
    d.talks("c1")
    d.hangs_up("c1")
    d.asks("extend")
    anew = d.restarts(after_s=30)
    anew.comes_back()
    assert (anew.state(), anew.status().until, anew.status().extensions_left) == ("wrap_up", instant(90), 1)
    anew.passes(60)
    assert anew.state() == "ready"


def test_a_wrap_up_that_ended_meanwhile_has_ended() -> None:
    d = day()
    d.talks("c1")
    d.hangs_up("c1")
    anew = d.restarts(after_s=61)
    assert anew.state() == "ready"


def test_a_mandatory_wrap_up_is_as_mandatory_after_our_restart() -> None:
    d = day()
    d.talks("c1", queue="sales")
    d.hangs_up("c1")
    anew = d.restarts(after_s=5000)
    refused = anew.refused("finish")
    assert refused is not None and refused.code == "disposition_missing"
    anew.types("c1", "resolved")
    anew = anew.restarts()
    anew.asks("finish")
    assert anew.state() == "ready"


def test_a_call_that_goes_on_over_our_restart() -> None:
    d = day()
    d.talks("c1", queue="free")
    d.asks("pause", reason="lunch")
    anew = d.restarts(after_s=5)
    anew.talks("c1", queue="free")  # as the snapshot tells it
    assert (anew.state(), anew.status().reason) == ("busy", "lunch")
    anew.hangs_up("c1")
    assert anew.state() == "paused"


def test_the_queue_of_a_call_is_known_after_two_restarts() -> None:
    """Of a call that is talked already, a snapshot doesn't tell which queue it came from."""
    d = day()
    d.talks("c1", queue="sales")
    for _ in range(2):
        d = d.restarts(after_s=5)
        d.arrives("c1")
        d.answers("c1")
        assert d.status().queue == "sales"
    d.hangs_up("c1")
    refused = d.refused("finish")
    assert refused is not None and refused.code == "disposition_missing"


def test_a_conversation_that_ended_while_we_were_down_is_owed_its_wrap_up() -> None:
    d = day()
    d.talks("c1")
    d.types("c1", "resolved")
    anew = d.restarts(after_s=5)
    assert (anew.state(), anew.status().card_id, anew.status().disposed) == ("wrap_up", "c1", True)
    anew.talks("c1")  # no: it lives, as the snapshot tells
    assert (anew.state(), anew.status().disposed) == ("busy", True)


def test_ringing_of_before_our_restart_is_no_ringing_now() -> None:
    d = day()
    d.rings("c1")
    assert d.restarts().state() == "ready"


def test_whose_session_ended_meanwhile_is_signed_out() -> None:
    d = day()
    anew = d.restarts(signed_in=())
    assert (anew.state(), anew.member()) == ("signed_out", "signed_out")


def test_who_signed_in_just_before_we_died_is_ready() -> None:
    anew = Day().restarts(signed_in=("1001",))
    assert anew.state() == "ready"


def test_not_responding_and_away_over_our_restart() -> None:
    d = day()
    for n in range(3):
        d.rings(f"c{n}")
        d.stops_ringing(f"c{n}")
    assert d.restarts().state() == "not_responding"
    gone = day()
    gone.goes()
    gone.passes(60)
    anew = gone.restarts()
    assert anew.state() == "ready"  # whether the page is there is seen anew
    anew.passes(60)
    assert anew.status().reason == "away"


def test_pbx_restart_ends_the_calls_and_nothing_hangs() -> None:
    d = day()
    d.talks("c1", queue="support")
    d.signs_in("1002")
    d.rings("c2", "1002")
    for call in ("c1", "c2"):
        d.step(e.CallEnded(at=d.now, call_id=call, ended_by=None, cause=None, inferred=True, reason="pbx_restart"))
    assert (d.state("1001"), d.state("1002")) == ("wrap_up", "ready")


def test_a_timer_that_is_late_for_a_wrap_up_that_was_prolonged_ends_nothing() -> None:
    d = day()
    d.talks("c1")
    d.hangs_up("c1")
    d.asks("extend")
    d.step(e.Woke(at=instant(60), timer_id="wrap-up 1001"))
    assert d.state() == "wrap_up"
    assert [x.at for x in d.effects if isinstance(x, WakeAt) and x.at][-1] == instant(90)


def test_a_talk_from_before_our_restart_is_followed_by_the_wrap_up_of_its_queue() -> None:
    """A snapshot shows the talk, and the card its queue: here one without any wrap-up."""
    day = Day(Desk(queues={"sales": QueueSettings(wrap_up=WrapUpMode.NONE)}))
    day.signs_in()
    day.talks("c", queue=None)
    day.recalls("c", "sales")
    day.hangs_up("c")
    assert day.state() == "ready"

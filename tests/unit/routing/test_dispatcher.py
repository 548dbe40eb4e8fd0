"""The live routing as scripts: what is told to screens, phones and callers, and in which order."""

from datetime import timedelta
from typing import Any

from core import effects as fx
from core import events as e
from core.model import AgentState, Direction, LegOutcome, PastInteraction
from routing.explanation import why_waiting
from routing.hours import Hours
from routing.hours_text import week
from routing.offers import LEASE_MARGIN_S
from routing.on_duty import REST_S
from routing.policy import Strategy
from routing.settings import Mode, PersonSetting, QueueSetting, RelaxSetting, WhenClosed
from tests.centre import NOON, Centre, person


def queue(**more: Any) -> QueueSetting:
    return QueueSetting(**{"mode": Mode.ACD, "strategy": Strategy.LONGEST_IDLE, **more})


def centre(people: dict[str, PersonSetting] | None = None, **more: Any) -> Centre:
    queues = more.pop("queues", {"support": queue()})
    return Centre(queues=queues, people=people or {"anna": person(), "boris": person()}, **more)


def with_anna(**more: Any) -> Centre:
    one = centre(**more)
    one.comes("anna", "1001")
    one.tells()
    return one


# ---- choosing


def test_the_pop_goes_out_before_the_phone_rings() -> None:
    one = with_anna()
    one.calls("A")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    ring = next(f for f in one.effects if isinstance(f, fx.RingAgent))
    assert ring.offer_id.startswith(f"cc.{ring.caller_uniqueid}.")
    assert (ring.ring_s, ring.queue, ring.shown_number) == (15, "support", "+37120000001")


def test_who_waits_is_offered_the_moment_somebody_is_ready() -> None:
    one = centre()
    one.calls("A")
    one.wait(30)
    one.tells()
    one.comes("anna", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_a_native_queue_is_left_to_asterisk() -> None:
    one = with_anna(queues={"support": queue(), "plain": QueueSetting(mode=Mode.NATIVE)})
    one.calls("A", "plain")
    one.tells()


def test_work_that_asterisk_gave_them_counts_as_work() -> None:
    """Idle is who has done nothing the longest, of whichever queue; an own call is no work."""
    one = centre(
        {"anna": person("support"), "boris": person("support")},
        queues={"support": queue(strategy=Strategy.LONGEST_IDLE), "plain": QueueSetting(mode=Mode.NATIVE)},
    )
    one.comes("anna", "1001")
    one.wait(10)
    one.comes("boris", "1002")
    one.calls("A", "plain")
    one.step(e.CallOffered(at=one.now, call_id="A", leg_id="n.1", agent="1001", queue="plain"))
    one.answers("A", "1001", leg="n.1")
    one.wait(30)
    one.ends("A")
    one.finishes("1001")
    one.tells("""
        pop 1001 A
    """)
    one.calls("B")
    one.tells("""
        pop 1002 B
        ring 1002 B
    """)


def test_of_a_ring_group_one_may_fall_silent_and_another_answer_while_the_line_is_away() -> None:
    """What the snapshot tells comes before the line counts as there again."""
    people = {"anna": person("support"), "boris": person("support")}
    one = centre(people, queues={"support": queue(strategy=Strategy.RING_ALL)})
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.calls("A")
    one.rings("A", "1001")
    one.rings("A", "1002")
    one.lose()
    one.falls_silent("A", "1001", LegOutcome.REJECTED)
    one.answers("A", "1002")
    one.connect()
    assert one.outcomes() == [("A", "1001", "declined"), ("A", "1002", "accepted")]
    one.calls("B")
    assert one.state("1002") is AgentState.BUSY and one.leg("B", "1001")


def test_who_signs_out_while_the_line_is_away_leaves_the_call_to_wait_for_the_line() -> None:
    one = centre({"anna": person("support"), "boris": person("support")})
    one.comes("anna", "1001")
    one.calls("A")
    one.rings("A", "1001")
    one.comes("boris", "1002")
    one.lose()
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.goes("anna", "1001")
    one.tells("")
    one.falls_silent("A", "1001", LegOutcome.CANCELLED)
    one.connect()
    one.tells("""
        pop 1002 A
        ring 1002 A
    """)


def test_a_phone_that_should_be_silent_is_told_so_when_the_line_is_back() -> None:
    """Found by the soak: it rang on for a caller whom somebody else had."""
    one = centre({"anna": person("support")})
    one.comes("anna", "1001")
    one.calls("A")
    one.rings("A", "1001")
    one.lose()
    one.goes("anna", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.connect()
    one.tells("silence 1795780800.1")
    one.lose()
    one.connect()
    one.tells("")


def test_nobody_is_offered_two_calls() -> None:
    one = with_anna()
    one.calls("A")
    one.calls("B")
    one.rings("A", "1001")
    one.answers("A", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    assert one.state("1001") is AgentState.BUSY
    one.ends("A")
    assert one.state("1001") is AgentState.WRAP_UP
    one.tells()
    one.finishes("1001")
    one.tells("""
        pop 1001 B
        ring 1001 B
    """)


def test_a_step_comes_at_its_time() -> None:
    relax = (RelaxSetting(after_s=20, requirement="any"),)
    one = centre(
        {"anna": person(), "boris": person(billing=3)}, queues={"support": queue(requirement="billing", relax=relax)}
    )
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.pauses("1002")
    one.calls("A")
    one.wait(19.9)
    one.tells()
    one.wait(0.2)
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_who_is_known_as_vip_comes_first() -> None:
    one = centre()
    one.calls("A")
    one.wait(120)
    one.calls("B")
    one.is_known("B", vip=True)
    one.comes("anna", "1001")
    one.tells("""
        pop 1001 B
        ring 1001 B
    """)


def test_a_client_waits_a_while_for_the_operator_who_looks_after_them() -> None:
    one = centre(queues={"support": queue(preferred_s=10)})
    one.comes("boris", "1002")
    one.pauses("1002")
    one.calls("A")
    one.is_known("A", owner="boris")
    one.comes("anna", "1001")
    one.tells()
    one.wait(10.1)
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def talked(agent: str, days_ago: int) -> PastInteraction:
    return PastInteraction(
        "c", "voice", Direction.INBOUND, NOON - timedelta(days=days_ago), "support", agent, 60.0, None, "", True
    )


def test_else_for_whom_they_talked_with_last_unless_that_is_long_ago() -> None:
    for days_ago, offered in ((3, "1002"), (31, "1001")):
        one = centre()
        one.comes("anna", "1001")
        one.wait(1)
        one.comes("boris", "1002")
        for agent in ("1001", "1002"):
            one.pauses(agent)
        one.calls("A")
        one.is_known("A", history=(talked("1002", days_ago),))
        one.readies("1001")
        one.readies("1002")
        one.tells(f"""
            pop {offered} A
            ring {offered} A
        """)


# ---- what becomes of offers


def test_no_answer_counts_and_the_caller_keeps_the_place() -> None:
    one = with_anna()
    one.calls("A")
    one.calls("B")
    one.comes("boris", "1002")
    one.tells("""
        pop 1001 A
        ring 1001 A
        pop 1002 B
        ring 1002 B
    """)
    one.rings("A", "1001")
    one.rings("B", "1002")
    one.answers("B", "1002")
    one.wait(15)
    one.falls_silent("A", "1001", LegOutcome.NOANSWER)
    assert one.outcomes() == [("B", "1002", "accepted"), ("A", "1001", "expired")]
    assert one.state("1001") is AgentState.NOT_RESPONDING
    one.calls("C")
    one.ends("B")
    one.tells()
    one.finishes("1002")
    one.tells("""
        pop 1002 A
        ring 1002 A
    """)


def test_a_browser_that_sleeps_is_no_fault_of_the_person() -> None:
    one = with_anna()
    one.calls("A")
    one.rings("A", "1001")
    one.step(e.AgentGone(at=one.now, agent="1001"))
    one.falls_silent("A", "1001", LegOutcome.NOANSWER)
    assert one.outcomes() == [("A", "1001", "asleep")]
    assert one.state("1001") is AgentState.READY
    one.wait(30)
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_without_a_browser_nothing_is_offered() -> None:
    one = with_anna()
    one.step(e.AgentGone(at=one.now, agent="1001"))
    one.calls("A")
    one.tells()
    one.step(e.AgentBack(at=one.now, agent="1001"))
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_who_declines_gets_another_call_but_not_this_one_again_at_once() -> None:
    one = with_anna()
    one.calls("A")
    one.calls("B")
    one.rings("A", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.falls_silent("A", "1001", LegOutcome.REJECTED)
    assert one.outcomes() == [("A", "1001", "declined")]
    one.tells("""
        pop 1001 B
        ring 1001 B
    """)


def test_a_phone_that_cant_be_rung_is_left_alone_for_a_while() -> None:
    one = with_anna()
    one.calls("A")
    one.step(e.RingFailed(at=one.now, call_id="A", offer_id=one.leg("A", "1001"), agent="1001", why="no such phone"))
    one.calls("B")
    one.tells("""
        pop 1001 A
        ring 1001 A
        silence 1795780800.1
    """)
    assert one.outcomes() == [("A", "1001", "failed")]
    one.wait(REST_S[0] + 0.1)
    one.tells("""
        pop 1001 B
        ring 1001 B
    """)


def test_where_nobody_knows_whether_it_rings_the_lease_ends_the_offer() -> None:
    one = with_anna()
    one.calls("A")
    leg = one.leg("A", "1001")
    one.step(e.RingFailed(at=one.now, call_id="A", offer_id=leg, agent="1001", why="no answer", certain=False))
    one.wait(15 + LEASE_MARGIN_S - 1)
    assert one.outcomes() == []
    one.wait(2)
    assert one.outcomes() == [("A", "1001", "failed")]
    assert not len(one.dispatcher.offering.book)


def test_the_caller_goes_and_the_phone_falls_silent() -> None:
    one = with_anna()
    one.calls("A")
    one.rings("A", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.ends("A")
    one.tells("silence 1795780800.1")
    assert one.outcomes() == [("A", "1001", "cancelled")]


def test_of_a_ring_group_one_answers_and_the_others_fall_silent() -> None:
    one = centre(queues={"support": queue(strategy=Strategy.RING_ALL)})
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.calls("A")
    for agent in ("1001", "1002"):
        one.rings("A", agent)
    one.tells("""
        pop 1001 A
        ring 1001 A
        pop 1002 A
        ring 1002 A
    """)
    one.answers("A", "1002")
    one.tells("silence 1795780800.1")
    assert one.outcomes() == [("A", "1002", "accepted"), ("A", "1001", "rescinded")]


def test_somebody_else_takes_the_call() -> None:
    one = with_anna()
    one.calls("A")
    one.rings("A", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.answers("A", "1009", leg="pickup.1")
    assert one.outcomes() == [("A", "1001", "rescinded")]
    assert "A" not in one.dispatcher.router.items


def test_signing_out_while_it_rings_brings_the_caller_to_the_next() -> None:
    one = centre()
    one.comes("anna", "1001")
    one.wait(1)
    one.comes("boris", "1002")
    one.calls("A")
    one.rings("A", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.goes("anna", "1001")
    one.tells("""
        silence 1795780801.1
        pop 1002 A
        ring 1002 A
    """)
    assert one.outcomes() == [("A", "1001", "rescinded")]


def test_whose_shift_ends_is_offered_nothing_more() -> None:
    one = centre()
    one.plan.changes["anna"] = NOON + timedelta(minutes=5)
    one.comes("anna", "1001")
    one.plan.off.add("anna")
    del one.plan.changes["anna"]
    one.wait(301)
    one.calls("A")
    one.tells()
    assert one.dispatcher.duty.why_not("anna") == ("off_shift",)


# ---- restart, the line, the plan


def test_until_in_step_with_the_pbx_nobody_is_rung_and_the_oldest_comes_first() -> None:
    one = centre(connected=False)
    one.comes("anna", "1001")
    one.calls("young", began_s=-5, adopted=True)
    one.calls("old", began_s=-60, adopted=True)
    one.tells()
    one.connect()
    one.tells("""
        pop 1001 old
        ring 1001 old
    """)


def test_a_phone_that_rings_since_before_our_restart_isnt_doubled() -> None:
    one = centre(connected=False)
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.calls("A", began_s=-60, adopted=True)
    one.rings("A", "1002", leg="cc.x.1")
    one.connect()
    one.tells("pop 1002 A")
    one.falls_silent("A", "1002", LegOutcome.NOANSWER, leg="cc.x.1")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_phones_that_ring_since_before_our_restart_fall_silent_when_one_is_answered() -> None:
    one = centre(connected=False)
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.calls("A", began_s=-60, adopted=True)
    one.rings("A", "1001", leg="cc.x.1")
    one.rings("A", "1002", leg="cc.x.2")
    one.connect()
    one.answers("A", "1002", leg="cc.x.2")
    one.tells("""
        pop 1001 A
        pop 1002 A
        silence x
    """)


def test_while_the_line_is_down_nobody_is_chosen_and_nobody_loses_a_place() -> None:
    one = centre()
    one.calls("A")
    one.wait(10)
    one.calls("B")
    one.lose()
    one.comes("anna", "1001")
    one.tells()
    one.connect()
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_a_phone_that_rang_when_the_line_went_may_still_answer() -> None:
    one = with_anna()
    one.calls("A")
    one.rings("A", "1001")
    one.lose()
    one.wait(3)
    one.connect()
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.answers("A", "1001")
    assert one.outcomes() == [("A", "1001", "accepted")]


def test_another_plan_counts_at_once_for_those_who_wait() -> None:
    one = centre({"anna": person("other")}, queues={"support": queue(), "other": queue()})
    one.comes("anna", "1001")
    one.calls("A")
    one.tells()
    one.plan.people = {"anna": person("support")}
    one.replan()
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_a_queue_that_meridian_serves_no_more_gives_its_callers_to_asterisk() -> None:
    one = centre()
    one.calls("A")
    one.plan.queues = {"support": QueueSetting(mode=Mode.NATIVE)}
    one.replan()
    one.tells("send A fallback support")


def test_phones_that_ring_since_before_our_restart_fall_silent_when_the_queue_goes() -> None:
    one = centre()
    one.calls("A")
    one.rings("A", "1001", leg="cc.x.1")
    one.plan.queues = {"support": QueueSetting(mode=Mode.NATIVE)}
    one.replan()
    one.tells("""
        pop 1001 A
        silence x
        send A fallback support
    """)


def test_callers_of_a_queue_that_went_while_the_line_was_down_are_sent_when_it_is_back() -> None:
    one = centre()
    one.calls("A")
    one.lose()
    one.plan.queues = {"support": QueueSetting(mode=Mode.NATIVE)}
    one.replan()
    one.tells()
    one.connect()
    one.tells("send A fallback support")


def test_who_could_not_be_given_to_asterisk_is_sent_again_and_again() -> None:
    one = centre()
    one.calls("A")
    one.plan.queues = {"support": QueueSetting(mode=Mode.NATIVE)}
    one.replan()
    one.tells("send A fallback support")
    for _ in range(2):
        one.step(e.SendFailed(at=one.now, call_id="A", why="no such door"))
        one.tells()
        one.wait(5)
        one.tells("send A fallback support")
    one.step(e.CallUnqueued(at=one.now, call_id="A", queue="support"))
    one.step(e.SendFailed(at=one.now, call_id="A", why="told late"))
    one.wait(5)
    one.tells()


# ---- hours


def nine_to_five() -> Hours:
    return Hours(zone="UTC", week=week(("Mon-Sun 09:00-12:10",)))


def test_closing_time_sends_those_who_wait_but_not_for_whom_it_rings() -> None:
    one = centre(queues={"support": queue(closing=WhenClosed.VOICEMAIL)})
    one.plan.hours["support"] = nine_to_five()
    one.replan()
    one.comes("anna", "1001")
    one.wait(590)
    one.calls("A")
    one.rings("A", "1001")
    one.calls("B")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.wait(11)
    one.tells("send B voicemail support")
    assert one.timers["hours support"] == NOON + timedelta(days=1, minutes=10)


def test_who_comes_when_it_is_closed_goes_through_the_door_once() -> None:
    one = centre(queues={"support": queue(closed=WhenClosed.OVERFLOW, overflow="late"), "late": queue()})
    one.plan.hours["support"] = nine_to_five()
    one.wait(3600)
    one.calls("A")
    one.tells("send A queue late")
    one.step(e.CallUnqueued(at=one.now, call_id="A", queue="support"))
    one.wait(2)
    one.step(e.CallQueued(at=one.now, call_id="A", queue="late"))
    one.comes("anna", "1001")
    one.tells()
    assert one.dispatcher.router.items["A"].entered_s == (one.now - timedelta(seconds=2)).timestamp()


def test_who_cannot_be_sent_through_the_door_stands_in_line_for_those_who_are_there() -> None:
    """A dialplan without that door: music for ever, and nobody who comes, is the one thing that must not be."""
    one = centre(queues={"support": queue(closed=WhenClosed.VOICEMAIL)})
    one.plan.hours["support"] = nine_to_five()
    one.wait(3600)
    one.calls("A")
    one.tells("send A voicemail support")
    one.step(e.SendFailed(at=one.now, call_id="A", why="no such door"))
    one.tells()
    one.comes("anna", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.step(e.SendFailed(at=one.now, call_id="A", why="told twice"))
    one.tells()


def test_who_could_not_be_sent_because_the_line_was_down_is_sent_when_it_is_back() -> None:
    one = centre(queues={"support": queue(closed=WhenClosed.VOICEMAIL)})
    one.plan.hours["support"] = nine_to_five()
    one.wait(3600)
    one.comes("anna", "1001")
    one.calls("A")
    one.tells("send A voicemail support")
    one.lose()
    one.step(e.SendFailed(at=one.now, call_id="A", why="one takes no commands now"))
    one.tells()
    one.connect()
    one.tells("send A voicemail support")


def test_capacity_is_that_of_the_plan_and_counts_at_once() -> None:
    one = centre({"anna": PersonSetting(queues=("support",), capacity={"voice": 0, "email": 5})})
    one.comes("anna", "1001")
    assert one.dispatcher.router.staff.people["anna"].capacity == {"voice": 0, "callback": 1, "email": 5, "sms": 3}
    one.calls("A")
    one.tells()
    one.plan.people["anna"] = person()  # type: ignore[index]
    one.replan()
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)


def test_a_centre_that_opens_takes_those_who_wait_at_that_instant() -> None:
    """By a timer, and no decision asks the clock."""
    relax = (RelaxSetting(after_s=20, requirement="site is open"),)
    one = centre(
        {"anna": PersonSetting(site="omsk", queues=("support",))},
        queues={"support": queue(requirement="billing", relax=relax, retry_s=90)},
    )
    one.plan.site_hours["omsk"] = Hours(zone="UTC", week=week(["daily 12:01-12:02"]))
    one.replan()
    one.comes("anna", "1001")
    one.calls("A")
    one.wait(59.9)
    one.tells()
    one.wait(0.1)
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.falls_silent("A", "1001", LegOutcome.REJECTED)
    one.wait(600)  # it closes before it could be offered again
    one.tells()


def test_what_will_be_read_otherwise_by_then_is_not_promised() -> None:
    relax = (RelaxSetting(after_s=90, requirement="site is open"),)
    one = centre(
        {"anna": PersonSetting(site="omsk", queues=("support",)), "boris": person("support", billing=1)},
        queues={"support": queue(requirement="billing", relax=relax)},
    )
    one.plan.site_hours["omsk"] = Hours(zone="UTC", week=week(["daily 11:00-12:01"]))
    one.replan()
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.pauses("1002")
    one.calls("A")
    router = one.dispatcher.router
    assert {would.act for would in why_waiting(router, "A", one.now.timestamp()).would} == {"ready", "learn"}
    one.plan.site_hours["omsk"] = Hours(zone="UTC", week=week(["daily 11:00-12:05"]))
    one.replan()
    assert {would.act for would in why_waiting(router, "A", one.now.timestamp()).would} == {"ready", "learn", "wait"}


def test_a_caller_who_hangs_up_while_it_rings_rings_nobody_else() -> None:
    """The leg is told as cancelled before the call is told as ended."""
    one = centre()
    one.comes("anna", "1001")
    one.wait(1)
    one.comes("boris", "1002")
    one.calls("A")
    one.rings("A", "1001")
    one.tells("""
        pop 1001 A
        ring 1001 A
    """)
    one.falls_silent("A", "1001", LegOutcome.CANCELLED)
    one.ends("A")
    one.wait(2)
    one.tells("silence 1795780801.1")
    assert one.outcomes() == [("A", "1001", "cancelled")]


def test_a_caller_whom_the_dialplan_could_not_join_waits_on_in_the_old_place() -> None:
    one = centre()
    one.comes("anna", "1001")
    one.calls("A")
    one.rings("A", "1001")
    one.falls_silent("A", "1001", LegOutcome.CANCELLED)
    one.wait(1)
    one.tells("""
        pop 1001 A
        ring 1001 A
        silence 1795780800.1
        pop 1001 A
        ring 1001 A
    """)

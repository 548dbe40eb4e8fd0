"""The rules of the pop: who sees what, when, and what is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.effects import Effect, LookUpClient, ShowPop, UpdatePop
from core.events import (
    CallAnswered,
    CallArrived,
    CallDropped,
    CallEnded,
    CallEvent,
    CallHeld,
    CallMerged,
    CallOffered,
    CallOfferEnded,
    CallParked,
    CallQueued,
    CallRecalled,
    CallResumed,
    CallTransferred,
    CallUnparked,
    CardTyped,
    ClientIdentified,
    LegEnded,
    LegMuted,
    OfferEnded,
    OfferMade,
    RecordingChanged,
)
from core.model import (
    Candidate,
    CandidateReason,
    Choice,
    ClientKind,
    ClientSummary,
    Direction,
    FollowUpLine,
    LegOutcome,
    OfferOutcome,
    PastInteraction,
    Pop,
    TransferKind,
)
from screenpop.pops import Pops

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
IVAN = ClientSummary(client_id="c-1", name="Ivan", number="+79161234567")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def arrived(call_id: str = "x", **changes: object) -> CallArrived:
    plain = CallArrived(
        at=NOON,
        call_id=call_id,
        site="moscow",
        pbx="main",
        boot_id="b",
        uniqueid=f"{call_id}.1",
        linkedid=f"{call_id}.1",
        channel="voice",
        direction=Direction.INBOUND,
        caller_number="89161234567",
        caller_name="IVAN",
        client_number="89161234567",
        dialled="+74951234567",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def offered(leg: str = "leg-a", agent: str = "1001", call_id: str = "x", **changes: object) -> CallOffered:
    plain = CallOffered(at=at(10), call_id=call_id, leg_id=leg, agent=agent, queue="support")
    return replace(plain, **changes)  # type: ignore[arg-type]


def answered(leg: str = "leg-a", agent: str | None = "1001", call_id: str = "x") -> CallAnswered:
    return CallAnswered(at=at(15), call_id=call_id, leg_id=leg, party=agent or "+7999", agent=agent)


def offer_ended(outcome: LegOutcome, leg: str = "leg-a", agent: str = "1001", call_id: str = "x") -> CallOfferEnded:
    return CallOfferEnded(at=at(25), call_id=call_id, leg_id=leg, agent=agent, outcome=outcome)


def identified(call_id: str = "x", *past: PastInteraction, available: bool = True) -> ClientIdentified:
    return ClientIdentified(at=at(1), call_id=call_id, client=IVAN, history=past, available=available)


def ended(call_id: str = "x") -> CallEnded:
    return CallEnded(at=at(60), call_id=call_id, ended_by=None, cause=16)


def past(card_id: str) -> PastInteraction:
    return PastInteraction(
        card_id=card_id,
        channel="voice",
        direction=Direction.INBOUND,
        started_at=NOON,
        queue=None,
        agent=None,
        talk_s=None,
        disposition=None,
        notes="",
        answered=True,
    )


RULES = {
    CallArrived: Pops.on_call_arrived,
    CallQueued: Pops.on_call_queued,
    CallOffered: Pops.on_call_offered,
    CallOfferEnded: Pops.on_call_offer_ended,
    CallAnswered: Pops.on_call_answered,
    CallHeld: Pops.on_call_held,
    CallResumed: Pops.on_call_resumed,
    CallTransferred: Pops.on_call_transferred,
    LegEnded: Pops.on_leg_ended,
    ClientIdentified: Pops.on_client_identified,
    CardTyped: Pops.on_card_typed,
    CallMerged: Pops.on_call_merged,
    CallDropped: Pops.on_call_dropped,
    CallEnded: Pops.on_call_ended,
}


def play(pops: Pops, *events: CallEvent) -> list[Effect]:
    """The effects of the last event, the ones before it played too."""
    effects: list[Effect] = []
    for event in events:
        effects = RULES[type(event)](pops, event)  # type: ignore[operator]
    return effects


def pop_of(effects: list[Effect]) -> Pop:
    (effect,) = effects
    assert isinstance(effect, ShowPop | UpdatePop)
    return effect.pop


def test_the_look_up_starts_when_the_call_arrives_before_anyone_is_chosen() -> None:
    (effect,) = play(Pops(), arrived())
    assert effect == LookUpClient(call_id="x", site="moscow", number="89161234567", name="IVAN")


def test_a_hidden_number_is_not_looked_up_and_its_history_is_not_awaited() -> None:
    pops = Pops()
    assert play(pops, arrived(client_number=None, caller_number="anonymous")) == []
    assert pop_of(play(pops, offered())).history_state == "ready"


def test_only_the_rung_operator_is_shown_the_pop_with_what_is_known() -> None:
    queued = CallQueued(at=at(2), call_id="x", queue="support")
    effects = play(Pops(), arrived(), queued, identified("x", past("old")), offered())
    assert isinstance(effects[0], ShowPop)
    pop = pop_of(effects)
    assert (pop.agent, pop.state, pop.card_id, pop.queue, pop.client) == ("1001", "ringing", "x", "support", IVAN)
    assert (pop.offered_at, pop.waiting_since) == (at(10), at(2))
    assert (pop.history, pop.history_state) == ((past("old"),), "ready")


def test_the_wait_counts_from_the_first_queue_else_from_arrival() -> None:
    def waiting(*before: CallEvent) -> datetime | None:
        return pop_of(play(Pops(), arrived(), identified(), *before, offered())).waiting_since

    first, again = (CallQueued(at=at(s), call_id="x", queue="support") for s in (2, 8))
    assert waiting() == NOON
    assert waiting(first, again) == at(2)
    moved = CallTransferred(at=at(5), call_id="x", kind=TransferKind.BLIND, from_agent="1001", to="600")
    assert waiting(first, moved, again) == at(8)


def test_a_late_look_up_updates_the_pop_and_never_delays_it() -> None:
    pops = Pops()
    assert pop_of(play(pops, arrived(), offered())).history_state == "loading"
    pop = pop_of(play(pops, identified("x", past("old"))))
    assert (pop.history_state, pop.client) == ("ready", IVAN)


def test_history_leaves_the_call_itself_out_and_ends_at_twenty() -> None:
    many = [past("x"), *(past(f"old-{n}") for n in range(30))]
    pop = pop_of(play(Pops(), arrived(), identified("x", *many), offered()))
    assert [p.card_id for p in pop.history] == [f"old-{n}" for n in range(20)]


def test_an_away_database_shows_as_unavailable() -> None:
    pop = pop_of(play(Pops(), arrived(), identified("x", available=False), offered()))
    assert pop.history_state == "unavailable"


def test_no_answer_is_missed_and_other_ends_close() -> None:
    for outcome, state in (
        (LegOutcome.NOANSWER, "missed"),
        (LegOutcome.CANCELLED, "ended"),
        (LegOutcome.REJECTED, "ended"),
        (LegOutcome.BUSY, "ended"),
        (LegOutcome.UNAVAILABLE, "ended"),
    ):
        pop = pop_of(play(Pops(), arrived(), offered(), offer_ended(outcome)))
        assert (pop.state, pop.ended_at) == (state, at(25))


def test_talk_hold_resume_end() -> None:
    pops = Pops()
    pop = pop_of(play(pops, arrived(), identified(), offered(), answered()))
    assert (pop.state, pop.answered_at) == ("talking", at(15))
    assert pop_of(play(pops, CallHeld(at=at(20), call_id="x", leg_id="leg-a"))).state == "held"
    pop = pop_of(play(pops, CallResumed(at=at(22), call_id="x", leg_id="leg-a")))
    assert (pop.state, pop.answered_at) == ("talking", at(15))
    pop = pop_of(play(pops, LegEnded(at=at(30), call_id="x", leg_id="leg-a")))
    assert (pop.state, pop.ended_at) == ("ended", at(30))
    assert play(pops, ended()) == []


def test_the_end_of_the_call_closes_what_is_open_keeps_missed_and_frees_the_memory() -> None:
    pops = Pops()
    play(pops, arrived(), identified(), offered(), offer_ended(LegOutcome.NOANSWER), offered("leg-b", "1002"))
    effects = play(pops, ended())
    assert [(e.pop.agent, e.pop.state) for e in effects if isinstance(e, UpdatePop)] == [("1002", "ended")]
    assert pops.live_calls == 0
    assert play(pops, identified("x")) == []


def test_a_call_that_ends_before_its_look_up_says_that_no_history_will_come() -> None:
    pop = pop_of(play(Pops(), arrived(), offered(), ended()))
    assert (pop.state, pop.history_state) == ("ended", "unavailable")


def test_an_operator_who_dials_sees_the_pop_at_once_and_it_talks_when_the_far_end_answers() -> None:
    pops = Pops()
    effects = play(pops, arrived(direction=Direction.OUTBOUND, agent="1001", caller_name="Anna"))
    looked, shown = effects
    assert isinstance(looked, LookUpClient) and looked.name == ""
    assert isinstance(shown, ShowPop)
    assert (shown.pop.agent, shown.pop.number, shown.pop.caller_name) == ("1001", "89161234567", "")
    assert pop_of(play(pops, answered("far", agent=None))).state == "talking"
    assert play(pops, answered("far", agent=None)) == []


def test_click_to_call_rings_the_one_who_dialled_and_makes_no_second_pop() -> None:
    pops = Pops()
    first = play(pops, arrived(direction=Direction.OUTBOUND, agent="1001"))[1]
    again = play(pops, offered("leg-a", "1001"))
    assert isinstance(first, ShowPop) and isinstance(again[0], UpdatePop)
    assert pop_of(again).pop_id == first.pop.pop_id
    assert pop_of(play(pops, LegEnded(at=at(30), call_id="x", leg_id="leg-a"))).state == "ended"


def test_between_colleagues_only_the_called_one_sees_a_pop() -> None:
    pops = Pops()
    inside = arrived(direction=Direction.INTERNAL, agent="1002", client_number=None, caller_number="1002")
    assert play(pops, inside) == []
    pop = pop_of(play(pops, offered(queue=None)))
    assert (pop.agent, pop.number, pop.history_state) == ("1001", "1002", "ready")
    assert [e.pop.agent for e in play(pops, answered()) if isinstance(e, UpdatePop)] == ["1001"]
    assert play(pops, answered("x.1", "1002")) == []


def test_after_a_blind_transfer_the_next_operator_sees_the_client_waiting_from_the_transfer() -> None:
    pops = Pops()
    moved = CallTransferred(at=at(40), call_id="x", kind=TransferKind.BLIND, from_agent="1001", to="1002")
    play(pops, arrived(), identified(), offered(), answered(), moved, LegEnded(at=at(40), call_id="x", leg_id="leg-a"))
    pop = pop_of(play(pops, offered("leg-b", "1002", queue=None)))
    assert (pop.agent, pop.client, pop.waiting_since, pop.queue) == ("1002", IVAN, at(40), None)


def typed(notes: str | None, call_id: str = "x", by: str = "Anna") -> CardTyped:
    return CardTyped(at=at(30), call_id=call_id, by=by, notes=notes, disposition="sold")


def test_a_number_of_several_brings_candidates_and_nobody_is_chosen() -> None:
    pops = Pops()
    olga = Candidate("c-2", "Olga", ClientKind.PERSON, "Acme", CandidateReason.MEMBER, NOON, False)
    due = FollowUpLine("f", at(900), "call back", "anna")
    open_question = ClientIdentified(
        at=at(1), call_id="x", client=None, history=(), candidates=(olga,), follow_ups=(due,)
    )
    pop = pop_of(play(pops, arrived(), open_question, offered()))
    assert (pop.client, pop.candidates, pop.follow_ups, pop.history_state) == (None, (olga,), (due,), "ready")
    confirmed = pop_of(play(pops, identified()))
    assert (confirmed.client, confirmed.candidates) == (IVAN, ())


def test_what_was_typed_goes_with_the_client_to_the_next_operator_and_goes_on() -> None:
    pops = Pops()
    moved = CallTransferred(at=at(40), call_id="x", kind=TransferKind.BLIND, from_agent="1001", to="1002")
    play(pops, arrived(), identified(), offered(), answered())
    assert play(pops, typed("wants a refu")) == []  # the one who types sees it already
    play(pops, moved, LegEnded(at=at(40), call_id="x", leg_id="leg-a"))
    pop = pop_of(play(pops, offered("leg-b", "1002", queue=None)))
    assert (pop.agent, pop.client, pop.caller_name) == ("1002", IVAN, "IVAN")
    assert (pop.story, pop.story_by) == ("wants a refu", "Anna")
    later = pop_of(play(pops, typed("wants a refund")))  # the last words, typed while the colleague's phone rings
    assert (later.agent, later.story) == ("1002", "wants a refund")
    assert play(pops, typed(None)) == []
    assert play(pops, typed("to nobody", call_id="y")) == []


def test_a_consulted_colleague_gets_the_story_with_the_client() -> None:
    pops = Pops()
    play(pops, arrived(), identified(), offered(), answered(), typed("angry"))
    inside = arrived("y", direction=Direction.INTERNAL, agent="1001", client_number=None, caller_number="1001")
    play(pops, inside, offered("leg-b", "1002", call_id="y", queue=None), answered("leg-b", "1002", "y"))
    pop = pop_of(play(pops, CallMerged(at=at(50), call_id="y", into="x")))
    assert (pop.client, pop.number, pop.story, pop.story_by) == (IVAN, "89161234567", "angry", "Anna")


def test_a_ring_group_is_closed_for_the_others_at_answer() -> None:
    pops = Pops()
    play(pops, arrived(), *(offered(f"leg-{a}", a) for a in ("1001", "1002", "1003")), answered("leg-1002", "1002"))
    others = [offer_ended(LegOutcome.CANCELLED, f"leg-{a}", a) for a in ("1001", "1003")]
    assert [(p.agent, p.state) for p in (pop_of(play(pops, one)) for one in others)] == [
        ("1001", "ended"),
        ("1003", "ended"),
    ]


def test_a_consultation_that_becomes_the_clients_call_shows_the_client() -> None:
    pops = Pops()
    play(pops, arrived(), identified("x", past("old")), offered(), answered())
    inside = arrived("y", direction=Direction.INTERNAL, agent="1001", client_number=None, caller_number="1001")
    play(pops, inside, offered("leg-b", "1002", call_id="y", queue=None), answered("leg-b", "1002", "y"))
    pop = pop_of(play(pops, CallMerged(at=at(50), call_id="y", into="x")))
    assert (pop.agent, pop.card_id, pop.client, pop.state) == ("1002", "x", IVAN, "talking")
    assert pop.history == (past("old"),)
    assert pops.live_calls == 1
    after = play(pops, ended())
    assert sorted(e.pop.agent for e in after if isinstance(e, UpdatePop)) == ["1001", "1002"]


def test_merging_closes_a_second_pop_of_the_same_operator() -> None:
    pops = Pops()
    play(pops, arrived(), offered(), answered())
    play(pops, arrived("y", direction=Direction.OUTBOUND, agent="1001"))
    pop = pop_of(play(pops, CallMerged(at=at(50), call_id="y", into="x")))
    assert (pop.card_id, pop.state) == ("x", "ended")
    unknown = Pops()
    play(unknown, arrived("y"), offered(call_id="y"))
    assert pop_of(play(unknown, CallMerged(at=at(50), call_id="y", into="gone"))).state == "ended"


def test_who_picks_up_anothers_call_sees_it_talking() -> None:
    effects = play(Pops(), arrived(), offered(), answered("leg-b", "1002"))
    shown, talking = effects
    assert isinstance(shown, ShowPop) and shown.pop.agent == "1002"
    assert isinstance(talking, UpdatePop) and talking.pop.state == "talking"


def test_a_dropped_call_closes_its_pops() -> None:
    pops = Pops()
    play(pops, arrived(), offered())
    assert pop_of(play(pops, CallDropped(at=at(9), call_id="x"))).state == "ended"
    assert pops.live_calls == 0


def test_told_twice_makes_no_second_pop() -> None:
    pops = Pops()
    play(pops, arrived(), offered())
    assert play(pops, arrived()) == []
    assert play(pops, offered()) == []
    play(pops, offer_ended(LegOutcome.NOANSWER))
    assert play(pops, offer_ended(LegOutcome.CANCELLED)) == []


CALLS = st.sampled_from(["x", "y"])
LEGS = st.sampled_from(["leg-a", "leg-b"])
AGENTS = st.sampled_from(["1001", "1002"])
ANYTHING = st.one_of(
    st.builds(arrived, CALLS, direction=st.sampled_from(Direction), agent=AGENTS | st.none()),
    st.builds(offered, LEGS, AGENTS, CALLS),
    st.builds(answered, LEGS, AGENTS | st.none(), CALLS),
    st.builds(offer_ended, st.sampled_from(LegOutcome), LEGS, AGENTS, CALLS),
    st.builds(identified, CALLS, available=st.booleans()),
    st.builds(lambda call, leg: CallHeld(at=NOON, call_id=call, leg_id=leg), CALLS, LEGS),
    st.builds(lambda call, leg: LegEnded(at=NOON, call_id=call, leg_id=leg), CALLS, LEGS),
    st.builds(lambda call, into: CallMerged(at=NOON, call_id=call, into=into), CALLS, CALLS),
    st.builds(ended, CALLS),
)


@given(st.lists(ANYTHING, max_size=30))
def test_any_order_of_events_gives_no_exception_and_no_pop_that_stays_live(events: list[CallEvent]) -> None:
    pops = Pops()
    last: dict[str, Pop] = {}
    for event in [*events, ended("x"), ended("y")]:
        for effect in play(pops, event):
            if isinstance(effect, ShowPop | UpdatePop):
                known = effect.pop.pop_id in last
                assert known == isinstance(effect, UpdatePop) or effect.pop.card_id in ("x", "y")
                last[effect.pop.pop_id] = effect.pop
    assert pops.live_calls == 0
    assert all(pop.state in ("ended", "missed") for pop in last.values())


def shown(effects: list[Effect]) -> list[Pop]:
    return [effect.pop for effect in effects if isinstance(effect, ShowPop | UpdatePop)]


def talking() -> Pops:
    pops = Pops()
    pops.on_call_arrived(arrived())
    pops.on_call_offered(offered("leg-b", "1002"))
    pops.on_call_offer_ended(offer_ended(LegOutcome.NOANSWER, "leg-b", "1002"))
    pops.on_call_offered(offered())
    pops.on_call_answered(answered())
    return pops


def test_an_operator_sees_that_nobody_hears_them() -> None:
    pops = talking()
    muted = LegMuted(at=at(20), call_id="x", leg_id="leg-a", muted=True)
    assert [p.muted for p in shown(pops.on_leg_muted(muted))] == [True]
    # Asking a colleague ends the talk and begins it anew; the microphone is off all the same.
    pops.on_leg_ended(LegEnded(at=at(21), call_id="x", leg_id="leg-a"))
    assert [p.muted for p in shown(pops.on_call_answered(answered()))] == [True]
    assert {p.agent: p.muted for p in shown(pops.on_call_ended(ended()))}["1001"] is False
    assert pops.on_leg_muted(muted) == []


def test_whoever_is_in_the_call_or_comes_to_it_sees_that_it_is_recorded() -> None:
    pops = talking()
    said = shown(pops.on_recording_changed(RecordingChanged(at=at(20), call_id="x", state="on")))
    assert [(p.agent, p.recording) for p in said] == [("1001", "on")]
    assert [p.recording for p in shown(pops.on_call_offered(offered("leg-c", "1003")))] == ["on"]
    paused = RecordingChanged(at=at(21), call_id="x", state="paused")
    told = {p.agent: p.recording for p in shown(pops.on_recording_changed(paused))}
    assert told == {"1001": "paused", "1003": "paused"}
    ended_leg = LegEnded(at=at(22), call_id="x", leg_id="leg-a")
    assert [p.recording for p in shown(pops.on_leg_ended(ended_leg))] == [""]
    assert pops.on_recording_changed(RecordingChanged(at=at(21), call_id="other", state="on")) == []


def test_who_parked_a_client_is_told_where_until_somebody_fetches_them() -> None:
    pops = talking()
    pops.on_leg_ended(LegEnded(at=at(20), call_id="x", leg_id="leg-a"))
    told = shown(pops.on_call_parked(CallParked(at=at(20), call_id="x", slot="701")))
    assert [(p.agent, p.parked, p.state) for p in told] == [("1001", "701", "ended")]  # not 1002, who missed the call
    fetched = shown(pops.on_call_unparked(CallUnparked(at=at(30), call_id="x", slot="701")))
    assert [(p.agent, p.parked) for p in fetched] == [("1001", "")]
    pops.on_call_parked(CallParked(at=at(40), call_id="x", slot="702"))
    assert [(p.agent, p.parked) for p in shown(pops.on_call_ended(ended())) if p.parked or p.agent == "1001"] == [
        ("1001", "")
    ]


def test_what_the_card_knows_since_before_our_restart_is_on_the_pop() -> None:
    """A talk that a snapshot shows says neither the queue nor the number that was dialled."""
    pops = Pops()
    pops.on_call_arrived(arrived(dialled="s", adopted=True))
    pops.on_call_answered(answered())
    recalled = CallRecalled(at=NOON, call_id="x", dialled="610", queue="support", queued_at=at(-30))
    (changed,) = pops.on_call_recalled(recalled)
    assert isinstance(changed, UpdatePop)
    assert (changed.pop.queue, changed.pop.dialled, changed.pop.waiting_since) == ("support", "610", at(-30))


def test_an_offer_shows_before_the_phone_rings_and_the_ringing_is_the_same_pop() -> None:
    pops = Pops()
    pops.on_call_arrived(arrived())
    (shown,) = pops.on_offer_made(offer_made("leg-a"))
    assert isinstance(shown, ShowPop)
    assert (shown.pop.agent, shown.pop.queue, shown.pop.state) == ("1001", "support", "ringing")
    assert pops.on_offer_made(offer_made("leg-a")) == []
    rings = CallOffered(at=at(1), call_id="x", leg_id="leg-a", agent="1001", queue="support")
    assert pops.on_call_offered(rings) == []


def test_an_offer_that_never_rang_closes_its_pop_and_an_accepted_one_keeps_it() -> None:
    for outcome, state in ((OfferOutcome.FAILED, "ended"), (OfferOutcome.EXPIRED, "missed")):
        pops = Pops()
        pops.on_call_arrived(arrived())
        pops.on_offer_made(offer_made("leg-a"))
        over = OfferEnded(
            at=at(2), call_id="x", offer_id="leg-a", agent="1001", outcome=outcome, missed=state == "missed"
        )
        (closed,) = pops.on_offer_ended(over)
        assert isinstance(closed, UpdatePop)
        assert closed.pop.state == state
    pops = Pops()
    pops.on_call_arrived(arrived())
    pops.on_offer_made(offer_made("leg-a"))
    taken = OfferEnded(at=at(2), call_id="x", offer_id="leg-a", agent="1001", outcome=OfferOutcome.ACCEPTED)
    assert pops.on_offer_ended(taken) == []


def offer_made(offer_id: str) -> OfferMade:
    choice = Choice(
        login="anna", queue="support", strategy="longest_idle", step=0, requirement="any", score=0.0, waited_s=0.0
    )
    return OfferMade(
        at=NOON, call_id="x", offer_id=offer_id, agent="1001", login="anna", queue="support", ring_s=15, choice=choice
    )

"""Callbacks from the key to the talk: places kept, times respected, attempts counted, nothing doubled, nothing dropped unheard."""

import pytest

from core import effects as fx
from core import events as e
from core.callback import First
from core.model import AgentState, CallbackNote, Direction, EndedBy, OfferOutcome
from routing.callback_states import Moment
from routing.settings import CallbackSetting, Mode
from routing.wishes import PriorityAsked
from tests.callback_day import IVAN, NOON, Day, at, week


def test_operator_first_from_the_key_to_the_talk() -> None:
    day = Day()
    asked = day.asks(after_s=90)
    assert (day.state(), day.one().entered_at, day.one().asked_at) == ("waiting", NOON, at("12:01:30"))
    day.wait(60)
    day.comes()
    assert (day.state(), day.operator()) == ("ringing", AgentState.OFFERED)
    day.picks_up()
    assert (day.state(), day.operator()) == ("ringing", AgentState.BUSY)
    day.client_answers()
    assert day.state() == "talking"
    day.wait(120)
    day.hangs_up()
    assert (day.state(asked), day.tried(), day.operator()) == ("done", [("1001", "talked")], AgentState.WRAP_UP)
    assert day.load() == 1, "the wrap-up is part of it"
    day.wait(60)
    assert (day.operator(), day.load(), day.callbacks.listed()) == (AgentState.READY, 0, [])
    assert not day.in_router() and not [timer for timer in day.timers if timer.startswith("callback")]


def test_points_of_a_supervisor_stay_with_it_when_the_line_was_away() -> None:
    day = Day()
    callback_id = day.asks()
    day.step(PriorityAsked(at=day.now, item_id=callback_id, offset=30.0, by="eva"))
    day.lose()
    day.connect()
    assert day.dispatcher.router.items[callback_id].offset == 30.0


def test_the_pop_goes_out_before_anything_rings_and_says_what_was_asked_when() -> None:
    day = Day()
    callback_id = day.asks(after_s=30)
    day.effects.clear()
    day.comes()
    order = [type(f) for f in day.effects if isinstance(f, fx.SaveCallback | fx.ShowPop | fx.PlaceCallback)]
    assert order == [fx.SaveCallback, fx.ShowPop, fx.PlaceCallback]
    pop, attempt = day.last(fx.ShowPop).pop, day.attempt()
    assert (pop.agent, pop.card_id, pop.number, pop.queue, pop.state) == (
        "1001", attempt.call_id, IVAN, "support", "ringing",
    )  # fmt: skip
    assert pop.callback == CallbackNote(
        callback_id=callback_id,
        asked_at=at("12:00:30"),
        entered_at=NOON,
        zone="Europe/Bucharest",
        asked_by="",
        attempt=1,
    )
    asked = day.last(fx.LookUpClient)
    assert (asked.call_id, asked.number) == (attempt.call_id, IVAN), "its history is looked up meanwhile"
    day.picks_up()
    day.client_answers()
    shown = day.last(fx.UpdatePop).pop
    assert (shown.pop_id, shown.state, shown.callback is not None) == (pop.pop_id, "talking", True)


def test_the_card_of_it_is_of_the_queue_and_of_its_own_channel() -> None:
    day = Day()
    day.comes()
    day.asks()
    day.picks_up()
    card = day.last(fx.SaveCard).card
    assert (card.card_id, card.channel, card.queues) == (day.attempt().call_id, "callback", ("support",))


def test_why_this_operator_is_kept_and_what_came_of_it() -> None:
    day = Day()
    day.comes()
    day.asks()
    made, attempt = day.last(fx.SaveOffer), day.attempt()
    assert (made.call_id, made.offer_id, made.choice.login) == (attempt.call_id, attempt.leg_id, "anna")
    day.picks_up()
    assert day.last(fx.SaveOffer).outcome is OfferOutcome.ACCEPTED


def test_the_older_place_comes_first_whichever_way_they_wait() -> None:
    day = Day()
    day.asks()
    day.wait(10)
    caller = day.calls("+37120000002")
    day.wait(10)
    day.comes()
    assert day.in_router() == {"callback-of-call 1": "offered", caller: "waits"}
    second = Day()
    caller = second.calls("+37120000002")
    second.wait(10)
    second.asks()
    second.comes()
    assert second.in_router() == {caller: "offered", "callback-of-call 2": "waits"}


def test_a_vip_keeps_the_points_too() -> None:
    day = Day(vip=7.0)
    day.asks(vip=True)
    assert (day.one().offset, day.dispatcher.router.items["callback-of-call 1"].offset) == (7.0, 7.0)


def test_a_place_given_back_after_a_cut_is_the_place_that_the_callback_keeps() -> None:
    day = Day()
    day.ends(day.calls())
    day.wait(30)
    day.asks(after_s=10)
    assert day.one().entered_at == NOON


@pytest.mark.parametrize(("by", "outcome"), [(EndedBy.SYSTEM, "missed"), (EndedBy.AGENT, "declined")])
def test_an_operator_who_doesnt_pick_up_costs_the_client_nothing(by: EndedBy, outcome: str) -> None:
    day = Day()
    day.asks()
    day.comes()
    day.rings_out(by)
    assert (day.state(), day.tried(), day.one().reached_for) == ("waiting", [("1001", "operator_missed")], 0)
    assert day.in_router() == {"callback-of-call 1": "waits"} and day.load() == 0
    day.wait(25)
    assert day.dialled() == ["1001", "1001"], "again, since nobody else is there"
    day.rings_out(by)
    missed = day.operator() is AgentState.NOT_RESPONDING
    assert missed == (outcome == "missed"), "a true no-answer counts, declining doesn't"


def test_a_snapshot_in_between_changes_nothing() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.comes("boris", "1002")
    day.connect()
    assert (day.dialled(), day.in_router(), day.load("boris")) == (["1001"], {"callback-of-call 1": "offered"}, 0)
    day.rings_out()
    day.connect()
    assert (day.dialled(), day.load()) == (["1001", "1002"], 0)


def test_a_phone_that_tells_nothing_is_out_of_order() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.wait(40)
    assert (day.state(), day.one().attempts[0].why) == ("waiting", "phone_unreachable")
    assert day.operator() is AgentState.READY and day.load() == 0
    assert day.last(fx.UpdatePop).pop.state == "ended"


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ({}, "waiting"),
        ({"barred": True}, "failed"),
        ({"certain": False}, "unknown"),
        ({"retry_s": 60.0}, "planned"),
    ],
)
def test_what_isnt_dialled_is_told_and_nobody_is_held_for_it(how: dict[str, object], state: str) -> None:
    day = Day()
    day.asks()
    day.comes()
    day.not_dialled(**how)
    assert (day.state(), day.one().reached_for, day.one().reason) == (state, 0, "no such phone")
    assert day.load() == 0 and day.operator() is AgentState.READY
    if state == "planned":
        day.wait(61)
        assert day.dialled() == ["1001", "1001"]


def test_attempts_pauses_and_the_end_of_them() -> None:
    day = Day(CallbackSetting(attempts=2, pause_s=600))
    day.asks()
    day.comes()
    day.picks_up()
    day.hangs_up()  # busy, or nobody there
    assert (day.state(), day.one().due_at, day.tried()) == ("planned", at("12:10:00"), [("1001", "unanswered")])
    assert not day.in_router()
    day.wait(599)
    assert day.state() == "planned" and day.operator() is AgentState.READY
    day.wait(1)
    assert day.state() == "ringing"
    day.picks_up()
    day.hangs_up()
    assert (day.state(), day.one().reason, day.one().reached_for) == ("failed", "not_reached", 2)


def test_it_expires_and_is_told_as_failed() -> None:
    day = Day(CallbackSetting(expires_s=3_600))
    day.asks()
    day.wait(3_599)
    assert day.state() == "waiting"
    day.wait(1)
    assert (day.state(), day.one().reason, day.one().closed_at) == ("failed", "expired", at("13:00:00"))
    assert not day.in_router()


def test_a_closed_queue_puts_it_off_to_its_next_opening_and_it_lives_from_then() -> None:
    day = Day(CallbackSetting(expires_s=3_600))
    day.plan.hours["support"] = week("Mon-Fri 09:00-14:00")
    day.asks()
    monday = at("07:00:00", 30)
    assert (day.state(), day.one().due_at) == ("planned", monday)
    day.comes()
    assert not day.dialled() and day.one().expires_at == at("08:00:00", 30)
    day.wait((monday - NOON).total_seconds())
    assert day.state() == "ringing"


def test_a_queue_that_closes_takes_it_along_to_the_next_day_with_its_place() -> None:
    day = Day()
    day.plan.hours["support"] = week("daily 09:00-15:00")
    day.asks()
    day.wait(3_600)
    assert (day.state(), day.one().due_at, day.one().entered_at) == ("planned", at("07:00:00", 28), NOON)
    assert not day.in_router()
    day.wait(18 * 3_600)
    assert day.in_router() == {"callback-of-call 1": "waits"}


def test_nobody_is_called_in_the_night_of_their_own_clock() -> None:
    day = Day()
    day.comes()
    day.asks("+12125550123")  # New York: 07:00
    assert (day.state(), day.one().zone, day.one().due_at) == ("planned", "America/New_York", at("14:00:00"))
    day.wait(2 * 3_600)
    assert day.state() == "ringing"


def test_the_record_knows_a_clients_zone_better_than_the_number() -> None:
    day = Day()
    day.asks("+79161110001", zone="Asia/Kamchatka")  # midnight there
    assert (day.one().zone, day.state()) == ("Asia/Kamchatka", "planned")
    unknown = Day()
    unknown.asks("+79161110001")  # a Russian mobile may be anywhere: the site's clock counts
    assert (unknown.one().zone, unknown.state()) == (None, "waiting")


def test_an_open_window_ends_while_it_waits() -> None:
    day = Day(CallbackSetting(hours="09:00-15:00"))
    day.asks()
    day.wait(3_600)
    assert (day.state(), day.one().due_at) == ("planned", at("07:00:00", 28))


def test_another_plan_is_seen_within_minutes() -> None:
    day = Day()
    day.asks()
    day.plan.hours["support"] = week("Sun 09:00-15:00")
    day.wait(601)
    assert day.state() == "planned"
    day.plan.hours.clear()
    day.wait(601)
    assert day.state() == "waiting"


def test_one_for_each_number_and_a_second_request_refreshes_it() -> None:
    day = Day(CallbackSetting(expires_s=3_600))
    first = day.asks()
    day.wait(1_800)
    day.asks()
    one = day.one()
    assert (one.callback_id, one.times_asked, one.entered_at, one.expires_at) == (first, 2, NOON, at("13:30:00"))
    assert len(day.kept) == 1 and day.in_router() == {first: "waits"}
    day.asks("+37120000002")
    assert len(day.kept) == 2


def test_who_asks_again_in_another_queue_waits_there() -> None:
    day = Day()
    first = day.asks()
    day.asks(queue="sales")
    assert (day.one().queue, day.state(), day.one().entered_at) == ("sales", "waiting", NOON)
    assert day.dispatcher.router.items[first].queue == "sales"


def test_one_call_asks_once_whoever_tells_it() -> None:
    day = Day()
    day.asks()
    day.step(e.CallbackAsked(at=day.now, call_id="call 1", queue="support", number=IVAN))
    assert day.one().times_asked == 1


@pytest.mark.parametrize(
    ("number", "reason"),
    [("anonymous", "no_number"), ("", "no_number"), ("112", "no_number"), ("+37190000001", "number_not_allowed")],
)
def test_a_number_that_cant_be_called_is_listed_as_failed_at_once(number: str, reason: str) -> None:
    day = Day(barred={"+37190000001": "number_not_allowed"})
    day.comes()
    day.asks(number)
    assert (day.state(), day.one().reason, day.one().closed_at) == ("failed", reason, NOON)
    assert not day.dialled() and not day.callbacks.listed()


def test_the_house_has_only_so_many_open_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.callbacks._MOST_OPEN", 1)
    day = Day()
    day.asks()
    day.asks("+37120000002")
    assert (day.state(), day.one().reason) == ("failed", "too_many")


def test_who_calls_in_and_is_answered_is_called_back_no_more() -> None:
    day = Day()
    asked = day.asks()
    day.wait(60)
    call = day.calls()
    assert day.state(asked) == "waiting", "not before somebody talks with them"
    day.answers(call)
    assert (day.state(asked), day.one(asked).reason) == ("cancelled", "called_in")
    assert not day.in_router()


def test_somebody_elses_call_served_changes_nothing() -> None:
    day = Day()
    asked = day.asks()
    day.answers(day.calls("+37120000002"))
    assert day.state(asked) == "waiting"


def test_a_hidden_number_that_is_served_cancels_nobody() -> None:
    day = Day()
    asked = day.asks()
    day.answers(day.calls("anonymous"))
    assert day.state(asked) == "waiting"


def test_asked_for_by_hand_and_cancelled() -> None:
    day = Day()
    day.wishes()
    assert (day.state(), day.one().asked_by, day.one().entered_at) == ("waiting", "wanda", NOON)
    day.orders(Moment.CANCEL)
    assert (day.state(), day.one().closed_by) == ("cancelled", "wanda")
    assert day.last(fx.Audit).action == "callback_cancel" and not day.in_router()
    assert not [timer for timer in day.timers if timer.startswith("callback")]


def test_cancelled_while_the_phone_rings_it_falls_silent() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.orders(Moment.CANCEL)
    assert day.last(fx.StopRinging).offer_id == day.attempt().leg_id
    day.rings_out()
    assert (day.state(), day.tried()) == ("cancelled", [("1001", "cancelled")])
    assert day.operator() is AgentState.READY and day.load() == 0


def test_a_talk_cant_be_cancelled() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.picks_up()
    day.client_answers()
    refused = day.callbacks.refusal(day.one(), Moment.CANCEL)
    assert refused is not None and refused.code == "callback_state"
    day.orders(Moment.CANCEL)
    assert day.state() == "talking"


def test_a_failed_one_is_tried_again_when_a_person_says_so() -> None:
    day = Day(CallbackSetting(attempts=1))
    failed = day.asks()
    day.comes()
    day.picks_up()
    day.hangs_up()
    assert day.state() == "failed"
    day.orders(Moment.AGAIN)
    assert (day.state(), day.one().reached_for, day.one().closed_at) == ("ringing", 0, None)
    day.picks_up()
    day.hangs_up()
    day.orders(Moment.SETTLED)
    assert (day.state(failed), day.one().closed_by) == ("done", "wanda")


def test_again_of_a_number_that_has_an_open_one_meanwhile_changes_nothing() -> None:
    day = Day(CallbackSetting(expires_s=300))
    failed = day.asks()
    day.wait(301)
    day.asks()
    assert day.callbacks.refusal(day.one(failed), Moment.AGAIN) is not None
    day.orders(Moment.AGAIN, failed)
    assert day.state(failed) == "failed" and len(day.callbacks.listed()) == 1


def test_of_a_queue_in_which_asterisk_chooses_the_callbacks_are_ours_to_offer() -> None:
    day = Day(mode=Mode.NATIVE)
    day.comes()
    day.asks()
    assert day.dialled() == ["1001"]


def test_taken_by_hand_from_the_list_by_who_serves_no_queue() -> None:
    day = Day()
    day.asks()
    day.takes("1009", "carmen")
    assert (day.state(), day.dialled(), day.in_router()) == ("ringing", ["1009"], {})
    day.takes("1002", "boris")
    assert day.dialled() == ["1009"], "it is in hand"
    day.picks_up()
    day.client_answers()
    day.hangs_up()
    assert day.state() == "done"


def test_a_queue_that_is_gone_keeps_its_callbacks_for_whoever_takes_them() -> None:
    day = Day()
    asked = day.asks()
    support = day.plan.queues["support"]
    day.replan({"sales": day.plan.queues["sales"]})
    assert (day.state(), day.in_router()) == ("waiting", {})
    day.comes()
    assert not day.dialled()
    day.replan({"sales": day.plan.queues["sales"], "support": support})
    assert day.dialled() == ["1001"] and day.state(asked) == "ringing"


def test_taken_by_hand_out_of_the_line() -> None:
    day = Day()
    day.asks()
    day.takes()
    assert (day.state(), day.in_router()) == ("ringing", {})
    day.comes("boris", "1002")
    day.rings_out()
    assert (day.state(), day.dialled()) == ("ringing", ["1001", "1002"]), "back in its place, it goes to who is free"


def test_an_operator_who_signs_out_while_it_rings_leaves_nobody_held() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.comes("boris", "1002")
    day.goes()
    assert day.load("boris") == 0, "it is in hand still"
    day.rings_out()
    assert (day.state(), day.dialled(), day.load("boris")) == ("ringing", ["1001", "1002"], 1)


def test_everybody_at_once_isnt_a_way_to_call_somebody_back() -> None:
    day = Day(strategy="ring_all")
    day.comes()
    day.comes("boris", "1002")
    day.asks()
    assert day.dialled() == ["1001"]


def test_client_first() -> None:
    day = Day(CallbackSetting(first=First.CLIENT))
    day.asks(after_s=30)
    day.comes()
    placed = day.last(fx.PlaceCallback)
    assert (placed.callback.first, day.state()) == (First.CLIENT, "ringing")
    assert (day.operator(), day.load()) == (AgentState.READY, 0), "nobody is held while the client's phone rings"
    attempt = day.attempt()
    day._arrives(attempt.call_id, attempt.leg_id, IVAN, agent=None, direction=Direction.OUTBOUND)
    day.step(e.CallQueued(at=day.now, call_id=attempt.call_id, queue="support"))
    pop = day.last(fx.ShowPop).pop
    assert (pop.agent, pop.card_id, pop.callback is not None) == ("1001", attempt.call_id, True)
    assert day.dispatcher.callers[attempt.call_id].entered_at == NOON, "in their old place"
    assert day.state() == "ringing"
    day.answers(attempt.call_id)
    assert day.state() == "talking"
    day.ends(attempt.call_id)
    assert day.state() == "done"


def test_client_first_and_nobody_there() -> None:
    day = Day(CallbackSetting(first=First.CLIENT, pause_s=60))
    day.asks()
    day.comes()
    day.client_rings_out()
    assert (day.state(), day.one().reached_for) == ("planned", 1)
    day.wait(60)
    assert day.state() == "ringing"


# ---- deaths and broken lines


def test_killed_in_the_middle_of_an_attempt_it_is_told_as_unknown_and_not_repeated() -> None:
    day = Day()
    day.asks()
    day.comes()
    again = day.dies_and_starts()
    assert (again.state(), again.one().reason, again.tried()) == ("unknown", "restart", [("1001", "unknown")])
    again.connect()
    again.comes()
    again.wait(3_600)
    assert not again.dialled()
    again.orders(Moment.AGAIN)
    assert (again.state(), again.dialled()) == ("ringing", ["1001"])


def test_killed_and_its_call_lives_on() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.picks_up()
    again = day.dies_and_starts()
    again.comes()
    again.picks_up()  # the snapshot finds it
    assert again.state() == "ringing"
    again.client_answers()
    again.hangs_up()
    assert (again.state(), again.tried()) == ("done", [("1001", "talked")])


def test_killed_in_the_talk_the_promise_is_kept_all_the_same() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.picks_up()
    day.client_answers()
    assert day.dies_and_starts().state() == "done"


def test_killed_while_it_waits_it_waits_on_in_its_place_once_the_pbx_is_there() -> None:
    day = Day()
    day.asks()
    day.wait(60)
    again = day.dies_and_starts()
    again.comes()
    assert (again.state(), again.in_router(), again.one().entered_at) == ("waiting", {}, NOON)
    again.connect()
    assert again.state() == "ringing"


def test_killed_while_it_is_put_off_its_time_comes() -> None:
    day = Day(CallbackSetting(pause_s=600))
    day.asks()
    day.comes()
    day.picks_up()
    day.hangs_up()
    again = day.dies_and_starts()
    again.connect()
    again.comes()
    assert again.state() == "planned"
    again.wait(600)
    assert again.state() == "ringing"


def test_a_line_that_breaks_offers_nothing_and_what_rings_may_ring() -> None:
    day = Day()
    day.asks("+37120000002")
    day.lose()
    day.comes()
    assert not day.dialled()
    day.connect()
    assert day.dialled() == ["1001"]
    day.lose()
    day.wait(60)
    assert (day.state(), day.one().reason) == ("unknown", "line_lost"), "whether it rang nobody has heard"
    assert day.load() == 0


def test_a_conversation_that_ended_unseen_has_an_unknown_result() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.picks_up()
    day.hangs_up(None, inferred=True)
    assert (day.state(), day.one().reason) == ("unknown", "line_lost")


def test_who_asks_again_of_an_unknown_one_is_called_again() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.picks_up()
    day.hangs_up(None, inferred=True)
    day.wait(60)  # the wrap-up
    day.asks()
    assert (day.state(), day.one().times_asked, len(day.kept)) == ("ringing", 2, 1)


def test_how_many_there_are() -> None:
    day = Day()
    day.asks()
    assert {state.value: n for state, n in day.callbacks.counts().items() if n} == {"waiting": 1}


def test_only_somebody_of_ours_serves_them() -> None:
    day = Day()
    asked = day.asks()
    call = day.calls()
    day.step(e.CallAnswered(at=day.now, call_id=call, leg_id="far", party="+37129999999", agent=None))
    assert day.state(asked) == "waiting"


def test_who_is_served_elsewhere_while_an_operators_phone_rings_for_them() -> None:
    day = Day()
    asked = day.asks()
    day.comes()
    assert day.operator() is AgentState.OFFERED
    day.answers(day.calls(), "1002")
    assert (day.state(asked), day.last(fx.StopRinging).offer_id) == ("cancelled", day.one(asked).attempts[-1].leg_id)
    assert (day.operator(), day.load()) == (AgentState.READY, 0)


def test_cancelled_while_the_client_is_being_called_cuts_nobody_off() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.picks_up()
    day.orders(Moment.CANCEL)
    assert not [f for f in day.effects if isinstance(f, fx.StopRinging)] and day.operator() is AgentState.BUSY
    day.client_answers()
    day.hangs_up()
    assert day.state() == "cancelled"


def test_one_that_is_refused_takes_nothing_from_the_one_that_waits() -> None:
    day = Day()
    first = day.asks()
    day.barred[IVAN] = "number_not_allowed"
    day.asks()
    assert (day.state(), day.state(first)) == ("failed", "waiting")
    day.barred.clear()
    day.asks()
    assert (day.one(first).times_asked, len(day.kept)) == (2, 2)


def test_while_the_line_is_broken_who_rings_is_held_and_nobody_else_is_rung() -> None:
    day = Day()
    day.asks()
    day.comes()
    day.comes("boris", "1002")
    day.lose()
    assert (day.in_router(), day.load()) == ({"callback-of-call 1": "offered"}, 1)
    day.not_dialled("unavailable")
    assert (day.dialled(), day.in_router(), day.load(), day.load("boris")) == (["1001"], {}, 0, 0)
    day.connect()
    assert len(day.dialled()) == 2

"""The tracker's rules, one conversation each: what the PBX does on the left, the story that is told of it below."""

from typing import get_args

import pytest

from core.effects import AskForRecording
from core.events import CallArrived, CallOfferEnded, PbxConnected
from core.ids import interaction_id
from telephony import facts as f
from telephony.dials import dialled_number
from telephony.tracker import RULES
from tests.playbook import Playbook, at


def waiting_caller(number: str = "79161110001") -> Playbook:
    """A client has called 500 and waits in `support`; the story begins after that."""
    play = Playbook()
    play.created(0, "A", "trunk", number=number, name="Жанна", exten="500")
    play.queued(1, "A")
    play.take_story()
    return play


def talking() -> Playbook:
    """A client (A) talks with 1001 (B) since 5."""
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.dial_ended(5, "A", "B", "ANSWER")
    play.unqueued(5, "A")
    play.bridged(5, "B", "A")
    play.take_story()
    return play


def all_gone(play: Playbook) -> bool:
    tracker = play.tracker
    return not (tracker.channels or tracker.calls or tracker.floor.bridges or tracker.floor.by_linkedid)


# ---- the plain call


def test_an_inbound_call_from_beginning_to_end() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", name="Жанна", exten="500")
    play.queued(1, "A")
    play.rang(2, "A", "B", "1001")
    play.dial_ended(5, "A", "B", "ANSWER")
    play.unqueued(5, "A")
    play.bridged(5, "B", "A")
    play.held(6, "B")
    play.unheld(8, "B")
    play.hung_up(9, "A", asked=True)
    play.hung_up(9, "B")
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 500
        1 CallQueued A support
        2 CallOffered A B 1001 support
        5 CallAnswered A B 1001
        6 CallHeld A B
        8 CallResumed A B
        9 LegEnded A B
        9 CallEnded A by caller cause 16
    """)
    assert all_gone(play) and play.tracker.odd_facts == 0


def test_the_card_opens_with_everything_that_is_known() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", name="Жанна", exten="500")
    (arrived,) = play.events
    assert isinstance(arrived, CallArrived)
    assert (arrived.site, arrived.pbx, arrived.uniqueid, arrived.linkedid) == ("riga", "pbx1", "A", "A")
    assert (arrived.caller_name, arrived.client_number, arrived.agent) == ("Жанна", "79161110001", None)
    assert arrived.channel == play.name("A") and not arrived.adopted


# ---- how a phone that rang was lost


@pytest.mark.parametrize(
    ("asked", "cause", "rang", "outcome"),
    [
        (True, 17, True, "busy"),
        (True, 17, False, "busy"),
        (True, 21, True, "rejected"),
        (True, 19, True, "unavailable"),
        (True, 20, False, "unavailable"),
        (True, 0, False, "unavailable"),
        (False, 26, True, "cancelled"),
        (False, 26, False, "cancelled"),
        (False, 16, True, "noanswer"),
        (False, 17, True, "noanswer"),  # not asked for by the phone: the PBX's own word for giving up
        (False, 16, False, "unavailable"),
        (False, 20, False, "unavailable"),
    ],
)
def test_outcome_of_a_phone_that_was_dialled(asked: bool, cause: int, rang: bool, outcome: str) -> None:
    play = waiting_caller()
    (play.rang if rang else play.dialled)(2, "A", "B", "1001")
    play.dial_ended(7, "A", "B", "NOANSWER")
    play.hung_up(7, "B", cause=cause, asked=asked)
    play.tells(f"""
        2 CallOffered A B 1001 support
        7 CallOfferEnded A B {outcome}
    """)


def test_ringing_when_the_caller_gives_up_is_cancelled() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.asked(4, "A")
    play.unqueued(4, "A", abandoned=True)
    play.hung_up(4, "B")
    play.hung_up(4, "A")
    play.tells("""
        2 CallOffered A B 1001 support
        4 CallOfferEnded A B cancelled
        4 CallUnqueued A support
        4 CallEnded A by caller cause 16
    """)


def test_ringing_when_the_callers_channel_is_gone_first_is_cancelled() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.hung_up(4, "A")
    play.tells("""
        2 CallOffered A B 1001 support
        4 CallOfferEnded A B cancelled
        4 CallEnded A by system cause 16
    """)
    play.hung_up(4, "B")
    play.tells("")


def test_a_phone_that_answered_and_was_never_connected_is_cancelled() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.dial_ended(4, "A", "B", "ANSWER")
    play.hung_up(4, "B")
    assert [e.outcome.value for e in play.events if isinstance(e, CallOfferEnded)] == ["cancelled"]


def test_a_phone_that_forwarded_the_call_is_cancelled() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.dial_ended(3, "A", "B", "CANCEL", forward="1002")
    play.hung_up(3, "B", cause=23, asked=True)
    assert [e.outcome.value for e in play.events if isinstance(e, CallOfferEnded)] == ["cancelled"]


def test_of_a_ring_group_one_answers_and_the_others_are_cancelled() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="501")
    play.rang(1, "A", "B", "1001")
    play.rang(1, "A", "C", "1002")
    play.rang(1, "A", "D", "1003")
    play.hung_up(2, "D", cause=17, asked=True)
    play.dial_ended(3, "A", "B", "ANSWER")
    play.bridged(3, "B", "A")
    play.hung_up(3, "C")  # no cause 26 from phones that don't know it
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 501
        1 CallOffered A B 1001
        1 CallOffered A C 1002
        1 CallOffered A D 1003
        2 CallOfferEnded A D busy
        3 CallAnswered A B 1001
        3 CallOfferEnded A C cancelled
    """)


def test_no_answer_then_the_next() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.hung_up(7, "B")
    play.rang(8, "A", "C", "1002")
    play.bridged(9, "C", "A")
    play.tells("""
        2 CallOffered A B 1001 support
        7 CallOfferEnded A B noanswer
        8 CallOffered A C 1002 support
        9 CallAnswered A C 1002
    """)


def test_a_queue_that_says_agent_called_and_dial_begin_offers_once() -> None:
    play = waiting_caller()
    play.created(2, "B", "1001", linkedid="A", state="Down")
    play.feed(f.AgentRang(at(2), play.name("A"), "A", "support", play.name("B"), "B", "A"))
    play.dial_began(2, "A", "B")
    play.tells("2 CallOffered A B 1001 support")


def test_a_trunk_member_of_a_queue_is_no_operator() -> None:
    play = waiting_caller()
    play.created(2, "B", "mobile", linkedid="A", state="Down")
    play.feed(f.AgentRang(at(2), play.name("A"), "A", "support", play.name("B"), "B", "A"))
    play.dial_began(2, "A", "B", string="79035550001@mobile")
    play.tells("")
    play.bridged(4, "B", "A")
    play.tells("4 CallAnswered A B 79035550001")


# ---- queues


def test_slices_of_the_lobby_count_once() -> None:
    play = waiting_caller()
    for slice_at in (10, 20, 30):
        play.unqueued(slice_at, "A", abandoned=True)
        play.queued(slice_at, "A")
    play.tells("")
    play.unqueued(40, "A", abandoned=True)
    play.tells("")
    play.hung_up(41, "A", asked=True)
    play.tells("""
        40 CallUnqueued A support
        41 CallEnded A by caller cause 16
    """)


def test_passed_on_to_another_queue() -> None:
    play = waiting_caller()
    play.unqueued(10, "A")
    play.queued(11, "A", "billing")
    play.tells("""
        10 CallUnqueued A support
        11 CallQueued A billing
    """)


def test_a_queue_that_leads_to_an_answer_was_not_left_unserved() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.unqueued(5, "A")
    play.bridged(5, "B", "A")
    play.hung_up(9, "A", "B")
    assert not any("CallUnqueued" in line for line in play.take_story())


def test_the_time_out_of_the_queue_leads_to_voicemail() -> None:
    play = waiting_caller()
    play.unqueued(21, "A", abandoned=True)
    play.feed(f.VoicemailBegan(at(22), "A"))
    play.hung_up(30, "A", asked=True)
    play.tells("""
        21 CallUnqueued A support
        22 CallToVoicemail A
        30 CallEnded A by caller cause 16
    """)


def test_the_dialplan_takes_a_caller_out_of_our_queue() -> None:
    play = waiting_caller()
    play.unqueued(21, "A", abandoned=True)
    play.feed(f.LobbyLeft(at(21), "A", "support", "patience"))
    play.queued(21, "A", "plain")
    play.tells("""
        21 CallUnqueued A support
        21 CallFellBack A support patience
        21 CallQueued A plain
    """)


def test_a_client_who_is_passed_on_into_a_queue_waits_there() -> None:
    """The operator has called the queue, and transfers before anybody answers (recorded nowhere: tried on Asterisk 22)."""
    play = talking()
    play.created(6, "C", "1001", exten="611")
    play.queued(7, "C", "sales")
    play.take_story()
    play.attended(9, "B", "C", kind="App")
    play.left(9, "A", "B")
    play.hung_up(9, "B", "C")
    play.unqueued(15, "A", "sales", abandoned=True)
    play.queued(15, "A", "sales")
    play.dialled(16, "", "cc.A.2", "1002")
    play.bridged(18, "A", "cc.A.2", bridge="b2")
    play.tells("""
        9 LegEnded A B
        9 CallMerged C into A
        9 CallLinked A C
        9 CallQueued A sales
        9 CallTransferred A attended 1001 -> 611
        16 CallLinked A cc.A.2
        16 CallOffered A cc.A.2 1002 sales
        18 CallAnswered A cc.A.2 1002
    """)


def test_a_message_is_left() -> None:
    play = waiting_caller()
    play.unqueued(21, "A", abandoned=True)
    play.feed(f.VoicemailBegan(at(21), "A"), f.MessageLeft(at(30), "A", "support", "/spool/A.wav", 7.0))
    play.hung_up(30, "A", asked=True)
    play.tells("""
        21 CallUnqueued A support
        21 CallToVoicemail A
        30 VoicemailLeft A support /spool/A.wav 7 s
        30 CallEnded A by caller cause 16
    """)


def test_a_caller_asks_to_be_called_back() -> None:
    play = waiting_caller()
    play.unqueued(21, "A", abandoned=True)
    play.feed(f.CallbackWished(at(21), "A", "support"))
    play.hung_up(23, "A")
    play.tells("""
        21 CallUnqueued A support
        21 CallbackAsked A support 79161110001
        23 CallEnded A by system cause 16
    """)


def test_slices_of_one_wait_are_one_wait_and_another_queue_of_ours_is_another() -> None:
    play = waiting_caller()
    for when in (10, 20):
        play.unqueued(when, "A", abandoned=True)
        play.queued(when, "A")
    play.unqueued(25, "A", abandoned=True)
    play.queued(25, "A", "sales")
    play.tells("""
        25 CallUnqueued A support
        25 CallQueued A sales
    """)


def test_leaving_another_queue_than_the_one_waited_in_says_nothing() -> None:
    play = waiting_caller()
    play.unqueued(3, "A", "billing")
    assert play.tracker.channels["A"].call.waiting
    play.tells("")


def test_an_operator_in_a_queue_makes_an_internal_call() -> None:
    play = Playbook()
    play.created(0, "A", "1001", exten="500")
    play.queued(1, "A")
    play.tells("""
        0 CallArrived A internal 1001 -> 500 by 1001
        1 CallQueued A support
    """)


# ---- hold


def test_hold_lasts_until_the_end_at_most() -> None:
    play = talking()
    play.held(6, "B")
    play.held(7, "B")
    play.hung_up(9, "A", asked=True)
    play.tells("""
        6 CallHeld A B
        9 LegEnded A B
        9 CallResumed A B
        9 CallEnded A by caller cause 16
    """)


def test_a_client_who_holds_is_not_on_hold() -> None:
    play = talking()
    play.held(6, "A")
    play.tells("")


def test_hold_is_kept_while_the_operator_asks_a_colleague_by_keys() -> None:
    """Attended transfer by keys: B leaves the client's bridge and meets a Local channel in another one."""
    play = talking()
    play.held(6, "B")
    play.created(7, "L1", "Local/1002@from-agent-00000001;1", linkedid="A")
    play.created(7, "L2", "Local/1002@from-agent-00000001;2", linkedid="A")
    play.left(7, "B")
    play.bridged(7, "L1", "B", bridge="b2")
    play.rang(7, "L2", "C", "1002")
    play.bridged(8, "C", "L2", bridge="b3")
    play.left(10, "B", "L1", bridge="b2")
    play.bridged(10, "L1")
    play.attended(10, "B", "B", target="L1")
    play.hung_up(10, "B", asked=True)
    play.hung_up(12, "A", asked=True)
    play.tells("""
        6 CallHeld A B
        7 LegEnded A B
        7 CallAnswered A B 1001
        7 CallOffered A C 1002
        8 CallAnswered A C 1002
        10 LegEnded A B
        10 CallResumed A B
        10 CallTransferred A attended 1001 -> 1002 answered
        12 LegEnded A C
        12 CallEnded A by caller cause 16
    """)


# ---- passing on


def test_a_blind_transfer_to_a_colleague() -> None:
    play = talking()
    play.blind(7, "B", "1002")
    play.left(7, "A", "B")
    play.hung_up(7, "B", asked=True)
    play.rang(7, "A", "C", "1002")
    play.bridged(9, "C", "A")
    play.hung_up(12, "C", asked=True)
    play.hung_up(12, "A")
    play.tells("""
        7 LegEnded A B
        7 CallTransferred A blind 1001 -> 1002
        7 CallOffered A C 1002
        9 CallAnswered A C 1002
        12 LegEnded A C
        12 CallEnded A by agent cause 16
    """)


def test_a_transfer_that_failed_changes_nothing() -> None:
    play = talking()
    play.blind(7, "B", "nowhere", result="Invalid")
    play.attended(7, "B", "B", result="Fail")
    play.tells("")
    assert not play.tracker.channels["B"].left


def test_a_blind_transfer_that_nobody_takes_comes_back() -> None:
    play = talking()
    play.blind(7, "B", "1002")
    play.hung_up(7, "B")
    play.rang(7, "A", "C", "1002")
    play.hung_up(12, "C")
    play.rang(12, "A", "D", "1001")
    play.bridged(14, "D", "A")
    play.hung_up(20, "A", asked=True)
    play.tells("""
        7 LegEnded A B
        7 CallTransferred A blind 1001 -> 1002
        7 CallOffered A C 1002
        12 CallOfferEnded A C noanswer
        12 CallOffered A D 1001
        14 CallAnswered A D 1001
        20 LegEnded A D
        20 CallEnded A by caller cause 16
    """)


def consulting() -> Playbook:
    """1001 holds the client and talks with 1002 on a call of his own (C -> D) since 9."""
    play = talking()
    play.held(6, "B")
    play.created(7, "C", "1001", exten="1002")
    play.rang(7, "C", "D", "1002")
    play.dial_ended(9, "C", "D", "ANSWER")
    play.bridged(9, "D", "C", bridge="b2")
    return play


def test_a_consultation_that_ends_in_a_transfer_is_part_of_the_clients_call() -> None:
    play = consulting()
    play.tells("""
        6 CallHeld A B
        7 CallArrived C internal 1001 -> 1002 by 1001
        7 CallOffered C D 1002
        9 CallAnswered C D 1002
        9 CallAnswered C C 1001
    """)
    play.unheld(11, "B")
    play.left(11, "D", bridge="b2")
    play.left(11, "B")
    play.bridged(11, "D", linkedid="A")
    play.attended(11, "B", "C", target="D")
    play.left(11, "C", bridge="b2")
    play.hung_up(11, "B", "C")
    play.hung_up(15, "A", asked=True)
    play.hung_up(15, "D")
    play.tells("""
        11 CallResumed A B
        11 LegEnded C D
        11 LegEnded C C
        11 LegEnded A B
        11 CallMerged C into A
        11 CallLinked A C
        11 CallAnswered A D 1002
        11 CallTransferred A attended 1001 -> 1002 answered
        15 LegEnded A D
        15 CallEnded A by caller cause 16
    """)
    assert all_gone(play)


def test_a_consultation_that_comes_to_nothing_stays_a_call_of_its_own() -> None:
    play = consulting()
    play.hung_up(10, "D", asked=True)
    play.hung_up(10, "C")
    play.unheld(11, "B")
    story = play.take_story()
    assert "10 CallEnded C by called cause 16" in story
    assert not any("CallMerged" in line for line in story)
    assert list(play.tracker.live_call_ids()) == [play.tracker.channels["A"].call.call_id]


def test_a_blonde_transfer_rings_for_the_client_from_then_on() -> None:
    play = talking()
    play.created(7, "C", "1001", exten="1002")
    play.rang(7, "C", "D", "1002")
    play.take_story()
    play.attended(8, "B", "C", kind="App")
    play.left(8, "A", "B")
    play.hung_up(8, "B", "C")
    play.tells("""
        8 LegEnded A B
        8 CallMerged C into A
        8 CallLinked A C
        8 CallOffered A D 1002
        8 CallTransferred A attended 1001 -> 1002
    """)
    play.dial_ended(10, "A", "D", "ANSWER")
    play.bridged(10, "D", "A", bridge="b3")
    play.tells("10 CallAnswered A D 1002")


def test_two_clients_who_are_joined_stay_two_cards() -> None:
    play = talking()
    play.created(3, "X", "trunk", number="79162220002", exten="500")
    play.rang(3, "X", "Y", "1002")
    play.bridged(4, "Y", "X", bridge="b2")
    play.take_story()
    play.attended(10, "B", "Y", target="X")
    play.left(10, "X", "Y", bridge="b2")
    play.left(10, "B")
    play.bridged(10, "X")
    play.hung_up(10, "B", "Y")
    assert not any("CallMerged" in line for line in play.take_story())
    assert len(play.tracker.live_call_ids()) == 2
    play.hung_up(20, "A", asked=True)
    play.hung_up(20, "X")
    assert sorted(line for line in play.take_story() if "CallEnded" in line) == [
        "20 CallEnded A by caller cause 16",
        "20 CallEnded X by system cause 16",
    ]
    assert all_gone(play)


def test_an_outside_number_called_for_the_transfer_is_part_of_the_clients_call() -> None:
    play = talking()
    play.created(7, "C", "1001", exten="79035550001")
    play.rang(7, "C", "D", "trunk", string="PJSIP/trunk/sip:79035550001@host")
    play.bridged(9, "D", "C", bridge="b2")
    assert len(play.tracker.live_call_ids()) == 2
    play.attended(10, "B", "C", target="D")
    play.left(10, "D", "C", bridge="b2")
    play.left(10, "B")
    play.bridged(10, "D", linkedid="A")
    play.hung_up(10, "B", "C")
    story = play.take_story()
    assert "10 CallMerged C into A" in story
    assert "10 CallTransferred A attended 1001 -> 79035550001 answered" in story
    assert "10 CallAnswered A D 79035550001" in story
    play.hung_up(20, "D", asked=True)
    play.hung_up(20, "A")
    assert play.take_story()[-1] == "20 CallEnded A by called cause 16" and all_gone(play)


def test_an_outside_number_and_a_client_who_merely_meet_stay_two_cards() -> None:
    """Without an AttendedTransfer nobody says that the one was called for the other."""
    play = talking()
    play.created(7, "C", "1002", exten="79035550001")
    play.rang(7, "C", "D", "trunk", string="79035550001@trunk")
    play.bridged(9, "D", "C", bridge="b2")
    play.left(10, "D", "C", bridge="b2")
    play.bridged(10, "D")
    assert not any("CallMerged" in line for line in play.take_story())


# ---- pick-up and parking


def test_a_call_picked_up_by_a_colleague() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="1001")
    play.rang(0, "A", "B", "1001")
    play.created(3, "C", "1002", exten="*8")
    play.feed(f.PickedUp(at(3), play.name("C"), "C", "B"))
    play.dial_ended(3, "A", "C", "ANSWER")
    play.hung_up(3, "B")
    play.bridged(3, "C", "A")
    play.hung_up(6, "C", asked=True)
    play.hung_up(6, "A")
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 1001
        0 CallOffered A B 1001
        3 CallLinked A C
        3 CallOfferEnded A B cancelled
        3 CallAnswered A C 1002
        6 LegEnded A C
        6 CallEnded A by agent cause 16
    """)
    assert all_gone(play)


def parked() -> Playbook:
    play = talking()
    play.blind(7, "B", "700")
    play.left(7, "A", "B")
    play.feed(f.Parked(at(7), "A", "701"))
    play.bridged(7, "A", bridge="park", technology="holding_bridge", creator="Parking")
    play.hung_up(7, "B")
    play.tells("""
        7 LegEnded A B
        7 CallTransferred A blind 1001 -> 700
        7 CallParked A 701
    """)
    return play


def test_a_parked_call_that_a_colleague_fetches() -> None:
    play = parked()
    play.created(11, "C", "1002", exten="701")
    play.feed(f.Unparked(at(11), "A", "C", "701"))
    play.bridged(11, "A", "C")
    play.hung_up(14, "C", asked=True)
    play.hung_up(14, "A")
    play.tells("""
        11 CallLinked A C
        11 CallUnparked A 701
        11 CallAnswered A C 1002
        14 LegEnded A C
        14 CallEnded A by agent cause 16
    """)
    assert all_gone(play)


def test_parked_is_not_in_talk_even_where_no_leave_is_told() -> None:
    play = talking()
    play.feed(f.Parked(at(7), "A", "701"))
    play.tells("""
        7 LegEnded A B
        7 CallParked A 701
    """)


def test_a_parked_call_that_nobody_fetches_rings_where_it_came_from() -> None:
    play = parked()
    play.feed(f.Unparked(at(30), "A", "", "701"))
    play.rang(30, "A", "D", "1001")
    play.tells("""
        30 CallUnparked A 701
        30 CallOffered A D 1001
    """)


def test_a_parked_caller_who_gives_up() -> None:
    play = parked()
    play.feed(f.Unparked(at(30), "A", "", "701"))
    play.hung_up(30, "A", asked=True)
    play.tells("""
        30 CallUnparked A 701
        30 CallEnded A by caller cause 16
    """)


# ---- calls that operators place


def test_an_outbound_call() -> None:
    play = Playbook()
    play.created(0, "A", "1001", exten="979035550001")
    play.tells("")
    play.rang(1, "A", "B", "trunk", string="79035550001@trunk")
    play.bridged(4, "B", "A")
    play.hung_up(9, "B", asked=True)
    play.hung_up(9, "A")
    play.tells("""
        0 CallArrived A outbound 1001 -> 979035550001 by 1001
        4 CallAnswered A B 79035550001
        4 CallAnswered A A 1001
        9 LegEnded A B
        9 LegEnded A A
        9 CallEnded A by called cause 16
    """)


def test_an_outbound_call_that_is_refused_was_ended_by_the_called() -> None:
    play = Playbook()
    play.created(0, "A", "1001", exten="979035550001")
    play.dialled(1, "A", "B", "trunk", string="79035550001@trunk")
    play.hung_up(2, "B", cause=17, asked=True)
    play.hung_up(2, "A", cause=17)
    assert play.take_story()[-1] == "2 CallEnded A by called cause 17"


def test_an_outbound_call_that_the_network_gave_up_was_ended_by_the_system() -> None:
    play = Playbook()
    play.created(0, "A", "1001", exten="979035550001")
    play.dialled(1, "A", "B", "trunk", string="79035550001@trunk")
    play.hung_up(31, "B")
    play.hung_up(31, "A", cause=19)
    assert play.take_story()[-1] == "31 CallEnded A by system cause 19"


def test_click_to_call_is_outbound_and_rings_no_operator() -> None:
    play = Playbook()
    play.dialled(0, "", "A", "1001", string="1001")
    play.feed(f.DialRang(at(0), "A"))
    play.tells("")
    play.dial_ended(1, "", "A", "ANSWER")
    play.rang(1, "A", "B", "trunk", string="79035550001@trunk")
    play.bridged(3, "B", "A")
    play.hung_up(8, "A", asked=True)
    play.hung_up(8, "B")
    play.tells("""
        0 CallArrived A outbound 1001 -> 79035550001 by 1001
        3 CallAnswered A B 79035550001
        3 CallAnswered A A 1001
        8 LegEnded A A
        8 LegEnded A B
        8 CallEnded A by agent cause 16
    """)


def test_click_to_call_that_the_operator_does_not_take() -> None:
    play = Playbook()
    play.dialled(0, "", "A", "1001", string="1001")
    play.feed(f.DialRang(at(0), "A"))
    play.hung_up(20, "A", cause=19)
    play.tells("""
        0 CallArrived A outbound 1001 -> by 1001
        20 CallEnded A by system cause 19
    """)


def test_click_to_call_to_a_colleague_is_internal() -> None:
    play = Playbook()
    play.dialled(0, "", "A", "1001")
    play.rang(1, "A", "B", "1002")
    play.bridged(3, "B", "A")
    assert play.take_story()[0] == "0 CallArrived A internal 1001 -> by 1001"


def test_a_client_called_first_then_the_operator_is_outbound() -> None:
    """Call-back: the PBX calls the client, then the operator."""
    play = Playbook()
    play.created(0, "A", "trunk", state="Down", number="79035550001")
    play.dial_began(0, "", "A")
    play.tells("")
    play.rang(5, "A", "B", "1001")
    play.bridged(7, "B", "A")
    play.hung_up(12, "B", asked=True)
    play.hung_up(12, "A")
    play.tells("""
        0 CallArrived A outbound 79035550001 -> by 1001
        5 CallOffered A B 1001
        7 CallAnswered A B 1001
        7 CallAnswered A A 79035550001
        12 LegEnded A B
        12 LegEnded A A
        12 CallEnded A by agent cause 16
    """)


def test_colleagues_among_themselves() -> None:
    play = Playbook()
    play.created(0, "A", "1001", exten="1002")
    play.rang(0, "A", "B", "1002")
    play.bridged(2, "B", "A")
    play.hung_up(5, "B", asked=True)
    play.hung_up(5, "A")
    play.tells("""
        0 CallArrived A internal 1001 -> 1002 by 1001
        0 CallOffered A B 1002
        2 CallAnswered A B 1002
        2 CallAnswered A A 1001
        5 LegEnded A B
        5 LegEnded A A
        5 CallEnded A by called cause 16
    """)


def test_a_phone_lifted_for_nothing_has_a_card_because_the_cdr_has_it() -> None:
    play = Playbook()
    play.created(0, "A", "1001", exten="999")
    play.tells("")
    play.hung_up(3, "A", cause=1)
    play.tells("""
        0 CallArrived A internal 1001 -> 999 by 1001
        3 CallEnded A by system cause 1
    """)


# ---- who ended it


@pytest.mark.parametrize(("first", "ended_by"), [("A", "caller"), ("B", "agent"), ("", "system")])
def test_who_ended_an_inbound_call(first: str, ended_by: str) -> None:
    play = talking()
    if first:
        play.asked(9, first)
    play.hung_up(9, "A", "B")
    assert play.take_story()[-1] == f"9 CallEnded A by {ended_by} cause 16"


def test_the_first_to_hang_up_ended_it() -> None:
    play = talking()
    play.asked(9, "B")
    play.asked(9, "A")
    play.hung_up(9, "A", "B")
    assert play.take_story()[-1] == "9 CallEnded A by agent cause 16"


def test_a_phone_that_only_rang_ended_nothing() -> None:
    play = waiting_caller()
    play.rang(2, "A", "B", "1001")
    play.hung_up(3, "B", cause=21, asked=True)
    play.hung_up(4, "A", cause=16)
    assert play.take_story()[-1] == "4 CallEnded A by system cause 16"


def test_a_hang_up_before_the_transfer_was_answered_is_forgotten_by_the_next_answer() -> None:
    play = talking()
    play.asked(7, "B")
    play.blind(7, "B", "1002")
    play.hung_up(7, "B")
    play.rang(7, "A", "C", "1002")
    play.bridged(9, "C", "A")
    play.hung_up(10, "A", "C")
    assert play.take_story()[-1] == "10 CallEnded A by system cause 16"


def test_an_operator_who_hung_up_ended_nothing_when_the_next_one_answers() -> None:
    """The dialplan goes on with the caller after the operator's hang-up."""
    play = talking()
    play.hung_up(7, "B", asked=True)
    play.rang(8, "A", "C", "1002")
    play.bridged(9, "C", "A")
    play.hung_up(10, "A", "C")
    assert play.take_story()[-1] == "10 CallEnded A by system cause 16"


# ---- our own offers


def test_an_offer_of_ours_belongs_to_its_caller_from_its_id() -> None:
    play = waiting_caller()
    play.dialled(2, "", "cc.A.1", "1001", string="1001")
    play.bridged(4, "A", "cc.A.1")
    play.hung_up(9, "A", asked=True)
    play.hung_up(9, "cc.A.1")
    play.tells("""
        2 CallLinked A cc.A.1
        2 CallOffered A cc.A.1 1001 support
        4 CallAnswered A cc.A.1 1001
        9 LegEnded A cc.A.1
        9 CallEnded A by caller cause 16
    """)


def test_two_nodes_offer_and_one_of_them_connects() -> None:
    play = waiting_caller()
    play.dialled(2, "", "cc.A.1", "1001")
    play.dialled(2, "", "cc.A.b1", "1002")
    play.dial_ended(4, "", "cc.A.1", "ANSWER")
    play.feed(f.OfferConnected(at(4), "cc.A.1", "A"))
    play.bridged(4, "A", "cc.A.1")
    play.dial_ended(4, "", "cc.A.b1", "ANSWER")
    play.hung_up(4, "cc.A.b1")
    story = play.take_story()
    assert story[-2:] == ["4 CallAnswered A cc.A.1 1001", "4 CallOfferEnded A cc.A.b1 cancelled"]


def test_a_leg_is_the_callers_as_soon_as_the_dialplan_joins_it() -> None:
    """A leg whose id doesn't name the caller."""
    play = waiting_caller()
    play.created(2, "L", "1001")
    play.feed(f.OfferConnected(at(3), "L", "A"))
    assert play.tracker.channels["L"].call is play.tracker.channels["A"].call


def test_an_offer_for_a_caller_that_nobody_knows_makes_no_card() -> None:
    play = Playbook()
    play.dialled(2, "", "cc.gone.1", "1001")
    play.feed(f.DialRang(at(2), "cc.gone.1"))
    play.hung_up(5, "cc.gone.1")
    play.tells("")
    assert all_gone(play)


# ---- not conversations


def test_whoever_listens_in_has_no_card() -> None:
    play = talking()
    play.created(6, "S", "1005", exten="811001")
    play.feed(f.Spied(at(7), "S"))
    play.hung_up(9, "S", asked=True)
    play.tells("")


def test_a_call_already_told_is_dropped_when_it_turns_out_to_be_a_conference() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="800")
    play.bridged(1, "A", bridge="conf", technology="softmix", creator="ConfBridge")
    play.feed(f.ConferenceJoined(at(1), "A"))
    play.hung_up(9, "A", asked=True)
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 800
        1 CallDropped A
    """)
    assert all_gone(play) and not play.stored


def test_a_room_without_a_bridge_of_its_own_is_a_conference_too() -> None:
    """MeetMe: only the event of joining tells."""
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="800")
    play.feed(f.ConferenceJoined(at(1), "A"))
    play.hung_up(9, "A", asked=True)
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 800
        1 CallDropped A
    """)


def test_a_client_who_was_answered_stays_a_card_in_the_conference() -> None:
    play = talking()
    play.left(7, "A", "B")
    play.feed(f.ConferenceJoined(at(7), "A"), f.Spied(at(7), "B"))
    assert play.take_story() == ["7 LegEnded A B"]


def test_asterisks_own_channels_are_nobody() -> None:
    play = Playbook()
    for n, name in enumerate(("CBAnn/1-0", "Recorder/x-0", "Announcer/y-0", "Snoop/1-0", "Message/ast_msg_queue")):
        play.created(0, f"T{n}", name)
    play.tells("")
    assert all_gone(play)


# ---- Local channels


def test_the_halves_of_a_local_channel_are_never_a_party() -> None:
    play = waiting_caller()
    play.created(2, "L1", "Local/1001@members-00000000;1", linkedid="A")
    play.created(2, "L2", "Local/1001@members-00000000;2", linkedid="A")
    play.feed(f.LocalPaired(at(2), "L1", "L2"))
    play.feed(f.AgentRang(at(2), play.name("A"), "A", "support", play.name("L1"), "L1", "A"))
    play.dial_began(2, "A", "L1", string="Local/1001@members")
    play.rang(2, "L2", "B", "1001")
    play.bridged(4, "B", "L2", bridge="b2")
    play.bridged(4, "L1", "A")
    play.hung_up(9, "A", asked=True)
    play.hung_up(9, "L1", "L2", "B")
    play.tells("""
        2 CallOffered A B 1001 support
        4 CallAnswered A B 1001
        9 LegEnded A B
        9 CallEnded A by caller cause 16
    """)
    assert all_gone(play)


def test_calls_on_both_sides_of_a_local_channel_are_one() -> None:
    play = Playbook()
    play.created(0, "L1", "Local/1001@x-1;1", linkedid="L1")
    play.created(0, "L2", "Local/1001@x-1;2", linkedid="L2")
    play.feed(f.LocalPaired(at(0), "L1", "L2"))
    assert len(play.tracker.calls) == 1
    play.hung_up(1, "L1", "L2")
    play.tells("")
    assert all_gone(play)


# ---- facts that can't be true


def test_a_late_newchannel_after_its_hangup_makes_no_ghost() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001")
    play.hung_up(1, "A")
    play.created(0, "A", "trunk", number="79161110001")
    assert play.take_story()[-1] == "1 CallEnded A by system cause 16" and all_gone(play)
    play.feed(f.HungUp(at(2), "PJSIP/trunk-9", "Z", "Z", 16, ""))
    play.created(1, "Z", "trunk")
    play.tells("")
    assert all_gone(play)


def test_an_offer_whose_phone_gets_no_channel_failed() -> None:
    play = waiting_caller()
    play.feed(f.Originated(at(2), "PJSIP/1010", "cc.A.1", False, 0))
    play.tells("2 RingFailed A cc.A.1 1010 certain")


@pytest.mark.parametrize("gone", [False, True])
def test_an_offer_with_a_channel_tells_its_end_itself(gone: bool) -> None:
    play = waiting_caller()
    play.dialled(2, "", "cc.A.1", "1001")
    if gone:
        play.hung_up(4, "cc.A.1", cause=17, asked=True)
    story = play.take_story()
    play.feed(f.Originated(at(4), "PJSIP/1001", "cc.A.1", False, 0))
    assert play.take_story() == [] and any("CallOffered" in line for line in story)


def test_an_offer_that_is_stopped_before_it_could_ring_failed() -> None:
    play = waiting_caller()
    play.created(2, "cc.A.1", "1001", state="Down")
    play.feed(f.Originated(at(2), "PJSIP/1001", "cc.A.1", False, 0))
    play.hung_up(2, "cc.A.1", cause=26)
    play.tells("""
        2 CallLinked A cc.A.1
        2 RingFailed A cc.A.1 1001 certain
    """)


def test_a_failed_call_that_is_no_offer_of_a_waiting_caller_tells_nothing() -> None:
    play = waiting_caller()
    play.feed(f.Originated(at(2), "PJSIP/1010", "cc.gone.1", False, 0), f.Originated(at(2), "PJSIP/1010", "", False, 0))
    play.feed(f.Originated(at(2), "PJSIP/1010-00000003", "cc.A.1", True, 4))
    assert play.take_story() == []


def test_the_memory_of_the_dead_is_bounded() -> None:
    play = Playbook()
    for n in range(20_050):
        play.feed(f.HungUp(at(0), "x", str(n), str(n), 16, ""))
    dead = play.tracker.floor.dead
    assert len(dead) == 20_000 and "20049" in dead and "49" not in dead


def test_a_fact_that_mixes_two_channels_is_not_believed() -> None:
    """A forged Hangup that names another channel than its Uniqueid, and all its like: no call changes state."""
    play = talking()
    play.rang(6, "A", "C", "1002")
    play.take_story()
    other, tracker = play.name("C"), play.tracker
    forged: list[f.Fact] = [
        f.HungUp(at(7), other, "B", "A", 16, ""),
        f.HangupAsked(at(7), other, "A"),
        f.Held(at(7), other, "B"),
        f.Unheld(at(7), other, "B"),
        f.BridgeLeft(at(7), "b1", other, "B"),
        f.BridgeEntered(at(7), "b9", "simple_bridge", "", other, "B", "A"),
        f.QueueJoined(at(7), other, "A", "billing", 1),
        f.QueueLeft(at(7), other, "A", "support", True),
        f.PickedUp(at(7), other, "B", "C"),
        f.AgentRang(at(7), other, "A", "support", play.name("C"), "C", "A"),
        f.DialBegan(at(7), "A", other, "B", "A", "1001"),
        f.Renamed(at(7), "B", other, "PJSIP/1001-forged"),
    ]
    for count, fact in enumerate(forged, 1):
        play.feed(fact)
        assert tracker.odd_facts == count, fact
    play.tells("")
    play.hung_up(9, "A", asked=True)
    assert play.take_story()[-1] == "9 CallEnded A by caller cause 16"


def test_a_renamed_channel_is_known_by_its_new_name() -> None:
    play = talking()
    play.feed(
        f.Renamed(at(6), "B", play.name("B"), "PJSIP/1001-0000ffff"),
        f.HungUp(at(7), "PJSIP/1001-0000ffff", "B", "A", 16, ""),
    )
    play.tells("7 LegEnded A B")


def test_facts_about_nobody_say_nothing() -> None:
    play = Playbook()
    play._names["Z"], play._linkedids["Z"] = "PJSIP/1001-1", "Z"
    play.bridged(0, "Z")
    play.left(0, "Z")
    play.held(0, "Z")
    play.unheld(0, "Z")
    play.queued(0, "Z")
    play.unqueued(0, "Z")
    play.asked(0, "Z")
    play.blind(0, "Z", "1")
    play.attended(0, "Z", "Z")
    play.dial_ended(0, "Z", "Z", "ANSWER")
    play.feed(f.DialRang(at(0), "Z"), f.Parked(at(0), "Z", "7"), f.Unparked(at(0), "Z", "Z", "7"))
    play.feed(f.PickedUp(at(0), "x", "Z", "Z"), f.Spied(at(0), "Z"), f.ConferenceJoined(at(0), "Z"))
    play.feed(f.LocalPaired(at(0), "Z", "Z"), f.Renamed(at(0), "Z", "x", "y"), f.RecordingBegan(at(0), "Z", "f"))
    play.feed(
        f.Originated(at(0), "PJSIP/1001", "Z", True, 4), f.OfferConnected(at(0), "Z", "Z"), f.VoicemailBegan(at(0), "Z")
    )
    play.feed(
        f.MessageLeft(at(0), "Z", "q", "f", 1.0), f.CallbackWished(at(0), "Z", "q"), f.LobbyLeft(at(0), "Z", "q", "w")
    )
    play.tells("")
    assert all_gone(play)


def test_a_recording_is_noted_with_the_call() -> None:
    play = talking()
    play.feed(f.RecordingBegan(at(6), "A", "a.wav"))
    play.tells("""
        6 CallRecorded A a.wav
        6 RecordingChanged A on
    """)


def test_a_recording_that_pauses_goes_on_and_ends_is_told_once_each() -> None:
    play = talking()
    play.feed(f.RecordingBegan(at(6), "A", ""), f.RecordingBegan(at(6), "A", "a.wav"))
    play.feed(f.RecordingPaused(at(7), "A", True), f.RecordingPaused(at(7), "A", True))
    play.feed(f.RecordingPaused(at(8), "A", False), f.RecordingEnded(at(9), "A"), f.RecordingEnded(at(9), "Z"))
    play.tells("""
        6 RecordingChanged A on
        6 CallRecorded A a.wav
        7 RecordingChanged A paused
        8 RecordingChanged A on
        9 RecordingChanged A
    """)


def test_a_pause_of_nothing_is_no_recording_but_of_a_call_from_before_us_it_may_be() -> None:
    play = talking()
    play.feed(f.RecordingPaused(at(7), "A", True), f.RecordingPaused(at(7), "Z", True))
    play.tells("")
    play.tracker.channels["A"].call.adopted = True
    play.feed(f.RecordingPaused(at(8), "A", True))
    play.tells("8 RecordingChanged A paused")


def test_two_recordings_of_one_talk_end_when_the_last_does_and_one_goes_with_its_channel() -> None:
    play = talking()
    play.feed(f.RecordingBegan(at(6), "A", ""), f.RecordingBegan(at(6), "B", ""), f.RecordingEnded(at(7), "A"))
    play.tells("6 RecordingChanged A on")
    play.hung_up(9, "B")
    told = play.take_story()
    assert told[0].startswith("9 LegEnded") and "9 RecordingChanged A" in told


def test_an_operator_who_is_muted_is_told_once_and_a_client_is_no_operator() -> None:
    play = talking()
    play.feed(
        f.Muted(at(6), "B", True), f.Muted(at(6), "B", True), f.Muted(at(6), "A", True), f.Muted(at(6), "Z", True)
    )
    play.feed(f.Muted(at(7), "B", False))
    play.tells("""
        6 LegMuted A B muted
        7 LegMuted A B
    """)


def test_the_pbx_is_asked_for_the_file_of_a_recording_that_it_did_not_name() -> None:
    play = talking()
    play.created(6, "P", "1003")  # lifted a phone: no card, no question
    play.feed(f.RecordingBegan(at(6), "B", ""), f.RecordingBegan(at(6), "P", ""))
    play.tells("6 RecordingChanged A on")
    asked = [effect for effect in play.effects if isinstance(effect, AskForRecording)]
    assert asked == [AskForRecording(pbx="pbx1", uniqueid="B")]


@pytest.mark.parametrize(
    ("string", "number"),
    [
        ("79035550001@trunk", "79035550001"),
        ("PJSIP/trunk/sip:79035550001@host", "79035550001"),
        ("PJSIP/1001", "1001"),
        ("", ""),
    ],
)
def test_the_number_in_a_dial_string(string: str, number: str) -> None:
    assert dialled_number(string) == number


# ---- snapshots


def live(uid: str, endpoint: str, *, linkedid: str = "A", state: str = "Up", bridge: str = "", app: str = "",
         number: str = "", exten: str = "", since: float = 0, connected: str = "") -> f.LiveChannel:  # fmt: skip
    data = "(Outgoing Line)" if app.startswith("AppDial") else ""
    return f.LiveChannel(
        f"PJSIP/{endpoint}-{uid}",
        uid,
        linkedid,
        state,
        number,
        "",
        exten,
        "ctx",
        app,
        data,
        bridge,
        at(since),
        connected,
    )


def snapshot(when: float, *channels: f.LiveChannel, boot: str = "boot-1", waiting: tuple[f.Waiting, ...] = (),
             missing: tuple[str, ...] = ()) -> f.Snapshot:  # fmt: skip
    bridges = tuple(f.LiveBridge(c.bridge, "simple_bridge", "") for c in channels if c.bridge)
    return f.Snapshot(at(when), boot, channels, bridges, waiting, (), (), missing)


def test_a_client_in_talk_is_adopted() -> None:
    play = Playbook()
    play.in_step(
        snapshot(
            100,
            live("B", "1001", app="AppQueue", bridge="b1", since=5),
            live("A", "trunk", app="Queue", bridge="b1", number="79161110001", exten="500"),
        )
    )
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 500 adopted
        5 CallOffered A B 1001
        100 CallAnswered A B 1001
        100 PbxConnected boot-1 1 live
    """)


def test_a_client_who_waits_while_a_phone_rings_is_adopted() -> None:
    play = Playbook()
    play.in_step(
        snapshot(
            100,
            live("A", "trunk", app="Queue", number="79161110001", exten="500"),
            live("B", "1001", app="AppQueue", state="Ringing", since=98),
            waiting=(f.Waiting("support", "A", 1, at(90)),),
        )
    )
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 500 adopted
        90 CallQueued A support
        98 CallOffered A B 1001 support
        100 PbxConnected boot-1 1 live
    """)
    assert play.tracker.channels["B"].rang


def test_an_offer_of_ours_that_rings_is_adopted() -> None:
    play = Playbook()
    play.in_step(
        snapshot(
            100,
            live("A", "trunk", app="Queue", number="79161110001", exten="500"),
            live("cc.A.1", "1001", linkedid="cc.A.1", app="AppDial2", state="Ringing", since=98),
            waiting=(f.Waiting("lobby", "A", 1, at(90)),),
        )
    )
    play._names["cc.A.1"], play._linkedids["cc.A.1"] = "PJSIP/1001-cc.A.1", "cc.A.1"
    play.hung_up(110, "cc.A.1")
    play.tells("""
        0 CallArrived A inbound 79161110001 -> 500 adopted
        98 CallLinked A cc.A.1
        90 CallQueued A lobby
        98 CallOffered A cc.A.1 1001 lobby
        100 PbxConnected boot-1 1 live
        110 CallOfferEnded A cc.A.1 noanswer
    """)


def message(when: float, uid: str = "A") -> f.KeptMessage:
    return f.KeptMessage(uid, "support", at(when), 7.0, f"/spool/{uid}.wav")


def left_in(play: Playbook) -> list[str]:
    return [line for line in play.take_story() if "VoicemailLeft" in line]


def test_messages_of_before_our_start_are_told() -> None:
    play = Playbook()
    play.in_step(snapshot(100)._replace(messages=(message(-5000, "old"), message(50, "X"))))
    old, new = play.events[:2]
    assert [each.reference for each in (old, new)] == ["/spool/old.wav", "/spool/X.wav"]
    assert new.call_id == interaction_id(site="riga", pbx="pbx1", boot_id="boot-1", uniqueid="X"), (
        "as the records name it"
    )
    assert isinstance(play.events[-1], PbxConnected)


def test_messages_of_a_gap_are_told_and_no_others() -> None:
    play = waiting_caller()
    play.in_step(snapshot(100, live("A", "trunk", app="Queue")))
    play.take_story()
    play.in_step(snapshot(160, live("A", "trunk", app="Queue"))._replace(messages=(message(150),)))
    assert left_in(play) == [], "we were there, and heard of it"
    play.link_lost(200)
    play.in_step(snapshot(300, live("A", "trunk", app="Record"))._replace(messages=(message(100, "B"), message(250))))
    assert left_in(play) == ["250 VoicemailLeft A support /spool/A.wav 7 s"]


def test_click_to_call_that_rings_is_adopted_as_outbound() -> None:
    play = Playbook()
    play.in_step(snapshot(100, live("A", "1001", app="AppDial2", state="Ringing", since=98)))
    play.in_step(snapshot(160))
    play.tells("""
        100 PbxConnected boot-1 0 live
        98 CallArrived A outbound 1001 -> by 1001 adopted
        160 CallEnded A by ? gone_while_away
        160 PbxConnected boot-1 0 live
    """)


def test_whoever_listens_in_during_the_snapshot_has_no_card() -> None:
    play = Playbook()
    play.in_step(snapshot(100, live("S", "1005", linkedid="S", app="ChanSpy", since=98)))
    play.in_step(snapshot(160))
    play.tells("""
        100 PbxConnected boot-1 0 live
        160 PbxConnected boot-1 0 live
    """)


def test_a_caller_who_was_answered_in_the_gap_did_not_leave_the_queue() -> None:
    play = waiting_caller()
    a = live("A", "trunk", app="Queue", bridge="b1")._replace(channel=play.name("A"))
    play.in_step(snapshot(60, a, live("B", "1001", app="AppQueue", bridge="b1", since=50)))
    play.tells("""
        50 CallOffered A B 1001 support
        60 CallAnswered A B 1001
        60 PbxConnected boot-1 1 live
    """)


@pytest.mark.parametrize(
    ("context", "app", "told"),
    [
        ("meridian-message", "Record", "60 CallUnqueued A support"),
        ("meridian-lobby", "GotoIf", ""),  # between two slices of the same wait
        ("meridian-lobby", "Queue", ""),
    ],
)
def test_a_caller_who_left_the_queue_for_good_in_the_gap_waits_no_more(context: str, app: str, told: str) -> None:
    play = waiting_caller()
    a = live("A", "trunk", app=app)._replace(channel=play.name("A"), context=context)
    play.in_step(snapshot(60, a))
    play.tells(f"""
        {told}
        60 PbxConnected boot-1 1 live
    """)


def test_an_outbound_call_is_adopted_as_such() -> None:
    play = Playbook()
    play.in_step(
        snapshot(
            100,
            live("A", "1001", app="Dial", bridge="b1", exten="979035550001"),
            live("B", "trunk", app="AppDial", bridge="b1", number="79035550001"),
        )
    )
    assert play.take_story() == [
        "0 CallArrived A outbound 1001 -> 979035550001 by 1001 adopted",
        "100 CallAnswered A B 79035550001",
        "100 CallAnswered A A 1001",
        "100 PbxConnected boot-1 1 live",
    ]


def test_what_the_stream_told_already_is_not_told_again() -> None:
    play = talking()
    channels = [live("A", "trunk", bridge="b1"), live("B", "1001", app="AppQueue", bridge="b1")]
    named = [c._replace(channel=play.name(c.uniqueid)) for c in channels]
    play.in_step(snapshot(60, *named))
    play.in_step(snapshot(120, *named))
    play.tells("""
        60 PbxConnected boot-1 1 live
        120 PbxConnected boot-1 1 live
    """)


def test_a_call_that_went_while_we_were_away_ended_when_the_link_was_lost() -> None:
    play = talking()
    play.link_lost(50)
    play.link_lost(55)
    play.in_step(snapshot(100))
    play.tells("""
        50 PbxLost cut
        55 PbxLost cut
        50 LegEnded A B
        50 CallEnded A by ? gone_while_away
        100 PbxConnected boot-1 0 live
    """)
    assert all_gone(play)


def test_the_gap_is_told_once() -> None:
    play = Playbook()
    play.link_lost(50)
    play.in_step(snapshot(100))
    play.in_step(snapshot(160))
    assert [e.lost_at for e in play.events if isinstance(e, PbxConnected)] == [at(50), None]


def test_a_restart_of_the_pbx_ends_everything_when_the_link_was_lost() -> None:
    play = Playbook()
    play.in_step(snapshot(-10))
    play.created(0, "A", "trunk", number="79161110001")
    play.created(0, "W", "1002")
    play.take_story()
    play.link_lost(50)
    play.in_step(snapshot(100, live("A", "trunk", number="79162220002", since=99), boot="boot-2"))
    play.tells("""
        50 PbxLost cut
        50 CallEnded A by ? pbx_restart
        0 CallArrived W internal 1002 -> by 1002
        50 CallEnded W by ? pbx_restart
        99 CallArrived A inbound 79162220002 -> adopted
        100 PbxConnected boot-2 1 live
    """)
    assert len(play.stored) == 3


def test_the_same_uniqueid_after_a_restart_is_another_conversation() -> None:
    play = Playbook()
    play.in_step(snapshot(-10))
    play.created(0, "A", "trunk")
    first = play.tracker.channels["A"].call.call_id
    play.in_step(snapshot(100, boot="boot-2"))
    play.created(101, "A", "trunk")
    assert play.tracker.channels["A"].call.call_id != first
    assert len(play.stored) == 2


def test_whoever_left_the_queue_in_the_gap_has_left_it() -> None:
    play = waiting_caller()
    play.in_step(snapshot(60, live("A", "trunk", app="Playback")))
    play.hung_up(70, "A", asked=True)
    play.tells("""
        60 CallUnqueued A support
        60 PbxConnected boot-1 1 live
        70 CallEnded A by caller cause 16
    """)


def test_a_list_that_could_not_be_had_proves_nothing() -> None:
    play = waiting_caller()
    play.in_step(snapshot(60, live("A", "trunk", app="Queue"), missing=("QueueStatus",)))
    assert play.tracker.channels["A"].call.waiting
    play.in_step(snapshot(70, missing=("CoreShowChannels", "BridgeList", "QueueStatus")))
    play.tells("""
        60 PbxConnected boot-1 1 live
        70 PbxConnected boot-1 1 live
    """)


def test_live_calls_are_those_with_a_card() -> None:
    play = talking()
    play.created(6, "P", "1003", exten="999")  # lifted a phone, no card yet
    play.created(6, "S", "1005")
    play.feed(f.Spied(at(6), "S"))
    assert play.tracker.live_call_ids() == {play.tracker.channels["A"].call.call_id}


def test_every_fact_has_a_rule() -> None:
    assert set(RULES) == set(get_args(f.Fact))


# ---- when a phone is free again


def test_a_phone_is_free_when_it_hangs_up_not_when_the_talk_ends() -> None:
    """The operator leaves the client's bridge to ask a colleague; until their own hangup nobody else may ring them."""
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="500")
    play.dialled(1, "A", "B", "1001")
    play.bridged(2, "A", "B")
    play.left(5, "B")
    play.take_story()
    assert play.gone == []
    play.hung_up(9, "B")
    play.take_story()
    assert play.gone == ["9 LegGone A B"]


def test_a_phone_that_only_rang_is_free_too_and_the_clients_is_nobodys() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="500")
    play.dialled(1, "A", "B", "1001")
    play.hung_up(4, "B")
    play.hung_up(9, "A", asked=True)
    play.take_story()
    assert play.gone == ["4 LegGone A B"]

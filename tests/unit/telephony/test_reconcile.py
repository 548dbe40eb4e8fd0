"""A snapshot against what is believed: exactly the facts that were missed."""

from telephony import facts as f
from telephony import reconcile
from tests.playbook import Playbook, at


def channel(uid: str, **changes: object) -> f.LiveChannel:
    plain = f.LiveChannel(
        f"PJSIP/x-{uid}", uid, "A", "Up", "7916", "Жанна", "500", "ctx", "Queue", "", "", at(0), "7903"
    )  # fmt: skip
    return plain._replace(**changes)  # type: ignore[arg-type]


def snapshot(*channels: f.LiveChannel, **changes: object) -> f.Snapshot:
    return f.Snapshot(at(60), "boot-1", channels, (), (), (), ())._replace(**changes)  # type: ignore[arg-type]


def talking() -> Playbook:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001")
    play.queued(1, "A")
    play.rang(2, "A", "B", "1001")
    play.bridged(3, "B", "A")
    return play


def test_channels_that_the_pbx_does_not_know_have_hung_up() -> None:
    play = talking()
    (gone,) = reconcile.departures(play.tracker.channels, snapshot(channel("A")))
    assert gone == f.HungUp(at(60), play.name("B"), "B", "A", 16, "")


def test_a_refused_list_of_channels_proves_nothing() -> None:
    assert reconcile.departures(talking().tracker.channels, snapshot(missing=("CoreShowChannels",))) == []


def test_newcomers_are_the_unknown_ones_the_oldest_first_and_of_one_second_the_first_of_its_call() -> None:
    play = Playbook()
    play.created(0, "K", "trunk")
    listed = (channel("B"), channel("K"), channel("A"), channel("0", created_at=at(-1), linkedid="0"))
    assert [c.uniqueid for c in reconcile.newcomers(play.tracker.channels, snapshot(*listed))] == ["0", "A", "B"]


def test_a_newcomer_was_made_as_its_list_item_says() -> None:
    (made,) = reconcile.arrivals([channel("A", state="Up")])
    assert made == f.ChannelCreated(at(0), "PJSIP/x-A", "A", "A", "Ring", "7916", "Жанна", "500", "ctx")
    (dialled,) = reconcile.arrivals([channel("B", application="AppQueue")])
    assert isinstance(dialled, f.ChannelCreated) and dialled.state == "Down"


def test_what_newcomers_do() -> None:
    new = [
        channel("A"),
        channel("B", application="AppQueue", number="1001"),
        channel("C", application="AppDial", number=""),
        channel("O", linkedid="O", application="AppDial2"),
        channel("S", linkedid="S", application="ChanSpy"),
        channel("E", linkedid="E", application="ExtenSpy"),
    ]
    assert reconcile.doings(new) == [
        f.DialBegan(at(0), "A", "PJSIP/x-B", "B", "A", "1001"),
        f.DialBegan(at(0), "A", "PJSIP/x-C", "C", "A", "7903"),
        f.DialBegan(at(0), "", "PJSIP/x-O", "O", "O", "7916"),
        f.Spied(at(0), "S"),
        f.Spied(at(0), "E"),
    ]


def test_phones_that_ring_and_those_that_have_answered() -> None:
    found = reconcile.ringing(
        snapshot(
            channel("A"),
            channel("B", application="AppDial", state="Ringing"),
            channel("C", application="AppDial", state="Up"),
            channel("D", application="AppDial", state="Down"),
        )
    )
    assert found == [f.DialRang(at(60), "B"), f.DialEnded(at(60), "A", "C", "ANSWER", "")]


def test_who_waits_joined_the_first_first() -> None:
    play = Playbook()
    play.created(0, "A", "trunk")
    play.created(0, "X", "trunk")
    waiting = (f.Waiting("s", "X", 2, at(9)), f.Waiting("s", "A", 1, at(5)), f.Waiting("s", "gone", 3, at(1)))
    joined = reconcile.joined_queues(play.tracker.channels, snapshot(waiting=waiting))
    assert joined == [
        f.QueueJoined(at(5), play.name("A"), "A", "s", 1),
        f.QueueJoined(at(9), play.name("X"), "X", "s", 2),
    ]


def test_who_is_known_to_wait_is_not_told_again_and_another_queue_is() -> None:
    play = Playbook()
    play.created(0, "A", "trunk")
    play.queued(1, "A", "support")
    channels = play.tracker.channels
    assert reconcile.joined_queues(channels, snapshot(waiting=(f.Waiting("support", "A", 1, at(1)),))) == []
    assert len(reconcile.joined_queues(channels, snapshot(waiting=(f.Waiting("billing", "A", 1, at(1)),)))) == 1


def test_who_does_not_wait_any_more_left() -> None:
    play = Playbook()
    play.created(0, "A", "trunk")
    play.queued(1, "A", "support")
    play.rang(2, "A", "B", "1001")
    channels = play.tracker.channels
    assert reconcile.left_queues(channels, snapshot()) == [f.QueueLeft(at(60), play.name("A"), "A", "support", True)]
    assert reconcile.left_queues(channels, snapshot(missing=("QueueStatus",))) == []
    assert reconcile.left_queues(channels, snapshot(waiting=(f.Waiting("x", "A", 1, at(1)),))) == []


def test_whoever_is_in_another_bridge_left_the_one_and_entered_the_other_all_leavers_first() -> None:
    play = talking()
    listed = (channel("A", bridge="b2"), channel("B", bridge=""), channel("U", bridge="b2"))
    moved = reconcile.bridges(
        play.tracker.channels, snapshot(*listed, bridges=(f.LiveBridge("b2", "holding_bridge", "Parking"),))
    )
    assert moved == [
        f.BridgeLeft(at(60), "b1", play.name("A"), "A"),
        f.BridgeLeft(at(60), "b1", play.name("B"), "B"),
        f.BridgeEntered(at(60), "b2", "holding_bridge", "Parking", play.name("A"), "A", "A"),
    ]


def test_a_bridge_that_no_list_names_is_a_plain_one() -> None:
    play = Playbook()
    play.created(0, "A", "trunk")
    (entered,) = reconcile.bridges(play.tracker.channels, snapshot(channel("A", bridge="b9")))
    assert isinstance(entered, f.BridgeEntered) and (entered.technology, entered.creator) == ("simple_bridge", "")


def test_when_all_is_as_believed_nothing_is_told() -> None:
    play = talking()
    same = snapshot(channel("A", bridge="b1"), channel("B", bridge="b1", application="AppQueue"))
    channels = play.tracker.channels
    assert reconcile.newcomers(channels, same) == [] and reconcile.bridges(channels, same) == []
    assert reconcile.departures(channels, same) == [] and reconcile.left_queues(channels, same) == []

"""The waiting room as it is told: queues, items in their order, who is there."""

from datetime import timedelta

from routing.board import MOST_ITEMS, Board, Told
from routing.hours import Hours
from routing.hours_text import week
from routing.lines import Item
from routing.settings import Mode, PersonSetting, QueueSetting
from tests.centre import NOON, Centre


def centre(**more: object) -> Centre:
    people = {
        "anna": PersonSetting(queues=("support", "plain"), skills={"billing": 3}),
        "boris": PersonSetting(queues=("support",)),
        "carl": PersonSetting(queues=("plain",)),
    }
    queues = {
        "support": QueueSetting(mode=Mode.ACD, requirement="billing", answer_within_s=15, offset=2.0),
        "plain": QueueSetting(mode=Mode.NATIVE),
    }
    return Centre(queues=queues, people=people, **more)  # type: ignore[arg-type]


def board(one: Centre) -> Board:
    return Board(one.dispatcher, title_of=str.upper, name_of=lambda login: f"<{login}>")


def test_a_queue_tells_who_waits_and_who_is_there() -> None:
    one = centre()
    one.comes("anna", "1001")
    one.comes("boris", "1002")
    one.comes("carl", "1003")
    one.pauses("1001")
    one.plan.off.add("boris")
    one.replan()
    one.calls("A")
    one.wait(30)
    one.calls("B")
    support, plain = board(one).waiting(one.now).queues
    assert (support.title, support.mode, support.open, support.changes_at) == ("SUPPORT", "acd", True, None)
    assert (support.waiting, support.longest_wait_s, support.answer_within_s) == (2, 30.0, 15)
    assert (support.ready, support.staffed) == (0, 1), "paused is on duty, off shift is not"
    assert (plain.ready, plain.staffed, plain.waiting, plain.longest_wait_s) == (1, 2, 0, None)
    one.goes("carl", "1003")
    assert board(one).waiting(one.now).queues[1].staffed == 1


def test_items_come_in_the_order_of_their_urgency() -> None:
    one = centre()
    one.calls("A")
    one.wait(60)
    one.calls("B")
    one.is_known("B", vip=True, owner="boris")
    told = board(one).waiting(one.now)
    first, second = told.items
    assert (first.item_id, first.client, first.vip, first.score, first.preferred) == (
        "B",
        "Ilze Ozola",
        True,
        12,
        "boris",
    )
    assert (first.step, first.steps) == (1, 2), "the operator who looks after them is a step of its own"
    assert (second.item_id, second.client, second.vip, second.score, second.waited_s) == ("A", "Ilze", False, 3.0, 60)
    assert (second.step, second.steps, second.requirement) == (1, 1, "billing")
    assert (second.state, second.held, second.offered_to, second.channel) == ("waiting", None, [], "voice")
    assert told.names == {"boris": "<boris>"}


def test_a_callback_waits_among_them() -> None:
    one = centre()
    one.calls("A")
    promised = Item("back-1", "support", NOON.timestamp() - 600, channel="callback")
    one.dispatcher.router.enqueue(promised, NOON.timestamp())
    told_of = {"back-1": Told("card-1", "Nina", "+37120000002")}.get
    first, second = Board(one.dispatcher, told_of=told_of).waiting(one.now).items
    assert (first.item_id, first.channel, first.client, first.number, first.card_id) == (
        "back-1", "callback", "Nina", "+37120000002", "card-1",
    )  # fmt: skip
    assert (second.item_id, second.channel) == ("A", "voice")
    (unknown, _) = board(one).waiting(one.now).items
    assert (unknown.card_id, unknown.client, unknown.number) == (None, "", "")


def test_an_offer_tells_to_whom() -> None:
    one = centre()
    one.comes("anna", "1001")
    one.calls("A")
    told = board(one).waiting(one.now)
    assert [(item.state, item.offered_to) for item in told.items] == [("offered", ["anna"])]
    assert told.names == {"anna": "Anna"}
    assert told.queues[0].ready == 0


def test_what_the_pbx_distributes_is_listed_without_a_score_until_it_is_taken() -> None:
    one = centre()
    one.calls("A", "plain")
    one.wait(7)
    told = board(one).waiting(one.now)
    assert [(i.queue, i.waited_s, i.score, i.step, i.held, i.state) for i in told.items] == [
        ("plain", 7.0, None, None, None, "waiting")
    ]
    assert (told.queues[1].waiting, told.queues[1].longest_wait_s) == (1, 7.0)
    one.answers("A", "1003", leg="1003-leg")
    assert board(one).waiting(one.now).items == []


def test_why_nobody_is_looked_for() -> None:
    one = centre()
    one.calls("A")
    one.lose()
    assert [item.held for item in board(one).waiting(one.now).items] == ["line"]
    one.connect()
    one.rings("A", "1009", leg="another's")
    (item,) = board(one).waiting(one.now).items
    assert (item.held, item.state) == ("phone", "offered")
    one = centre()
    one.plan.hours["support"] = Hours(zone="UTC", week=week(("Mon 09:00-17:00",)))  # NOON is a Friday
    one.replan()
    one.calls("B")
    (item,) = board(one).waiting(one.now).items
    assert (item.held, item.score) == ("door", None)
    queue = board(one).waiting(one.now).queues[0]
    assert (queue.open, queue.changes_at) == (False, NOON + timedelta(days=2, hours=21))
    assert board(one).line("nobody", one.now) is None


def test_only_the_most_urgent_are_listed_of_all_or_of_one_queue() -> None:
    one = centre()
    for n in range(MOST_ITEMS + 5):
        one.calls(f"a{n}")
        one.wait(1)
    one.calls("plain-1", "plain")
    told = board(one).waiting(one.now)
    assert (len(told.items), told.more, told.items[0].item_id) == (MOST_ITEMS, 6, "a0")
    assert [queue.waiting for queue in told.queues] == [MOST_ITEMS + 5, 1]
    told = board(one).waiting(one.now, queue="plain")
    assert ([item.item_id for item in told.items], told.more) == (["plain-1"], 0)
    assert [queue.waiting for queue in told.queues] == [MOST_ITEMS + 5, 1], "the queues are told all the same"

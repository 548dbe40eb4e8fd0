"""Decisions: single rules by example, and all together against a judge who looks at everybody and everything each time."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from core.errors import BadConfiguration, Conflict, NotFound
from routing.lines import Item
from routing.policy import QueuePolicy, Step, Strategy
from routing.requirement import ANYBODY, parse
from routing.router import Offer, Router
from routing.staff import Person


def steps(*each: tuple[float, str]) -> tuple[Step, ...]:
    return tuple(Step(after_s, parse(text)) for after_s, text in each)


def person(login: str, *queues: str, site: str = "riga", idle: float = 0.0, calls: int = 1, **skills: int) -> Person:
    return Person(
        login=login,
        site=site,
        skills=skills,
        queues=frozenset(queues or ("support",)),
        capacity={"voice": calls, "email": 3},
        idle_since_s=idle,
    )


def router(*policies: QueuePolicy, people: Iterable[Person] = ()) -> Router:
    made = Router(policies or (QueuePolicy(name="support"),))
    for each in people:
        made.sign_in(each, 0.0)
    return made


def item(item_id: str, queue: str = "support", at: float = 0.0, **more: object) -> Item:
    return Item(item_id=item_id, queue=queue, entered_s=at, **more)  # type: ignore[arg-type]


def given(offers: Iterable[Offer]) -> list[tuple[str, tuple[str, ...]]]:
    return [(offer.item_id, offer.logins) for offer in offers]


def test_the_one_who_has_been_idle_longest_gets_it_and_toggling_a_pause_changes_nothing() -> None:
    one = router(people=[person("anna", idle=5), person("boris", idle=3), person("carmen", idle=9)])
    one.set_ready("boris", False, 10)
    one.set_ready("boris", True, 11)
    assert given(one.enqueue(item("a", at=12), 12)) == [("a", ("boris",))]
    assert given(one.enqueue(item("b", at=12), 12)) == [("b", ("anna",))]
    one.accepted("a", "boris", 13)
    one.finished("boris", "voice", 20)  # work resets it
    assert given(one.enqueue(item("c", at=21), 21)) == [("c", ("carmen",))]
    assert given(one.enqueue(item("d", at=21), 21)) == [("d", ("boris",))]


def test_who_can_still_be_answered_in_time_comes_before_who_is_late_until_their_age_makes_up_for_it() -> None:
    one = router(QueuePolicy(name="support", late=-2.0, late_after_s=20.0), people=[person("anna")])
    one.enqueue(item("taken"), 0)
    one.enqueue(item("old", at=0), 0)
    one.enqueue(item("young", at=15), 15)
    assert one.next_wake_s() == 20.0
    one.wake(20.0)
    assert [one.item(each).late for each in ("old", "young")] == [-2.0, 0.0]
    assert one.score(one.item("old"), 30) == -1.5
    assert one.score(one.item("young"), 30) == 0.25
    one.accepted("taken", "anna", 21)
    assert given(one.finished("anna", "voice", 30)) == [("young", ("anna",))]
    assert given(one.failed("young", "anna", 36, ready=False)) == []
    assert one.item("young").late == -2.0, "it became late while it rang"
    one.enqueue(item("fresh", at=115), 115)
    one.enqueue(item("fresher", at=121), 121)
    assert given(one.set_ready("anna", True, 122)) == [("fresh", ("anna",))]
    one.accepted("fresh", "anna", 123)
    assert given(one.finished("anna", "voice", 123)) == [("old", ("anna",))], "two minutes older than the one in time"


def test_without_such_points_the_oldest_comes_first_and_nothing_need_wake_for_it() -> None:
    one = router(people=[person("anna")])
    one.enqueue(item("taken"), 0)
    one.enqueue(item("old", at=0), 0)
    one.enqueue(item("young", at=15), 15)
    assert one.next_wake_s() is None
    one.accepted("taken", "anna", 21)
    assert given(one.finished("anna", "voice", 30)) == [("old", ("anna",))]


def test_a_callback_stands_in_its_queue_by_age_and_is_its_own_channel() -> None:
    one = router(people=[replace(person("anna"), capacity={"voice": 1, "callback": 1}, ready=False), person("boris")])
    one.set_ready("boris", False, 1)
    one.enqueue(item("call", at=10), 10)
    one.enqueue(item("callback", at=5, channel="callback"), 11)
    assert given(one.set_ready("boris", True, 12)) == [("call", ("boris",))], "boris takes calls only"
    one.enqueue(item("later call", at=12), 12)
    assert given(one.set_ready("anna", True, 13)) == [("callback", ("anna",))], "older than the later call"
    one.accepted("callback", "anna", 14)
    assert one.staff.people["anna"].load == {"callback": 1}
    assert given(one.finished("anna", "callback", 20)) == [("later call", ("anna",))]
    assert given(one.enqueue(item("callback", at=21, channel="callback"), 21)) == []
    assert given(one.failed("later call", "anna", 22)) == [("callback", ("anna",))]
    assert given(one.failed("callback", "anna", 23)) == []
    assert one.staff.people["anna"].load == {"voice": 0, "callback": 0}


def test_own_calls_dont_count_as_work() -> None:
    one = router(people=[person("anna", idle=1), person("boris", idle=2)])
    one.took("anna", "voice", 3)
    one.finished("anna", "voice", 8, counts=False)
    assert given(one.enqueue(item("a", at=9), 9)) == [("a", ("anna",))]


@pytest.mark.parametrize(
    ("strategy", "gets"),
    [
        (Strategy.LONGEST_IDLE, "anna"),
        (Strategy.BEST_SKILL, "boris"),
        (Strategy.LEAST_LOADED, "carmen"),
        (Strategy.ROUND_ROBIN, "dmitri"),
        (Strategy.RING_ALL, "anna,dmitri,carmen,boris"),
    ],
)
def test_each_strategy_picks_its_own(strategy: Strategy, gets: str) -> None:
    people = [
        person("anna", idle=1, billing=2),
        person("boris", idle=4, billing=5),
        person("carmen", idle=3, billing=2),
        person("dmitri", idle=2, billing=2),
    ]
    for n, (handled, offered) in enumerate([(3, 4), (2, 3), (0, 2), (1, 1)]):
        people[n].handled, people[n].last_offer = handled, offered
    policy = QueuePolicy(name="support", strategy=strategy, steps=steps((0, "billing >= 2")))
    assert given(router(policy, people=people).enqueue(item("a"), 5)) == [("a", tuple(gets.split(",")))]


def test_scarce_people_are_kept_free_while_others_will_do() -> None:
    policies = [
        QueuePolicy(name="general", strategy=Strategy.SCARCITY),
        QueuePolicy(name="thai", strategy=Strategy.SCARCITY, steps=steps((0, "thai"))),
    ]
    people = [person("somchai", "general", "thai", idle=0, thai=5), person("anna", "general", idle=9)]
    one = router(*policies, people=people)
    one.enqueue(item("t1", "thai", at=1), 1)
    one.accepted("t1", "somchai", 1)
    one.finished("somchai", "voice", 2)
    assert given(one.enqueue(item("g", "general", at=20), 20)) == [("g", ("anna",))]
    assert given(one.enqueue(item("t2", "thai", at=21), 21)) == [("t2", ("somchai",))]


def test_the_requirement_is_relaxed_with_waiting_and_place_and_age_stay() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing >= 4"), (30, "billing >= 2"), (60, "any")))
    one = router(policy, people=[person("anna", billing=5), person("boris", billing=3), person("carmen")])
    one.took("anna", "voice", 0)
    assert one.enqueue(item("a", at=0), 0) == []
    assert one.enqueue(item("b", at=10), 10) == []
    assert one.next_wake_s() == 30
    assert given(one.wake(30)) == [("a", ("boris",))]
    assert one.wake(59) == []
    one.accepted("a", "boris", 60)
    assert given(one.wake(70)) == [("b", ("carmen",))]
    assert one.offers["b"].offer.step == 2 and one.items["b"].entered_s == 10


def test_a_step_that_nobody_signed_in_could_pass_is_skipped_at_once_and_counts_again_when_somebody_comes() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing"), (30, "any")))
    one = router(policy, people=[person("boris")])
    assert given(one.enqueue(item("a", at=0), 0)) == [("a", ("boris",))]
    one.sign_in(person("anna", billing=1), 1)
    one.took("anna", "voice", 1)
    one.accepted("a", "boris", 1)
    assert one.finished("boris", "voice", 2) == []
    assert one.enqueue(item("b", at=3), 3) == []  # anna could, so it waits for her
    assert given(one.sign_out("anna", 4)) == [("b", ("boris",))]


def test_an_offer_that_rings_is_not_withdrawn_by_a_step() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing"), (30, "any")))
    one = router(policy, people=[person("anna", billing=1), person("boris")])
    assert given(one.enqueue(item("a", at=0), 0)) == [("a", ("anna",))]
    assert one.wake(31) == []
    assert given(one.failed("a", "anna", 32)) == [("a", ("boris",))]


def test_the_preferred_operator_first_but_only_while_there_and_not_for_long() -> None:
    one = router(people=[person("anna", idle=5), person("boris", idle=1)])
    assert given(one.enqueue(item("a", at=6, preferred="anna"), 6)) == [("a", ("anna",))]
    assert given(one.enqueue(item("b", at=7, preferred="nobody here"), 7)) == [("b", ("boris",))]
    one.accepted("b", "boris", 8)
    one.finished("boris", "voice", 9)
    assert one.enqueue(item("c", at=10, preferred="anna"), 10) == []
    assert given(one.wake(30)) == [("c", ("boris",))]


def test_rank_before_score_and_score_is_priority_and_age_together() -> None:
    policies = [
        QueuePolicy(name="slow", aging=1),
        QueuePolicy(name="fast", aging=4),
        QueuePolicy(name="strict", rank=1, aging=0),
    ]
    one = router(*policies)
    one.enqueue(item("old", "slow", at=0), 0)
    one.enqueue(item("vip", "slow", at=60, offset=3), 60)
    one.enqueue(item("young", "fast", at=120), 120)
    one.enqueue(item("must", "strict", at=179), 179)
    # At 180 s: old 3, vip 2 + 3, young 4 x 1.
    order = []
    for n, offer in enumerate(one.sign_in(person("anna", "slow", "fast", "strict"), 180)):
        order.append(offer.item_id)
        assert n == 0
    for _ in range(3):
        one.accepted(order[-1], "anna", 180)
        order += [offer.item_id for offer in one.finished("anna", "voice", 180)]
    assert order == ["must", "vip", "young", "old"]


def test_priority_changes_count_at_once_for_those_already_waiting() -> None:
    one = router()
    one.enqueue(item("a", at=0), 0)
    one.enqueue(item("b", at=1), 1)
    one.change_priority("b", 5, 2)
    assert given(one.sign_in(person("anna"), 3)) == [("b", ("anna",))]


def test_whoever_declines_isnt_asked_again_at_once_and_the_item_keeps_its_place() -> None:
    one = router(people=[person("anna", idle=1)])
    one.enqueue(item("a", at=0), 2)
    assert one.failed("a", "anna", 5) == []
    assert given(one.enqueue(item("b", at=6), 6)) == [("b", ("anna",))]
    assert given(one.sign_in(person("boris"), 7)) == [("a", ("boris",))]
    one.failed("a", "boris", 8, ready=False)
    one.accepted("b", "anna", 9)
    assert one.finished("anna", "voice", 10) == []
    assert given(one.wake(25)) == [("a", ("anna",))]  # after retry_s: better again than never


def test_ring_all_the_first_has_it_and_the_others_are_free_again() -> None:
    policy = QueuePolicy(name="support", strategy=Strategy.RING_ALL)
    one = router(policy, people=[person("anna"), person("boris")])
    one.enqueue(item("a", at=0), 0)
    assert one.enqueue(item("b", at=1), 1) == []
    assert given(one.accepted("a", "boris", 2)) == [("b", ("anna",))]
    assert given(one.finished("boris", "voice", 3)) == []
    with pytest.raises(Conflict):
        one.accepted("b", "boris", 4)


def test_a_caller_who_leaves_frees_the_one_who_was_rung() -> None:
    one = router(people=[person("anna")])
    one.enqueue(item("a", at=0), 0)
    one.enqueue(item("b", at=1), 1)
    assert given(one.withdraw("a", 2)) == [("b", ("anna",))]
    assert one.withdraw("a", 3) == []


def test_written_work_never_interrupts_a_call_and_a_call_may_interrupt_written_work() -> None:
    policies = [QueuePolicy(name="support"), QueuePolicy(name="mail", channel="email")]
    one = router(*policies, people=[person("anna", "support", "mail")])
    for n in range(4):
        one.enqueue(item(f"m{n}", "mail", at=n), n)
    assert set(one.offers) == {"m0", "m1", "m2"}
    for n in range(3):
        one.accepted(f"m{n}", "anna", 5)
    assert given(one.enqueue(item("call", at=6), 6)) == [("call", ("anna",))]
    one.accepted("call", "anna", 7)
    assert one.finished("anna", "email", 8) == []
    assert given(one.finished("anna", "voice", 9)) == [("m3", ("anna",))]


def test_other_skills_count_at_once_for_those_already_waiting() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing >= 3")))
    one = router(policy, people=[person("anna", billing=2), person("boris", billing=4)])
    one.took("boris", "voice", 0)
    assert one.enqueue(item("a"), 1) == []
    assert given(one.relearn("anna", 2, skills={"billing": 3})) == [("a", ("anna",))]
    one.accepted("a", "anna", 3)
    one.relearn("anna", 4, skills={})
    one.finished("anna", "voice", 5)
    assert one.enqueue(item("b", at=5), 5) == []


# ---- other policies at run time


def test_other_policies_count_at_once_for_those_who_wait_with_their_place_and_age() -> None:
    before = QueuePolicy(name="support", steps=steps((0, "billing"), (600, "any")))
    one = router(before, QueuePolicy(name="sales"), people=[person("anna", "sales", billing=1), person("boris")])
    one.took("anna", "voice", 0)
    one.relearn("anna", 0, queues=frozenset({"support", "sales"}))
    for n in range(3):
        assert one.enqueue(item(f"a{n}", at=n), n) == []
    assert given(one.reform([replace(before, steps=steps((0, "any"))), QueuePolicy(name="sales")], 10)) == [
        ("a0", ("boris",))
    ]
    one.accepted("a0", "boris", 11)
    assert given(one.finished("boris", "voice", 12)) == [("a1", ("boris",))]
    assert one.items["a2"].entered_s == 2 and one.score(one.items["a2"], 62) == 1


def test_rank_and_aging_are_changed_under_those_who_wait() -> None:
    slow, fast = QueuePolicy(name="slow"), QueuePolicy(name="fast", aging=3)
    one = router(slow, fast)
    one.enqueue(item("s", "slow", at=0), 0)
    one.enqueue(item("f", "fast", at=60), 60)
    one.enqueue(item("t", "slow", at=90), 90)
    one.reform([replace(slow, rank=1), replace(fast, aging=0.1)], 120)
    order = [offer.item_id for offer in one.sign_in(person("anna", "slow", "fast"), 120)]
    for _ in range(2):
        one.accepted(order[-1], "anna", 121)
        order += [offer.item_id for offer in one.finished("anna", "voice", 122)]
    assert order == ["s", "t", "f"]


def test_a_step_that_came_nearer_or_went_away_counts_by_the_time_that_was_waited() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing"), (100, "any")))
    one = router(policy, people=[person("anna", billing=1), person("boris")])
    one.took("anna", "voice", 0)
    assert one.enqueue(item("a", at=0), 0) == []
    assert one.reform([replace(policy, steps=steps((0, "billing"), (50, "any")))], 30) == []
    assert one.next_wake_s() == 50
    one.set_ready("boris", False, 40)
    assert one.wake(50) == []
    assert one.reform([replace(policy, steps=steps((0, "billing")))], 60) == []
    assert one.set_ready("boris", True, 61) == []  # it is for Anna again
    assert one.wake(100) == []
    assert given(one.finished("anna", "voice", 110)) == [("a", ("anna",))]


def test_what_rings_is_not_withdrawn_and_comes_back_by_the_new_rules() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "any")))
    one = router(policy, people=[person("boris", idle=1), person("anna", idle=2, billing=1)])
    assert given(one.enqueue(item("a", at=0), 3)) == [("a", ("boris",))]
    assert one.reform([replace(policy, steps=steps((0, "billing")))], 4) == []
    assert str(one.line_of(one.items["a"]).requirement) == "billing"
    assert given(one.failed("a", "boris", 5)) == [("a", ("anna",))]
    assert one.staff.people["boris"].can_take("voice")
    one.reform([policy], 6)
    one.accepted("a", "anna", 7)
    assert one.items == {} and one.offers == {}


def test_what_rings_at_a_step_that_is_gone_stands_in_one_that_is_there() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing"), (10, "any")))
    one = router(policy, people=[person("boris")])
    one.enqueue(item("a", at=0), 20)
    one.reform([replace(policy, steps=steps((0, "billing")))], 21)
    assert str(one.line_of(one.items["a"]).requirement) == "billing"


def test_another_strategy_at_run_time() -> None:
    policy = QueuePolicy(name="support")
    one = router(policy, people=[person("anna", idle=1), person("boris", idle=2)])
    one.reform([replace(policy, strategy=Strategy.RING_ALL)], 3)
    assert given(one.enqueue(item("a", at=3), 3)) == [("a", ("anna", "boris"))]
    one.reform([policy], 4)
    one.accepted("a", "boris", 5)
    assert given(one.enqueue(item("b", at=5), 5)) == [("b", ("anna",))]


def test_a_queue_that_is_gone_frees_whom_it_rang_for_the_others() -> None:
    one = router(
        QueuePolicy(name="old", rank=1), QueuePolicy(name="support"), people=[person("anna", "old", "support")]
    )
    one.enqueue(item("o1", "old", at=0), 0)
    one.enqueue(item("o2", "old", at=1), 1)
    one.enqueue(item("s", "support", at=2), 2)
    assert given(one.reform([QueuePolicy(name="support")], 3)) == [("s", ("anna",))]
    assert set(one.items) == {"s"}
    with pytest.raises(NotFound):
        one.enqueue(item("o3", "old", at=4), 4)
    assert one.reform([QueuePolicy(name="support"), QueuePolicy(name="old")], 5) == []
    one.accepted("s", "anna", 6)
    one.enqueue(item("o3", "old", at=7), 7)
    assert given(one.finished("anna", "voice", 8)) == [("o3", ("anna",))]


def test_a_channel_that_changes_while_it_rings_leaves_nobody_busy() -> None:
    one = router(QueuePolicy(name="support"), people=[person("anna")])
    one.enqueue(item("a", at=0), 0)
    one.reform([QueuePolicy(name="support", channel="email")], 1)
    one.withdraw("a", 2)
    assert one.staff.people["anna"].items == 0


def test_what_is_known_of_the_demand_outlives_other_policies() -> None:
    """So that scarce people are kept free after a change too."""
    general = QueuePolicy(name="general", strategy=Strategy.SCARCITY)
    thai = QueuePolicy(name="thai", strategy=Strategy.SCARCITY, steps=steps((0, "thai")))
    one = router(general, thai, people=[person("somchai", "general", "thai", idle=0, thai=5)])
    for n in range(3):
        one.enqueue(item(f"t{n}", "thai", at=n), n)
        one.withdraw(f"t{n}", n)
    one.sign_in(person("anna", "general", idle=9), 10)
    one.reform([replace(general, offset=1), replace(thai, offset=2)], 11)
    assert given(one.enqueue(item("t", "thai", at=12), 12)) == [("t", ("somchai",))]
    one.failed("t", "somchai", 13)
    one.withdraw("t", 13)
    assert given(one.enqueue(item("g", "general", at=20), 20)) == [("g", ("anna",))]


# ---- the interrupt matrix


@pytest.mark.parametrize(
    ("holds", "may_take"),
    [
        ({}, "voice callback email sms"),
        ({"voice": 1}, ""),
        ({"callback": 1}, ""),
        ({"email": 1}, "voice callback email sms"),
        ({"email": 3}, "voice callback sms"),
        ({"email": 3, "sms": 2}, "voice callback"),
        ({"email": 3, "voice": 1}, ""),
        ({"sms": 2, "callback": 1}, ""),
    ],
)
def test_what_may_interrupt_what(holds: dict[str, int], may_take: str) -> None:
    """A call interrupts written work, never the other way; calls and callbacks exclude each other; beside each other only as many
    as there is room for."""
    who = Person(
        "anna", "riga", {}, frozenset(), capacity={"voice": 1, "callback": 1, "email": 3, "sms": 2}, load=holds
    )
    assert [c for c in ("voice", "callback", "email", "sms") if who.can_take(c)] == may_take.split()
    who.ready = False
    assert not any(who.can_take(c) for c in ("voice", "callback", "email", "sms"))


def test_who_has_no_room_on_a_channel_at_all_is_never_offered_it() -> None:
    who = Person("anna", "riga", {}, frozenset(), capacity={"email": 1, "voice": 0})
    assert [c for c in ("voice", "callback", "email", "sms") if who.can_take(c)] == ["email"]


def test_other_capacity_counts_at_once_for_those_already_waiting() -> None:
    one = router(QueuePolicy(name="mail", channel="email"), people=[person("anna", "mail")])
    one.relearn("anna", 0, capacity={"email": 0})
    assert one.enqueue(item("a", "mail"), 1) == []
    assert given(one.relearn("anna", 2, capacity={"email": 1})) == [("a", ("anna",))]
    one.accepted("a", "anna", 3)
    one.finished("anna", "email", 4)
    one.relearn("anna", 5, capacity={"voice": 1})  # of a channel that isn't named there is none
    assert one.enqueue(item("b", "mail", at=6), 6) == []


def test_what_cant_be_is_refused() -> None:
    one = router(people=[person("anna")])
    one.enqueue(item("a"), 0)
    for act, error in (
        (lambda: one.enqueue(item("a"), 1), Conflict),
        (lambda: one.sign_in(person("anna"), 1), Conflict),
        (lambda: one.sign_in(person("x", "no such queue"), 1), BadConfiguration),
        (lambda: one.enqueue(item("b", "no such queue"), 1), NotFound),
        (lambda: one.accepted("a", "boris", 1), Conflict),
        (lambda: one.failed("zzz", "anna", 1), Conflict),
        (lambda: one.set_ready("nobody", True, 1), NotFound),
        (lambda: one.change_priority("nothing", 1.0, 1), NotFound),
    ):
        with pytest.raises(error):
            act()


# ---- all together, against a judge who looks at everybody

SKILLS = ("ru", "en", "billing", "vip")
EXPRESSIONS = (
    "any",
    "ru",
    "en >= 3",
    "ru and billing >= 2",
    "billing or vip >= 4",
    "site == riga",
    "not vip",
    "vip >= 5",
)


class Judge:
    """Plays a random day and checks after every move, by looking at all people and all items."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.router = Router(self.policies())
        self.now = 0.0
        self.count = 0
        self.working: list[tuple[str, str]] = []

    def play(self, moves: int) -> None:
        for _ in range(moves):
            self.now += self.chance.expovariate(0.5)
            wake = self.router.next_wake_s()
            if wake is not None and wake <= self.now:
                self.check(self.router.wake(self.now))
            self.check(self.replan() if self.chance.random() < 0.015 else self.move())

    def replan(self) -> list[Offer]:
        """Everything is another way, or one queue is, or some come or go."""
        anew = self.policies()
        kept = [self.router.policies.get(policy.name, policy) for policy in anew]
        return self.router.reform(self.chance.choice([anew, kept, [*kept[:-1], anew[-1]]]), self.now)

    def policies(self) -> list[QueuePolicy]:
        """Of three to five queues, anything goes."""
        chance, made = self.chance, []
        for n in range(chance.randint(3, 5)):
            times = [0, *sorted(chance.sample(range(5, 90), chance.randint(0, 2)))]
            made.append(
                QueuePolicy(
                    name=f"q{n}",
                    steps=tuple(Step(float(at), parse(chance.choice(EXPRESSIONS))) for at in times),
                    rank=chance.choice([0, 0, 1]),
                    aging=chance.choice([0, 1, 1, 2.5]),
                    offset=chance.choice([0, 0, 5]),
                    strategy=chance.choice(list(Strategy)),
                    channel=chance.choice(["voice", "voice", "email", "sms"]),
                    preferred_s=chance.choice([0, 20, 60]),
                    retry_s=chance.choice([0, 20]),
                    late=chance.choice([0, 0, -3, 2]),
                    late_after_s=chance.choice([0, 20]),
                )
            )
        return made

    def move(self) -> list[Offer]:
        chance, one = self.chance, self.router
        people, waiting, offers = (
            list(one.staff.people),
            [i.item_id for i in one.items.values() if i.waiting],
            list(one.offers),
        )
        kind = chance.random()
        if kind < 0.08 and len(people) < 12:
            self.count += 1
            who = Person(
                login=f"p{self.count}",
                site=chance.choice(["riga", "omsk"]),
                skills={s: chance.randint(1, 5) for s in SKILLS if chance.random() < 0.5},
                queues=frozenset(chance.sample(list(one.policies), chance.randint(1, len(one.policies)))),
                capacity={
                    "voice": chance.choice([1, 1, 1, 0]),
                    "callback": chance.randint(0, 1),
                    "email": chance.randint(0, 3),
                    "sms": chance.randint(1, 2),
                },
                idle_since_s=self.now,
            )
            return one.sign_in(who, self.now)
        if kind < 0.40:
            self.count += 1
            preferred = chance.choice(people) if people and chance.random() < 0.2 else None
            extra = parse(chance.choice(EXPRESSIONS)) if chance.random() < 0.1 else None
            queue = chance.choice(list(one.policies))
            new = item(
                f"i{self.count}",
                queue,
                self.now,
                offset=chance.choice([0.0, 2.0]),
                preferred=preferred,
                extra=extra,
                channel=chance.choice([None, None, "callback"]),
            )
            return one.enqueue(new, self.now)
        if kind < 0.60 and offers:
            chosen = one.offers[chance.choice(offers)]
            login = chance.choice(sorted(chosen.waiting_for))
            if chance.random() < 0.7:
                self.working.append((login, chosen.channel))
                return one.accepted(chosen.item.item_id, login, self.now)
            return one.failed(chosen.item.item_id, login, self.now, ready=chance.random() < 0.7)
        if kind < 0.80 and self.working:
            login, channel = self.working.pop(chance.randrange(len(self.working)))
            return one.finished(login, channel, self.now) if login in one.staff.people else []
        if kind < 0.85 and waiting:
            return one.withdraw(chance.choice(waiting), self.now)
        if kind < 0.87 and offers:
            return one.withdraw(chance.choice(offers), self.now)
        if kind < 0.90 and people:
            login = chance.choice(people)
            self.working = [each for each in self.working if each[0] != login]
            return one.sign_out(login, self.now)
        if kind < 0.95 and people:
            return one.set_ready(chance.choice(people), chance.random() < 0.7, self.now)
        if kind < 0.97 and people:
            skills = {s: chance.randint(1, 5) for s in SKILLS if chance.random() < 0.5}
            queues = frozenset(chance.sample(list(one.policies), chance.randint(0, len(one.policies))))
            return one.relearn(chance.choice(people), self.now, skills=skills, queues=queues)
        if waiting:
            one.change_priority(chance.choice(waiting), chance.choice([0.0, 1.0, 9.0]), self.now)
        return []

    def channel_of(self, one: Item) -> str:
        return one.channel or self.router.policies[one.queue].channel

    def may_serve(self, who: Person, one: Item) -> bool:
        """By the book: the step whose time has come, or the next that somebody signed in could pass."""
        policy = self.router.policies[one.queue]
        asked = [step.requirement for step in policy.steps]
        begin = one.step
        if one.extra is not None:
            asked = [parse(f"({requirement}) and ({one.extra})") for requirement in asked]
        if begin == -1:
            asked, begin = [parse(f"agent == {one.preferred}"), *asked], 0
        crowd = [p for p in self.router.staff.people.values() if one.queue in p.queues]
        for requirement in asked[begin:]:
            fit = [p for p in crowd if requirement.passes(p)]
            if fit:
                return who in fit
        return False

    def check(self, made: list[Offer]) -> None:
        one = self.router
        for who in one.staff.people.values():
            assert sum(who.login in o.waiting_for for o in one.offers.values()) <= who.items, (
                "capacity is held by offers"
            )
            for waiting in one.items.values():
                free = waiting.waiting and who.can_take(self.channel_of(waiting))
                if free and waiting.may_go_to(who.login, self.now):
                    assert not self.may_serve(who, waiting), (who, waiting, "a free operator and an item that fits")
        for offer in made:
            assert offer.logins
            held = one.offers.get(offer.item_id)
            if held is not None and held.offer is offer:
                assert not held.item.waiting
        for login, person_now in one.staff.people.items():
            load, capacity = person_now.load, person_now.capacity
            assert load.get("voice", 0) + load.get("callback", 0) <= 1, login
            assert all(0 <= load[channel] <= capacity[channel] for channel in load), login
            offered = [o.channel for o in one.offers.values() if login in o.waiting_for]
            working = [channel for who_works, channel in self.working if who_works == login]
            assert +Counter(load) == Counter(offered + working), "they hold what was offered or taken, nothing else"
        for waiting in one.items.values():
            policy = one.policies[waiting.queue]
            wished = waiting.preferred is not None and self.now < waiting.entered_s + policy.preferred_s
            by_the_book = -1 if wished else policy.step_at(waiting.entered_s, self.now)
            assert not waiting.waiting or waiting.step == by_the_book
        assert {i.item_id for i in one.items.values() if not i.waiting} == set(one.offers)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_no_free_operator_and_fitting_item_are_left_apart(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # lines of single items and of preferred operators come and go all the time
        monkeypatch.setattr("routing.router._MOST_LINES", 8)
    Judge(seed).play(400)


@pytest.mark.parametrize("seed", range(30))
def test_whoever_becomes_free_gets_what_a_look_at_everything_would_give(seed: int) -> None:
    chance = random.Random(seed)
    policies = [
        QueuePolicy(
            name=f"q{n}",
            steps=(Step(0.0, parse(chance.choice(EXPRESSIONS))),),
            aging=chance.choice([0.5, 1, 1, 3]),
            rank=chance.choice([0, 0, 2]),
            offset=chance.choice([0, 4]),
            late=chance.choice([0, 0, -2, 1]),
            late_after_s=200.0,
        )
        for n in range(6)
    ]
    one = router(*policies)
    everything: list[Item] = []
    for n in range(200):
        new = item(f"i{n}", f"q{chance.randrange(6)}", float(n), offset=chance.choice([0.0, 0.0, 7.0]))
        everything.append(new)
        one.enqueue(new, float(n))
    now = 300.0
    one.wake(now)
    for n in range(60):
        skills = {s: chance.randint(1, 5) for s in SKILLS if chance.random() < 0.6}
        queues = chance.sample(list(one.policies), chance.randint(1, 6))
        who = replace(person(f"p{n}", *queues, site=chance.choice(["riga", "omsk"])), skills=skills)
        (*_, last) = [None, *one.sign_in(who, now)]
        left = [i for i in everything if i.waiting or (last is not None and i.item_id == last.item_id)]

        def fits(one_item: Item, who: Person = who) -> bool:
            policy = one.policies[one_item.queue]
            return one_item.queue in who.queues and (policy.steps[0].requirement or ANYBODY).passes(who)

        def urgency(one_item: Item) -> tuple[float, float, float, int]:
            policy = one.policies[one_item.queue]
            late = policy.late if now - one_item.entered_s >= policy.late_after_s else 0.0
            score = policy.offset + one_item.offset + late + policy.aging * (now - one_item.entered_s) / 60
            return (-policy.rank, -score, one_item.entered_s, one_item.number)

        expected = min((i for i in left if fits(i)), key=urgency, default=None)
        assert (last is None) == (expected is None)
        if last is not None and expected is not None and last.item_id != expected.item_id:
            (got,) = [i for i in everything if i.item_id == last.item_id]
            assert urgency(got)[:2] == pytest.approx(urgency(expected)[:2]), "equal scores, but for the last bit"


def test_who_was_offered_it_in_vain_comes_after_all_others() -> None:
    """Longest idle, and able again: but others haven't been asked yet."""
    people = [person("anna", idle=1), person("boris", idle=2), person("carmen", idle=3)]
    one = router(QueuePolicy(name="support", retry_s=5), people=people)
    assert given(one.enqueue(item("a", at=10), 10)) == [("a", ("anna",))]
    assert given(one.failed("a", "anna", 11)) == [("a", ("boris",))]
    assert given(one.failed("a", "boris", 18)) == [("a", ("carmen",))]
    assert given(one.failed("a", "carmen", 19)) == [("a", ("anna",))]


@pytest.mark.parametrize("seed", range(20))
def test_whoever_comes_goes_or_learns_is_matched_as_if_everybody_were_looked_at_anew(seed: int) -> None:
    rng = random.Random(seed)
    asked = steps((0, "a >= 4 and b"), (10, "a >= 2"), (20, "b"))
    one = router(QueuePolicy(name="q", steps=asked), QueuePolicy(name="r", steps=asked[:2]))
    for number in range(12):
        preferred = f"p{number}" if number % 3 == 0 else None
        one.enqueue(item(f"i{number}", rng.choice("qr"), preferred=preferred), float(number % 3 * 10))
    for turn in range(200):
        login, now_s = f"p{rng.randrange(8)}", 30.0 + turn
        skills = {name: rng.randint(1, 5) for name in "ab" if rng.random() < 0.5}
        queues = frozenset(name for name in "qr" if rng.random() < 0.7)
        there = login in one.staff.people
        if there and rng.random() < 0.5:
            one.sign_out(login, now_s)
        elif there:
            one.relearn(login, now_s, skills=skills, queues=queues)
        else:
            one.sign_in(Person(login, "here", skills, queues, ready=False), now_s)
        for line in {id(item.line): item.line for item in one.items.values() if item.line}.values():
            told = line.mask, line.effective
            line.rematch(one.staff)
            assert (line.mask, line.effective) == told

"""Why? is right on the live floor: in a thousand situations with operators, phones, pages and shifts, doing what it says has the
item offered."""

import random
from collections.abc import Callable

import pytest

from core import effects as fx
from core import events as e
from core.desk import Desk, QueueSettings, WrapUpMode
from core.errors import Conflict, NotFound
from core.model import AgentState, LegOutcome
from routing.board import Board
from routing.board_why import Act, MissingLine, Would, why
from routing.policy import Strategy
from routing.settings import Mode, PersonSetting, QueueSetting, RelaxSetting
from tests.centre import Centre, person

SKILLS = ("billing", "lang.es", "lang.ru")
EXPRESSIONS = ("any", "billing >= 3", "lang.es", "lang.ru >= 2 and billing", "billing or lang.es >= 4", "not lang.es")
QUEUES = ("support", "sales", "night")
DESK = Desk(
    missed_calls=1,
    away_after_s=60,
    queues={
        "support": QueueSettings(wrap_up=WrapUpMode.LIMITED, wrap_up_s=40),
        "sales": QueueSettings(wrap_up=WrapUpMode.MANDATORY),
        "night": QueueSettings(wrap_up=WrapUpMode.NONE),
    },
)
SILENT = (LegOutcome.NOANSWER, LegOutcome.REJECTED, LegOutcome.BUSY, LegOutcome.UNAVAILABLE)


class Day:
    """A random day of a centre, the same again for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.ringing: dict[str, str] = {}
        self.talking: dict[str, str] = {}
        self.logins = [f"p{n}" for n in range(7)]
        self.centre = Centre(
            queues={name: self._queue() for name in QUEUES},
            people={login: self._person() for login in self.logins},
            desk=DESK,
        )
        self.count = 0
        for _ in range(25 + chance.randrange(30)):
            self._move()

    def phone(self, login: str) -> str:
        return f"10{login[1:]}"

    def _queue(self) -> QueueSetting:
        chance = self.chance
        times = sorted(chance.sample(range(5, 120), chance.randint(0, 2)))
        first, *others = chance.sample(EXPRESSIONS, 1 + len(times))
        return QueueSetting(
            mode=Mode.ACD,
            requirement=first,
            relax=tuple(RelaxSetting(after_s=at, requirement=other) for at, other in zip(times, others, strict=True)),
            rank=chance.choice([0, 0, 1]),
            aging=chance.choice([0, 1, 1, 2.5]),
            strategy=chance.choice(list(Strategy)),
            retry_s=chance.choice([5, 60]),
            late=chance.choice([0, 0, -3]),
        )

    def _person(self) -> PersonSetting:
        chance = self.chance
        skills = {skill: chance.randint(1, 5) for skill in SKILLS if chance.random() < 0.5}
        return person(*chance.sample(QUEUES, chance.randint(1, 3)), **skills)

    def _move(self) -> None:
        chance, one = self.chance, self.centre
        one.wait(chance.expovariate(0.2))
        login = chance.choice(self.logins)
        phone, signed_in = self.phone(login), one.dispatcher.duty.of(login) is not None
        rung = [(f.call_id, f.agent) for f in one.effects if isinstance(f, fx.RingAgent)]
        open_offers = [(o.item_id, o.agent) for o in one.dispatcher.offering.book]
        moves: list[tuple[float, Callable[[], None]]] = [
            (5, self._calls),
            (3, lambda: None if signed_in else one.comes(login, phone)),
            (1, lambda: one.pauses(phone) if signed_in and one.state(phone) is AgentState.READY else None),
            (1, lambda: one.readies(phone) if one.state(phone) is AgentState.PAUSED else None),
            (0.4, lambda: one.step(e.AgentGone(at=one.now, agent=phone)) if signed_in else None),
            (0.3, lambda: one.step(e.AgentBack(at=one.now, agent=phone)) if signed_in else None),
            (0.4, lambda: self._shift(login)),
            (5, lambda: self._offer(*chance.choice(open_offers)) if open_offers and rung else None),
            (1, lambda: self._ends() if self.talking else None),
            (1, lambda: one.finishes(phone) if one.state(phone) is AgentState.WRAP_UP else None),
            (0.5, self._raises),
        ]
        chance.choices([move for _, move in moves], [weight for weight, _ in moves])[0]()

    def _calls(self) -> None:
        self.count += 1
        name = f"c{self.count}"
        self.centre.calls(name, self.chance.choice(QUEUES))
        if self.chance.random() < 0.3:
            self.centre.is_known(name, vip=self.chance.random() < 0.5, owner=self.chance.choice([None, *self.logins]))

    def _shift(self, login: str) -> None:
        self.centre.plan.off ^= {login}
        self.centre.replan()

    def _offer(self, call: str, phone: str) -> None:
        one = self.centre
        what = self.chance.random()
        if what < 0.15:
            (offer,) = [o for o in one.dispatcher.offering.book.of_item(call) if o.agent == phone]
            failed = e.RingFailed(at=one.now, call_id=call, offer_id=offer.offer_id, agent=phone, why="unregistered")
            return one.step(failed)
        one.rings(call, phone)
        if what < 0.5:
            return one.falls_silent(call, phone, self.chance.choice(SILENT))
        if what < 0.9:
            one.answers(call, phone)
            self.talking[call] = phone

    def _ends(self) -> None:
        call = self.chance.choice(sorted(self.talking))
        del self.talking[call]
        self.centre.ends(call)

    def _raises(self) -> None:
        items = sorted(self.centre.dispatcher.router.items)
        if items:
            self.centre.raises(self.chance.choice(items), self.chance.choice([0.0, 5.0, 30.0]))

    # ---- doing what it says

    def do(self, would: Would, queue: str) -> None:
        one, login = self.centre, would.login or ""
        phone = self.phone(login)
        match would.act:
            case Act.READY:
                one.readies(phone)
            case Act.FINISH:
                self._finishes(login)
            case Act.FREE:
                (call,) = [call for call, talks in self.talking.items() if talks == phone]
                one.ends(call)
                if one.state(phone) is AgentState.WRAP_UP:
                    self._finishes(login)
            case Act.OPEN_PAGE:
                one.step(e.AgentBack(at=one.now, agent=phone))
                one.readies(phone)
            case Act.SHIFT:
                one.plan.off.discard(login)
                one.replan()
            case Act.LEARN:
                self._plan(login, skills={**one.plan.people[login].skills, **would.skills})
            case Act.JOIN:
                self._plan(login, queues=(*one.plan.people[login].queues, queue))
            case Act.WAIT:
                assert would.at is not None
                one.wait_for(would.at, only={"steps", f"rest {phone}", f"wrap-up {phone}"})

    def _finishes(self, login: str) -> None:
        one, phone = self.centre, self.phone(login)
        card = one.agents.status(phone).card_id or ""  # type: ignore[union-attr]
        one.step(e.CardTyped(at=one.now, call_id=card, by=login, notes="", disposition="done"))
        one.finishes(phone)

    def _plan(self, login: str, **changed: object) -> None:
        one = self.centre
        was = one.plan.people[login]
        new = {"skills": was.skills, "queues": was.queues, **changed}
        skills = {skill: level for skill, level in new["skills"].items() if level is not None}  # type: ignore[attr-defined]
        people = {**one.plan.people, login: PersonSetting(queues=new["queues"], skills=skills)}  # type: ignore[arg-type]
        one.plan.people = people
        one.replan()


def rung_for(one: Centre, item_id: str) -> int:
    return sum(isinstance(f, fx.RingAgent) and f.call_id == item_id for f in one.effects)


TOLD: dict[Act, int] = dict.fromkeys(Act, 0)


@pytest.mark.parametrize("block", range(20))
def test_what_it_says_would_have_it_offered_does(block: int) -> None:
    told = 0
    for seed in range(block * 50, block * 50 + 50):
        day = Day(seed)
        at, board = day.centre.now, Board(day.centre.dispatcher)
        waiting = [
            line.item_id for line in board.waiting(at).items if line.state == "waiting" and line.score is not None
        ]
        whys = [why(board, item_id, at) for item_id in waiting]
        for each in whys:
            points = each.points
            made_of = points.queue + points.own + points.raised + points.late + points.aging * each.waited_s / 60
            assert each.score == pytest.approx(made_of)
        said = [(each.item_id, would) for each in whys for would in each.would]
        for item_id, would in day.chance.sample(said, min(3, len(said))):
            again = Day(seed)
            before = rung_for(again.centre, item_id)
            again.do(would, again.centre.dispatcher.router.items[item_id].queue)
            assert rung_for(again.centre, item_id) > before, (seed, item_id, would, why(board, item_id, at))
            told += 1
            TOLD[would.act] += 1
    assert told > 20


def test_every_act_was_among_them() -> None:
    """Run after the blocks, by itself it looks at enough of them."""
    acts = {would.act for seed in range(120) for would in _all_would(Day(seed))}
    assert acts == set(Act)


def _all_would(day: Day) -> list[Would]:
    board = Board(day.centre.dispatcher)
    items = board.waiting(day.centre.now).items
    waiting = [line.item_id for line in items if line.state == "waiting" and line.score is not None]
    return [would for item_id in waiting for would in why(board, item_id, day.centre.now).would]


# ---- in words


def spanish(**more: object) -> Centre:
    setting = {
        "mode": Mode.ACD,
        "requirement": "lang.es >= 3",
        "relax": (RelaxSetting(after_s=60, requirement="billing"),),
        "strategy": Strategy.LONGEST_IDLE,
        **more,
    }
    people = {
        "carmen": PersonSetting(queues=("support",), skills={"lang.es": 4}),
        "ivan": PersonSetting(queues=("support",), skills={"lang.es": 3, "billing": 2}),
        "anna": PersonSetting(queues=("support",), skills={"lang.es": 2}),
        "boris": PersonSetting(queues=("sales",), skills={"lang.es": 5}),
    }
    queues = {"support": QueueSetting(**setting), "sales": QueueSetting(mode=Mode.ACD)}  # type: ignore[arg-type]
    one = Centre(queues=queues, people=people, desk=DESK)
    for n, login in enumerate(people):
        one.comes(login, f"100{n}")
    return one


def test_it_names_what_each_operator_does_and_what_would_change_it() -> None:
    one = spanish()
    one.calls("talk")
    one.rings("talk", "1000")
    one.answers("talk", "1000")
    one.pauses("1001")
    one.wait(10)
    one.calls("A")
    one.wait(20)
    one.calls("B")
    told = why(Board(one.dispatcher), "B", one.now)
    assert (told.position, told.waited_s, told.queue) == (2, 0.0, "support")
    assert [(s.requirement, s.status) for s in told.steps] == [("lang.es >= 3", "active"), ("billing", "to_come")]
    assert [(o.name, o.obstacles, o.reason, o.ahead) for o in told.operators] == [
        ("Carmen", ["busy"], None, 1),
        ("Ivan", ["paused"], "break", 1),
        ("Anna", ["requirement"], None, 0),
        ("Boris", ["not_member"], None, 0),
    ]
    assert told.operators[2].missing == [MissingLine(asked="lang.es >= 3", has="2")]
    assert told.would == [], "whoever became free would have A first"
    assert told.first_with == pytest.approx(20 / 60 + 1)
    first = why(Board(one.dispatcher), "A", one.now)
    assert first.first_with is None
    assert [(w.act, w.login, w.skills) for w in first.would] == [
        (Act.READY, "ivan", {}),
        (Act.LEARN, "anna", {"lang.es": 3}),
        (Act.JOIN, "boris", {}),
        (Act.FREE, "carmen", {}),
    ]


def test_a_wrap_up_ends_by_itself_and_a_phone_rests_for_a_while() -> None:
    one = spanish(relax=())
    for login, phone in (("ivan", "1001"), ("boris", "1003"), ("anna", "1002")):
        one.goes(login, phone)
    one.calls("talk")
    one.rings("talk", "1000")
    one.answers("talk", "1000")
    one.ends("talk")
    one.calls("A")
    told = why(Board(one.dispatcher), "A", one.now)
    (carmen,) = told.operators
    assert (carmen.state, carmen.obstacles) == (AgentState.WRAP_UP, ["wrap_up"])
    until = one.agents.status("1000").until  # type: ignore[union-attr]
    assert told.would == [Would(act=Act.FINISH, login="carmen"), Would(act=Act.WAIT, login="carmen", at=until)]
    one.step(e.AgentGone(at=one.now, agent="1000"))
    (carmen,) = why(Board(one.dispatcher), "A", one.now).operators
    assert carmen.obstacles == ["wrap_up", "no_browser"]


def test_whose_page_has_been_closed_for_long_isnt_said_to_pause() -> None:
    one = spanish(relax=())
    one.pauses("1001")
    one.step(e.AgentGone(at=one.now, agent="1000"))
    one.wait(61)
    one.calls("A")
    carmen, *_ = why(Board(one.dispatcher), "A", one.now).operators
    assert (carmen.state, carmen.reason, carmen.obstacles) == (AgentState.PAUSED, "away", ["no_browser"])
    assert Would(act=Act.OPEN_PAGE, login="carmen") in why(Board(one.dispatcher), "A", one.now).would


def test_a_pause_that_follows_the_wrap_up_is_no_help() -> None:
    one = spanish(relax=())
    one.calls("talk")
    one.rings("talk", "1000")
    one.answers("talk", "1000")
    one.pauses("1000")
    one.ends("talk")
    one.pauses("1001")
    one.calls("A")
    told = why(Board(one.dispatcher), "A", one.now)
    assert not any(would.login == "carmen" for would in told.would)


def test_points_of_a_supervisor_are_written_down_and_outlive_what_is_learnt_of_the_caller() -> None:
    one = spanish()
    one.pauses("1000")
    one.pauses("1001")
    one.calls("A")
    one.wait(30)
    one.calls("B")
    board = Board(one.dispatcher)
    needed = why(board, "B", one.now).first_with
    assert needed is not None
    one.raises("B", needed)
    told = why(board, "B", one.now)
    assert (told.position, told.first_with, told.points.raised) == (1, None, needed)
    assert [line.item_id for line in board.waiting(one.now).items] == ["B", "A"]
    one.is_known("B", vip=True)
    told = why(board, "B", one.now)
    assert (told.points.own, told.points.raised) == (10.0, needed)
    assert told.score == told.points.queue + told.points.own + told.points.raised
    one.raises("B", 0.0)
    assert why(board, "B", one.now).points.raised == 0
    lines = [f for f in one.effects if isinstance(f, fx.Audit) and f.action == "priority_changed"]
    assert [(line.actor, line.facts["item_id"], line.facts["after"]) for line in lines] == [
        ("eva", "B", f"{needed:g}"),
        ("eva", "B", "0"),
    ]
    one.raises("nobody", 5.0)
    assert len([f for f in one.effects if isinstance(f, fx.Audit)]) == 2
    one.readies("1001")
    one.tells("""
        pop 1001 B
        ring 1001 B
    """)


def test_who_is_offered_or_gone_doesnt_wait() -> None:
    one = spanish()
    one.calls("A")
    board = Board(one.dispatcher)
    with pytest.raises(Conflict, match="offered to Carmen"):
        why(board, "A", one.now)
    with pytest.raises(NotFound):
        why(board, "nobody", one.now)

"""A day with callbacks as a script: a small centre whose callers may ask to be called back, and a telephone that rings, is picked
up and falls silent as the script says. The screen, the operators, the dispatcher and the callbacks together in a real engine.

    day = Day()
    day.comes("anna", "1001")
    day.asks()
    day.picks_up()
    day.client_answers()
    day.hangs_up()
    assert day.state() == "done"
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from callcards.card import Cards
from core import effects as fx
from core import events as e
from core.callback import Attempt, Callback
from core.desk import Desk
from core.engine import Engine
from core.model import AgentState, ClientSummary, Direction, EndedBy
from core.phone import e164
from core.phone_zone import zone_of
from queues.agents import Agents, AgentsLoaded
from routing import hours_text
from routing.callback_book import Times
from routing.callback_events import CallbackOrdered, CallbacksLoaded, CallbackTaken, CallbackWished
from routing.callback_lines import CallbackLines
from routing.callback_states import Moment
from routing.callbacks import Callbacks, House
from routing.dispatcher import Dispatcher
from routing.hours import Hours
from routing.live_plan import PlanChanged
from routing.resume import CutOffs
from routing.settings import CallbackSetting, Mode, QueueSetting
from screenpop.pops import Pops
from tests.centre import PBX, ScriptedPlan, person
from wiring.rules import (
    agent_rules,
    callback_line_rules,
    callback_rules,
    card_rules,
    joined,
    pop_rules,
    resume_rules,
    routing_rules,
)

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
IVAN = "+37120000001"


class Day:
    """Times are seconds after noon (14:00 in Riga, a Friday). `queue`: the setting of the only one."""

    def __init__(
        self,
        setting: CallbackSetting | None = None,
        *,
        mode: Mode = Mode.ACD,
        barred: dict[str, str] | None = None,
        connected: bool = True,
        **queue: Any,
    ) -> None:
        settings = {
            "support": QueueSetting(mode=mode, callback=setting or CallbackSetting(), offer_s=15, **queue),
            "sales": QueueSetting(mode=Mode.ACD, callback=setting or CallbackSetting()),
        }
        self.plan = ScriptedPlan(settings, {name: person("support", "sales") for name in ("anna", "boris")})
        self.dispatcher = Dispatcher(
            self.plan, place_of=lambda call: self.callbacks.place_of(call) or self.cut_offs.place_of(call)
        )
        self.agents = Agents(site="riga", desk=Desk(missed_calls=2, away_after_s=60))
        self.cards = Cards(timezone_of=lambda _site: "Europe/Riga")
        self.cut_offs = CutOffs(e164=lambda raw: e164(raw, "LV"), resume_s=lambda _queue: 60)
        self.barred = barred or {}
        house = House(
            site="riga",
            pbx=PBX,
            ring_s_of=lambda queue: self.plan.queues[queue].offer_s,
            vip_points_of=lambda queue: self.plan.queues[queue].vip,
            e164=lambda raw: e164(raw, "LV"),
            zone_of=zone_of,
            barred=self.barred.get,
            place_of=self.cut_offs.place_of,
            card_of=lambda pbx, leg_id: f"card of {leg_id}",
            id_of=lambda call_id: f"callback-of-{call_id}",
        )
        times = Times(
            zone="Europe/Riga",
            setting_of=self._setting_of,
            hours_of=self._hours_of,
        )
        self.callbacks = Callbacks(house, times)
        self.lines = CallbackLines(self.dispatcher)
        self.engine = Engine(
            joined(
                resume_rules(self.cut_offs),
                card_rules(self.cards),
                pop_rules(Pops()),
                agent_rules(self.agents),
                routing_rules(self.dispatcher),
                callback_rules(self.callbacks),
                callback_line_rules(self.lines),
            ),
            self._perform,
        )
        self.now = NOON
        self.effects: list[fx.Effect] = []
        self.timers: dict[str, datetime] = {}
        self.kept: dict[str, Callback] = {}
        self._calls = 0
        self.step(AgentsLoaded(at=NOON, statuses=(), signed_in=()))
        if connected:
            self.connect()

    def _setting_of(self, queue: str) -> CallbackSetting:
        return self.plan.queues[queue].callback if queue in self.plan.queues else CallbackSetting()

    def _hours_of(self, queue: str) -> Hours | None:
        return self.plan.hours.get(queue)

    # ---- what happens

    def step(self, event: object) -> None:
        before = self.engine.failures
        self.engine.step(event)
        assert self.engine.failures == before, "a rule raised: see the log"

    def wait(self, seconds: float) -> None:
        """Time goes by, and every timer that comes due goes off."""
        until = self.now + timedelta(seconds=seconds)
        while due := sorted((at, timer) for timer, at in self.timers.items() if at <= until):
            at, timer = due[0]
            del self.timers[timer]
            self.now = max(self.now, at)
            self.step(e.Woke(at=at, timer_id=timer))
        self.now = until

    def connect(self) -> None:
        self.step(e.PbxConnected(at=self.now, pbx=PBX, boot_id="b", lost_at=None, live_call_ids=frozenset()))

    def lose(self) -> None:
        self.step(e.PbxLost(at=self.now, pbx=PBX, why="cut"))

    def comes(self, login: str = "anna", agent: str = "1001") -> None:
        self.step(e.AgentSignedIn(at=self.now, agent=agent, session_id=f"s-{login}", login=login, name=login.title()))
        self.step(e.AgentBack(at=self.now, agent=agent))

    def goes(self, login: str = "anna", agent: str = "1001") -> None:
        self.step(e.AgentSignedOut(at=self.now, agent=agent, session_id=f"s-{login}"))

    def calls(self, number: str = IVAN, *, queue: str = "support", zone: str | None = None, vip: bool = False) -> str:
        """A caller comes and waits; their call's id."""
        self._calls += 1
        call_id = f"call {self._calls}"
        self._arrives(call_id, f"1.{self._calls}", number, agent=None)
        self.step(e.CallQueued(at=self.now, call_id=call_id, queue=queue))
        client = ClientSummary(client_id="c1", name="Ilze Ozola", number=number, timezone=zone, vip=vip)
        self.step(e.ClientIdentified(at=self.now, call_id=call_id, client=client, history=()))
        return call_id

    def asks(self, number: str = IVAN, *, queue: str = "support", after_s: float = 0, **who: Any) -> str:
        """A caller who has waited for so long presses the key, and hangs up; the callback's id."""
        call_id = self.calls(number, queue=queue, **who)
        self.wait(after_s)
        self.step(e.CallUnqueued(at=self.now, call_id=call_id, queue=queue))
        self.step(e.CallbackAsked(at=self.now, call_id=call_id, queue=queue, number=number))
        self.ends(call_id)
        return f"callback-of-{call_id}"

    def wishes(self, number: str = IVAN, *, queue: str = "support") -> str:
        """A supervisor asks by hand."""
        self.step(
            CallbackWished(
                at=self.now, callback_id="by-hand", pbx=PBX, queue=queue, number=number, name="Ilze", by="wanda"
            )
        )
        return "by-hand"

    def orders(self, moment: Moment, callback_id: str | None = None) -> None:
        self.step(CallbackOrdered(at=self.now, callback=self.one(callback_id), moment=moment, by="wanda"))

    def takes(self, agent: str = "1001", login: str = "anna") -> None:
        """By hand, from the list."""
        self.step(CallbackTaken(at=self.now, callback_id=self.one().callback_id, agent=agent, login=login))

    def picks_up(self) -> None:
        """The operator takes the phone that rings, and the client's is dialled."""
        attempt = self.attempt()
        self._arrives(attempt.call_id, attempt.leg_id, self.one().number.removeprefix("+"), agent=attempt.agent)

    def rings_out(self, by: EndedBy | None = EndedBy.SYSTEM) -> None:
        """The operator's phone isn't picked up: that makes a card, as any phone that was lifted in vain."""
        attempt = self.attempt()
        self._arrives(attempt.call_id, attempt.leg_id, None, agent=attempt.agent)
        self.ends(attempt.call_id, by)

    def client_rings_out(self) -> None:
        """Client first: nobody answers there."""
        attempt = self.attempt()
        self._arrives(attempt.call_id, attempt.leg_id, self.one().number, agent=None, direction=Direction.OUTBOUND)
        self.ends(attempt.call_id)

    def not_dialled(self, why: str = "no such phone", **how: Any) -> None:
        self.step(e.CallbackNotDialled(at=self.now, leg_id=self.attempt().leg_id, why=why, **how))

    def client_answers(self) -> None:
        attempt = self.attempt()
        for party, agent in ((attempt.agent, attempt.agent), (IVAN, None)):
            leg = attempt.leg_id if agent else "client"
            self.step(e.CallAnswered(at=self.now, call_id=attempt.call_id, leg_id=leg, party=party, agent=agent))

    def hangs_up(self, by: EndedBy | None = EndedBy.CALLED, **how: Any) -> None:
        self.ends(self.attempt().call_id, by, **how)

    def answers(self, call_id: str, agent: str = "1001") -> None:
        """An operator takes this call."""
        self.step(e.CallAnswered(at=self.now, call_id=call_id, leg_id=f"leg of {agent}", party=agent, agent=agent))

    def ends(self, call_id: str, by: EndedBy | None = EndedBy.CALLER, *, inferred: bool = False) -> None:
        self.step(e.CallEnded(at=self.now, call_id=call_id, ended_by=by, cause=16, inferred=inferred))

    def dies_and_starts(self, **how: Any) -> "Day":
        """Killed; the next process finds what was kept, and not yet the PBX."""
        new = Day(connected=False, **how)
        new.now, new._calls, new.kept, new.plan.hours = self.now, self._calls, dict(self.kept), self.plan.hours
        new.step(CallbacksLoaded(at=new.now, callbacks=tuple(c for c in self.kept.values() if c.closed_at is None)))
        return new

    def replan(self, queues: dict[str, QueueSetting]) -> None:
        """Another plan is in force: these queues, and no others."""
        self.plan = ScriptedPlan(queues, self.plan.people)
        self.step(PlanChanged(at=self.now, plan=self.plan))  # type: ignore[arg-type]  # by shape

    # ---- what came of it

    def one(self, callback_id: str | None = None) -> Callback:
        """As it was kept last."""
        return self.kept[callback_id] if callback_id else next(reversed(self.kept.values()))

    def state(self, callback_id: str | None = None) -> str:
        return self.one(callback_id).state.value

    def attempt(self) -> Attempt:
        found = self.one().attempt
        assert found is not None
        return found

    def tried(self) -> list[tuple[str, str]]:
        """Phone and outcome of every attempt."""
        return [(attempt.agent, attempt.outcome.value) for attempt in self.one().attempts]

    def dialled(self) -> list[str]:
        """The operators whose phones were told to ring for callbacks, in order."""
        return [f.attempt.agent for f in self.effects if isinstance(f, fx.PlaceCallback)]

    def operator(self, agent: str = "1001") -> AgentState | None:
        status = self.agents.status(agent)
        return None if status is None else status.state

    def last(self, kind: type) -> Any:
        return next(f for f in reversed(self.effects) if isinstance(f, kind))

    def in_router(self) -> dict[str, str]:
        """Items of the router and whether they wait."""
        return {i.item_id: "waits" if i.waiting else "offered" for i in self.dispatcher.router.items.values()}

    def load(self, login: str = "anna") -> int:
        return self.dispatcher.router.staff.people[login].items

    def _arrives(
        self, call_id: str, uniqueid: str, number: str | None, *, agent: str | None, direction: Direction | None = None
    ) -> None:
        self.step(
            e.CallArrived(
                at=self.now, call_id=call_id, site="riga", pbx=PBX, boot_id="b", uniqueid=uniqueid, linkedid=uniqueid,
                channel=f"PJSIP/x-{uniqueid}", direction=direction or (Direction.OUTBOUND if agent else Direction.INBOUND),
                caller_number=agent or number or "", caller_name="Ilze", client_number=number, dialled="610", agent=agent,
            )
        )  # fmt: skip

    def _perform(self, effect: fx.Effect) -> None:
        self.effects.append(effect)
        if isinstance(effect, fx.WakeAt):
            self.timers.pop(effect.timer_id, None)
            if effect.at is not None:
                self.timers[effect.timer_id] = effect.at
        elif isinstance(effect, fx.SaveCallback):
            before = self.kept.pop(effect.callback.callback_id, None)
            assert before is None or before.revision < effect.callback.revision
            self.kept[effect.callback.callback_id] = effect.callback


def week(*lines: str, zone: str = "Europe/Riga") -> Hours:
    return Hours(zone=zone, week=hours_text.week(lines))


def at(clock: str, day: int = 27) -> datetime:
    """UTC, in November 2026."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}+00:00")

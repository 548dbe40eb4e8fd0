"""The live routing put together: the dispatcher on the plan in force, what rings phones, the members of Asterisk's own queues, and
the heartbeat by which the PBX knows that somebody chooses. Part of the composition root; no logic of its own."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from configuration import Configuration
from core.effects import Effect, RingAgent, SendCaller, StopRinging
from core.engine import Rule
from core.lobby import Lobby
from core.phone import e164
from routing.dispatcher import Dispatcher
from routing.live_plan import LivePlan
from routing.native import NativeMembers
from routing.resume import CutOffs
from routing.settings import Mode
from telephony.ami_heartbeat import Heartbeat
from telephony.ami_offers import Offers
from telephony.link_state import LinkState
from telephony.panoramisk_link import PbxLink
from wiring.rules import joined, native_rules, resume_rules, routing_rules


class Choosing:
    """`plan` counts until PlanChanged comes. `deliver` is the engine's step, `now` the clock (UTC). `rules` and `effects` go into
    the service's tables. `called_back`: since when one counts as waiting whom we have called (calling_back.py)."""

    def __init__(
        self,
        configuration: Configuration,
        plan: LivePlan,
        links: Mapping[str, PbxLink],
        deliver: Callable[[object], None],
        now: Callable[[], datetime],
    ) -> None:
        self._links = links
        region = configuration.site.region
        self.cut_offs = CutOffs(
            e164=lambda number: e164(number, region),
            resume_s=lambda queue: self.plan.queues[queue].resume_s if queue in self.plan.queues else 0,
        )
        self.called_back: Callable[[str], datetime | None] = lambda _call_id: None
        self.dispatcher = Dispatcher(
            plan, place_of=lambda call_id: self.called_back(call_id) or self.cut_offs.place_of(call_id)
        )
        self.native = NativeMembers()
        phones = {name: pbx.phone for name, pbx in configuration.pbx.items()}
        self.offers = Offers(links, phones, deliver, now, self._lobby_of)
        able = {name: links[name] for name, pbx in configuration.pbx.items() if pbx.controller is not None}
        self._heartbeat = Heartbeat(able, self._able)

    @property
    def plan(self) -> LivePlan:
        plan = self.dispatcher.plan
        assert isinstance(plan, LivePlan)
        return plan

    def rules(self) -> dict[type, list[Rule]]:
        return joined(resume_rules(self.cut_offs), routing_rules(self.dispatcher), native_rules(self.native))

    def effects(self) -> dict[type[Effect], Callable[[Any], None]]:
        return {RingAgent: self.offers.put, StopRinging: self.offers.put, SendCaller: self.offers.put}

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {"offers": self.offers.run(), "heartbeat": self._heartbeat.run()}

    def _able(self, pbx: str) -> bool:
        """Whether callers at this PBX find an operator through us."""
        serves = any(queue.mode is Mode.ACD for queue in self.plan.queues.values())
        return serves and self._links[pbx].state is LinkState.LIVE and self.dispatcher.chooses(pbx)

    def _lobby_of(self, queue: str) -> Lobby:
        return self.plan.queues[queue].lobby if queue in self.plan.queues else Lobby()

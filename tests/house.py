"""The rules of a house with its screens, cards and operators, fed with a recorded call shape. For tests."""

from collections.abc import Callable
from random import Random

from callcards.card import Cards
from core.desk import Desk
from core.effects import Effect, LookUpClient, ShowPop, UpdatePop
from core.engine import Engine
from core.events import AgentSignedIn
from core.model import Pop
from queues.agents import Agents
from screenpop.pops import Pops
from telephony.facts import FromPbx
from telephony.live import Endpoints
from telephony.tracker import CallTracker
from tests import streams
from wiring.rules import agent_rules, card_rules, joined, pbx_rules, pop_rules

PBX = "one"
ON_SCREENS = (ShowPop, UpdatePop, LookUpClient)


class House:
    """Tracker, pops, cards and operators. `put_off`: how seldom the loop has a moment; 0: everything at once."""

    def __init__(self, shape: str, put_off: int = 0) -> None:
        self.effects: list[Effect] = []
        self.moments: list[Callable[[], None]] = []
        tracker = CallTracker(site="riga", pbx=PBX, endpoints=Endpoints(("PJSIP/1???",)))
        self.engine = Engine(
            joined(pbx_rules({PBX: tracker}), pop_rules(Pops())),
            self.effects.append,
            then=joined(
                card_rules(Cards(timezone_of=lambda _site: "UTC")), agent_rules(Agents(site="riga", desk=Desk()))
            ),
            soon=self.moments.append if put_off else None,
        )
        facts = streams.facts(streams.raw(shape))
        for agent in map(str, range(1001, 1021)):
            signed_in = AgentSignedIn(at=facts[0].at, agent=agent, session_id=agent, login=agent, name=agent)
            self.engine.step(signed_in)
        chance = Random(f"{shape} {put_off}")
        for fact in facts:
            self.engine.hear(FromPbx(PBX, fact))
            while self.moments and chance.randrange(put_off) == 0:
                self.moments.pop()()
        self.left = self.engine.due
        self.engine.catch_up()

    def first(self, kind: type[Effect]) -> int:
        return next(n for n, effect in enumerate(self.effects) if isinstance(effect, kind))

    def told(self, *, screens: bool) -> list[str]:
        return [repr(effect) for effect in self.effects if isinstance(effect, ON_SCREENS) is screens]

    def pops(self) -> list[Pop]:
        """All that was put on a screen, in order."""
        return [effect.pop for effect in self.effects if isinstance(effect, ShowPop | UpdatePop)]

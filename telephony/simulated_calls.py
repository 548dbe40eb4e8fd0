"""The simulated PBX's calls, each a story from the first ring to the last hang-up: inbound, outbound, internal, click-to-call.

Plays what a Plan says its people do, through the dialplan of a small company (queues by number, 10xx an agent, 9<number>
outside). Pure: the stage gives the time, the switch tells the messages.
"""

from collections.abc import Generator
from dataclasses import dataclass

from telephony.simulated_channels import Channel
from telephony.simulated_line import Exchange, Goto, Line
from telephony.simulated_lobby import OURS, in_lobby
from telephony.simulated_moves import converse
from telephony.simulated_offer import offered
from telephony.simulated_origination import ANSWERED, FAILED, Origination, dialled, responds, rings
from telephony.simulated_plan import PICKS_UP, Hand, Plan, Ring, Truth
from telephony.simulated_ringing import Dialling, outbound_caller_id
from telephony.simulated_spy import spying
from telephony.simulated_stage import Performance, Story
from telephony.simulated_talk import Talk
from telephony.simulated_waiting import in_queue, voicemail

_MOST_EXTENSIONS = 20


@dataclass(eq=False)
class Call:
    """A call that plays or was played: its truth, and the means to end it from outside."""

    truth: Truth
    performance: Performance

    @property
    def over(self) -> bool:
        return self.performance.over


class Calls:
    """Begins calls on the exchange. Each returns at once; the stage plays on."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def inbound(self, *, number: str, plan: Plan, name: str = "", dialled: str = "500", after_s: float = 0.0) -> Call:
        """A client calls `dialled`: a queue's number, or an agent's."""
        line = self._line("inbound", number, name, dialled, plan)
        return self._play(line, self._from_outside(line), after_s)

    def outbound(self, *, agent: str, number: str, plan: Plan, ring: Ring = PICKS_UP, after_s: float = 0.0) -> Call:
        """An agent dials a number outside."""
        line = self._line("outbound", agent, "", "9" + number, plan)
        return self._play(line, self._from_agent(line, agent, "9" + number, ring), after_s)

    def internal(self, *, agent: str, to: str, plan: Plan, ring: Ring = PICKS_UP, after_s: float = 0.0) -> Call:
        """An agent calls a colleague."""
        line = self._line("internal", agent, "", to, plan)
        return self._play(line, self._from_agent(line, agent, to, ring), after_s)

    def originate(self, asked: Origination, plan: Plan, *, ring: Ring = PICKS_UP, far: Ring = PICKS_UP) -> Call:
        """Click-to-call: the agent's phone rings first, then `exten` is dialled."""
        direction = "spy" if asked.application else "click"
        line = self._line(direction, asked.number, asked.name, asked.exten, plan)
        return self._play(line, self._click(line, asked, ring, far), 0.0)

    def offer(self, asked: Origination) -> None:
        """Meridian rings the operator whom it chose for a caller in a lobby."""
        truth = Truth(
            direction="offer",
            caller_number=asked.number,
            caller_name=asked.name,
            dialled="s",
            started=self.exchange.stage.now,
        )
        line = Line(self.exchange, Plan(), truth)
        line.performance = self.exchange.stage.play(offered(line, asked))

    def refuse(self, asked: Origination) -> None:
        """An Originate that comes to nothing: no such phone, a channel id in use, an application that isn't simulated."""
        self.exchange.stage.play(self._refused(asked), after_s=0.05)

    def _refused(self, asked: Origination) -> Story:
        responds(self.exchange.switch, None, asked, FAILED)
        yield from ()

    def _line(self, direction: str, number: str, name: str, dialled: str, plan: Plan) -> Line:
        truth = Truth(
            direction=direction,
            caller_number=number,
            caller_name=name,
            dialled=dialled,
            started=self.exchange.stage.now,
        )
        self.exchange.keep(truth)
        return Line(self.exchange, plan, truth)

    def _play(self, line: Line, story: Story, after_s: float) -> Call:
        line.performance = self.exchange.stage.play(story, after_s=after_s)

        def ended() -> None:
            line.truth.ended_at = line.now()

        line.performance.at_end.append(ended)
        return Call(line.truth, line.performance)

    # -- stories

    def _from_outside(self, line: Line) -> Story:
        truth = line.truth
        caller = line.switch.new_channel(
            "trunk",
            context="from-trunk",
            exten=truth.dialled,
            state=4,
            number=truth.caller_number or "<unknown>",
            name=truth.caller_name or "<unknown>",
            story=line.performance,
        )
        caller.dnid = truth.dialled
        self._began(line, caller)
        yield from self._dialplan(line, Goto(caller, "from-trunk", truth.dialled), PICKS_UP)

    def _from_agent(self, line: Line, agent: str, exten: str, ring: Ring) -> Story:
        source = line.agent_channel(agent, exten=exten, state=4)
        self._began(line, source)
        line.queues.refresh(agent)
        yield from self._dialplan(line, Goto(source, "from-agent", exten), ring)

    def _click(self, line: Line, asked: Origination, ring: Ring, far: Ring) -> Story:
        leg = dialled(line, asked)
        self._began(line, leg)
        reason = yield from rings(line, leg, asked, ring)
        if reason == ANSWERED and asked.application:
            yield from spying(line, leg, asked.data)
        elif reason == ANSWERED:
            leg.application, leg.data = "", ""
            yield from self._dialplan(line, Goto(leg, asked.context, asked.exten), far)

    def _began(self, line: Line, channel: Channel) -> None:
        truth = line.truth
        truth.channel, truth.uniqueid, truth.linkedid = channel.name, channel.uniqueid, channel.linkedid
        truth.started = line.now()

    # -- the dialplan

    def _dialplan(self, line: Line, goto: Goto | None, ring: Ring) -> Story:
        """Run extensions until the channel is gone."""
        steps = 0
        while goto is not None and goto.channel.name in line.switch.channels:
            steps += 1
            at = goto
            goto = yield from self._extension(line, at, ring, give_up=steps > _MOST_EXTENSIONS)
            ring = line.plan.transfer.ring if line.plan.transfer else PICKS_UP

    def _extension(self, line: Line, at: Goto, ring: Ring, *, give_up: bool) -> Generator[float, None, Goto | None]:
        channel, exten = at.channel, at.exten
        channel.context, channel.exten, channel.priority = at.context, exten, 1
        ours = OURS.get(at.context)
        if ours and exten in self.exchange.acd and not give_up:
            return (yield from ours(line, channel, exten))
        if exten in self.exchange.dids and not give_up:
            return (yield from self._to_queue(line, channel, self.exchange.dids[exten]))
        if at.context == "voicemail":
            yield from voicemail(line, channel)
            return None
        agent = exten if exten in self.exchange.agents else None
        number = self.exchange.outside_number(exten)
        if give_up or (agent is None and number is None) or agent == channel.endpoint:
            yield from line.wait(0.05)
            self._unallocated(line, channel)
            return None
        if number:
            outbound_caller_id(line, channel)
        leg = yield from Dialling(line, channel, agent, number).play(ring)
        if leg is None:
            return None
        line.truth.transfer_answered()
        if agent and line.truth.direction != "internal" and not line.transferred:
            line.truth.rung(agent, Hand.ANSWERED)
        return (yield from converse(Talk(line, channel, leg)))

    def _to_queue(self, line: Line, channel: Channel, queue: str) -> Generator[float, None, Goto | None]:
        if queue not in self.exchange.acd:
            return (yield from in_queue(line, channel, queue))
        return (yield from in_lobby(line, channel, queue))

    def _unallocated(self, line: Line, channel: Channel) -> None:
        line.record(channel, None, "NO ANSWER", began=channel.created_at)
        line.client_ends(channel, 1, by_phone=False)

"""Whose phone rings and who talks, call by call: from the events of calls. Pure; never what that means for a state.

An operator may have several calls, a consultation, or be rung by two queues at once. Events of calls that never arrived, or are
over, change nothing: so nobody is left talking in a call that doesn't live.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from core import events as e
from core.callback import First
from core.model import Direction


@dataclass(slots=True)
class Part:
    """One operator's part in a call, from the first ring (or the own dialling) until the phone hangs up. `talks` False: it rings.
    `spoke`: there is somebody at the other end, or was since `spoken` was last told."""

    agent: str
    call_id: str
    talks: bool
    queue: str | None = None
    client: bool = True
    spoke: bool = False


@dataclass(slots=True)
class _Call:
    client: bool
    queue: str | None = None
    disposed: bool = False
    parts: dict[str, Part] = field(default_factory=dict)


class Spoken(NamedTuple):
    """A conversation with a client is over for this operator."""

    agent: str
    card_id: str
    queue: str | None
    disposed: bool


class Change(NamedTuple):
    """What one event did: whose phones stand otherwise now, and which conversations it ended."""

    agents: tuple[str, ...] = ()
    spoken: tuple[Spoken, ...] = ()


NOTHING = Change()


class Phones:
    """Live calls only."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._of_agent: dict[str, list[Part]] = {}

    def parts(self, agent: str) -> tuple[Part, ...]:
        """Of this operator, the oldest first."""
        return tuple(self._of_agent.get(agent, ()))

    def talks(self, agent: str) -> bool:
        return any(part.talks for part in self._of_agent.get(agent, ()))

    def rings(self, agent: str) -> bool:
        return any(not part.talks for part in self._of_agent.get(agent, ()))

    def rung_by_queue(self, call_id: str, leg_id: str) -> bool:
        """Does this leg ring, and for a queue?"""
        part = self._part(call_id, leg_id)
        return part is not None and not part.talks and part.queue is not None

    def disposed(self, call_id: str) -> bool:
        call = self._calls.get(call_id)
        return call is not None and call.disposed

    def dispose(self, call_id: str, *, disposed: bool) -> None:
        """A disposition was chosen (or taken back) while the call lives."""
        if call := self._calls.get(call_id):
            call.disposed = disposed

    def recall(self, call_id: str, leg_id: str, *, queue: str | None, disposed: bool) -> None:
        """What was known of this part before our restart, or before the operator left the client for a moment."""
        call, part = self._calls.get(call_id), self._part(call_id, leg_id)
        if call is not None and part is not None:
            call.disposed = call.disposed or disposed
            call.queue = part.queue = part.queue or queue

    def arrived(self, event: e.CallArrived) -> Change:
        """Whoever placed a call is busy from then on."""
        if event.call_id in self._calls:
            part = self._part(event.call_id, event.uniqueid)
            if part is None or part.talks or event.client_number is None:
                return NOTHING
            part.talks = True  # of a callback: the operator has picked up
            return Change((part.agent,))
        self._calls[event.call_id] = _Call(client=event.direction is not Direction.INTERNAL)
        return self._begin(event.call_id, event.uniqueid, event.agent, talks=True) if event.agent else NOTHING

    def recalled(self, event: e.CallRecalled) -> Change:
        """A talk that a snapshot shows doesn't say from which queue it came."""
        call = self._calls.get(event.call_id)
        if call is None:
            return NOTHING
        call.queue = call.queue or event.queue
        for part in call.parts.values():
            part.queue = part.queue or event.queue
        return Change(tuple(part.agent for part in call.parts.values()))

    def called_back(self, event: e.CallbackOffered) -> Change:
        """An operator's phone will ring for a client who is called when it is picked up; client first, it isn't theirs yet."""
        one, attempt = event.callback, event.attempt
        if one.first is First.CLIENT or event.call_id in self._calls:
            return NOTHING
        self._calls[event.call_id] = _Call(client=True, queue=one.queue)
        return self._begin(event.call_id, attempt.leg_id, attempt.agent, talks=False)

    def queued(self, event: e.CallQueued) -> Change:
        if call := self._calls.get(event.call_id):
            call.queue = event.queue
        return NOTHING

    def offered(self, event: e.CallOffered) -> Change:
        call = self._calls.get(event.call_id)
        if call is None or event.leg_id in call.parts:
            return NOTHING
        # We called the client first and now ring the operator who wanted it: one part, not two.
        for leg_id in [i for i, part in call.parts.items() if part.agent == event.agent and not part.spoke]:
            self._end(call, leg_id)
        return self._begin(event.call_id, event.leg_id, event.agent, talks=False, queue=event.queue)

    def offer_ended(self, event: e.CallOfferEnded) -> Change:
        call, part = self._calls.get(event.call_id), self._part(event.call_id, event.leg_id)
        if call is None or part is None or part.talks:
            return NOTHING
        return self._end(call, event.leg_id)

    def answered(self, event: e.CallAnswered) -> Change:
        call = self._calls.get(event.call_id)
        if call is None or event.agent is None:
            return NOTHING
        if event.leg_id not in call.parts:
            self._begin(event.call_id, event.leg_id, event.agent, talks=True)
        part = call.parts[event.leg_id]
        part.talks = part.spoke = True
        return Change((part.agent,))

    def leg_ended(self, event: e.LegEnded) -> Change:
        """The talk is over; the phone is free when it hangs up (a colleague may be asked on it, while the client waits)."""
        call, part = self._calls.get(event.call_id), self._part(event.call_id, event.leg_id)
        if call is None or part is None or not part.spoke:
            return NOTHING
        part.spoke = False
        return Change((part.agent,), _spoken(part, call))

    def leg_gone(self, event: e.LegGone) -> Change:
        call = self._calls.get(event.call_id)
        return self._end(call, event.leg_id) if call is not None and event.leg_id in call.parts else NOTHING

    def merged(self, event: e.CallMerged) -> Change:
        """Phones that are still in it are in the other call now."""
        call, into = self._calls.get(event.call_id), self._calls.get(event.into)
        if call is None or into is None or call is into:
            return self.over(event)
        del self._calls[event.call_id]
        agents = tuple(part.agent for part in call.parts.values())
        for leg_id, part in call.parts.items():
            part.call_id, part.client, part.queue = event.into, into.client, part.queue or into.queue
            into.parts.setdefault(leg_id, part)
        return Change(agents)

    def over(self, event: e.CallEnded | e.CallMerged | e.CallDropped | e.CallbackGivenUp) -> Change:
        """Whatever still hangs on the call ends with it."""
        call = self._calls.get(event.call_id)
        if call is None:
            return NOTHING
        ended = [self._end(call, leg_id) for leg_id in list(call.parts)]
        del self._calls[event.call_id]
        return _all(ended)

    def _part(self, call_id: str, leg_id: str) -> Part | None:
        call = self._calls.get(call_id)
        return call.parts.get(leg_id) if call else None

    def _begin(self, call_id: str, leg_id: str, agent: str, *, talks: bool, queue: str | None = None) -> Change:
        call = self._calls[call_id]
        part = Part(agent=agent, call_id=call_id, talks=talks, queue=queue or call.queue, client=call.client)
        call.parts[leg_id] = part
        self._of_agent.setdefault(agent, []).append(part)
        return Change((agent,))

    def _end(self, call: _Call, leg_id: str) -> Change:
        part = call.parts.pop(leg_id)
        others = [p for p in self._of_agent[part.agent] if p is not part]
        if others:
            self._of_agent[part.agent] = others
        else:
            del self._of_agent[part.agent]
        return Change((part.agent,), _spoken(part, call) if part.spoke else ())


def _spoken(part: Part, call: _Call) -> tuple[Spoken, ...]:
    return (Spoken(part.agent, part.call_id, part.queue, call.disposed),) if call.client else ()


def _all(changes: Iterable[Change]) -> Change:
    every = tuple(changes)
    agents = dict.fromkeys(agent for change in every for agent in change.agents)
    return Change(tuple(agents), tuple(spoken for change in every for spoken in change.spoken))

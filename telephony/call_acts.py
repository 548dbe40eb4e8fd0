"""What an operator has done to a live call -> commands to the PBX where it lives. Only to a call in which they have a part.

Asterisk's events tell what came of it; nothing here changes the picture of a call, but for what Asterisk has no event for.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import assert_never

from core.destination import Destination, DestinationKind, RecordingAct
from core.errors import Conflict, ContactCentreError, Rejected, ResultUnknown
from telephony.commands import AttendedTransfer, BlindTransfer, CancelTransfer, HangUp, Mute, Park
from telephony.dial_policy import DialRules, Way
from telephony.dialling import DialPlan, Phones, SendsCommands
from telephony.facts import FromPbx, HangupAsked, Muted
from telephony.live import Channel
from telephony.own_part import Part, part_of
from telephony.recording_commands import PauseRecording, ResumeRecording, StartRecording, StopRecording
from telephony.tracker import CallTracker
from telephony.wishes import Wish, Wishes


class CallActs:
    """Carries out what the screen asks (screenpop's `LiveCalls`). `deliver` is the engine's step.

    Every act raises NotFound (over, or no part of theirs), Conflict (not at this moment), Rejected, Forbidden (numbers that may
    not be called), Unavailable (not sent) or ResultUnknown (sent, no answer). The same asked twice at once is done once.
    """

    def __init__(
        self,
        links: Mapping[str, SendsCommands],
        plans: Mapping[str, DialPlan],
        trackers: Mapping[str, CallTracker],
        *,
        phones: Phones,
        rules: DialRules,
        deliver: Callable[[FromPbx], None],
        now: Callable[[], datetime],
    ) -> None:
        self._links, self._plans, self._trackers = links, plans, trackers
        self._phones, self._rules, self._deliver, self._now = phones, rules, deliver, now
        self._wishes = Wishes()

    async def hang_up(self, site: str, agent: str, call_id: str) -> None:
        """End the operator's own part in this call."""

        async def act(part: Part) -> None:
            # The PBX will say that *it* hung up; it was the operator's hand all the same.
            self._deliver(FromPbx(part.pbx, HangupAsked(self._now(), part.own.name, part.own.uniqueid)))
            await self._links[part.pbx].send(HangUp(uniqueid=part.own.uniqueid))

        await self._once(site, agent, (call_id, "hang_up"), act)

    async def transfer(
        self, site: str, agent: str, call_id: str, to: Destination, *, attended: bool, user: str
    ) -> None:
        """Pass the client on: at once, or (`attended`) ask first while the client hears music."""

        async def act(part: Part) -> None:
            part.client()
            if part.is_asking():
                raise Conflict(
                    "You are asking somebody already: complete that transfer or take it back.", code="asking"
                )
            plan = self._plans[part.pbx]
            number = plan.dials(self._way(plan, to, site=site, agent=agent, user=user))
            if attended:
                await self._unmuted(part)
                make: type[AttendedTransfer] | type[BlindTransfer] = AttendedTransfer
            else:
                make = BlindTransfer
            await self._links[part.pbx].send(make(uniqueid=part.own.uniqueid, context=plan.context, number=number))

        await self._once(site, agent, (call_id, "transfer", to, attended), act)

    async def complete_transfer(self, site: str, agent: str, call_id: str) -> None:
        """Leave the client with the one who was asked (or rings)."""

        async def act(part: Part) -> None:
            _refuse_unless_asking(part)
            await self._links[part.pbx].send(HangUp(uniqueid=part.own.uniqueid))

        await self._once(site, agent, (call_id, "complete"), act)

    async def cancel_transfer(self, site: str, agent: str, call_id: str) -> None:
        """Go back to the client; the one who was asked is let go."""

        async def act(part: Part) -> None:
            _refuse_unless_asking(part)
            await self._links[part.pbx].send(CancelTransfer(uniqueid=part.own.uniqueid))

        await self._once(site, agent, (call_id, "cancel"), act)

    async def park(self, site: str, agent: str, call_id: str) -> None:
        """Put the client into a slot from which anybody may fetch them; the pop says which."""

        async def act(part: Part) -> None:
            client, plan = part.client(), self._plans[part.pbx]
            if part.is_asking():
                raise Conflict("Complete the transfer or take it back before you park the client.", code="asking")
            await self._links[part.pbx].send(
                Park(uniqueid=client.uniqueid, origin=part.own.name, timeout_s=plan.parking_s, lot=plan.parking_lot)
            )

        await self._once(site, agent, (call_id, "park"), act)

    async def record(self, site: str, agent: str, call_id: str, what: RecordingAct) -> None:
        """Recording belongs to the client's channel: it goes on with the colleague who takes the client over, and what is said
        between colleagues meanwhile is not in it."""

        async def act(part: Part) -> None:
            link, client = self._links[part.pbx], part.client()
            if what is RecordingAct.START:
                if any(channel.recording for channel in part.call.channels.values()):
                    raise Conflict("This call is recorded already.", code="recorded")
                file = f"{part.call.call_id}-{int(self._now().timestamp())}.wav"
                await link.send(StartRecording(uniqueid=client.uniqueid, file=file))
                return
            for channel in _recorded(part):
                await link.send(_RECORDING[what](uniqueid=channel.uniqueid))

        await self._once(site, agent, (call_id, "record", what), act)

    async def mute(self, site: str, agent: str, call_id: str, *, muted: bool) -> None:
        """Nobody hears the operator, or they do again."""

        async def act(part: Part) -> None:
            part.client()
            await self._mute(part, muted=muted)

        await self._once(site, agent, (call_id, "mute", muted), act)

    # -- inner

    async def _once(self, site: str, agent: str, wish: Wish, act: Callable[[Part], Awaitable[None]]) -> None:
        if not self._wishes.begin(agent, wish, self._now()):
            return
        try:
            await act(part_of(self._trackers, site, agent, str(wish[0])))
        except ResultUnknown:
            raise
        except ContactCentreError:
            self._wishes.failed(agent)
            raise

    def _way(self, plan: DialPlan, to: Destination, *, site: str, agent: str, user: str) -> Way:
        match to.kind:
            case DestinationKind.AGENT:
                if to.name == agent:
                    raise Rejected("That is yourself: choose a colleague.", code="yourself")
                if not self._phones.is_operators(to.name):
                    raise Rejected(f"{to.name[:40]} is no operator's phone: choose a colleague.", code="no_colleague")
                return Way(to.name, outside=False)
            case DestinationKind.QUEUE:
                if to.name not in plan.queues:
                    raise Rejected(
                        f"Nobody has said how the queue {to.name[:40]!r} is reached: ask your administrator to add it to "
                        "queue_extensions in the configuration.",
                        code="no_such_queue",
                    )
                return Way(plan.queues[to.name], outside=False)
            case DestinationKind.NUMBER:
                return self._rules.may_call(to.name, site=site, user=user, at=self._now())
            case _:
                assert_never(to.kind)

    async def _unmuted(self, part: Part) -> None:
        """Asterisk times the keys of an attended transfer by the operator's sound; and whoever asks wants to be heard."""
        if part.own.muted:
            await self._mute(part, muted=False)

    async def _mute(self, part: Part, *, muted: bool) -> None:
        await self._links[part.pbx].send(Mute(uniqueid=part.own.uniqueid, muted=muted))
        self._deliver(FromPbx(part.pbx, Muted(self._now(), part.own.uniqueid, muted)))


_RECORDING: dict[RecordingAct, type[PauseRecording] | type[ResumeRecording] | type[StopRecording]] = {
    RecordingAct.PAUSE: PauseRecording,
    RecordingAct.RESUME: ResumeRecording,
    RecordingAct.STOP: StopRecording,
}


def _recorded(part: Part) -> list[Channel]:
    """Wherever this call is recorded, by us or by the dialplan. Of a call that is older than our start nobody has told us:
    both ends then."""
    known = [channel for channel in part.call.channels.values() if channel.recording]
    if not known and not part.call.adopted:
        raise Conflict("This call isn't recorded.", code="not_recorded")
    return known or [part.client(), part.own]


def _refuse_unless_asking(part: Part) -> None:
    if not part.is_asking():
        raise Conflict(
            "There is no transfer to complete or take back: you are with the client, or nobody was asked.",
            code="not_asking",
        )

"""Rings operators for waiting callers, silences their phones and sends callers through doors, on each PBX. Never waits within a
step, never repeats what acts; what can't be rung or sent comes back as RingFailed or SendFailed. Everything else is seen in the
PBX's events.

What is put is sent at once and in order; an answer that is late holds up nobody. Before a caller is moved or a phone silenced
the PBX is asked how things stand, since both would also cut a talk that has just begun.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from core.effects import RingAgent, SendCaller, StopRinging
from core.errors import ContactCentreError, NotFound, ResultUnknown
from core.events import RingFailed, SendFailed
from core.lobby import Lobby
from telephony.command_checks import is_number, showable
from telephony.commands import HangUp
from telephony.dialling import SendsCommands
from telephony.offer_commands import AskChannelState, AskDoor, AskServed, RingForCaller, SendThrough

log = logging.getLogger(__name__)

Wanted = RingAgent | StopRinging | SendCaller
_MOST_UNDER_WAY = 2_000
_ANSWERED_ELSEWHERE = 26
"""Phones show no missed call for it."""
_UNBORN_S = (0.02, 0.1, 0.4)
"""Asterisk makes the channel some moments after it has taken the Originate."""


class Offers:
    """`phones` tells for each PBX how an extension's endpoint is called, e.g. `PJSIP/{extension}`; `deliver` is the engine's step.
    `lobby_of` a queue says whether its operators hear a whisper first, and its talks are recorded. `run` is a task."""

    def __init__(
        self,
        links: Mapping[str, SendsCommands],
        phones: Mapping[str, str],
        deliver: Callable[[RingFailed | SendFailed], None],
        now: Callable[[], datetime],
        lobby_of: Callable[[str], Lobby] = lambda queue: Lobby(),
    ) -> None:
        self._links, self._phones, self._deliver, self._now = links, phones, deliver, now
        self._lobby_of = lobby_of
        self._wanted: asyncio.Queue[Wanted] = asyncio.Queue()
        self.under_way = 0
        self.refused = 0

    def put(self, wanted: Wanted) -> None:
        """Within a step."""
        if self.under_way >= _MOST_UNDER_WAY:
            self._not_done(wanted, "Too much is under way at the PBX.", certain=True)
            return
        self.under_way += 1
        self._wanted.put_nowait(wanted)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                wanted = await self._wanted.get()
                # A task each: it has written to the socket before the next one begins, so that their order stays.
                tasks.create_task(self._carry_out(wanted))

    async def _carry_out(self, wanted: Wanted) -> None:
        try:
            await self._do(wanted)
        except ContactCentreError as failure:
            self._not_done(wanted, str(failure), certain=not isinstance(failure, ResultUnknown))
        except Exception:
            log.exception("offer failed", extra={"action": "offer_failed"})
            self._not_done(wanted, "A mistake of ours; the log has it.", certain=False)
        finally:
            self.under_way -= 1

    async def _do(self, wanted: Wanted) -> None:
        link = self._links[wanted.pbx]
        match wanted:
            case RingAgent():
                await link.send(self._ring(wanted))
            case StopRinging():
                await _silence(link, wanted.offer_id)
            case SendCaller():
                await _send_through(link, wanted)

    def _ring(self, wanted: RingAgent) -> RingForCaller:
        lobby = self._lobby_of(wanted.queue)
        return RingForCaller(
            phone=self._phones[wanted.pbx].format(extension=wanted.agent),
            channel_id=wanted.offer_id,
            agent=wanted.agent,
            queue=wanted.queue,
            caller_channel=wanted.caller_channel,
            caller_uniqueid=wanted.caller_uniqueid,
            shown_number=wanted.shown_number if is_number(wanted.shown_number) else "",
            shown_name=showable(wanted.shown_name),
            ring_s=wanted.ring_s,
            announce=lobby.whisper,
            record=f"{wanted.call_id}-{int(self._now().timestamp())}.wav" if lobby.record else "",
        )

    def _not_done(self, wanted: Wanted, why: str, *, certain: bool) -> None:
        self.refused += 1
        log.warning("%s: %s: %s", wanted.pbx, type(wanted).__name__, why, extra={"action": "offer_refused"})
        match wanted:
            case RingAgent():
                self._deliver(
                    RingFailed(
                        at=self._now(),
                        call_id=wanted.call_id,
                        offer_id=wanted.offer_id,
                        agent=wanted.agent,
                        why=why,
                        certain=certain,
                    )
                )
            case SendCaller():
                self._deliver(SendFailed(at=self._now(), call_id=wanted.call_id, why=why))


async def _silence(link: SendsCommands, offer_id: str) -> None:
    """End the ringing, not a talk: an operator who has answered by now hears from the dialplan that the caller is gone."""
    for pause_s in (*_UNBORN_S, None):
        try:
            if (await link.send(AskChannelState(uniqueid=offer_id))).get("Value") != "Up":
                await link.send(HangUp(uniqueid=offer_id, cause=_ANSWERED_ELSEWHERE))
        except NotFound:
            if pause_s is None:
                return  # it rings no more
            await asyncio.sleep(pause_s)
        else:
            return


async def _send_through(link: SendsCommands, wanted: SendCaller) -> None:
    if (await link.send(AskDoor(door=wanted.door, queue=wanted.queue))).get("Value") != "1":
        raise NotFound(
            f"The dialplan has no {wanted.door} for the queue {wanted.queue}; the caller stays where they are. "
            "`meridian doctor` says what to add."
        )
    if (await link.send(AskServed(uniqueid=wanted.caller_uniqueid))).get("Value") != "1":
        await link.send(SendThrough(uniqueid=wanted.caller_uniqueid, door=wanted.door, queue=wanted.queue))

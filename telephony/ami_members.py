"""Keeps operators' phones in Asterisk's own queues as they should be: members or not, how late in the order, paused or not.

Never waits within a step, and of several wishes for one phone and queue only the last counts. What can't be done now is done after
the next snapshot, which shows that it wasn't.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.effects import KeepMember, SyncMember
from core.errors import Conflict, ContactCentreError, NotFound, Unavailable
from telephony.command_checks import showable
from telephony.commands import Command
from telephony.dialling import SendsCommands
from telephony.member_commands import AddMember, PauseMember, RemoveMember, SetPenalty

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Wishes:
    """For one extension. Pauses go first: whoever signs out is silent before the removals, and nobody joins unpaused by mistake."""

    pause: SyncMember | None = None
    places: dict[tuple[str, str], KeepMember] = field(default_factory=dict)


class QueueMembers:
    """`phones` tells for each PBX how an extension's endpoint is called, e.g. `PJSIP/{extension}`. `run` is a task."""

    def __init__(self, links: Mapping[str, SendsCommands], phones: Mapping[str, str]) -> None:
        self._links, self._phones = links, phones
        self._waiting: dict[str, _Wishes] = {}
        self._pauses: dict[str, SyncMember] = {}
        self._something = asyncio.Event()
        self._said: set[str] = set()

    @property
    def waiting(self) -> int:
        """Phones for which something is to be done."""
        return len(self._waiting)

    def pause(self, effect: SyncMember) -> None:
        """Within a step."""
        self._pauses[effect.agent] = effect
        self._wishes(effect.agent).pause = effect

    def keep(self, effect: KeepMember) -> None:
        """Within a step."""
        self._wishes(effect.agent).places[effect.pbx, effect.queue] = effect

    def _wishes(self, agent: str) -> _Wishes:
        """To the end of the row: a phone about which much is said waits for the others."""
        wishes = self._waiting.pop(agent) if agent in self._waiting else _Wishes()
        self._waiting[agent] = wishes
        self._something.set()
        return wishes

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                wishes = self._waiting.pop(next(iter(self._waiting)))
                if wishes.pause is not None:
                    for pbx in self._links:
                        await self._pause(pbx, wishes.pause)
                for place in wishes.places.values():
                    await self._place(place)

    async def _pause(self, pbx: str, wish: SyncMember, queue: str | None = None) -> None:
        try:
            phone = self._phone(pbx, wish.agent)
            await self._send(pbx, PauseMember(phone=phone, paused=wish.paused, reason=wish.reason, queue=queue))
        except NotFound:
            return  # a member of no queue
        except ContactCentreError as refused:
            self._tell(pbx, "members of its queues can't be paused", refused)

    async def _place(self, wish: KeepMember) -> None:
        try:
            if wish.penalty is None:
                await self._send(wish.pbx, RemoveMember(queue=wish.queue, phone=self._phone(wish.pbx, wish.agent)))
            else:
                await self._join(wish, wish.penalty)
        except NotFound as missing:
            if wish.penalty is not None:
                self._tell(wish.pbx, f"{wish.queue} can't be kept", missing)
        except ContactCentreError as refused:
            self._tell(wish.pbx, f"members of {wish.queue} can't be kept", refused)

    async def _join(self, wish: KeepMember, penalty: int) -> None:
        """With the pause that holds; who is there already gets the penalty."""
        phone, pause = self._phone(wish.pbx, wish.agent), self._pauses.get(wish.agent)
        name = showable(wish.name) or wish.agent
        paused = pause is not None and pause.paused
        try:
            await self._send(
                wish.pbx, AddMember(queue=wish.queue, phone=phone, name=name, penalty=penalty, paused=paused)
            )
        except Conflict:
            await self._send(wish.pbx, SetPenalty(phone=phone, penalty=penalty, queue=wish.queue))
        if pause is not None and paused:
            await self._pause(wish.pbx, pause, wish.queue)  # QueueAdd knows no reason

    def _phone(self, pbx: str, extension: str) -> str:
        return self._phones[pbx].format(extension=extension)

    async def _send(self, pbx: str, command: Command) -> None:
        await self._links[pbx].send(command)

    def _tell(self, pbx: str, what: str, why: ContactCentreError) -> None:
        """Once, and not that the line is down: that is told elsewhere, and the snapshot after it shows what is to do."""
        if isinstance(why, Unavailable) or (said := f"{pbx}: {what}: {why}") in self._said:
            return
        self._said.add(said)
        log.warning("%s: %s: %s", pbx, what, why, extra={"action": "no_sync"})

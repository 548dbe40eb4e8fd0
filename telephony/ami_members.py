"""Pauses operators' phones in Asterisk's own queues. Never waits within a step, and of several wishes for one phone only the last
counts. What can't be done now is done after the next snapshot, which shows that it wasn't."""

import asyncio
import logging
from collections.abc import Mapping

from core.effects import SyncMember
from core.errors import ContactCentreError, NotFound, Unavailable
from telephony.dialling import SendsCommands
from telephony.member_commands import PauseMember

log = logging.getLogger(__name__)


class MemberPauses:
    """`phones` tells for each PBX how an extension's endpoint is called, e.g. `PJSIP/{extension}`. `run` is a task."""

    def __init__(self, links: Mapping[str, SendsCommands], phones: Mapping[str, str]) -> None:
        self._links, self._phones = links, phones
        self._waiting: dict[str, SyncMember] = {}
        self._something = asyncio.Event()
        self._said: set[str] = set()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, effect: SyncMember) -> None:
        """Within a step."""
        self._waiting.pop(effect.agent, None)
        self._waiting[effect.agent] = effect
        self._something.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                effect = self._waiting.pop(next(iter(self._waiting)))
                for pbx in self._links:
                    await self._pause(pbx, effect)

    async def _pause(self, pbx: str, effect: SyncMember) -> None:
        phone = self._phones[pbx].format(extension=effect.agent)
        try:
            await self._links[pbx].send(PauseMember(phone=phone, paused=effect.paused, reason=effect.reason))
        except (NotFound, Unavailable):
            return  # a member of no queue; or the line is down, and the snapshot after it shows what is to do
        except ContactCentreError as refused:
            if (said := f"{pbx}: {refused}") not in self._said:
                self._said.add(said)
                log.warning("%s: members of its queues can't be paused: %s", pbx, refused, extra={"action": "no_sync"})

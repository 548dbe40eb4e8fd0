"""The heartbeat of the ACD mode: as long as we are able to choose operators, the dialplan is told so every few seconds. Where it
hears nothing it passes the callers on to the PBX's own queue by itself (telephony/dialplan)."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from core.errors import ContactCentreError, Rejected
from telephony.dialling import SendsCommands
from telephony.member_commands import SetGlobal
from telephony.offer_commands import AskEpoch

log = logging.getLogger(__name__)

VARIABLE = "CC_HEARTBEAT"
_LOOK_S = 0.1


class Heartbeat:
    """`links` to the PBXs that serve ACD queues. `able` says of one whether callers there find an operator through us. `run` is a
    task."""

    def __init__(
        self, links: Mapping[str, SendsCommands], able: Callable[[str], bool], *, every_s: float = 3.0
    ) -> None:
        self._links, self._able, self._every_s = links, able, every_s
        self._said: set[str] = set()

    async def run(self) -> None:
        """Until cancelled. Each PBX has its own pace: one that doesn't answer must not silence the others."""
        async with asyncio.TaskGroup() as tasks:
            for pbx in self._links:
                tasks.create_task(self._beat_on(pbx), name=f"heartbeat {pbx}")

    async def _beat_on(self, pbx: str) -> None:
        while True:
            able = self._able(pbx)
            if able:
                await self._beat(pbx)
            # The first beat comes at once: until then callers are passed on as if nobody were here.
            await asyncio.sleep(self._every_s if able else min(_LOOK_S, self._every_s))

    async def _beat(self, pbx: str) -> None:
        link = self._links[pbx]
        try:
            # The PBX's own clock: the dialplan compares with that, and ours may be another.
            epoch = (await link.send(AskEpoch())).get("Value", "")
            if not epoch.isdigit():
                raise Rejected("The PBX doesn't tell its clock.")
            await link.send(SetGlobal(variable=VARIABLE, value=epoch))
        except Rejected as refused:
            if (said := f"{pbx}: {refused}") not in self._said:
                self._said.add(said)
                log.error("%s: no heartbeat, so its callers fall back: %s", pbx, refused, extra={"action": "no_beat"})
        except ContactCentreError:
            return  # the line is down; the next beat tries again

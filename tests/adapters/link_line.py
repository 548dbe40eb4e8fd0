"""A link under test and all that it delivered."""

import asyncio
from collections.abc import Callable
from typing import Any

from telephony.facts import FromPbx, InStep
from telephony.link_state import LinkState
from telephony.panoramisk_link import PbxLink
from telephony.panoramisk_link_recorder import Recorder
from telephony.pbx_settings import PbxSettings


class Line:
    """Delivers into a list."""

    def __init__(self, settings: PbxSettings, *, recorder: Recorder | None = None) -> None:
        self.got: list[Any] = []
        self.link = PbxLink(settings, self.got.append, recorder=recorder)

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.got if isinstance(fact, kind)]

    def facts(self, kind: type) -> list[Any]:
        return [got.fact for got in self.of(FromPbx) if isinstance(got.fact, kind)]

    async def live(self, at_most_s: float = 5.0) -> None:
        await until(lambda: self.link.state is LinkState.LIVE, at_most_s)

    async def in_step(self, times: int, at_most_s: float = 5.0) -> None:
        await until(lambda: len(self.of(InStep)) >= times and self.link.state is LinkState.LIVE, at_most_s)

    async def takes_commands(self) -> None:
        await until(lambda: self.link.commands_text == "")

    async def fact(self, kind: type, at_most_s: float = 5.0, **fields: Any) -> Any:
        """The first fact of this kind with these fields, now or soon."""

        def found() -> list[Any]:
            return [f for f in self.facts(kind) if all(getattr(f, k) == v for k, v in fields.items())]

        await until(found, at_most_s)
        return found()[0]


async def until(seen: Callable[[], Any], at_most_s: float = 5.0) -> None:
    async with asyncio.timeout(at_most_s):
        while not seen():  # noqa: ASYNC110 - what is waited for is state, not an event
            await asyncio.sleep(0.005)

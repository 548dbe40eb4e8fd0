"""A plain AMI client for tests of the simulated PBX: sends text, reads messages, believes everything."""

import asyncio
from types import TracebackType

from tests.patience import PATIENT_S

Message = dict[str, str]


class PlainAmi:
    """`async with PlainAmi(port) as ami`. Every await has a deadline; `raw` keeps all bytes, `messages` what was whole."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.raw = bytearray()
        self.messages: list[Message] = []
        self._buffer = b""
        self._count = 0

    async def __aenter__(self) -> "PlainAmi":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        async with asyncio.timeout(PATIENT_S):
            self.greeting = await self._reader.readline()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)

    async def send(self, action: str, **fields: str) -> str:
        self._count += 1
        action_id = fields.pop("ActionID", f"t{self._count}")
        lines = [f"Action: {action}", f"ActionID: {action_id}", *(f"{k}: {v}" for k, v in fields.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self._writer.drain()
        return action_id

    async def ask(self, action: str, *, within_s: float = PATIENT_S, **fields: str) -> Message:
        """The Response to this action."""
        action_id = await self.send(action, **fields)
        return await self.until(lambda m: m.get("ActionID") == action_id and "Response" in m, within_s=within_s)

    async def listed(self, action: str, **fields: str) -> list[Message]:
        """The items of a list, without its end."""
        seen = len(self.messages)
        action_id = await self.send(action, **fields)
        await self.until(lambda m: m.get("ActionID") == action_id and m.get("EventList") == "Complete")
        mine = [m for m in self.messages[seen:] if m.get("ActionID") == action_id and "Event" in m]
        return mine[:-1]

    async def event(self, name: str, *, within_s: float = PATIENT_S, **fields: str) -> Message:
        return await self.until(
            lambda m: m.get("Event") == name and all(m.get(k) == v for k, v in fields.items()), within_s=within_s
        )

    async def until(self, wanted: object, *, within_s: float = PATIENT_S) -> Message:
        """The first message, of those read already or to come, for which `wanted` is true."""
        seen = 0
        async with asyncio.timeout(within_s):
            while True:
                while seen < len(self.messages):
                    if wanted(self.messages[seen]):  # type: ignore[operator]
                        return self.messages[seen]
                    seen += 1
                await self._more()

    async def log_in(self, user: str = "meridian", secret: str = "secret", events: str = "on") -> Message:
        return await self.ask("Login", Username=user, Secret=secret, Events=events)

    async def closed(self, *, within_s: float = PATIENT_S) -> bytes:
        """Read until the other side closes; all bytes that came."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    await self._more()
            except ConnectionError:
                return bytes(self.raw)

    async def _more(self) -> None:
        data = await self._reader.read(65536)
        if not data:
            raise ConnectionResetError
        self.raw += data
        *blocks, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for block in blocks:
            pairs = [line.partition(":") for line in block.decode("utf-8", "replace").split("\r\n")]
            message: Message = {}
            for key, _, value in pairs:
                message.setdefault(key, value.removeprefix(" "))
            self.messages.append(message)

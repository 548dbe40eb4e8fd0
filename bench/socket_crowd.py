"""Thousands of light WebSocket clients in one process: each does the handshake, answers heartbeats, and notes how long pushes took.

python -m bench.socket_crowd: reads one line of JSON ({"port", "doors": [[cookie, subprotocols], ...]}), connects everybody,
says "in", and at the end of its input prints the seconds of all pushes. A push carries the sender's clock as @seconds@.
"""

import asyncio
import json
import re
import resource
import sys
import time

_SENT = re.compile(rb"@([0-9.]+)@")
_PING, _TEXT = 0x9, 0x1


def masked(opcode: int, payload: bytes) -> bytes:
    """A client's frame; the mask is zeros, which is allowed, and changes nothing."""
    return bytes((0x80 | opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload


class Client(asyncio.Protocol):
    def __init__(self, port: int, cookie: str, protocols: str, waits: list[float]) -> None:
        self._waits = waits
        self._rest = b""
        self._upgraded = False
        self.ready = asyncio.get_running_loop().create_future()
        lines = [
            "GET /api/socket HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Origin: http://127.0.0.1:{port}", "Connection: Upgrade",
            "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]  # fmt: skip
        lines += [f"Cookie: {cookie}", f"Sec-WebSocket-Protocol: {protocols}"] if protocols else []
        self._request = "\r\n".join((*lines, "", "")).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        data = self._rest + data
        if not self._upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if b" 101 " not in head:
                raise RuntimeError(head.decode())
            self._upgraded = True
            self._transport.write(masked(_TEXT, b'{"type":"resume","epoch":null,"version":null}'))
            self.ready.set_result(None)
        while (frame := self._frame(data)) is not None:
            opcode, payload, data = frame
            self._take(opcode, payload, now)
        self._rest = data

    @staticmethod
    def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
        if len(data) < 2:
            return None
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        if len(data) < at + size:
            return None
        return data[0] & 0xF, data[at : at + size], data[at + size :]

    def _take(self, opcode: int, payload: bytes, now: float) -> None:
        if opcode == _PING:
            self._transport.write(masked(0xA, payload))
        elif payload.startswith(b'{"type":"tick"'):
            self._transport.write(masked(_TEXT, b'{"type":"pulse"}'))
        elif sent := _SENT.search(payload):
            self._waits.append(now - float(sent[1]))


async def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asked = json.loads(sys.stdin.readline())
    waits: list[float] = []
    loop = asyncio.get_running_loop()
    for start in range(0, len(asked["doors"]), 50):
        some = asked["doors"][start : start + 50]
        clients = [Client(asked["port"], cookie, protocols, waits) for cookie, protocols in some]
        for client in clients:
            await loop.create_connection(lambda client=client: client, "127.0.0.1", asked["port"])  # type: ignore[misc]
        await asyncio.gather(*(client.ready for client in clients))
    print("in", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(waits), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

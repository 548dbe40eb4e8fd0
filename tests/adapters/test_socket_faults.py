"""Faults of many sockets at once, on real ones: a browser that stops reading, a restart under 2,000, frames meant to hurt."""

import asyncio
import resource
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.events import CallAnswered
from screenpop.ws import HubSettings
from tests.patience import PATIENT_S
from tests.servers.crowd import TEXT, LightPage, crowd, masked, read_frame
from tests.servers.desk import Desk, now, running_desk
from web.settings import WebSettings


@asynccontextmanager
async def living(pages: Sequence[LightPage]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(page.live()) for page in pages]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Any, *, within_s: float = PATIENT_S) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def ring(desk: Desk, call_id: str, agent: str, *, padding: int = 0) -> None:
    desk.arrive(call_id, number="", name=f"@{time.perf_counter()}@" + "x" * padding)
    desk.ring(call_id, agent)


def rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


async def test_one_of_two_hundred_stops_reading() -> None:
    """G1: cut within ten seconds, its outbox bounded, memory flat; the others get every pop, as fast as before."""
    async with running_desk(hub_settings=HubSettings(tick_s=1)) as desk:
        pages = await crowd(desk, 200)
        stalled, others = pages[0], pages[1:]
        stalled.reads = False
        async with living(pages):
            await until(lambda: all(page.came_at for page in pages))
            await until(lambda: desk.hub.open_screens == 200)
            before_mb, began = rss_mb(), time.monotonic()
            calls = 0
            while desk.hub.open_screens == 200 and time.monotonic() - began < 15:
                for _ in range(4):
                    ring(desk, f"s-{calls}", "2000", padding=20_000)  # what nobody reads: up to 8 MB/s
                    ring(desk, f"o-{calls}", str(2001 + calls % 199))
                    calls += 1
                await asyncio.sleep(0.01)
            cut_s = time.monotonic() - began
            assert cut_s < 10 and desk.hub.open_screens == 199
            await until(lambda: sum(page.pops for page in others) == calls)
            assert rss_mb() - before_mb < 60
            waits = sorted(wait for page in others for wait in page.waits_s)
            assert waits[int(len(waits) * 0.99)] < 0.5
            assert all(not page.closes for page in others)


@pytest.mark.timeout(240)  # 2,000 browsers and the server share a process
async def test_two_thousand_sockets_come_back_after_a_restart() -> None:
    """G5: everybody is back within a minute, each with one sign of life and no second sign-in."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    many = 2000
    patient = HubSettings(resume_within_s=30)  # both ends of all sockets share this process
    async with running_desk(hub_settings=patient) as desk:
        pages = await crowd(desk, many)
        port, store = desk.port, desk.account_store
        life = living(pages)
        await life.__aenter__()
        try:
            await until(lambda: all(page.came_at for page in pages), within_s=PATIENT_S)
            signed_in = len(desk.audit.lines)
            desk.hub.close()
            await until(lambda: desk.hub.open_screens == 0)
            for page in pages:
                page.came_at.clear()
                page.attempts = 0
        except BaseException:
            await life.__aexit__(None, None, None)
            raise
    try:
        began = time.monotonic()
        async with running_desk(port=port, account_store=store, hub_settings=patient) as again:
            await until(lambda: all(page.came_at for page in pages), within_s=PATIENT_S)
            back_s = sorted(page.came_at[0] - began for page in pages)
            assert {code for page in pages for code in page.closes} == {1012}
            assert signed_in == many and again.audit.lines == []  # nobody had to sign in
            assert sum(page.attempts for page in pages) < 6 * many  # while it was away they didn't hammer
            ring(again, "call-1", "2042")
            await until(lambda: pages[42].pops == 1)
            print(f"G5: half back after {back_s[many // 2]:.1f} s, all after {back_s[-1]:.1f} s")
            await life.__aexit__(None, None, None)
    finally:
        await life.__aexit__(None, None, None)


# --- frames meant to hurt ---------------------------------------------------------------------------------------------

BOMB = b"\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a" * 50  # what deflate makes of zeros, claimed by RSV1
HURTING = {
    "more than 64 KB": (masked(TEXT, b" " * 65_537), {1009}),
    "more than 64 KB in pieces": (masked(TEXT, b"x" * 40_000, first=0) + masked(0, b"x" * 40_000), {1009}),
    "compressed without having agreed to": (masked(TEXT, BOMB, first=0xC0), {1002}),
    "deep": (masked(TEXT, b"[" * 4_000), {4400}),
    "deep and whole": (masked(TEXT, b'{"type":' * 500 + b"1" + b"}" * 500), {4400}),
    "no UTF-8": (masked(TEXT, b"\xff\xfe\xfd"), {1007}),
    "a number without end": (masked(TEXT, b'{"type":"ack","version":' + b"9" * 4_000 + b"}"), {4400}),
    "said twice": (masked(TEXT, b'{"type":"ack","version":1,"type":"open_sesame"}'), {4400}),
    "ten thousand at once": (masked(TEXT, b'{"type":"pulse"}') * 10_000, {4429}),
    "ten thousand resumes": (masked(TEXT, b'{"type":"resume","epoch":null,"version":null}') * 10_000, {4429}),
    "without a mask": (b"\x81\x02{}", {1002}),
    "an opcode that isn't one": (masked(0x3, b"x"), {1002}),
}


@pytest.mark.parametrize("what", HURTING)
async def test_frames_meant_to_hurt_close_with_a_code_and_harm_nobody(what: str) -> None:
    """G6."""
    bytes_, codes = HURTING[what]
    async with running_desk() as desk:
        bad, good = await crowd(desk, 2)
        async with living([good]):
            await until(lambda: good.came_at)
            reader, writer = await connected(bad)
            writer.write(bytes_)
            assert await closed_with(reader) in codes
            writer.close()
            ring(desk, "call-1", "2001")
            await until(lambda: good.pops == 1, within_s=2)
            await until(lambda: desk.hub.open_screens == 1)


async def connected(page: LightPage) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    key = f"Sec-WebSocket-Protocol: meridian.v1, ticket.{await page._ticket()}"
    writer.write(page._request("GET /api/socket", *upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", key))
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(masked(TEXT, b'{"type":"resume","epoch":null,"version":null}'))
    opcode, welcome = await read_frame(reader)
    assert (opcode, welcome[:17]) == (TEXT, b'{"type":"welcome"')
    return reader, writer


async def closed_with(reader: asyncio.StreamReader) -> int:
    async with asyncio.timeout(PATIENT_S):
        while True:
            opcode, payload = await read_frame(reader)
            if opcode == 8:
                return int(struct.unpack(">H", payload[:2])[0])


async def test_more_screens_than_a_session_may_have_end_the_oldest() -> None:
    async with running_desk() as desk:
        (page,) = await crowd(desk, 1)
        lines = [await connected(page) for _ in range(9)]
        assert await closed_with(lines[0][0]) == 4409
        await until(lambda: desk.hub.open_screens == 8)
        for _, writer in lines:
            writer.close()


async def test_the_call_goes_on_without_its_browser_and_is_there_when_it_is_back() -> None:
    """G8: rung and answered while no page was open; the pop of the talk is theirs when they come back."""
    async with running_desk(settings=WebSettings(port=0, shutdown_s=1)) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as page:
            await page.hear()
            desk.arrive("call-1", number="")
            desk.ring("call-1", "1001")
            await page.hear()
        await until(lambda: desk.hub.open_screens == 0)
        desk.engine.step(CallAnswered(at=now(), call_id="call-1", leg_id="1001-leg", party="1001", agent="1001"))
        async with desk.socket(anna) as page:
            await page.hear()
            shown: Any = await page.hear()
            assert (shown["pop"]["card_id"], shown["pop"]["state"], shown["unseen"]) == ("call-1", "talking", False)


async def test_who_doesnt_answer_heartbeats_is_told_to_the_supervisor_as_asleep() -> None:
    async with running_desk(hub_settings=HubSettings(tick_s=1, silent_s=60)) as desk:
        pages = await crowd(desk, 2)
        async with living(pages[1:]):
            await until(lambda: pages[1].came_at)
            reader, writer = await connected(pages[0])
            assert desk.hub.asleep() == {}
            await until(desk.hub.asleep, within_s=PATIENT_S)
            asleep = desk.hub.asleep()
            assert list(asleep) == ["2000"]
            assert 12 < (now() - asleep["2000"]).total_seconds() < 16
            writer.close()
            await until(lambda: desk.hub.open_screens == 1)
            assert list(desk.hub.asleep()) == ["2000"]  # a closed browser hears nothing either
            del reader

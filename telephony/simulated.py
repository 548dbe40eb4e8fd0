"""The simulated PBX: a small company's Asterisk that speaks AMI on a TCP socket; what `meridian demo` attaches to, and a peer that
tests can script. What its people do is simulated_traffic's; here are the server, the clock and the mishaps of a PBX."""

import asyncio
import logging
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from telephony.simulated_calls import Call, Calls
from telephony.simulated_cdr import CallRecord, CdrFile
from telephony.simulated_channels import Pairs
from telephony.simulated_exchange import Company, founded
from telephony.simulated_faults import Faults
from telephony.simulated_line import HungUp
from telephony.simulated_messages import MessageFolder
from telephony.simulated_plan import Truth
from telephony.simulated_request import Account, written
from telephony.simulated_session import Session
from telephony.simulated_stage import Story
from telephony.simulated_traffic import Traffic, TrafficPlan

log = logging.getLogger(__name__)

_IDLE_S = 1.0


class SimulatedPbx:
    """`await start()`, then calls come by themselves (with `traffic`) or by `pbx.calls`; `truth` is what was really played.

    `speed` 10 makes rings and talks ten times shorter; clocks stay true. `cdr` gets a csv line per call, as cdr_custom writes it;
    `messages` is the folder for what callers say to the answering machine.
    """

    def __init__(
        self,
        *,
        accounts: Mapping[str, Account],
        company: Company | None = None,
        seed: int = 1,
        speed: float = 1.0,
        traffic: TrafficPlan | None = None,
        cdr: Path | None = None,
        messages: Path | None = None,
        timestamps: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._accounts = dict(accounts)
        self._seed, self._timestamps, self._tls = seed, timestamps, tls
        self._clock_base = time.time() - time.monotonic()
        self._cdr = CdrFile(cdr) if cdr else None
        self.records: list[CallRecord] = []
        self.faults = Faults()
        self._calls = founded(company or Company(), now=self._now(), seed=seed, speed=speed, record=self._record)
        self._switch, self._stage = self._calls.exchange.switch, self._calls.exchange.stage
        self._switch.tell = self._tell
        if messages is not None:
            self._calls.exchange.keeps_message = MessageFolder(messages).put
        self.traffic = Traffic(self._calls, traffic or TrafficPlan(calls_per_hour=0.0), seed=seed)
        self._sessions: dict[Session, asyncio.Task[None]] = {}
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._news = asyncio.Event()
        self._stage.on_news = self._news.set
        self._held: list[tuple[str, str, Pairs]] | None = None
        self._server: asyncio.Server | None = None
        self._driver: asyncio.Task[None] | None = None
        self._host, self._port = "127.0.0.1", 0

    @property
    def calls(self) -> Calls:
        """To begin calls by hand."""
        self._catch_up()
        return self._calls

    @property
    def port(self) -> int:
        """Where it listens; the same after a restart."""
        return self._port

    @property
    def truth(self) -> list[Truth]:
        """What was really played, oldest first (the last 5000 calls)."""
        return self._calls.exchange.truth

    @property
    def sessions(self) -> list[str]:
        """The users logged in at the moment."""
        return [session.user for session in self._sessions if session.hearing]

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; the port, which the system chooses when it is 0."""
        self._host, self._port = host, port
        await self._listen()
        self._driver = asyncio.create_task(self._drive())
        self.traffic.begin()
        return self._port

    async def stop(self) -> None:
        """End everything at once."""
        if self._driver:
            self._driver.cancel()
            await asyncio.gather(self._driver, return_exceptions=True)
        await self._hush()
        self._stage.clear()

    async def over(self, call: Call, *, within_s: float = 10.0) -> Truth:
        """Wait until this call has ended."""
        ended = asyncio.Event()
        call.performance.at_end.append(ended.set)
        if not call.over:
            async with asyncio.timeout(within_s):
                await ended.wait()
        return call.truth

    def hang_up_caller(self, call: Call) -> None:
        """The person who called puts the phone down now."""
        channel = self._switch.find(call.truth.channel)
        if channel is not None:
            self._stage.interrupt(call.performance, HungUp(channel, by_phone=True))

    # -- mishaps

    def drop(self) -> None:
        """Cut all connections; calls go on."""
        for session in list(self._sessions):
            session.drop()

    def freeze(self) -> None:
        """Neither read nor write any more, with the sockets open; calls go on."""
        self._thawed.clear()

    def thaw(self) -> None:
        self._thawed.set()

    def inject(self, data: bytes) -> None:
        """Say any bytes to all who are logged in."""
        for session in self._sessions:
            if session.hearing:
                session.inject(data)

    def set_clock_back(self, seconds: float) -> None:
        """The PBX's own clock jumps; with a restart its ids repeat."""
        self._switch.clock_offset_s -= seconds

    def flood(self, *, per_s: int, seconds: float) -> None:
        """So many events a second that nobody asked for."""
        self._stage.play(self._flooding(per_s, seconds))

    async def crash(self, *, down_s: float = 0.3, booting_s: float = 0.0) -> None:
        """kill -9: connections close, all calls are lost without a word; it comes back after `down_s`."""
        self._switch.tell = None
        await self._reboot(down_s, booting_s)

    async def restart(self, *, down_s: float = 0.3, booting_s: float = 0.0) -> None:
        """An orderly stop (Hangup of all, Shutdown) and a start."""
        self._say_goodbye()
        await asyncio.sleep(0.05)
        await self._reboot(down_s, booting_s)

    async def boot_completes(self) -> None:
        """All modules are loaded: FullyBooted to everybody."""
        self.faults.not_booted = False
        for session in self._sessions:
            session.fully_booted()

    # -- inside

    def _say_goodbye(self) -> None:
        queues = self._calls.exchange.queues
        for queue in queues.by_name.values():
            for entry in list(queue.entries):
                queues.abandon(queue, entry)
                queues.leave(queue, entry)
        for channel in list(self._switch.channels.values()):
            self._switch.leave(channel)
            self._switch.hang_up(channel, 0)
        self._switch.event("system", "Shutdown", [("Shutdown", "Cleanly"), ("Restart", "True")])

    async def _reboot(self, down_s: float, booting_s: float) -> None:
        self._stage.clear()
        await self._hush()
        await asyncio.sleep(down_s)
        self._catch_up()
        self._switch.tell = self._tell
        self._switch.boot()
        self._calls.exchange.boot()
        self.faults.not_booted = booting_s > 0
        await self._listen()
        self.traffic.begin()
        if booting_s:
            await asyncio.sleep(booting_s)
            await self.boot_completes()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _hush(self) -> None:
        """Close the door and everybody's connection."""
        server, self._server = self._server, None
        if server:
            server.close()
        self.drop()
        tasks = list(self._sessions.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if server:
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(
            reader,
            writer,
            calls=self._calls,
            accounts=self._accounts,
            faults=self.faults,
            thawed=self._thawed,
            seed=self._seed + len(self._sessions),
            answering=self._answering,
        )
        task = asyncio.current_task()
        if task is None or self._server is None:
            return session.drop()
        self._sessions[session] = task
        try:
            await session.run()
        except asyncio.CancelledError:
            log.debug("session ended by the simulated PBX")
        finally:
            del self._sessions[session]

    def _now(self) -> float:
        """Unix time that never jumps."""
        return self._clock_base + time.monotonic()

    def _catch_up(self) -> None:
        self._stage.advance(self._now())

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """While an action is answered its events wait: Asterisk says the Response first."""
        self._catch_up()
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for klass, name, headers in held:
                self._tell(klass, name, headers)

    async def _drive(self) -> None:
        while True:
            self._catch_up()
            due = self._stage.due()
            wait_s = _IDLE_S if due is None else min(_IDLE_S, due - self._now())
            self._news.clear()
            if wait_s <= 0:
                await asyncio.sleep(0)
                continue
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _tell(self, klass: str, name: str, headers: Pairs) -> None:
        if self._held is not None:
            self._held.append((klass, name, headers))
            return
        if not self._sessions:
            return
        told = [("Event", name), ("Privilege", f"{klass},all")]
        if self._timestamps:
            told.append(("Timestamp", f"{self._switch.now() + self._switch.clock_offset_s:.6f}"))
        message = written(told + headers)
        for session in self._sessions:
            session.tell(klass, name, headers, message)

    def _record(self, record: CallRecord) -> None:
        self.records.append(record)
        del self.records[:-5000]
        if self._cdr:
            self._cdr.append(record)

    def _flooding(self, per_s: int, seconds: float) -> Story:
        tick = 0.02
        for _ in range(int(seconds / tick)):
            for _ in range(max(1, int(per_s * tick))):
                self._switch.event("user", "UserEvent", [("UserEvent", "Flood"), ("Text", "x" * 80)])
            yield tick * self._stage.speed

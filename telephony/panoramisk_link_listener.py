"""The hearing half of a link: boots with the PBX, takes snapshots, believes events only while they are in step.

Owns one rule: nothing reaches `deliver` that isn't newer than a snapshot delivered before it, in a stream not known to be
forged or late. Makes no connection itself and decides nothing about calls.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from datetime import datetime

from core.errors import Unavailable
from telephony.facts import Fact, FromPbx, InStep, LinkLost, StreamTainted
from telephony.gate import Gate, GateState
from telephony.lag import Lag
from telephony.link_state import LinkFigures, LinkState
from telephony.making import fact_of
from telephony.panoramisk_link_login import LIFE_EVENTS, allowed_actions, hear_only_what_is_used, wait_for
from telephony.panoramisk_link_messages import kept_messages
from telephony.panoramisk_link_session import AmiSession, Hears
from telephony.panoramisk_link_waits import waiting_since
from telephony.pbx_settings import PbxSettings
from telephony.rights import LISTENING, Hearing, check_rights, deaf_text, no_system_events
from telephony.snapshot import LISTS, Listed, snapshot_of
from telephony.wire import Headers, Odd

Delivered = FromPbx | InStep | LinkLost | StreamTainted
PROBE = "MeridianProbe"
_MISSING_TRIES = 5


class Listener:
    """Lives as long as the link; `attend` is called anew with each session."""

    def __init__(
        self,
        settings: PbxSettings,
        deliver: Callable[[Delivered], None],
        say: Callable[[LinkState, str], None],
        figures: LinkFigures,
        *,
        now: Callable[[], datetime],
        keep: Callable[[bytes], None],
    ) -> None:
        self._settings = settings
        self._deliver = deliver
        self._say = say
        self._figures = figures
        self._now = now
        self._gate = Gate(self._pass_on)
        self._lag = Lag(late_after_s=settings.late_after_s)
        self._hearing = Hearing()
        self._wanted = asyncio.Event()
        self._booted = asyncio.Event()
        self._tainted = False
        self._late = False
        self._in_step = False
        self._probing = False
        self._ticker: asyncio.TimerHandle | None = None
        self._missing_tries = 0
        self._messages_asked = False
        self.hears = Hears(event=self._on_event, odd=self._on_odd, lost=self._on_lost, read=keep)

    def begin(self) -> None:
        """A new connection is about to be made: nothing of the old one counts."""
        self._booted.clear()
        self._lag = Lag(late_after_s=self._settings.late_after_s)
        self._tainted = self._late = False
        self._messages_asked = False

    def end(self) -> None:
        """Deliver nothing any more."""
        self._in_step = False
        self._gate.shut()

    async def attend(self, session: AmiSession) -> None:
        """Stay in step with this logged-in session; raises Unavailable when it is over."""
        await self._wait_until_booted(session)
        allowed = await allowed_actions(session)
        check_rights(self._settings.listener.user, allowed, LISTENING, allow_command=self._settings.allow_command)
        await hear_only_what_is_used(session)
        self._probing = "UserEvent" in allowed
        self._tick(session)
        try:
            await self._stay_in_step(session, allowed)
        finally:
            if self._ticker is not None:
                self._ticker.cancel()

    async def _wait_until_booted(self, session: AmiSession) -> None:
        """A login during the start of the PBX succeeds before its modules are there; FullyBooted says when they are."""
        await wait_for(self._booted, session.lost, at_most_s=self._settings.booted_deadline_s)
        if not self._booted.is_set():
            self._check(session)
            self._say(LinkState.BOOTING, f"{self._settings.name} is starting; waiting until it is fully booted.")
            await wait_for(self._booted, session.lost, at_most_s=self._settings.boot_patience_s)
        self._check(session)
        if not self._booted.is_set():
            raise no_system_events(self._settings.listener.user)

    def _check(self, session: AmiSession) -> None:
        if session.lost.is_set():
            raise Unavailable(f"The line to {self._settings.name} is lost: {session.why_lost}. Trying again.")

    async def _stay_in_step(self, session: AmiSession, allowed: Headers) -> None:
        """Snapshots: at once, then whenever one is wanted or it is time, until the session is lost."""
        while True:
            self._wanted.clear()
            try:
                await self._resync(session, allowed)
            except Unavailable as away:
                if session.lost.is_set():
                    raise
                self._on_lost(str(away))
                raise
            pause_s = self._settings.late_poll_s if self._late else self._settings.reconcile_s
            # Never more than one snapshot in this time, whatever a caller sends.
            await wait_for(session.lost, at_most_s=self._settings.resync_pause_s)
            await wait_for(self._wanted, session.lost, at_most_s=pause_s)
            self._check(session)

    async def _resync(self, session: AmiSession, allowed: Headers) -> None:
        if self._gate.state is not GateState.OPEN and not self._late:
            self._say(LinkState.RESYNCING, f"Reading what is live on {self._settings.name}.")
        self._figures.resyncs += 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        core_status = await session.ask([("Action", "CoreStatus")], on_answer=self._on_back_in_step)
        at = self._now()
        lists: dict[str, Listed] = {name: await session.ask_list([("Action", name)]) for name in LISTS}
        entered = await waiting_since(session, lists["QueueStatus"].items, at)
        kept = () if self._messages_asked else await kept_messages(session, allowed)
        snapshot = snapshot_of(at=at, core_status=core_status, lists=lists, entered=entered, kept=kept)
        self._figures.snapshot_s = loop.time() - began
        if self._gate.state is not GateState.HOLDING:
            self._wanted.set()  # something odd came meanwhile: once more
            return
        if snapshot.missing and self._missing_tries < _MISSING_TRIES:
            self._missing_tries += 1
            self._say(
                LinkState.BOOTING,
                f"{self._settings.name} doesn't know {', '.join(snapshot.missing)} yet; asking again.",
            )
            self._wanted.set()
            return
        self._missing_tries = 0
        self._in_step = self._messages_asked = True
        self._deliver(InStep(self._settings.name, snapshot))
        self._go_live(snapshot.missing, () if self._late else self._hearing.lacking(snapshot))

    def _go_live(self, missing: tuple[str, ...], lacking: tuple[str, ...]) -> None:
        """Believe events again, unless they are old: then snapshots must do until the PBX has caught up."""
        behind_s = self._behind_s()
        self._late = behind_s > self._settings.late_after_s * (0.5 if self._late else 1.0)
        if self._late:
            self._gate.shut()
            self._say(LinkState.LATE, _late_text(self._settings.name, behind_s))
            return
        self._gate.open()
        if lacking:
            # Snapshots go on, and what does come is passed on: half an ear is better than none.
            self._say(LinkState.MISSING_RIGHTS, deaf_text(self._settings.listener.user, lacking))
            return
        text = f"{self._settings.name} is live."
        if missing:
            text += f" It refuses {', '.join(missing)}: load the module, or give the account the right."
        self._say(LinkState.LIVE, text)

    def _on_back_in_step(self) -> None:
        """The answer to a fresh CoreStatus with an ActionID that nobody can guess: the stream is to be trusted again."""
        self._tainted = False
        self._gate.hold()

    # -- called from the read loop

    def _on_event(self, headers: Headers) -> None:
        name = headers["Event"]
        if name in LIFE_EVENTS:
            # Either may be a caller's forgery: a snapshot tells, and a real stop closes the connection.
            if name == "FullyBooted":
                self._booted.set()
            self._wanted.set()
        elif name == "UserEvent" and headers.get("UserEvent") == PROBE:
            self._lag.returned(headers.get("Token", ""), self._loop_time())
        else:
            self._on_news(headers)

    def _on_news(self, headers: Headers) -> None:
        at = self._now()
        fact = fact_of(headers, at)
        if fact is None:
            return
        if isinstance(fact, Odd):
            self._figures.odd += 1
            self._on_odd(fact)
            return
        self._figures.facts += 1
        self._hearing.take(fact)
        if not self._probing and "Timestamp" in headers:
            self._lag.stamped(fact.at.timestamp(), at.timestamp())
        if not self._gate.take(fact):
            self._figures.dropped += 1
            self._wanted.set()

    def _pass_on(self, fact: Fact) -> None:
        self._deliver(FromPbx(self._settings.name, fact))

    def _on_odd(self, odd: Odd) -> None:
        self._gate.shut()
        self._hearing.forget()
        self._wanted.set()
        if self._tainted:
            return
        self._tainted = True
        self._figures.taints += 1
        if self._in_step:
            self._say(LinkState.RESYNCING, f"{self._settings.name} sent what Asterisk would not write; reading anew.")
        self._deliver(StreamTainted(self._settings.name, self._now(), odd))

    def _on_lost(self, why: str) -> None:
        self._gate.shut()
        self._hearing.forget()
        self._wanted.set()
        if not self._in_step:
            return
        self._in_step = False
        self._figures.losses += 1
        self._say(LinkState.LOST, f"The line to {self._settings.name} is lost: {why}. Trying again.")
        self._deliver(LinkLost(self._settings.name, self._now(), why))

    # -- lag

    def _tick(self, session: AmiSession) -> None:
        """Send an event of our own through Asterisk, to see how late events come."""
        if session.lost.is_set():
            return
        self._ticker = asyncio.get_running_loop().call_later(self._settings.probe_s, self._tick, session)
        if self._probing:
            token = secrets.token_hex(12)
            with contextlib.suppress(Unavailable):
                session.tell([("Action", "UserEvent"), ("UserEvent", PROBE), ("Token", token)])
                self._lag.sent(token, self._loop_time())
        behind_s = self._figures.lag_s = self._behind_s()
        if not self._late and behind_s > self._settings.late_after_s:
            self._late = True
            self._gate.shut()
            self._say(LinkState.LATE, _late_text(self._settings.name, behind_s))
            self._wanted.set()

    def _behind_s(self) -> float:
        return self._lag.behind_s(self._loop_time())

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()


def _late_text(name: str, behind_s: float) -> str:
    return (
        f"Events of {name} come {behind_s:.0f} s late; showing snapshots instead. "
        f"Look at the load of the PBX and its other AMI clients, and whether the account may read call, agent and user."
    )

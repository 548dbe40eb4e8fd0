"""The line to one Asterisk: two sessions kept alive, one that hears and one that acts. Owns connecting, pausing, stopping.

What it delivers, from the loop only: InStep (a snapshot), then FromPbx for each fact, another InStep at each reconcile;
StreamTainted when a message came that Asterisk would not have written; LinkLost as soon as the loss is known. It decides
nothing about calls and repeats no command.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from core.errors import Conflict, ContactCentreError, NotFound, Rejected, Unavailable
from telephony.backoff import Backoff
from telephony.commands import Command
from telephony.link_state import LinkFigures, LinkRefused, LinkState
from telephony.panoramisk_link_connection import connect
from telephony.panoramisk_link_listener import Delivered, Listener
from telephony.panoramisk_link_login import READ_EVENTS, allowed_actions, log_in
from telephony.panoramisk_link_recorder import Recorder
from telephony.panoramisk_link_session import AmiSession, Hears
from telephony.pbx_settings import AmiAccount, PbxSettings
from telephony.rights import ACTING, check_rights
from telephony.wire import Headers

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class PbxLink:
    """`deliver` is the engine's step. `state` and `state_text` say at any time how the line is and what to do about it."""

    def __init__(
        self,
        settings: PbxSettings,
        deliver: Callable[[Delivered], None],
        *,
        now: Callable[[], datetime] = utc_now,
        spread: Callable[[], float] = random.random,
        recorder: Recorder | None = None,
    ) -> None:
        self.settings = settings
        self.figures = LinkFigures()
        self.state = LinkState.STOPPED
        self.state_text = "The line is not started."
        self.commands_text = "The line is not started."
        self._spread = spread
        keep = recorder.keep if recorder else lambda data: None
        self._listener = Listener(settings, deliver, self._set, self.figures, now=now, keep=keep)
        self._controller: AmiSession | None = None
        self._listener_is_in = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # -- life

    async def start(self) -> None:
        """Begin to connect; returns at once. `settled` waits for how it goes."""
        self._set(LinkState.CONNECTING, f"Connecting to {self.settings.name}.")
        name = self.settings.name
        self._tasks = [
            asyncio.create_task(self._keep(self._listen, self._set), name=f"listen {name}"),
            asyncio.create_task(self._keep(self._control, self._set_commands), name=f"control {name}"),
        ]

    async def stop(self) -> None:
        """End it for good, wherever it is (connected, connecting, waiting to try again). Delivers nothing any more."""
        self._listener.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._set(LinkState.STOPPED, "The line is stopped.")

    async def settled(self) -> LinkState:
        """Wait until the line is live or the PBX has refused us."""
        while self.state is not LinkState.LIVE and not self.state.refused:
            self._changed.clear()
            await self._changed.wait()
        return self.state

    async def _keep(self, attend: Callable[[], Awaitable[None]], say: Callable[[LinkState, str], None]) -> None:
        """One connection after the other, with pauses that grow: quickly back from a loss, slowly after a refusal."""
        limits = self.settings
        lost = Backoff(first_s=limits.retry_first_s, most_s=limits.retry_most_s, spread=self._spread)
        refused = Backoff(first_s=limits.refused_first_s, most_s=limits.refused_most_s, spread=self._spread)
        while True:
            waits = lost
            began = asyncio.get_running_loop().time()
            try:
                await attend()
            except LinkRefused as refusal:
                waits = refused
                self.figures.refusals += 1
                say(refusal.state, str(refusal))
            except ContactCentreError as away:
                say(LinkState.LOST, str(away))
            except Exception:
                log.exception("link failed", extra={"action": "pbx_link_failed"})
                say(LinkState.LOST, f"A mistake of ours ended the line to {limits.name}; the log has it. Trying again.")
            if asyncio.get_running_loop().time() - began > limits.retry_most_s:
                lost.reset()
            if waits is lost:
                refused.reset()
            await asyncio.sleep(waits.next_s())

    def _set(self, state: LinkState, text: str) -> None:
        if (state, text) != (self.state, self.state_text):
            level = logging.WARNING if state.wants_attention else logging.INFO
            log.log(level, "%s: %s", self.settings.name, text, extra={"action": f"pbx_{state}"})
        self.state, self.state_text = state, text
        self._changed.set()

    def _set_commands(self, state: LinkState, text: str) -> None:
        if text != self.commands_text:
            log.warning("%s: no commands: %s", self.settings.name, text, extra={"action": f"pbx_commands_{state}"})
        self.commands_text = text

    # -- the two sessions

    async def _open(self, account: AmiAccount, hears: Hears, *, events: str) -> AmiSession:
        def new_session() -> AmiSession:
            return AmiSession(
                hears,
                self.figures,
                ping_s=self.settings.ping_s,
                action_deadline_s=self.settings.action_deadline_s,
                parsed=READ_EVENTS,
            )

        session = await connect(self.settings, new_session)
        self.figures.connects += 1
        try:
            await log_in(session, account, self.settings, events=events)
        except BaseException:
            await session.close()
            raise
        return session

    async def _listen(self) -> None:
        self._listener.begin()
        session = await self._open(self.settings.listener, self._listener.hears, events="system")
        self._listener_is_in.set()
        try:
            await self._listener.attend(session)
        finally:
            self._listener_is_in.clear()
            await session.close()

    async def _control(self) -> None:
        account = self.settings.acting
        if account == self.settings.listener:
            await self._listener_is_in.wait()  # one knock with a wrong password is enough
        hears = Hears(event=lambda headers: None, odd=lambda odd: None, lost=self._on_controller_lost)
        session = await self._open(account, hears, events="off")
        try:
            allowed = await allowed_actions(session)
            check_rights(account.user, allowed, ACTING, allow_command=self.settings.allow_command)
            self._controller, self.commands_text = session, ""
            await session.lost.wait()
            raise Unavailable(f"The connection for commands is lost: {session.why_lost}. Trying again.")
        finally:
            self._controller = None
            await session.close()

    def _on_controller_lost(self, why: str) -> None:
        self._controller = None
        self.commands_text = f"The connection for commands is lost: {why}. Trying again."

    async def send(self, command: Command) -> Headers:
        """Have the PBX carry out a command, once. The answer says that Asterisk took it, not that people talk.

        Unavailable: not sent. ResultUnknown: sent, no answer. NotFound / Rejected: the PBX says no.
        """
        if self._controller is None:
            raise Unavailable(f"{self.settings.name} takes no commands now. {self.commands_text}")
        answer = await self._controller.ask(command.headers(), acting=command.acting)
        if answer.get("Response") != "Success":
            raise refusal_of(answer)
        return answer


_GONE = ("no such channel", "not exist", "not found", "not existent", "no such queue", "not there")


def refusal_of(answer: Headers) -> ContactCentreError:
    """What an answer other than Success means to the asker."""
    said = answer.get("Message", "no reason given")
    if any(words in said.lower() for words in _GONE):
        return NotFound(f"The PBX says: {said}.")
    if "already there" in said.lower():
        return Conflict(f"The PBX says: {said}.")
    if said == "Permission denied":
        return Rejected(
            "The AMI account for commands lacks the right for this: see the accounts in docs/administrator.md."
        )
    return Rejected(f"The PBX refuses: {said}.")

"""The Hub: carries pops to the sockets of the one operator they are for, and the state of the lines to everybody.

Owns which screens are open and the channel of each operator. Never waits for a browser: frames go into bounded outboxes.
`show`, `update`, `announce_*` are called from within a step and only queue.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle

from fastapi import APIRouter
from starlette.websockets import WebSocket

from core.effects import AnnounceItems, AnnouncePbx
from core.errors import ContactCentreError, Unavailable
from core.model import AgentStatus, Pop
from runtime.metrics import Registry
from runtime.wire import encode
from screenpop.channels import Channels
from screenpop.delivery import Delivery
from screenpop.pops import OVER
from screenpop.protocol import (
    SUBPROTOCOL,
    TICKET_PREFIX,
    Ack,
    Agent,
    CloseCode,
    Dismiss,
    Items,
    LinkState,
    Mode,
    PageMessage,
    Pulse,
    Resume,
    ServerMessage,
    Tick,
    Welcome,
    plain,
)
from screenpop.roster import Roster
from screenpop.sleepers import Sleepers
from screenpop.ws_everybody import Everybody
from screenpop.ws_screen import GONE, MOST_BEHIND_S, MOST_WAITING_BYTES, Screen
from web.access import COOKIE
from web.accounts import Accounts
from web.people import SignedIn

log = logging.getLogger(__name__)
_MOST_SCREENS_PER_SESSION = 8
_MERGE_S_A_SCREEN = 0.0002
_BEATS = 20
_ITEMS_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    tick_s: float = 5.0
    silent_s: float = 25.0
    recheck_s: float = 4.0
    resume_within_s: float = 5.0
    merge_s: float = 0.2


class Hub:
    """All open screens of this process. `run` is a task of service.py; `router` goes to create_app.

    With `site`, pops are for that site's people only: an extension of the same name elsewhere is another phone.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        registry: Registry,
        site: str | None = None,
        settings: HubSettings | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._accounts = accounts
        self._site = site
        self._settings = settings or HubSettings()
        self._now = now
        self._epoch = secrets.token_hex(8)
        self._screens: set[Screen] = set()
        self._beats = cycle(range(_BEATS))
        self._by_agent: dict[str, list[Screen]] = {}
        self._channels = Channels(epoch=self._epoch, encode=_encoded)
        self._links: dict[tuple[str, str], LinkState] = {}
        self._everybody = Everybody(lambda: [s for there in self._by_agent.values() for s in there])
        self._roster = Roster(encode=_encoded)
        self._telling: asyncio.TimerHandle | None = None
        self._items: set[str] = set()
        self._telling_items: asyncio.TimerHandle | None = None
        self.delivery = Delivery(site=site, asleep=self.asleep)
        self._sleepers = Sleepers()
        self._frames = registry.counter("meridian_pop_frames_total", help="Pop frames put into outboxes.")
        self._cuts = registry.counter("meridian_sockets_cut_total", help="Sockets closed by us.", labels=["why"])
        self._acked = registry.histogram("meridian_pop_ack_seconds", help="From pop shown to acknowledged.")
        registry.gauge("meridian_sockets", help="Open sockets.", read=lambda: self.open_screens)
        accounts.on_ended(self._session_ended)
        accounts.held_by(lambda session_id: any(s.who.session_id == session_id for s in self._screens))

    @property
    def open_screens(self) -> int:
        return len(self._screens)

    # --- called within a step -----------------------------------------------------------------------------------

    def show(self, pop: Pop) -> None:
        """Put the pop on the screens of its operator."""
        self._put(pop, Screen.offer)

    def update(self, pop: Pop) -> None:
        """Its new state; a call that is over lets the pops pass that come at the same moment."""
        self._put(pop, Screen.offer_in_a_moment if pop.state in OVER else Screen.offer)

    def _put(self, pop: Pop, offer: Callable[[Screen, bytes], None]) -> None:
        channel = self._channels.of(pop.agent)
        screens = self._by_agent.get(pop.agent, ())
        frame = channel.put(pop, now_s=_clock_s(), watched=bool(screens))
        for screen in tuple(screens):
            offer(screen, frame)
            self._frames.add()
        channel.forget_oldest()  # when the new one is on its way: what is forgotten has a long history

    def announce_pbx(self, effect: AnnouncePbx) -> None:
        self._announce(LinkState(kind="pbx", name=effect.pbx, live=effect.live, since=effect.at, why=effect.why))

    def announce_database(self, *, live: bool, since: datetime, why: str = "") -> None:
        self._announce(LinkState(kind="database", name="database", live=live, since=since, why=why))

    def announce_agent(self, status: AgentStatus) -> None:
        """The operator's own screens know at once; the colleagues with the other changes of a moment."""
        if self._site is not None and status.site != self._site:
            return
        self._roster.put(status)
        own = _encoded(Agent(status=status))
        for screen in tuple(self._by_agent.get(status.agent, ())):
            screen.offer(own)
        if self._telling is None:  # the more screens, the more changes go together
            wait_s = max(self._settings.merge_s, len(self._screens) * _MERGE_S_A_SCREEN)
            self._telling = asyncio.get_running_loop().call_later(wait_s, self._tell_colleagues)

    def announce_items(self, effect: AnnounceItems) -> None:
        """Callbacks or messages of the site changed: pages that show them ask anew, once for many changes."""
        self._items.add(effect.channel)
        if self._telling_items is None:
            self._telling_items = asyncio.get_running_loop().call_later(_ITEMS_S, self._tell_of_items)

    def present(self) -> frozenset[str]:
        """The extensions whose operator has the page open."""
        return frozenset(self._by_agent)

    def asleep(self) -> dict[str, datetime]:
        """The signed-in operators whose browser hears nothing, and since when."""
        now_s, now = _clock_s(), self._now()
        heard_s = {agent: max(s.heard_s for s in there) for agent, there in self._by_agent.items() if agent}
        asleep = self._sleepers.asleep(heard_s, now_s=now_s)
        return {agent: now - timedelta(seconds=now_s - last_s) for agent, last_s in asleep.items()}

    def links(self) -> tuple[LinkState, ...]:
        return tuple(self._links.values())

    # --- the socket ---------------------------------------------------------------------------------------------

    def router(self) -> APIRouter:
        routes = APIRouter()
        routes.add_websocket_route("/api/socket", self.serve)
        return routes

    async def serve(self, websocket: WebSocket) -> None:
        """One socket from handshake to end. Refused before it is accepted, unless the ticket is good."""
        who = await self._admitted(websocket)
        try:
            if who is None:
                return await websocket.close(1008)
            await websocket.accept(subprotocol=SUBPROTOCOL)
        except GONE:
            return  # it left during the handshake
        screen = Screen(websocket, who, heard=self._heard, beat=next(self._beats))
        self._enter(screen)
        late = asyncio.get_running_loop().call_later(self._settings.resume_within_s, self._cut_unless_resumed, screen)
        try:
            await screen.run()
        finally:
            late.cancel()
            self._leave(screen)

    async def run(self) -> None:
        """Heartbeats, announcements and the check for ended sessions, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._beat(), name="hub-beat")
            loops.create_task(self._everybody.run(), name="hub-tell-all")
            loops.create_task(self._recheck(), name="hub-recheck")

    def close(self) -> None:
        """We are going away: every page knows, and comes back by itself."""
        for screen in tuple(self._screens):
            screen.cut(CloseCode.RESTARTING)

    async def _admitted(self, websocket: WebSocket) -> SignedIn | None:
        offered = websocket.scope.get("subprotocols", [])
        tickets = [p.removeprefix(TICKET_PREFIX) for p in offered if p.startswith(TICKET_PREFIX)]
        if SUBPROTOCOL not in offered or len(tickets) != 1:
            return None
        try:
            return await self._accounts.redeem(tickets[0], websocket.cookies.get(COOKIE))
        except ContactCentreError as error:
            log.info("socket refused: %s", error, extra={"action": "socket_refused"})
            return None

    def _enter(self, screen: Screen) -> None:
        same = [s for s in self._screens if s.who.session_id == screen.who.session_id]
        if len(same) >= _MOST_SCREENS_PER_SESSION:
            min(same, key=lambda s: s.heard_s).cut(CloseCode.REPLACED)
        self._screens.add(screen)

    def _leave(self, screen: Screen) -> None:
        self._screens.discard(screen)
        if screen.code is not None:
            self._cuts.add(screen.code.name.lower())
        agent = self._agent(screen)
        if agent and screen.code is not CloseCode.SIGNED_OUT:
            self._sleepers.left(agent, screen.who.session_id, heard_s=screen.heard_s)
        there = [s for s in self._by_agent.get(agent, ()) if s is not screen]
        if there:
            self._by_agent[agent] = there
        else:
            self._by_agent.pop(agent, None)

    def _cut_unless_resumed(self, screen: Screen) -> None:
        if screen not in self._by_agent.get(self._agent(screen), ()):
            screen.cut(CloseCode.SILENT)

    # --- what pages say -----------------------------------------------------------------------------------------

    def _heard(self, screen: Screen, message: PageMessage) -> None:
        match message:
            case Resume():
                self._resume(screen, message)
            case Ack():
                self._acknowledged(screen, message)
            case Dismiss():
                self._dismissed(screen, message.pop_id)
            case Pulse():
                pass

    def _resume(self, screen: Screen, asked: Resume) -> None:
        """Bring the screen in step. One synchronous piece: no pop can slip in between."""
        if screen.waiting_bytes > MOST_WAITING_BYTES:  # it asks again and again and reads nothing
            return screen.cut(CloseCode.BEHIND)
        agent = self._agent(screen)
        channel = self._channels.owned(agent, screen.who.user_id) if agent else None
        mode, frames = channel.since(asked.epoch, asked.version, now_s=_clock_s()) if channel else (Mode.RESYNC, [])
        welcome = Welcome(
            epoch=channel.epoch if channel else self._epoch,
            version=channel.version if channel else 0,
            following=len(frames),
            mode=mode,
            agent=agent,
            at=self._now(),
            links=self.links(),
        )
        status = self._roster.of(agent) if agent else None
        own = [_encoded(Agent(status=status))] if status else []
        for frame in (_encoded(welcome), *frames, *own, *(self._roster.frames() if self._here(screen) else ())):
            screen.offer(frame, catching_up=True)
        there = self._by_agent.setdefault(agent, [])
        if screen not in there:
            there.append(screen)

    def _acknowledged(self, screen: Screen, ack: Ack) -> None:
        agent = self._agent(screen)
        channel = self._channels.known(agent)
        if channel is None:
            return
        rendered_s = None if ack.rendered_ms is None else ack.rendered_ms / 1000
        for wait_s in channel.acknowledge(ack.version, now_s=_clock_s()):
            self.delivery.record(agent, wait_s, rendered_s=rendered_s)
            self._acked.observe(wait_s)

    def _dismissed(self, screen: Screen, pop_id: str) -> None:
        agent = self._agent(screen)
        channel = self._channels.known(agent)
        frame = channel.remove(pop_id) if channel else None
        if frame is not None:
            for other in tuple(self._by_agent.get(agent, ())):
                other.offer(frame)

    def _agent(self, screen: Screen) -> str:
        """The phone whose pops this screen shows; empty for none."""
        return (screen.who.extension or "") if self._here(screen) else ""

    def _here(self, screen: Screen) -> bool:
        return self._site is None or screen.who.site == self._site

    # --- inner ----------------------------------------------------------------------------------------------------

    def _announce(self, link: LinkState) -> None:
        known = self._links.get((link.kind, link.name))
        if known is not None and (known.live, known.why) == (link.live, link.why):
            return  # a snapshot now and then confirms what everybody knows, and since when
        self._links[link.kind, link.name] = link
        self._everybody.tell(_encoded(link))

    def _tell_colleagues(self) -> None:
        self._telling = None
        frame = self._roster.changes()
        if frame is not None:
            self._everybody.tell(frame, only=self._here)

    def _tell_of_items(self) -> None:
        self._telling_items = None
        channels = tuple(sorted(self._items))
        self._items.clear()
        self._everybody.tell(_encoded(Items(channels=channels)), only=self._here)

    def _session_ended(self, session_id: str) -> None:
        self._sleepers.signed_out(session_id)
        for screen in tuple(self._screens):
            if screen.who.session_id == session_id:
                screen.cut(CloseCode.SIGNED_OUT)

    async def _beat(self) -> None:
        """Each screen once in `tick_s`, a part of them at a time: thousands of answers at once would hold up a pop."""
        for beat in cycle(range(_BEATS)):
            await asyncio.sleep(self._settings.tick_s / _BEATS)
            now_s = asyncio.get_running_loop().time()
            for screen in tuple(self._screens) if beat == 0 else ():
                if now_s - screen.heard_s > self._settings.silent_s:
                    screen.cut(CloseCode.SILENT)
                elif screen.behind_s > MOST_BEHIND_S:
                    screen.cut(CloseCode.BEHIND)
            self._everybody.tell(_encoded(Tick(at=self._now())), only=partial(_beats_at, beat))

    async def _recheck(self) -> None:
        """Sessions may end in another process (`meridian user`, another node): look every few seconds."""
        while True:
            await asyncio.sleep(self._settings.recheck_s)
            open_ones = {screen.who.session_id for screen in self._screens}
            if not open_ones:
                continue
            try:
                for session_id in await self._accounts.recheck(open_ones):
                    self._session_ended(session_id)
            except Unavailable:
                continue  # pops go on while the database is away


def _beats_at(beat: int, screen: Screen) -> bool:
    return screen.beat == beat


def _encoded(message: ServerMessage) -> bytes:
    return encode(plain(message))


def _clock_s() -> float:
    return asyncio.get_running_loop().time()

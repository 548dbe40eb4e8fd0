"""A running Meridian desk for tests: the real ASGI port on a free one, real sockets, stores in memory, events fed by hand."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import APIRouter
from websockets.asyncio.client import ClientConnection, connect

from callcards import http as cards_http
from callcards import http_follow_ups, http_my_day, http_offers, http_search, http_typed, http_when
from callcards.follow_ups import AddFollowUp, ChangeFollowUp
from callcards.memory import MemoryCardStore
from callcards.memory_desk import MemoryMyDay, MemorySearch
from callcards.ports import Annotate
from clients import http as clients_http
from clients.memory import MemoryClientDirectory
from core.desk import Desk as DeclaredDesk
from core.destination import Destination, RecordingAct
from core.effects import (
    AnnounceAgent,
    AnnouncePbx,
    Audit,
    Effect,
    LookUpClient,
    RingAgent,
    SaveCard,
    SaveOffer,
    ShowPop,
    UpdatePop,
    WakeAt,
)
from core.engine import Engine, Rule
from core.events import (
    CallAnswered,
    CallArrived,
    CallDropped,
    CallEnded,
    CallHeld,
    CallMerged,
    CallOffered,
    CallOfferEnded,
    CallParked,
    CallQueued,
    CallResumed,
    CallTransferred,
    CallUnparked,
    CardTyped,
    ClientIdentified,
    LegEnded,
    LegMuted,
    PbxConnected,
    RecordingChanged,
)
from core.model import Card, Direction, PastInteraction, Role
from core.phone import readable
from queues import http as agents_http
from queues.agents import Agents
from routing import http_waiting
from routing.board import Board
from routing.dispatcher import Dispatcher
from routing.live_plan import PlanChanged
from runtime.metrics import Registry
from runtime.timers import Timers
from runtime.wire import decode, encode
from screenpop import http as screen_http
from screenpop import http_calls
from screenpop.pops import Pops
from screenpop.ports import Calls, LiveCalls
from screenpop.ws import Hub, HubSettings
from tests.centre import ScriptedPlan
from tests.patience import PATIENT_S
from web import desk_http
from web.accounts import Accounts
from web.app import create_app
from web.memory import MemoryAccounts, MemoryAuditTrail
from web.passwords import Passwords
from web.people import User
from web.presence import Presence
from web.server import WebServer, take_port
from web.settings import WebSettings
from wiring.rules import agent_rules, joined, routing_rules

PASSWORD = "correct horse"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
Message = dict[str, object]
SITE = desk_http.SiteLine(name="moscow", timezone="Europe/Moscow", region="RU")
EVERYTHING = desk_http.Can(dial=True, transfer=True, park=True, record=True, mute=True)


@dataclass
class Desk:
    """Everything behind the port, within reach of a test."""

    port: int
    accounts: Accounts
    account_store: MemoryAccounts
    audit: MemoryAuditTrail
    hub: Hub
    cards: MemoryCardStore
    directory: MemoryClientDirectory
    calls: "LedgerCalls"
    lookups: list[LookUpClient] = field(default_factory=list)
    history: dict[str, tuple[PastInteraction, ...]] = field(default_factory=dict)
    declared: DeclaredDesk = field(default_factory=DeclaredDesk)
    journal: list[Annotate | AddFollowUp | ChangeFollowUp] = field(default_factory=list)
    database_away: bool = False
    server: WebServer | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    clients: list[httpx.AsyncClient] = field(default_factory=list)
    agents: Agents | None = None
    dispatcher: Dispatcher | None = None
    rung: list[RingAgent] = field(default_factory=list)

    def __post_init__(self) -> None:
        rules = joined(table(Pops()), agent_rules(self.agents)) if self.agents else table(Pops())
        if self.dispatcher is not None:
            rules = joined(rules, routing_rules(self.dispatcher))  # type: ignore[arg-type]
        self.engine = Engine(rules, self.perform)
        self.timers = Timers(self.engine.step, now)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def user(self, login: str, extension: str | None, **fields: object) -> User:
        role = fields.pop("role", Role.OPERATOR)
        return await self.accounts.add_user(
            login=login,
            name=str(fields.pop("name", login.title())),
            password=PASSWORD,
            role=role if isinstance(role, Role) else Role.OPERATOR,
            site=str(fields.pop("site", "moscow")),
            extension=extension,
        )

    def client(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=self.origin, headers={"Origin": self.origin}, trust_env=False)
        self.clients.append(client)
        return client

    async def signed_in(self, login: str, extension: str | None = None) -> httpx.AsyncClient:
        client = self.client()
        answer = await client.post("/api/session", json={"login": login, "password": PASSWORD, "extension": extension})
        assert answer.status_code == 201, answer.text
        return client

    async def ticket(self, client: httpx.AsyncClient) -> str:
        answer = await client.post("/api/socket-ticket")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ticket"])

    @contextlib.asynccontextmanager
    async def socket(
        self,
        client: httpx.AsyncClient,
        *,
        epoch: object = None,
        version: object = None,
        resume: bool = True,
    ) -> AsyncIterator["Page"]:
        """A page's socket: ticket, handshake, resume."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/api/socket",
            origin=self.origin,  # type: ignore[arg-type]
            subprotocols=["meridian.v1", f"ticket.{await self.ticket(client)}"],  # type: ignore[list-item]
            additional_headers={"Cookie": f"meridian_session={client.cookies['meridian_session']}"},
            proxy=None,
            compression=None,
        ) as websocket:
            page = Page(websocket)
            if resume:
                await page.say(type="resume", epoch=epoch, version=version)
            yield page

    # --- what happens at the PBX --------------------------------------------------------------------------------

    def arrive(self, call_id: str, *, number: str = "+79161234567", name: str = "", **fields: object) -> None:
        direction = fields.pop("direction", Direction.INBOUND)
        at = now()
        agent = fields.pop("agent", None)
        self.engine.step(
            CallArrived(
                at=at,
                call_id=call_id,
                site="moscow",
                pbx="main",
                boot_id="b",
                uniqueid=f"u-{call_id}",
                linkedid=f"u-{call_id}",
                channel="voice",
                direction=direction if isinstance(direction, Direction) else Direction.INBOUND,
                caller_number=number,
                caller_name=name,
                client_number=number or None,
                dialled=str(fields.pop("dialled", "+74951234567")),
                agent=str(agent) if agent else None,
            )
        )

    def ring(self, call_id: str, agent: str, *, queue: str = "support") -> None:
        self.engine.step(CallQueued(at=now(), call_id=call_id, queue=queue))
        self.engine.step(CallOffered(at=now(), call_id=call_id, leg_id=f"{agent}-leg", agent=agent, queue=queue))

    def waits(self, call_id: str, queue: str, *, number: str = "+79161234567", **fields: object) -> None:
        """Somebody comes to wait in a queue in which Meridian chooses."""
        self.arrive(call_id, number=number, **fields)
        self.engine.step(CallQueued(at=now(), call_id=call_id, queue=queue))

    def take(self, call_id: str) -> None:
        """The operator whom Meridian chose picks up."""
        ring = next(ring for ring in reversed(self.rung) if ring.call_id == call_id)
        told = {"call_id": call_id, "leg_id": ring.offer_id, "agent": ring.agent}
        self.engine.step(CallOffered(at=now(), queue=ring.queue, **told))  # type: ignore[arg-type]
        self.engine.step(CallAnswered(at=now(), party=ring.agent, **told))  # type: ignore[arg-type]

    def is_ready(self, login: str) -> bool:
        """Whether something may be offered to them."""
        operator = self.dispatcher.duty.of(login) if self.dispatcher else None
        return operator is not None and operator.free_to_choose

    async def settled(self) -> None:
        """What was begun in the background is done."""
        while self.tasks:
            await asyncio.gather(*self.tasks)

    def answer(self, call_id: str, agent: str) -> None:
        self.engine.step(CallAnswered(at=now(), call_id=call_id, leg_id=f"{agent}-leg", party=agent, agent=agent))

    def end(self, call_id: str) -> None:
        self.engine.step(CallEnded(at=now(), call_id=call_id, ended_by=None, cause=16))

    async def card(self, call_id: str, *, site: str = "moscow", number: str = "+79161234567") -> None:
        at = now() - timedelta(minutes=1)
        card = Card(
            card_id=call_id,
            natural_key=f"{site}:{call_id}",
            site=site,
            pbx="main",
            boot_id="b",
            uniqueid=f"u-{call_id}",
            linkedids=(f"u-{call_id}",),
            channel="voice",
            direction=Direction.INBOUND,
            caller_number=number,
            caller_name="",
            client_number=number,
            dialled="+74951234567",
            started_at=at,
            timezone="Europe/Moscow",
            queues=("support",),
            queued_at=at,
        )
        await self.cards.apply([SaveCard(card=card)])

    def perform(self, effect: Effect) -> None:
        match effect:
            case ShowPop(pop=pop):
                self.hub.show(pop)
            case UpdatePop(pop=pop):
                self.hub.update(pop)
            case AnnouncePbx():
                self.hub.announce_pbx(effect)
            case AnnounceAgent(status=status):
                self.hub.announce_agent(status)
            case WakeAt():
                self.timers.set(effect)
            case RingAgent():
                self.rung.append(effect)
            case SaveOffer():
                self.soon(self.cards.apply([effect]))
            case Audit():
                self.soon(self.audit.write(effect.at, actor=effect.actor, action=effect.action, facts=effect.facts))
            case LookUpClient():
                self.lookups.append(effect)
                self.soon(self._look_up(effect))

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def keep(self, change: Annotate | AddFollowUp | ChangeFollowUp) -> bool:
        """As the card writer does: while the database is away, into a journal."""
        if self.database_away:
            self.journal.append(change)
            return False
        await self.cards.apply([change])
        return True

    async def works_at(self, site: str, login: str) -> bool:
        return any((user.site, user.login) == (site, login) for user in await self.account_store.users())

    def card_routers(self) -> tuple[APIRouter, ...]:
        def region_of(_site: str) -> str:
            return "RU"

        def timezone_of(_site: str) -> str:
            return "Europe/Moscow"

        promises = http_follow_ups.Promises(
            self.cards,
            self.cards.follow_ups,
            keep=self.keep,
            timezone_of=timezone_of,
            is_zone=http_when.is_zone,
            works_at=self.works_at,
            region_of=region_of,
        )
        return (
            cards_http.router(self.cards, region_of=region_of),
            http_typed.router(self.cards, annotate=self.keep, desk=self.declared, tell=self.engine.step),
            http_follow_ups.router(promises),
            http_my_day.router(
                MemoryMyDay(self.cards, client_key=self.directory.key),
                self.cards.follow_ups,
                timezone_of=timezone_of,
                region_of=region_of,
            ),
            http_search.router(
                MemorySearch(self.cards, client_key=self.directory.key),
                self.cards,
                self.cards.follow_ups,
                desk=self.declared,
                region_of=region_of,
            ),
            http_when.router(),
            http_offers.router(self.cards, names_of=self.names),
        )

    async def names(self, site: str) -> dict[str, str]:
        return {user.login: user.name for user in await self.account_store.users() if user.site == site}

    def waiting_router(self, dispatcher: Dispatcher) -> APIRouter:
        board = Board(dispatcher, title_of=lambda queue: self.declared.queue(queue).title or queue, readable=readable)
        return http_waiting.router(board, site="moscow", step=self.engine.step, now=now)

    async def _look_up(self, effect: LookUpClient) -> None:
        found = await self.directory.find_or_create(effect.site, effect.number, name=effect.name, at=now())
        self.engine.step(
            ClientIdentified(
                at=now(),
                call_id=effect.call_id,
                client=found.client,
                history=self.history.get(effect.number, ()),
                candidates=found.candidates,
                follow_ups=found.follow_ups,
            )
        )


class Page:
    """What a browser would do with its socket, by hand."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket

    async def say(self, **message: object) -> None:
        await self.websocket.send(encode(message).decode())

    async def hear(self, *, within_s: float = PATIENT_S) -> Message:
        """The next message but heartbeats."""
        async with asyncio.timeout(within_s):
            while True:
                message: Message = decode(str(await self.websocket.recv()), most_chars=1_000_000)
                if message["type"] != "tick":
                    return message

    async def hear_pops(self, count: int) -> list[Message]:
        return [await self.hear() for _ in range(count)]

    async def silence(self, *, for_s: float = 0.15) -> None:
        """Nothing but heartbeats comes."""
        with contextlib.suppress(TimeoutError):
            message = await self.hear(within_s=for_s)
            raise AssertionError(f"unexpected {message}")

    async def closed(self, *, within_s: float = PATIENT_S) -> int | None:
        async with asyncio.timeout(within_s):
            await self.websocket.wait_closed()
        return self.websocket.close_code


class LedgerCalls(Calls, LiveCalls):
    """Writes down what was asked for."""

    def __init__(self) -> None:
        self.placed: list[tuple[str, str, str]] = []
        self.acts: list[tuple[object, ...]] = []

    async def place(self, site: str, agent: str, number: str, *, user: str) -> None:
        self.placed.append((site, agent, number))

    async def hang_up(self, site: str, agent: str, call_id: str) -> None:
        self.placed.append((site, agent, call_id))

    async def transfer(
        self, site: str, agent: str, call_id: str, to: Destination, *, attended: bool, user: str
    ) -> None:
        self.acts.append((site, agent, call_id, "transfer", to, attended, user))

    async def complete_transfer(self, site: str, agent: str, call_id: str) -> None:
        self.acts.append((site, agent, call_id, "complete"))

    async def cancel_transfer(self, site: str, agent: str, call_id: str) -> None:
        self.acts.append((site, agent, call_id, "cancel"))

    async def park(self, site: str, agent: str, call_id: str) -> None:
        self.acts.append((site, agent, call_id, "park"))

    async def record(self, site: str, agent: str, call_id: str, what: RecordingAct) -> None:
        self.acts.append((site, agent, call_id, "record", what))

    async def mute(self, site: str, agent: str, call_id: str, *, muted: bool) -> None:
        self.acts.append((site, agent, call_id, "mute", muted))


def now() -> datetime:
    return datetime.now(UTC)


def table(pops: Pops) -> dict[type, tuple[Rule, ...]]:
    return {
        CallArrived: (pops.on_call_arrived,),
        CallQueued: (pops.on_call_queued,),
        CallOffered: (pops.on_call_offered,),
        CallOfferEnded: (pops.on_call_offer_ended,),
        CallAnswered: (pops.on_call_answered,),
        CallHeld: (pops.on_call_held,),
        CallResumed: (pops.on_call_resumed,),
        CallTransferred: (pops.on_call_transferred,),
        LegEnded: (pops.on_leg_ended,),
        CallMerged: (pops.on_call_merged,),
        CallDropped: (pops.on_call_dropped,),
        CallEnded: (pops.on_call_ended,),
        ClientIdentified: (pops.on_client_identified,),
        CardTyped: (pops.on_card_typed,),
        LegMuted: (pops.on_leg_muted,),
        RecordingChanged: (pops.on_recording_changed,),
        CallParked: (pops.on_call_parked,),
        CallUnparked: (pops.on_call_unparked,),
    }


@contextlib.asynccontextmanager
async def running_desk(
    *,
    settings: WebSettings | None = None,
    hub_settings: HubSettings | None = None,
    port: int = 0,
    account_store: MemoryAccounts | None = None,
    wired: bool = True,
    declared: DeclaredDesk | None = None,
    with_agents: bool = False,
    plan: ScriptedPlan | None = None,
    pages_every_s: float = 0.2,
) -> AsyncIterator[Desk]:
    """Start a desk; stop it and everything in it at the end. `with_agents`: operators have states, and screens hear of them.
    `plan`: Meridian chooses who takes whom, by this plan."""
    settings = settings or WebSettings(port=port, shutdown_s=1)
    listener = take_port(settings)
    registry = Registry()
    passwords = Passwords(hasher=CHEAP)
    store, audit = account_store or MemoryAccounts(), MemoryAuditTrail()
    accounts = Accounts(store=store, audit=audit, passwords=passwords, settings=settings, monotonic=time.monotonic)
    hub = Hub(accounts=accounts, registry=registry, site="moscow", settings=hub_settings)
    directory = MemoryClientDirectory(region_of=lambda _site: "RU", history_of=_no_history, desk=declared)
    directory.cards = cards = MemoryCardStore(client_of=directory.client_of, site_of=directory.site_of)
    calls = LedgerCalls()
    agents = Agents(site="moscow", desk=declared or DeclaredDesk()) if with_agents else None
    dispatcher = None if plan is None else Dispatcher(plan)
    desk = Desk(0, accounts, store, audit, hub, cards, directory, calls, agents=agents, dispatcher=dispatcher)
    desk.declared = declared or DeclaredDesk()
    app = create_app(
        settings=settings,
        accounts=accounts,
        registry=registry,
        checks={"database": lambda: "away" if desk.database_away else None},
        routers=(
            hub.router(),
            screen_http.router(links=hub.links, delivery=hub.delivery),
            http_calls.router(calls=calls if wired else None, live=calls if wired else None),
            *desk.card_routers(),
            clients_http.router(directory, tell=desk.engine.step),
            desk_http.router(desk.declared, site=SITE, can=EVERYTHING, transfer_queues=tuple(desk.declared.queues)),
            *([agents_http.router(agents, step=desk.engine.step, now=now)] if agents else []),
            *([desk.waiting_router(dispatcher)] if dispatcher else []),
        ),
    )
    server = WebServer(app, listener, settings)
    desk.port, desk.server = server.port, server
    running = [
        asyncio.create_task(server.serve(), name="web"),
        asyncio.create_task(hub.run(), name="hub"),
    ]
    if plan is not None:
        desk.engine.step(PlanChanged(at=now(), plan=plan))  # type: ignore[arg-type]  # has all that the dispatcher asks
        desk.engine.step(PbxConnected(at=now(), pbx="main", boot_id="b", lost_at=None, live_call_ids=frozenset()))
    if agents:
        presence = Presence(accounts, site="moscow", connected=hub.present, tell=desk.engine.step, now=now)
        running.append(asyncio.create_task(presence.run(pages_every_s=pages_every_s), name="presence"))
    try:
        async with desk.client() as probe:  # the port listens already: this waits until somebody answers
            await probe.get("/healthz")
        yield desk
    finally:
        for client in desk.clients:
            await client.aclose()
        hub.close()
        server.stop()
        await running[0]
        desk.timers.close()
        for task in running[1:]:
            task.cancel()
        await asyncio.gather(*running, *desk.tasks, return_exceptions=True)
        passwords.close()


async def _no_history(_client_id: str) -> Sequence[PastInteraction]:
    return ()

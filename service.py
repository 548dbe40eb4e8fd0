"""The composition root: configuration -> adapters -> which rule hears which event, which adapter carries out which effect
-> run. No logic of its own."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from callcards import http as card_pages
from callcards import http_follow_ups as follow_up_pages
from callcards import http_my_day as my_day_pages
from callcards import http_offers as offer_pages
from callcards import http_search as search_pages
from callcards import http_typed as typed_pages
from callcards import http_when as when_pages
from callcards.card import Cards, OpenCardsLoaded
from callcards.follow_ups import AddFollowUp, ChangeFollowUp
from callcards.http_follow_ups import Promises
from callcards.http_when import is_zone
from callcards.journal import CardWriter
from callcards.ports import Annotate
from callcards.sql import SqlCardStore
from callcards.sql_follow_ups import SqlFollowUps
from callcards.sql_my_day import SqlMyDay
from callcards.sql_search import SqlSearch
from clients import http as client_pages
from clients.look_up import LookUps
from clients.sql import SqlClientDirectory
from configuration import Configuration, Pbx
from core.effects import (
    AnnounceAgent,
    AnnouncePbx,
    AskForRecording,
    Audit,
    DiscardCard,
    Effect,
    FillFromCdr,
    KeepMember,
    LookUpClient,
    SaveAgent,
    SaveCard,
    SaveOffer,
    ShowPop,
    SyncMember,
    UpdatePop,
    WakeAt,
)
from core.engine import Engine
from core.errors import BadConfiguration, ContactCentreError, Unavailable
from core.phone import e164, readable
from queues import http as agent_pages
from queues.agents import Agents, AgentsLoaded
from queues.sql import SqlAgentStore
from queues.sql_ledger import AgentLedger
from routing import http_waiting as waiting_pages
from routing.board import Board, Told
from runtime.database import Database, DatabaseState
from runtime.lanes import Lane
from runtime.latest import Latest
from runtime.metrics import Registry
from runtime.process import collect_whole, everything_up, prepare_process
from runtime.timers import Timers
from screenpop import http as pop_pages
from screenpop import http_calls as call_pages
from screenpop.pops import Pops
from screenpop.ws import Hub, HubSettings
from telephony.ami_members import QueueMembers
from telephony.call_acts import CallActs
from telephony.dial_policy import DialRules
from telephony.dialling import DialPlan, PbxCalls, Phones
from telephony.facts import FromPbx, RecordingBegan
from telephony.link_state import LinkState
from telephony.live import Endpoints
from telephony.panoramisk_link import PbxLink
from telephony.panoramisk_link_listener import Delivered
from telephony.panoramisk_link_recorder import Recorder
from telephony.recording_commands import AskRecordingFile
from telephony.sql_dialled import dialled_since
from telephony.tracker import CallTracker
from web import desk_http as desk_pages
from web.accounts import Accounts
from web.app import create_app
from web.audit import EffectAuditTrail
from web.passwords import Passwords
from web.presence import Presence
from web.server import WebServer, take_port
from web.sql import SqlAccounts
from wiring.call_records import CallRecords
from wiring.calling_back import CallingBack
from wiring.choosing import Choosing
from wiring.gauges import measure
from wiring.planning import Planning
from wiring.rules import agent_rules, card_rules, joined, pbx_rules, pop_rules

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def dial_plan(pbx: Pbx) -> DialPlan:
    return DialPlan(
        phone=pbx.phone,
        context=pbx.call_context,
        prefix=pbx.call_prefix,
        queues=pbx.queue_extensions,
        parking_lot=pbx.parking_lot,
        parking_s=pbx.parking_s,
        client_phone=pbx.client_phone,
    )


class Service:
    """One Meridian of one site. `running` is everything between start and orderly stop; `path` is the file that `configuration`
    came from, for who wants to read it again."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        path: Path | None = None,
        recorders: Mapping[str, Recorder] | None = None,
    ) -> None:
        self.configuration = configuration
        site = configuration.site
        self.registry = Registry()
        self.database = Database(configuration.database.url)
        self.directory = SqlClientDirectory(self.database, region_of=lambda _site: site.region, desk=configuration.desk)
        self.store = SqlCardStore(self.database, client_key=self.directory.key)
        self.writer = CardWriter(self.store, configuration.database.folder / "journal")
        self.passwords = Passwords()
        self.users = SqlAccounts(self.database)
        self.accounts = Accounts(
            store=self.users,
            audit=EffectAuditTrail(self.writer.put),
            passwords=self.passwords,
            settings=configuration.web,
        )
        self.hub = Hub(
            accounts=self.accounts,
            registry=self.registry,
            site=site.name,
            settings=HubSettings(recheck_s=configuration.web.recheck_s),
        )
        self.cards = Cards(timezone_of=lambda _site: site.timezone)
        self.pops = Pops()
        self.agents = Agents(site=site.name, desk=configuration.desk)
        self.trackers = {
            name: CallTracker(site=site.name, pbx=name, endpoints=Endpoints(site.agents)) for name in configuration.pbx
        }
        kept = recorders or {}
        self.links = {
            name: PbxLink(configuration.link_settings(name), self._from_link, recorder=kept.get(name))
            for name in configuration.pbx
        }
        self.planning = Planning(configuration, self.database, self.users, path=path, tell=self._step, now=utc_now)
        plans = {name: dial_plan(pbx) for name, pbx in configuration.pbx.items()}
        phones = Phones(Endpoints(site.agents), plans, configuration.dialling)
        self.dial_rules = DialRules(configuration.dialling, region=site.region, is_internal=phones.is_internal)
        self.choosing = Choosing(configuration, self.planning.planner.plan, self.links, self._step, utc_now)
        self.calling_back = CallingBack(
            configuration,
            choosing=self.choosing,
            trackers=self.trackers,
            links=self.links,
            plans=plans,
            dial_rules=self.dial_rules,
            database=self.database,
            store=self.store,
            writer=self.writer,
            announce=self.hub.announce_items,
            works_at=self._works_at,
            deliver=self._step,
            now=utc_now,
        )
        # Pops before the bookkeeping: what a rule asks for is carried out at once.
        self.engine = Engine(
            joined(pbx_rules(self.trackers), pop_rules(self.pops)),
            self._carry_out,
            then=joined(
                card_rules(self.cards), agent_rules(self.agents), self.choosing.rules(), self.calling_back.rules()
            ),
            soon=lambda work: asyncio.get_running_loop().call_soon(work),
        )
        self.look_ups = LookUps(
            self.directory,
            self.engine.step,
            utc_now,
            strangers=lambda asked: self.strangers.put(asked),  # noqa: PLW0108  # the lane is made of what it serves
        )
        self.strangers = Lane("strangers", self.look_ups.make, on_full=self.look_ups.miss, bound=60_000)
        self.calls = PbxCalls(
            self.links,
            plans,
            site=site.name,
            phones=phones,
            rules=self.dial_rules,
            now=utc_now,
            token=lambda: secrets.token_hex(6),
        )
        self.acts_refused = self.registry.counter(
            "meridian_call_acts_refused_total", help="Calls and acts on calls that came to nothing.", labels=["why"]
        )
        self.call_acts = CallActs(
            self.links,
            plans,
            self.trackers,
            phones=phones,
            rules=self.dial_rules,
            deliver=self.engine.step,
            now=utc_now,
        )
        self._collected = self.registry.histogram(
            "meridian_collector_seconds", help="How long it took to look for garbage among everything."
        ).observe
        self.past_callers = Lane("past callers", self.look_ups.meet, on_full=self.look_ups.leave, bound=50_000)
        self.records = CallRecords(
            configuration,
            store=self.store,
            trackers=self.trackers,
            put=self.writer.put,
            meet=self.past_callers.put,
            now=utc_now,
        )
        self.recording_lane = Lane("recordings", self._ask_for_recording, on_full=self._recording_unknown, workers=2)
        self.timers = Timers(self.engine.step, utc_now)
        self.ledger = AgentLedger(SqlAgentStore(self.database))
        self.agent_news: Latest[AnnounceAgent] = Latest(
            lambda effect: effect.status.agent, lambda effect: self.hub.announce_agent(effect.status)
        )
        self.members = QueueMembers(self.links, {name: pbx.phone for name, pbx in configuration.pbx.items()})
        self.presence = Presence(
            self.accounts, site=site.name, connected=self.hub.present, tell=self.engine.step, now=utc_now
        )
        self._effects: dict[type, Callable[[Any], None]] = {
            SaveCard: self.writer.put,
            DiscardCard: self.writer.put,
            Audit: self.writer.put,
            ShowPop: lambda effect: self.hub.show(effect.pop),
            UpdatePop: lambda effect: self.hub.update(effect.pop),
            LookUpClient: self.look_ups.ask,
            AnnouncePbx: self.hub.announce_pbx,
            FillFromCdr: self.records.ask,
            AskForRecording: self.recording_lane.put,
            WakeAt: self.timers.set,
            AnnounceAgent: self.agent_news.put,
            SaveAgent: self.ledger.put,
            SyncMember: self.members.pause,
            KeepMember: self.members.keep,
            SaveOffer: self.writer.put,
            **self.choosing.effects(),
            **self.calling_back.effects(),
        }
        self.port = 0
        measure(self)

    def _step(self, fact: object) -> None:
        self.engine.step(fact)

    def _from_link(self, told: Delivered) -> None:
        """News of one channel may wait for their bookkeeping; a snapshot, or the loss of the line, is taken in whole."""
        if type(told) is FromPbx:
            self.engine.hear(told)
        else:
            self.engine.step(told)

    def _carry_out(self, effect: Effect) -> None:
        self._effects[type(effect)](effect)

    async def _ask_for_recording(self, effect: AskForRecording) -> None:
        try:
            answer = await self.links[effect.pbx].send(AskRecordingFile(uniqueid=effect.uniqueid))
        except ContactCentreError:
            self._recording_unknown(effect)
            return
        if file := answer.get("Value"):
            began = RecordingBegan(utc_now(), effect.uniqueid, file)
            self.engine.step(FromPbx(effect.pbx, began))

    def _recording_unknown(self, effect: AskForRecording) -> None:
        log.warning("%s did not say where it records %s", effect.pbx, effect.uniqueid)

    def _on_database(self, state: DatabaseState) -> None:
        self.hub.announce_database(live=state.live, since=state.since, why=state.why)
        if state.live:
            for asked in self.look_ups.take_kept():
                self.look_ups.ask(asked)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything up; on leaving, everything put away and nothing lost."""
        prepare_process()
        listener = take_port(self.configuration.web)
        self.port = int(listener.getsockname()[1])
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(listener.close)
            stack.callback(self.passwords.close)
            stack.callback(self.timers.close)
            await self._open_stores(stack)
            await self._load_open_cards()
            await self.planning.load()
            await self.calling_back.load()
            await self._load_agents(stack)
            server = WebServer(self._app(), listener, self.configuration.web)
            async with asyncio.TaskGroup() as tasks:
                owned = [
                    tasks.create_task(work, name=name)
                    for name, work in (
                        ("web", server.serve()),
                        ("hub", self.hub.run()),
                        ("presence", self.presence.run()),
                        ("states of operators", self.ledger.run()),
                        ("members", self.members.run()),
                        *self.choosing.tasks().items(),
                        *self.planning.tasks().items(),
                        *self.calling_back.tasks().items(),
                        ("strangers", self.strangers.run()),
                        ("recordings", self.recording_lane.run()),
                        ("past callers", self.past_callers.run()),
                        ("loop-lag", watch_loop(self.registry)),
                        ("garbage", collect_whole(lambda: not self.pops.live_calls, self._collected)),
                        ("database pulse", feel_pulse(self.database)),
                        *((f"first contact {name}", first_contact(link)) for name, link in self.links.items()),
                        *self.records.tasks().items(),
                    )
                ]
                for link in self.links.values():
                    await link.start()
                try:
                    with everything_up():
                        yield
                finally:
                    for link in self.links.values():
                        await link.stop()
                    self.engine.catch_up()
                    self.hub.close()
                    server.stop()
                    await asyncio.wait(owned[:1], timeout=self.configuration.web.shutdown_s + 2)
                    for task in owned:
                        task.cancel()

    async def _open_stores(self, stack: contextlib.AsyncExitStack) -> None:
        folder = self.configuration.database.folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadConfiguration(
                f"the folder {folder} can't be made ({error.strerror}): mend [database] folder"
            ) from error
        stack.push_async_callback(self.database.close)
        await self.database.migrate()
        self.database.watch(self._on_database)
        self.hub.announce_database(live=True, since=utc_now())
        for name in self.links:
            self.hub.announce_pbx(AnnouncePbx(pbx=name, live=False, at=utc_now(), why="connecting"))
        await self.writer.start()
        stack.push_async_callback(self.writer.close)
        await self.writer.drained()
        for user, at in await dialled_since(self.database, utc_now() - timedelta(days=1)):
            self.dial_rules.caps.remember(user, at)

    async def _load_open_cards(self) -> None:
        for pbx in self.configuration.pbx:
            cards = await self.store.open_cards(self.configuration.site.name, pbx)
            self.engine.step(OpenCardsLoaded(cards=tuple(cards)))

    async def _load_agents(self, stack: contextlib.AsyncExitStack) -> None:
        statuses = await self.ledger.load(self.configuration.site.name)
        stack.push_async_callback(self.ledger.close)
        signed_in = await self.presence.begin()
        self.engine.step(AgentsLoaded(at=utc_now(), statuses=tuple(statuses), signed_in=signed_in))

    async def _keep(self, typed: Annotate | AddFollowUp | ChangeFollowUp) -> bool:
        self.writer.put(typed)
        await self.writer.flush()
        return self.database.state.live

    async def _works_at(self, site: str, login: str) -> bool:
        user = await self.users.user_by_login(login)
        return user is not None and user.site == site and not user.disabled

    async def _names(self, site: str) -> dict[str, str]:
        return {user.login: user.name for user in await self.users.users() if user.site == site}

    def _board(self) -> Board:
        region, desk = self.configuration.site.region, self.configuration.desk
        return Board(
            self.choosing.dispatcher,
            title_of=lambda queue: desk.queue(queue).title or queue,
            readable=lru_cache(4_096)(lambda number: readable(e164(number, region) or number)),
            told_of=self._told_of_callback,
        )

    def _told_of_callback(self, item_id: str) -> Told | None:
        one = self.calling_back.callbacks.one(item_id)
        return None if one is None else Told(one.asked_on, one.name, one.number)

    def _card_routers(self) -> tuple[APIRouter, ...]:
        site, desk = self.configuration.site, self.configuration.desk
        follow_ups, search = SqlFollowUps(self.database), SqlSearch(self.database, client_key=self.directory.key)

        def region_of(_site: str) -> str:
            return site.region

        def timezone_of(_site: str) -> str:
            return site.timezone

        promises = Promises(
            self.store,
            follow_ups,
            keep=self._keep,
            timezone_of=timezone_of,
            is_zone=is_zone,
            works_at=self._works_at,
            region_of=region_of,
        )
        return (
            card_pages.router(self.store, region_of=region_of),
            typed_pages.router(self.store, annotate=self._keep, desk=desk, tell=self.engine.step),
            follow_up_pages.router(promises),
            my_day_pages.router(SqlMyDay(self.database), follow_ups, timezone_of=timezone_of, region_of=region_of),
            search_pages.router(search, self.store, follow_ups, desk=desk, region_of=region_of),
            when_pages.router(),
            offer_pages.router(self.store, names_of=self._names),
        )

    def _app(self) -> Any:
        checks: dict[str, Callable[[], str | None]] = {
            f"pbx {name}": lambda link=link: None if link.state is LinkState.LIVE else link.state_text  # type: ignore[misc]
            for name, link in self.links.items()
        }
        checks["database"] = lambda: None if self.database.state.live else self.database.state.why
        routers = (
            *self._card_routers(),
            client_pages.router(self.directory, tell=self.engine.step),
            pop_pages.router(links=self.hub.links, delivery=self.hub.delivery),
            call_pages.router(calls=self.calls, live=self.call_acts, refused=self.acts_refused.add),
            *self.planning.routers(),
            agent_pages.router(self.agents, step=self.engine.step, now=utc_now),
            waiting_pages.router(self._board(), site=self.configuration.site.name, step=self.engine.step, now=utc_now),
            *self.calling_back.routers(),
            self.hub.router(),
            desk_pages.router(
                self.configuration.desk,
                site=desk_pages.SiteLine(
                    name=self.configuration.site.name,
                    timezone=self.configuration.site.timezone,
                    region=self.configuration.site.region,
                ),
                can=desk_pages.Can(dial=True, transfer=True, park=True, record=True, mute=True),
                transfer_queues=sorted(
                    {queue for pbx in self.configuration.pbx.values() for queue in pbx.queue_extensions}
                ),
            ),
        )
        return create_app(
            settings=self.configuration.web,
            accounts=self.accounts,
            registry=self.registry,
            checks=checks,
            routers=routers,
        )


async def feel_pulse(database: Database, every_s: float = 3.0) -> None:
    """Ask the database something small now and then, so that its loss shows even when nobody needs it."""
    while True:
        await asyncio.sleep(every_s)
        with contextlib.suppress(ContactCentreError):
            await database.read(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())


async def first_contact(link: PbxLink) -> None:
    """A PBX that refuses us at the very start means a wrong set-up: end, and say what to mend. Later on we wait for it."""
    if (await link.settled()).refused:
        raise Unavailable(link.state_text)


async def watch_loop(registry: Registry, every_s: float = 0.1) -> None:
    """How late the loop is, all the time: whatever holds it up shows here first."""
    lag = registry.histogram("meridian_loop_lag_seconds", help="How late the event loop woke us.")
    while True:
        due = time.monotonic() + every_s
        await asyncio.sleep(every_s)
        lag.observe(max(0.0, time.monotonic() - due))

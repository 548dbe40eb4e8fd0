"""Asks one Asterisk all that the doctor wants to know, over short sessions of the two accounts. Judges nothing.

It looks, and does three harmless things: an event to itself; a paused member that is no phone, added to a queue and removed at
once; a Local channel into a context that nobody has, which ends at once. `only_look` leaves the last two out.
"""

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from core.errors import ContactCentreError, Unavailable
from telephony.dialplan import VERSION_CONTEXT
from telephony.doctor_seen import PROBE_CONTEXT, PROBE_MEMBER, AccountSeen, Door, PbxSeen, Wanted
from telephony.link_state import LinkFigures, LinkRefused
from telephony.panoramisk_link_connection import connect
from telephony.panoramisk_link_login import READ_EVENTS, allowed_actions, log_in
from telephony.panoramisk_link_session import AmiSession, Hears
from telephony.pbx_settings import AmiAccount
from telephony.snapshot import Listed
from telephony.wire import Headers

PROBE_EVENT = "MeridianDoctor"
_PARSED = READ_EVENTS | {
    *("QueueParams", "ListDialplan", "ShowDialPlanComplete", "Parkinglot", "ParkinglotsComplete"),
    *("QueueMemberAdded", "QueueMemberRemoved"),
}
_WAIT_S = 2.0
_STALL_S = 1.0
_STALL_BYTES = 8_000_000  # more than the kernels of both sides take for us (4 MB are usual)
_MOST_CONTEXTS = 5

Say = Callable[[str], None]


async def examine(wanted: Wanted, *, only_look: bool, say: Say) -> PbxSeen:
    """Whatever can be found out. Never raises for what the PBX does: that is what is being looked for."""
    settings = wanted.settings
    seen = PbxSeen(listener=AccountSeen(user=settings.listener.user), controller=AccountSeen(user=settings.acting.user))
    if seen.same_account:
        seen.controller = seen.listener
    examination = _Examination(wanted, seen, say, only_look=only_look)
    try:
        await examination.run()
    finally:
        await examination.close()
    return seen


class _Examination:
    def __init__(self, wanted: Wanted, seen: PbxSeen, say: Say, *, only_look: bool) -> None:
        self._wanted, self._settings, self._seen, self._say = wanted, wanted.settings, seen, say
        self._only_look = only_look
        self._sessions: list[AmiSession] = []
        self._token = secrets.token_hex(8)
        self._channels: set[str] = set()
        self._news = asyncio.Event()

    async def run(self) -> None:
        settings, seen = self._settings, self._seen
        self._say(f"connecting to {settings.host}:{settings.port} as {settings.listener.user}")
        listener = await self._enter(settings.listener, seen.listener, events="on", hear=self._on_event)
        controller = None
        if seen.same_account:
            controller = listener
        elif seen.listener.door is not Door.UNREACHABLE:
            self._say(f"connecting as {settings.acting.user}")
            controller = await self._enter(settings.acting, seen.controller, events="off", hear=lambda headers: None)
        if listener is not None:
            with contextlib.suppress(ContactCentreError):
                await self._ask_listener(listener, controller)
        if controller is not None:
            with contextlib.suppress(ContactCentreError):
                seen.parking = await self._parking(controller)
        await self._stall()

    async def close(self) -> None:
        for session in self._sessions:
            await session.close()

    # -- doors

    async def _enter(
        self, account: AmiAccount, seen: AccountSeen, *, events: str, hear: Callable[[Headers], None]
    ) -> AmiSession | None:
        try:
            if account.user in self._wanted.unset:
                await self._connect(hear)
                seen.why = "its secret is not set here"
                return None
            session = await self._open(account, events=events, hear=hear)
            seen.allowed = frozenset(await allowed_actions(session)) - {"Response", "ActionID"}
        except LinkRefused as refused:
            said = re.search(r"\(([^)]*)\)", str(refused))
            seen.door, seen.why = Door.REFUSED, said[1] if said else str(refused)
            return None
        except ContactCentreError as away:
            seen.door, seen.why = Door.UNREACHABLE, str(away)
            return None
        seen.door = Door.IN
        return session

    async def _open(self, account: AmiAccount, *, events: str, hear: Callable[[Headers], None]) -> AmiSession:
        session = await self._connect(hear)
        await log_in(session, account, self._settings, events=events)
        return session

    async def _connect(self, hear: Callable[[Headers], None]) -> AmiSession:
        hears = Hears(event=hear, odd=lambda odd: None, lost=lambda why: None)
        session = await connect(
            self._settings,
            lambda: AmiSession(
                hears,
                LinkFigures(),
                ping_s=60.0,
                action_deadline_s=self._settings.action_deadline_s,
                parsed=_PARSED,
            ),
        )
        self._sessions.append(session)
        return session

    # -- what the listener hears

    def _on_event(self, headers: Headers) -> None:
        heard, name = self._seen.heard, headers["Event"]
        heard.names.add(name)
        if name == "FullyBooted":
            heard.booted = True
        elif name == "Newchannel":
            self._channels.add(headers.get("Uniqueid", ""))
        elif name == "UserEvent" and headers.get("Token") == self._token:
            heard.own_event = True
            if "Timestamp" in headers:
                heard.timestamped = True
                self._stamp_at = headers["Timestamp"], time.time()
        self._news.set()

    async def _until(self, holds: Callable[[], bool]) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_S):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        return holds()

    async def _ask_listener(self, listener: AmiSession, controller: AmiSession | None) -> None:
        seen, heard = self._seen, self._seen.heard
        self._say("asking what it is and what it has")
        await self._core(listener)
        before = _uniqueids(await listener.ask_list([("Action", "CoreShowChannels")]))
        await self._own_event(listener)
        await self._clock(listener)
        await self._lists(listener)
        if not self._only_look and controller is not None:
            self._say("trying whether it tells of calls and queues")
            await self._probe(controller)
        await self._phones(listener)
        now = _uniqueids(await listener.ask_list([("Action", "CoreShowChannels")]))
        await self._until(lambda: now - before <= self._channels)
        heard.unheard_channels = len(now - before - self._channels)
        await self._until(lambda: heard.booted)
        seen.call_context_exists = await self._has_context(listener)
        await self._acd(listener)
        await self._settings_of(listener)

    async def _core(self, listener: AmiSession) -> None:
        seen = self._seen
        core = await listener.ask([("Action", "CoreSettings")])
        seen.version, seen.system_name = core.get("AsteriskVersion", ""), core.get("SystemName", "")
        if "CoreCDRenabled" in core:
            seen.cdr_enabled = core["CoreCDRenabled"] == "Yes"
        status = await listener.ask([("Action", "CoreStatus")])
        seen.calls_processed = int(status.get("CoreProcessedCalls", "0") or 0)
        offset = await self._getvar(listener, "STRFTIME(,,%z)")
        if found := re.fullmatch(r"([+-])(\d\d)(\d\d)", offset):
            seen.utc_offset = timedelta(hours=int(found[2]), minutes=int(found[3])) * (-1 if found[1] == "-" else 1)
        with contextlib.suppress(KeyError, ValueError):
            local = datetime.fromisoformat(f"{status['CoreStartupDate']}T{status['CoreStartupTime']}")
            seen.up_since = (local - (seen.utc_offset or timedelta())).replace(tzinfo=UTC)

    async def _own_event(self, listener: AmiSession) -> None:
        heard = self._seen.heard
        if "UserEvent" not in self._seen.listener.allowed:
            return
        heard.own_event = False
        self._sent_at = time.time()
        await listener.ask([("Action", "UserEvent"), ("UserEvent", PROBE_EVENT), ("Token", self._token)])
        await self._until(lambda: bool(heard.own_event))

    async def _clock(self, listener: AmiSession) -> None:
        """To some milliseconds by our event's stamp; else to a second by the dialplan's own clock."""
        seen = self._seen
        if seen.heard.timestamped:
            stamp, came_at = self._stamp_at
            with contextlib.suppress(ValueError):
                middle = (self._sent_at + came_at) / 2
                seen.clock_ahead_s, seen.clock_within_s = float(stamp) - middle, (came_at - self._sent_at) / 2
            return
        asked_at = time.time()
        epoch = await self._getvar(listener, "EPOCH")
        if epoch.isdigit():
            seen.clock_ahead_s, seen.clock_within_s = int(epoch) + 0.5 - (asked_at + time.time()) / 2, 0.6

    async def _lists(self, listener: AmiSession) -> None:
        seen = self._seen
        devices = await listener.ask_list([("Action", "DeviceStateList")])
        if not devices.refused:
            names = {item.get("Device", "") for item in devices.items}
            seen.devices = frozenset(name for name in names if not name.startswith(("Queue:", "Local/", "Custom:")))
        queues = await listener.ask_list([("Action", "QueueStatus")])
        if not queues.refused:
            seen.queues = frozenset(item["Queue"] for item in queues.items if item.get("Event") == "QueueParams")
            members = [item for item in queues.items if item.get("Event") == "QueueMember"]
            seen.members = frozenset(item["Location"] for item in members)
            seen.memberships = frozenset((item["Queue"], item["Location"]) for item in members)

    # -- what is tried

    async def _probe(self, controller: AmiSession) -> None:
        seen, heard = self._seen, self._seen.heard
        if seen.queues and {"QueueAdd", "QueueRemove"} <= seen.controller.allowed:
            where = [("Queue", min(seen.queues - self._wanted.acd.keys() or seen.queues)), ("Interface", PROBE_MEMBER)]
            added = await controller.ask([("Action", "QueueAdd"), *where, ("Paused", "1")], acting=True)
            if added.get("Response") == "Success":
                heard.member_probe = False
                await controller.ask([("Action", "QueueRemove"), *where], acting=True)
                heard.member_probe = await self._until(lambda: "QueueMemberRemoved" in heard.names)
        if "Originate" in seen.controller.allowed:
            fields = [("Channel", f"Local/s@{PROBE_CONTEXT}/n"), ("Application", "Hangup"), ("Timeout", "1000")]
            placed = await controller.ask([("Action", "Originate"), *fields, ("Async", "true")], acting=True)
            if placed.get("Response") == "Success":
                heard.channel_probe = await self._until(lambda: "Newchannel" in heard.names)

    async def _phones(self, listener: AmiSession) -> None:
        """Phones of people that no list names, and the contexts in which some of them dial."""
        seen, people = self._seen, self._wanted.people or {}
        phones = {self._wanted.endpoint(extension) for extension in people.values()}
        if seen.devices is not None:
            for phone in sorted(phones - seen.devices):
                if await self._getvar(listener, f"DEVICE_STATE({phone})") not in ("", "INVALID", "UNKNOWN"):
                    seen.devices |= {phone}
        known = sorted(phones) or sorted(device for device in seen.devices or () if device.partition("/")[2].isdigit())
        contexts = {}
        for phone in known[:_MOST_CONTEXTS]:
            technology, _, name = phone.partition("/")
            if technology == "PJSIP":
                contexts[phone] = await self._getvar(listener, f"PJSIP_ENDPOINT({name},context)")
        seen.contexts = contexts

    async def _settings_of(self, listener: AmiSession) -> None:
        """What the dialplan's functions tell of the PBX's files: FEATUREMAP always, AST_CONFIG where func_config.so is loaded."""
        if "Getvar" not in self._seen.listener.allowed:
            return
        self._seen.transfer_code = await self._getvar(listener, "FEATUREMAP(atxfer)")
        if await self._getvar(listener, "AST_CONFIG(manager.conf,general,enabled)"):
            self._seen.bind_address = await self._getvar(listener, "AST_CONFIG(manager.conf,general,bindaddr)")

    async def _has_context(self, listener: AmiSession) -> bool | None:
        if "ShowDialPlan" not in self._seen.listener.allowed:
            return None
        context = self._wanted.call_context
        found = await listener.ask_list([("Action", "ShowDialPlan"), ("Context", context)])
        if found.refused:
            return False if "find context" in found.refused else None
        return True

    async def _acd(self, listener: AmiSession) -> None:
        """Which of our dialplans is there: its version is an extension."""
        seen, version = self._seen, self._wanted.acd_version
        if not version or not {"ShowDialPlan", "Getvar"} <= seen.listener.allowed:
            return
        found = await listener.ask_list([("Action", "ShowDialPlan"), ("Context", VERSION_CONTEXT)])
        if not found.refused or "find context" in found.refused:
            seen.acd_versions = frozenset(item["Extension"] for item in found.items if "Extension" in item)
        seen.asks_dialplan = await self._getvar(listener, f"DIALPLAN_EXISTS({VERSION_CONTEXT},{version},1)") == "1"

    async def _parking(self, controller: AmiSession) -> tuple[str, ...] | None:
        found = await controller.ask_list([("Action", "Parkinglots")])
        return None if found.refused else tuple(item["Name"] for item in found.items if "Name" in item)

    async def _getvar(self, session: AmiSession, expression: str) -> str:
        answer = await session.ask([("Action", "Getvar"), ("Variable", expression)])
        return answer.get("Value", "") if answer.get("Response") == "Success" else ""

    # -- patience

    async def _stall(self) -> None:
        """Read nothing for a while, with much to be read: does Asterisk cut us off? Each account in a session of its own."""
        accounts = [(self._settings.listener, self._seen.listener), (self._settings.acting, self._seen.controller)]
        tried = [pair for pair in accounts[: 1 if self._seen.same_account else 2] if pair[1].door is Door.IN]
        if tried:
            self._say("trying how long it waits for a slow reader")
            await asyncio.gather(*(self._stall_one(account, seen) for account, seen in tried))

    async def _stall_one(self, account: AmiAccount, seen: AccountSeen) -> None:
        with contextlib.suppress(ContactCentreError):
            session = await self._open(account, events="off", hear=lambda headers: None)
            size = len(str(await allowed_actions(session)))
            seen.stalled_s = _STALL_S
            with session.not_reading():
                for _ in range(_STALL_BYTES // max(size, 500)):
                    session.tell([("Action", "ListCommands")])
                await asyncio.sleep(_STALL_S)
            try:
                await session.ask([("Action", "Ping")])
                seen.cut = False
            except Unavailable:
                seen.cut = session.lost.is_set()


def _uniqueids(listed: Listed) -> set[str]:
    return {item["Uniqueid"] for item in listed.items if "Uniqueid" in item}

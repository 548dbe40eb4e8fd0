"""Callbacks and messages put together: their rules, where they are kept, what rings phones for them, their routes. Part of the
composition root; no logic of its own."""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from callcards import http_voicemails as voicemail_pages
from callcards.journal import CardWriter
from callcards.sql import SqlCardStore
from callcards.sql_callbacks import SqlCallbacks
from callcards.sql_voicemails import SqlVoicemails
from callcards.voicemails import CHANNEL as VOICEMAIL
from callcards.voicemails import Voicemails
from configuration import Configuration
from core.effects import AnnounceItems, Effect, PlaceCallback, SaveCallback, SaveVoicemail
from core.engine import Rule
from core.errors import Rejected
from core.ids import interaction_id
from core.phone import e164
from core.phone_zone import zone_of
from routing import http_callbacks as callback_pages
from routing.callback_book import Times
from routing.callback_events import CallbacksLoaded
from routing.callback_lines import CallbackLines
from routing.callback_states import OPEN
from routing.callbacks import Callbacks, House
from routing.hours import Hours
from routing.settings import CallbackSetting
from runtime.database import Database
from runtime.lanes import Lane
from telephony.callback_dialling import CallbackCalls
from telephony.dial_policy import DialRules
from telephony.dialling import DialPlan
from telephony.panoramisk_link import PbxLink
from telephony.tracker import CallTracker
from wiring.choosing import Choosing
from wiring.rules import callback_line_rules, callback_rules, joined, voicemail_rules

_RING_S = 20
_RECENT_CARDS = 500
"""Of how many conversations the ends are looked at after a start: who was cut off just before it has the old place."""


class CallingBack:
    """`deliver` is the engine's step, `now` the clock (UTC). `rules` and `effects` go into the service's tables."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        choosing: Choosing,
        trackers: Mapping[str, CallTracker],
        links: Mapping[str, PbxLink],
        plans: Mapping[str, DialPlan],
        dial_rules: DialRules,
        database: Database,
        store: SqlCardStore,
        writer: CardWriter,
        announce: Callable[[AnnounceItems], None],
        works_at: Callable[[str, str], Awaitable[bool]],
        deliver: Callable[[object], None],
        now: Callable[[], datetime],
    ) -> None:
        self._configuration, self._choosing, self._trackers = configuration, choosing, trackers
        self._store, self._writer, self._announce, self._works_at = store, writer, announce, works_at
        self._deliver, self._now, self._dial_rules = deliver, now, dial_rules
        self._record, self._messages = SqlCallbacks(database), SqlVoicemails(database)
        site, self._pbx = configuration.site, next(iter(configuration.pbx))
        self.calls = CallbackCalls(
            links,
            plans,
            rules=dial_rules,
            keep=writer.flush,
            expect=lambda pbx, channel_id, number: trackers[pbx].expect(channel_id, number),
            deliver=deliver,
            now=now,
        )
        self.lane: Lane[PlaceCallback] = Lane("callbacks", self.calls.place, on_full=self._no_room, workers=4)
        house = House(
            site=site.name,
            pbx=self._pbx,
            ring_s_of=self._ring_s,
            vip_points_of=self._vip_points,
            e164=lambda number: e164(number, site.region),
            zone_of=zone_of,
            barred=self.calls.barred,
            place_of=choosing.cut_offs.place_of,
            card_of=self._card_of,
            id_of=lambda call_id: interaction_id(site=site.name, pbx="callback", boot_id="", uniqueid=call_id),
        )
        times = Times(
            zone=site.timezone,
            setting_of=self._setting,
            hours_of=self._hours,
        )
        self.callbacks = Callbacks(house, times)
        choosing.called_back = self.callbacks.place_of
        self._lines = CallbackLines(choosing.dispatcher)
        self._voicemails = Voicemails(site=site.name)

    def rules(self) -> dict[type, list[Rule]]:
        return joined(
            callback_rules(self.callbacks), callback_line_rules(self._lines), voicemail_rules(self._voicemails)
        )

    def effects(self) -> dict[type[Effect], Callable[[Any], None]]:
        return {
            SaveCallback: self._writer.put,
            SaveVoicemail: self._writer.put,
            PlaceCallback: self.lane.put,
            AnnounceItems: self._announce,
        }

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {"callbacks": self.lane.run()}

    async def load(self) -> None:
        """What was promised before our start, and who was cut off shortly before it. After the plan has come into force."""
        site = self._configuration.site.name
        recent = await self._store.recent(site, limit=_RECENT_CARDS)
        self._choosing.cut_offs.remember(stored.card for stored in recent)
        open_ones = await self._record.callbacks(site, OPEN)
        self._deliver(CallbacksLoaded(at=self._now(), callbacks=tuple(open_ones)))

    def routers(self) -> tuple[APIRouter, ...]:
        site = self._configuration.site
        callbacks = callback_pages.Around(
            site=site.name,
            pbx=self._pbx,
            record=self._record,
            queues_of=self._queues_of,
            is_queue=lambda name: name in self._queues(),
            number_of=self._number_of,
            step=self._deliver,
            now=self._now,
        )
        messages = voicemail_pages.Around(
            queues_of=self._queues_of,
            queues=self._queues,
            works_at=self._works_at,
            folders={name: pbx.recordings for name, pbx in self._configuration.pbx.items()},
            region_of=lambda _site: site.region,
            changed=lambda: self._announce(AnnounceItems(channel=VOICEMAIL)),
            now=self._now,
        )
        return (
            callback_pages.router(self.callbacks, callbacks),
            voicemail_pages.router(self._messages, self._store, messages),
        )

    def _setting(self, queue: str) -> CallbackSetting:
        known = self._choosing.plan.queues.get(queue)
        return CallbackSetting() if known is None else known.callback

    def _hours(self, queue: str) -> Hours | None:
        return self._choosing.plan.queue_hours.get(queue)

    def _ring_s(self, queue: str) -> int:
        known = self._choosing.plan.queues.get(queue)
        return _RING_S if known is None else known.offer_s

    def _vip_points(self, queue: str) -> float:
        known = self._choosing.plan.queues.get(queue)
        return 0.0 if known is None else known.vip

    def _card_of(self, pbx: str, channel_id: str) -> str:
        boot_id = self._trackers[pbx].boot_id if pbx in self._trackers else ""
        return interaction_id(site=self._configuration.site.name, pbx=pbx, boot_id=boot_id, uniqueid=channel_id)

    def _queues_of(self, login: str) -> Collection[str] | None:
        """Of somebody whom the plan doesn't know: all."""
        person = self._choosing.plan.person(login)
        return None if person is None else person.queues

    def _queues(self) -> frozenset[str]:
        """Of the plan, and those that operators can dial."""
        dialled = (pbx.queue_extensions for pbx in self._configuration.pbx.values())
        return frozenset(self._choosing.plan.queues).union(*dialled)

    def _number_of(self, typed: str) -> str:
        self._dial_rules.judge(typed)
        number = e164(typed, self._configuration.site.region)
        if number is None:
            raise Rejected("Write the whole number, with + and its country, e.g. +7 916 123-45-67.", code="bad_number")
        return number

    def _no_room(self, effect: PlaceCallback) -> None:
        self.calls.not_dialled(effect, "too_busy", retry_s=60.0)

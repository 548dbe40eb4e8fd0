"""Keeps what iCalendar feeds say: fetched now and then aside from everything, kept in the database, told with its age."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from core.errors import ContactCentreError
from routing.ical_fetching import fetched
from routing.ical_reading import closed_days
from routing.plan import FeedDays
from routing.plan_store import KeptFeed, PlanStore
from routing.settings import RoutingSettings

log = logging.getLogger(__name__)
_AGAIN = timedelta(minutes=10)
_YEARS_BACK, _YEARS_AHEAD = 1, 3
_STALE_AFTER = 2


class FeedStanding(NamedTuple):
    """How a feed stands: `stale` when what is known of it is older than it should be."""

    kept: KeptFeed
    days: int
    stale: bool


class Feeds:
    """`settings` may be another one at any time; `zone` is where times without a zone are meant."""

    def __init__(
        self, store: PlanStore, settings: RoutingSettings, *, site: str, zone: str, now: Callable[[], datetime]
    ) -> None:
        self._store, self.settings, self._site, self._zone, self._now = store, settings, site, zone, now
        self._kept: dict[str, KeptFeed] = {}
        self.known: dict[str, FeedDays] = {}
        self._read_for: tuple[int, str] | None = None

    async def load(self) -> None:
        """What was last known, from the database."""
        self._kept = {feed.address: feed for feed in await self._store.feeds(self._site)}
        await self._read_again()

    async def keep_up(self, wanted: Iterable[str]) -> bool:
        """Fetch what is due of these; whether anything is another than before."""
        before = dict(self.known)
        if self._read_for != (self._now().year, self._zone):
            await self._read_again()
        for address in dict.fromkeys(wanted):
            if self._is_due(address):
                await self._fetch(address)
        return self.known != before

    def standings(self, wanted: Iterable[str]) -> list[FeedStanding]:
        found = []
        for address in dict.fromkeys(wanted):
            kept = self._kept.get(address) or KeptFeed(address=address, text="", fetched_at=None, tried_at=self._now())
            found.append(FeedStanding(kept, self._days(address), self._is_stale(kept)))
        return found

    def _days(self, address: str) -> int:
        known = self.known.get(address)
        return 0 if known is None else len(known.days) + len(known.closures)

    def _is_stale(self, kept: KeptFeed) -> bool:
        oldest = self._now() - _STALE_AFTER * timedelta(hours=self.settings.feed_hours)
        return bool(kept.error) and (kept.fetched_at is None or kept.fetched_at < oldest)

    def _is_due(self, address: str) -> bool:
        kept, often = self._kept.get(address), timedelta(hours=self.settings.feed_hours)
        if kept is None:
            return True
        return self._now() >= kept.tried_at + (min(often, _AGAIN) if kept.error else often)

    async def _fetch(self, address: str) -> None:
        before, now = self._kept.get(address), self._now()
        try:
            text = await asyncio.to_thread(partial(fetched, address, private=self.settings.private_feeds))
            days = await self._read(text)
        except ContactCentreError as error:
            log.warning("the feed %s: %s", address, error, extra={"action": "feed_failed"})
            old = before or KeptFeed(address=address, text="", fetched_at=None, tried_at=now)
            await self._keep(replace(old, tried_at=now, error=str(error)))
            return
        self.known[address] = days
        await self._keep(KeptFeed(address=address, text=text, fetched_at=now, tried_at=now))

    async def _keep(self, feed: KeptFeed) -> None:
        self._kept[feed.address] = feed
        await self._store.keep_feed(self._site, feed)

    async def _read_again(self) -> None:
        """The texts that we have, for the years around this one."""
        for address, kept in self._kept.items():
            if kept.fetched_at is not None:
                self.known[address] = await self._read(kept.text)
        self._read_for = (self._now().year, self._zone)

    async def _read(self, text: str) -> FeedDays:
        year = self._now().year
        first, last = date(year - _YEARS_BACK, 1, 1), date(year + _YEARS_AHEAD, 12, 31)
        return await asyncio.to_thread(partial(closed_days, text, first, last, zone=self._zone))

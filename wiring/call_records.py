"""The PBX's call records put to use: what happened while nobody looked gets its card. Part of the composition root."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callcards.back_fill import BackFill
from callcards.cdr import CdrSource
from callcards.cdr_csv import CsvCdr
from callcards.cdr_sql import SqlCdr
from callcards.filling import CdrFiller
from callcards.ports import CardStore
from configuration import Configuration, Pbx
from core.effects import FillFromCdr, LookUpClient, SaveCard
from core.errors import ContactCentreError
from telephony.tracker import CallTracker

log = logging.getLogger(__name__)
_MARGIN = timedelta(minutes=30)


def cdr_source(name: str, pbx: Pbx) -> CdrSource | None:
    """Where this PBX leaves its call detail records, if the configuration says so."""
    zone = ZoneInfo(pbx.cdr_zone)
    if pbx.cdr_csv is not None:
        return CsvCdr(pbx.cdr_csv, pbx=name, columns=pbx.cdr_columns, zone=zone)
    if pbx.cdr_url is not None:
        return SqlCdr(pbx.cdr_url, pbx=name, columns=pbx.cdr_columns, zone=zone)
    return None


class CallRecords:
    """`put` stores a card, `meet` makes its caller a client. `ask` is the effect FillFromCdr; `tasks` are run."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        store: CardStore,
        trackers: Mapping[str, CallTracker],
        put: Callable[[SaveCard], None],
        meet: Callable[[LookUpClient], None],
        now: Callable[[], datetime],
    ) -> None:
        self._configuration, self._store, self._trackers = configuration, store, trackers
        self._put, self._meet, self._now = put, meet, now
        self._fillers = {
            name: self._filler(name, source)
            for name, pbx in configuration.pbx.items()
            if (source := cdr_source(name, pbx)) is not None
        }
        self._asked = {name: asyncio.Event() for name in self._fillers}

    def ask(self, effect: FillFromCdr) -> None:
        """Within a step."""
        if effect.pbx in self._asked:
            self._asked[effect.pbx].set()

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {f"cdr {name}": self._keep_filled(name) for name in self._fillers}

    def _filler(self, name: str, source: CdrSource) -> CdrFiller:
        site, tracker = self._configuration.site, self._trackers[name]
        back_fill = BackFill(
            site=site.name,
            pbx=name,
            timezone=site.timezone,
            agents=site.agents,
            boot_at=lambda _at: tracker.boot_id,
        )
        return CdrFiller(source, self._store, back_fill=back_fill, put=self._filled)

    def _filled(self, change: SaveCard) -> None:
        """A card from the CDR; its caller becomes a client like anyone who calls while we look."""
        self._put(change)
        card = change.card
        if card.client_number and card.revision == 0:
            self._meet(
                LookUpClient(call_id=card.card_id, site=card.site, number=card.client_number, name=card.caller_name)
            )

    async def _keep_filled(self, name: str) -> None:
        """Look into the CDR when the PBX is there (again), and every so often: whatever nobody saw gets its card."""
        began_at = self._now()
        filler, asked, pbx = self._fillers[name], self._asked[name], self._configuration.pbx[name]
        await asked.wait()
        if pbx.cdr_csv is not None and not await asyncio.to_thread(pbx.cdr_csv.exists):
            log.warning(
                "%s: there is no %s (yet); without it calls that nobody saw get no card: check cdr_csv",
                name,
                pbx.cdr_csv,
            )
        since = await self._since(name, began_at)
        while True:
            asked.clear()
            live = {linkedid for call in self._trackers[name].calls.values() for linkedid in call.linkedids}
            try:
                filled = await filler.fill(since=since, now=self._now(), live=live)
                if filled.made or filled.mended:
                    log.info("%s: %d cards made and %d mended from the CDR", name, filled.made, filled.mended)
            except ContactCentreError as away:
                log.warning("%s: %s", name, away, extra={"action": "cdr_unavailable"})
            except Exception:
                # What one look could not digest must not cost the service; the next look tries again.
                log.exception("%s: the CDR could not be read", name, extra={"action": "cdr_failed"})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pbx.cdr_every_s):
                    await asked.wait()

    async def _since(self, name: str, began_at: datetime) -> datetime:
        """From shortly before the newest card on; at the very first attach from now, or what the administrator says."""
        newest = await self._store.last_started_at(self._configuration.site.name, name)
        if newest is not None:
            return newest - _MARGIN
        return self._configuration.pbx[name].cdr_since or began_at

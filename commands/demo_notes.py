"""What the demo's operators have typed on past conversations and clients: enough for a history that looks lived in."""

import asyncio
import random
import secrets
from datetime import UTC, datetime

from callcards.ports import Annotate, Before, StoredCard
from clients.ports import NOTHING, Edit
from core.ids import fresh_id
from service import Service

SHARE, VIP_SHARE, WARNED_SHARE = 0.35, 0.08, 0.06
WARNINGS = ("Ask for the order number first.", "Говорит только по-английски.", "Complaint is open: be kind.")
_LOOK_EVERY_S = 0.5
NOTES = (
    ("resolved", "Счёт за октябрь отправлен повторно."),
    ("resolved", "Reset the password together, works now."),
    ("call_back", "Просила перезвонить после 18:00, спросить про доставку."),
    ("call_back", "Will be back from holiday on Monday, wants the offer then."),
    ("resolved", "Asked about the yearly plan; prefers e-mail."),
    ("call_back", "Интересуется переходом на новый тариф, решит на этой неделе."),
    ("complaint", "Second delivery in a row was late. Be kind."),
    ("complaint", "Недоволен: курьер не позвонил. Извинились, дали скидку 10 %."),
    ("passed_on", "Contract question, passed on to billing."),
    ("resolved", "Заказ найден, отгрузка завтра."),
)


async def leave_notes(service: Service, *, wanted: int = 3_000, patience_s: float = 60.0) -> None:
    """Write notes on a share of the past cards, once; waits for the past to be filled in from the CDR."""
    site = service.configuration.site.name
    chance = random.Random(site)
    for _ in range(int(patience_s / _LOOK_EVERY_S)):
        if await _past_is_there(service, site):
            break
        await asyncio.sleep(_LOOK_EVERY_S)
    before: Before | None = None
    seen, met = 0, set[str]()
    while seen < wanted and (page := await service.store.recent(site, limit=200, before=before)):
        for stored in page:
            if not stored.notes and stored.card.answered_at and stored.card.ended_at and chance.random() < SHARE:
                service.writer.put(_note(stored, chance))
            if stored.client_id and stored.client_id not in met:
                met.add(stored.client_id)
                await _know(service, site, stored.client_id, chance)
        seen += len(page)
        before = Before(started_at=page[-1].card.started_at, card_id=page[-1].card.card_id)


async def _know(service: Service, site: str, client_id: str, chance: random.Random) -> None:
    """Some clients are known better than others."""
    edit = Edit(
        vip=True if chance.random() < VIP_SHARE else None,
        warning=chance.choice(WARNINGS) if chance.random() < WARNED_SHARE else None,
        fields={"contract": f"M-{chance.randint(1000, 9999)}"} if chance.random() < SHARE else None,
        check=True if chance.random() < WARNED_SHARE else None,
    )
    if edit != NOTHING:
        await service.directory.change(site, client_id, edit, by="sofia", at=datetime.now(UTC))


async def _past_is_there(service: Service, site: str) -> bool:
    backlog = service.writer.backlog()
    # The past comes oldest first, and faster than it is stored: most of it waits in the journal for a while.
    some = len(await service.store.recent(site, limit=200)) == 200
    return some and not backlog.waiting and not backlog.journal_bytes


def _note(stored: StoredCard, chance: random.Random) -> Annotate:
    card = stored.card
    disposition, notes = chance.choice(NOTES)
    at = card.ended_at or card.started_at
    return Annotate(
        annotation_id=fresh_id(at, secrets.token_bytes(10)),
        card_id=card.card_id,
        by=card.answered_by or "demo",
        at=at,
        notes=notes,
        disposition=disposition,
    )

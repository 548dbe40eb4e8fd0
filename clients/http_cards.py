"""Routes on a card that say who it was: confirm or correct the client, and what the check questions gave."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter

from clients.http_live import LiveCalls
from clients.http_shapes import (
    Answers,
    CardId,
    CheckOfCard,
    Confirmation,
    ConfirmedClient,
    check_line,
    shown,
)
from clients.http_site import own_site_only
from clients.ports import ClientDirectory, Edit
from core.errors import Rejected
from web.access import Door, Operator


def router(directory: ClientDirectory, live: LiveCalls, now: Callable[[], datetime]) -> APIRouter:
    routes = APIRouter(prefix="/api/cards")

    @routes.post("/{card_id}/client")
    async def confirm(card_id: CardId, asked: Confirmation, who: Operator, door: Door) -> ConfirmedClient:
        """This conversation was with that client, known or new. May be repeated, and corrected later."""
        chosen = _chosen(asked)
        named = (asked.client_id, asked.new.organisation_id if asked.new else None)
        async with own_site_only(directory, who, door, *named, card_id=card_id):
            confirmed = await directory.confirm(who.site, card_id, chosen, learn=asked.learn, by=who.login, at=now())
        client = confirmed.client
        facts = {"client": client.client_id, "before": confirmed.before or "", "linked": str(confirmed.linked)}
        await door.changed(who, what=f"card {confirmed.card_id} confirmed", **facts)
        await live.show_in(who.site, confirmed.card_id, client.client_id, number=confirmed.number)
        return ConfirmedClient(client=shown(client), linked=confirmed.linked)

    @routes.get("/{card_id}/check")
    async def check(card_id: CardId, who: Operator, door: Door) -> CheckOfCard:
        """The latest answers, or null where nobody asked."""
        async with own_site_only(directory, who, door, card_id=card_id):
            noted = await directory.check_of(who.site, card_id)
        return CheckOfCard(check=None if noted is None else check_line(noted))

    @routes.post("/{card_id}/check")
    async def note_check(card_id: CardId, asked: Answers, who: Operator, door: Door) -> CheckOfCard:
        """What the check questions gave in this conversation."""
        async with own_site_only(directory, who, door, card_id=card_id):
            noted = await directory.note_check(who.site, card_id, asked.answers, by=who.login, at=now())
        answers = ",".join(f"{code}={answer}" for code, answer in sorted(asked.answers.items()))
        await door.changed(who, what=f"card {card_id} checked", answers=answers)
        return CheckOfCard(check=check_line(noted))

    return routes


def _chosen(asked: Confirmation) -> str | Edit:
    if asked.new is not None and asked.client_id is None:
        return Edit(name=asked.new.name, organisation_id=asked.new.organisation_id or None)
    if asked.client_id is not None and asked.new is None:
        return asked.client_id
    raise Rejected("Say either which client it was (client_id) or who is new (new).", code="who_missing")

"""Cards for tests: whole ones, with everything filled in, so that what a store forgets shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.effects import SaveOffer
from core.ids import interaction_id
from core.model import (
    Card,
    Choice,
    Contender,
    Direction,
    EndedBy,
    Leg,
    LegOutcome,
    OfferOutcome,
    TransferKind,
    TransferStep,
)

NOON = datetime(2026, 11, 21, 12, 0, 0, 123457, tzinfo=UTC)


def instant(after_s: float) -> datetime:
    return NOON + timedelta(seconds=after_s)


def card(n: int = 1, **changes: Any) -> Card:
    """The n-th call of the day: waiting, talking, transferred, ended."""
    began = changes.pop("started_at", instant(n))
    site, pbx, boot = changes.pop("site", "riga"), changes.pop("pbx", "pbx1"), changes.pop("boot_id", "boot-1")
    uniqueid = changes.pop("uniqueid", f"{1795262400 + n}.{n}")
    whole = Card(
        card_id=interaction_id(site=site, pbx=pbx, boot_id=boot, uniqueid=uniqueid),
        natural_key="|".join((site, pbx, boot, uniqueid)),
        site=site,
        pbx=pbx,
        boot_id=boot,
        uniqueid=uniqueid,
        linkedids=(uniqueid, f"{uniqueid}1"),
        channel="voice",
        direction=Direction.INBOUND,
        caller_number="8 (916) 111-22-33",
        caller_name='Жанна O\'Brien <b>"😀"</b>',
        client_number="8 (916) 111-22-33",
        dialled="500",
        started_at=began,
        timezone="Europe/Riga",
        queues=("support", "sales"),
        queued_at=began + timedelta(seconds=0.5),
        answered_at=began + timedelta(seconds=7.25),
        answered_by="1001",
        talk_ended_at=began + timedelta(seconds=100),
        hold_s=3.75,
        legs=(
            Leg(leg_id="a.1", agent="1002", rang_at=began, outcome=LegOutcome.BUSY, ended_at=began, queue="support"),
            Leg(
                leg_id="a.2",
                agent="1001",
                rang_at=began + timedelta(seconds=1, microseconds=1),
                outcome=LegOutcome.ANSWERED,
                answered_at=began + timedelta(seconds=7.25),
                ended_at=began + timedelta(seconds=100),
                hold_s=3.75,
                queue="sales",
            ),
        ),
        transfers=(TransferStep(kind=TransferKind.BLIND, from_agent="1001", to="1003", at=began, answered=True),),
        recordings=("mixmonitor/1.wav",),
        voicemail=True,
        ended_at=began + timedelta(seconds=101),
        ended_by=EndedBy.CALLER,
        cause=16,
        end_reason="normal",
        inferred=True,
        revision=5,
    )
    return replace(whole, **changes)


def open_card(n: int = 1, **changes: Any) -> Card:
    """The same while it lasts."""
    return card(n, **{"ended_at": None, "ended_by": None, "cause": None, "revision": 2, **changes})


CHOICE = Choice(
    login="anna",
    queue="support",
    strategy="scarcity",
    step=1,
    requirement="lang.ru >= 3 and (billing or vip)",
    score=11.25,
    waited_s=75.125,
    candidates=(Contender("anna", measure=(0.0, 1.0, 1795262400.25)), Contender("boris", measure=(0.5, 0.0, 7.0))),
    excluded=(Contender("иван", obstacles=("paused", "requirement"), missing=("lang.ru >= 3",)),),
    more=3,
)


def offer_made(card_id: str, offer_id: str = "cc.1795262401.1.0", **changes: Any) -> SaveOffer:
    told = {"call_id": card_id, "offer_id": offer_id, "agent": "1001", "at": instant(2), "choice": CHOICE}
    return SaveOffer(**{**told, **changes})


def offer_ended(card_id: str, offer_id: str = "cc.1795262401.1.0", **changes: Any) -> SaveOffer:
    told = {
        "call_id": card_id,
        "offer_id": offer_id,
        "agent": "1001",
        "at": instant(9),
        "outcome": OfferOutcome.DECLINED,
    }
    return SaveOffer(**{**told, **changes})

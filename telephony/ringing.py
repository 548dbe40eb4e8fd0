"""Phones that ring for a client: the offer, and how it was lost. Never who dialled whom (telephony/dials.py)."""

import re
from datetime import datetime

from core.events import CallOffered, CallOfferEnded, RingFailed
from core.model import LegOutcome
from telephony import facts as f
from telephony.floor import Floor
from telephony.live import Call, Channel

OFFER_ID = re.compile(r"^cc\.(.+)\.[^.]+$")
"""A leg of ours names in its own id the caller whom it is offered."""

_BUSY, _ANSWERED_ELSEWHERE, _DECLINED = 17, 26, 21


def offer(floor: Floor, channel: Channel, at: datetime) -> None:
    """Its phone rings for the client, unless it does so already or has talked."""
    call = channel.call
    if channel.offered or channel.talked or not call.opened:
        return
    channel.offered = True
    floor.say(
        CallOffered(
            at=at,
            call_id=call.call_id,
            leg_id=channel.uniqueid,
            agent=channel.endpoint,
            queue=call.queue if call.waiting else None,
        )
    )


def never_rang(channel: Channel) -> bool:
    """A leg of ours that was ended before the PBX could dial: nobody has heard of it yet."""
    return not channel.dialled and not channel.talked and OFFER_ID.match(channel.uniqueid) is not None


def failed(floor: Floor, call: Call, offer_id: str, *, phone: str, at: datetime) -> None:
    """The phone of this offer didn't ring, and will not."""
    if call.opened:
        why = f"The phone {phone} can't be rung: it is not registered, the PBX doesn't know it, or it was stopped at once."
        floor.say(RingFailed(at=at, call_id=call.call_id, offer_id=offer_id, agent=phone, why=why))


def on_dial_rang(floor: Floor, fact: f.DialRang) -> None:
    if dest := floor.channels.get(fact.dest_uniqueid):
        dest.rang = True


def on_dial_ended(floor: Floor, fact: f.DialEnded) -> None:
    dest = floor.channels.get(fact.dest_uniqueid)
    if dest is not None:
        dest.dialled_answer = dest.dialled_answer or fact.status == "ANSWER"
        dest.elsewhere = dest.elsewhere or bool(fact.forward)


def outcome_of(channel: Channel, cause: int) -> LegOutcome:
    """How the phone was lost that hung up unanswered; the rules are told in telephony/tracker.py."""
    call = channel.call
    if channel.dialled_answer or channel.elsewhere:
        return LegOutcome.CANCELLED
    if channel.asked:
        refusals = {_BUSY: LegOutcome.BUSY, _DECLINED: LegOutcome.REJECTED}
        return refusals.get(cause, LegOutcome.UNAVAILABLE)
    caller = call.client or call.primary
    gone = caller.asked or caller.uniqueid not in call.channels
    if gone or cause == _ANSWERED_ELSEWHERE or any(c.talking and c.offered for c in call.channels.values()):
        return LegOutcome.CANCELLED
    return LegOutcome.NOANSWER if channel.rang else LegOutcome.UNAVAILABLE


def end_offer(floor: Floor, channel: Channel, outcome: LegOutcome, at: datetime) -> None:
    """It rings no more, and nobody talked there."""
    channel.offered = False
    call = channel.call
    if channel.asked and not call.answered:
        call.refused = True
    if call.opened:
        floor.say(
            CallOfferEnded(
                at=at, call_id=call.call_id, leg_id=channel.uniqueid, agent=channel.endpoint, outcome=outcome
            )
        )

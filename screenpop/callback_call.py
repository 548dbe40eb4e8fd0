"""A promised callback as the screen needs it before there is a call: what the operator must know, and the call that is to come.
Pure."""

from core.callback import First
from core.events import CallArrived, CallbackOffered
from core.model import CallbackNote, Direction


def note_of(event: CallbackOffered) -> CallbackNote:
    one = event.callback
    return CallbackNote(
        callback_id=one.callback_id,
        asked_at=one.asked_at,
        entered_at=one.entered_at,
        zone=one.zone,
        asked_by=one.asked_by,
        attempt=one.reached_for + 1,
    )


def call_to_come(event: CallbackOffered) -> CallArrived | None:
    """As CallArrived will tell it once the operator has picked up; None where the client's phone rings first."""
    one, attempt = event.callback, event.attempt
    if one.first is First.CLIENT:
        return None
    return CallArrived(
        at=event.at,
        call_id=event.call_id,
        site=one.site,
        pbx=one.pbx,
        boot_id="",
        uniqueid=attempt.leg_id,
        linkedid=attempt.leg_id,
        channel="",
        direction=Direction.OUTBOUND,
        caller_number=attempt.agent,
        caller_name="",
        client_number=one.number,
        dialled=one.number.removeprefix("+"),
        agent=attempt.agent,
    )

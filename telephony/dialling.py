"""An operator's wishes on calls -> commands to the PBX where the call lives. Never takes a number as typed: digits only, in the
context that the administrator has set."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import NotFound, Rejected
from telephony.commands import Command, HangUp, PlaceCall, own_channel_id
from telephony.facts import FromPbx, HangupAsked
from telephony.live import Channel
from telephony.tracker import CallTracker
from telephony.wire import Headers

_LONGEST_EXTENSION = 5
_PUNCTUATION = " ().-/\u00a0\u202f\u2011\u2013"


class SendsCommands(Protocol):
    """The part of a PBX link that is needed here."""

    def send(self, command: Command) -> Awaitable[Headers]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """How calls are placed on one PBX: `phone` is a pattern such as `PJSIP/{extension}`, `prefix` opens the outside line."""

    phone: str
    context: str
    prefix: str


class PbxCalls:
    """Carries out what the screen asks (screenpop's `Calls`). `deliver` is the engine's step."""

    def __init__(
        self,
        links: Mapping[str, SendsCommands],
        plans: Mapping[str, DialPlan],
        trackers: Mapping[str, CallTracker],
        *,
        deliver: Callable[[FromPbx], None],
        now: Callable[[], datetime],
        token: Callable[[], str],
    ) -> None:
        self._links, self._plans, self._trackers = links, plans, trackers
        self._deliver, self._now, self._token = deliver, now, token
        self._count = 0

    async def place(self, site: str, agent: str, number: str) -> None:
        """Ring the operator's phone; when it is picked up, dial `number`."""
        pbx, plan = next(iter(self._plans.items()))
        digits = dialled_digits(number)
        self._count += 1
        command = PlaceCall(
            phone=plan.phone.format(extension=agent),
            context=plan.context,
            number=digits if len(digits) <= _LONGEST_EXTENSION else plan.prefix + digits,
            channel_id=own_channel_id(at=self._now(), token=self._token(), count=self._count),
            shown_number=digits,
        )
        await self._links[pbx].send(command)

    async def hang_up(self, site: str, agent: str, call_id: str) -> None:
        """End the operator's own part in this call."""
        for pbx, tracker in self._trackers.items():
            call = tracker.calls.get(call_id)
            if call is not None and tracker.site == site:
                own = _own(list(call.channels.values()), agent)
                # The PBX will say that *it* hung up; it was the operator's hand all the same.
                self._deliver(FromPbx(pbx, HangupAsked(self._now(), own.name, own.uniqueid)))
                await self._links[pbx].send(HangUp(uniqueid=own.uniqueid))
                return
        raise NotFound("This call is over already.")


def _own(channels: list[Channel], agent: str) -> Channel:
    found = next((c for c in channels if c.endpoint == agent and not c.left), None)
    if found is None:
        raise NotFound("You have no part in this call.")
    return found


def dialled_digits(number: str) -> str:
    """What to dial for a number as people write it: digits, without + and punctuation. Rejected for anything else."""
    digits = number.strip().removeprefix("+")
    for sign in _PUNCTUATION:
        digits = digits.replace(sign, "")
    if not digits or not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        raise Rejected(f"{number!r} can't be dialled: use digits, with + for the country")
    return digits

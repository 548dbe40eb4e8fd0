"""Rings phones for promised callbacks: of the operator, from which the client is then dialled, or of the client, who then waits in
the queue. Only as the rules of dialling allow (dial_policy.py), and never before it is kept that this attempt is under way.

What can't be rung comes back as CallbackNotDialled; all else is seen in the PBX's events. The channel bears the attempt's own id,
so that doing it twice rings once.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from core.callback import First
from core.effects import PlaceCallback
from core.errors import ContactCentreError, Forbidden, ResultUnknown, Unavailable
from core.events import CallbackNotDialled
from core.model import Door
from telephony import command_checks as check
from telephony.commands import Command, Fields, PlaceCall
from telephony.dial_policy import DialRules
from telephony.dialling import DialPlan, SendsCommands
from telephony.offer_commands import DOOR_CONTEXTS

log = logging.getLogger(__name__)
_TOO_MANY_S = 60.0
"""So long an attempt waits when more calls were placed than the policy allows in a minute."""

_NOT_KEPT_S = 30.0
_CLIENT_RINGS_S = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClient:
    """Ring a client's phone; when they answer, they wait in the ACD queue. Outcome: Originated."""

    acting: ClassVar[bool] = True
    phone: str
    queue: str
    channel_id: str
    timeout_s: int = _CLIENT_RINGS_S

    def __post_init__(self) -> None:
        check.endpoint(self.phone)
        check.token(self.queue)
        check.channel(self.channel_id)
        check.whole(self.timeout_s, least=1, most=300, what="The ringing time")

    def headers(self) -> Fields:
        return [
            ("Action", "Originate"),
            ("Channel", self.phone),
            ("Context", DOOR_CONTEXTS[Door.QUEUE]),
            ("Exten", self.queue),
            ("Priority", "1"),
            ("Timeout", str(self.timeout_s * 1000)),
            ("ChannelId", self.channel_id),
            ("Async", "true"),
        ]


class CallbackCalls:
    """`keep` returns once everything put to the record so far is safe; `expect` tells the tracker of a PBX whose number a channel
    of ours will ring; `deliver` is the engine's step. `put` goes through a lane of the service's."""

    def __init__(
        self,
        links: Mapping[str, SendsCommands],
        plans: Mapping[str, DialPlan],
        *,
        rules: DialRules,
        keep: Callable[[], Awaitable[None]],
        expect: Callable[[str, str, str], None],
        deliver: Callable[[CallbackNotDialled], None],
        now: Callable[[], datetime],
    ) -> None:
        self._links, self._plans, self._rules = links, plans, rules
        self._keep, self._expect, self._deliver, self._now = keep, expect, deliver, now

    def barred(self, number: str) -> str | None:
        """Why this number may never be called from here; None: it may."""
        try:
            self._rules.judge(number)
        except Forbidden as refusal:
            return refusal.code
        return None

    async def place(self, effect: PlaceCallback) -> None:
        """Ring, or tell why not."""
        try:
            await self._keep()
        except Unavailable:
            self.not_dialled(effect, "not_kept", retry_s=_NOT_KEPT_S)
            return
        try:
            await self._ring(effect)
        except ResultUnknown:
            self.not_dialled(effect, "result_unknown", certain=False)
        except Forbidden as refusal:
            again = refusal.code == "too_many_calls"
            self.not_dialled(effect, refusal.code, barred=not again, retry_s=_TOO_MANY_S if again else None)
        except ContactCentreError as failure:
            log.warning("callback not placed: %s", failure, extra={"action": "callback_not_placed"})
            self.not_dialled(effect, failure.code)
        except Exception:
            log.exception("callback failed", extra={"action": "callback_failed"})
            self.not_dialled(effect, "error", certain=False)

    def not_dialled(
        self,
        effect: PlaceCallback,
        why: str,
        *,
        certain: bool = True,
        barred: bool = False,
        retry_s: float | None = None,
    ) -> None:
        leg_id = effect.attempt.leg_id
        told = CallbackNotDialled(
            at=self._now(), leg_id=leg_id, why=why, certain=certain, barred=barred, retry_s=retry_s
        )
        self._deliver(told)

    async def _ring(self, effect: PlaceCallback) -> None:
        one, attempt = effect.callback, effect.attempt
        link = self._links.get(one.pbx)
        if link is None:
            raise Unavailable(f"There is no PBX {one.pbx} any more.", code="no_such_pbx")
        way = self._rules.may_call(one.number, site=one.site, user=attempt.login, at=self._now())
        plan = self._plans[one.pbx]
        command: Command
        if one.first is First.CLIENT:
            if plan.client_phone is None:
                raise Unavailable("'client_phone' of this PBX isn't set.", code="no_client_phone")
            self._expect(one.pbx, attempt.leg_id, one.number)
            command = CallClient(
                phone=plan.client_phone.format(number=way.digits), queue=one.queue, channel_id=attempt.leg_id
            )
        else:
            command = PlaceCall(
                phone=plan.phone.format(extension=attempt.agent),
                context=plan.context,
                number=plan.dials(way),
                channel_id=attempt.leg_id,
                shown_number=way.digits,
                shown_name=check.showable(one.name),
                timeout_s=effect.ring_s,
            )
        await link.send(command)

"""Click-to-call -> one command to the PBX. Never takes a number as typed: digits only, in the context that the administrator has
set, from the operator's own phone, and only as the rules of dialling allow (telephony/dial_policy.py)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from core.desk import DialPolicy
from core.errors import ContactCentreError, Forbidden, ResultUnknown
from telephony.commands import Command, PlaceCall, own_channel_id
from telephony.dial_policy import DialRules, Way
from telephony.live import ChannelRole, Endpoints
from telephony.wire import Headers
from telephony.wishes import Wishes


class SendsCommands(Protocol):
    """The part of a PBX link that is needed here."""

    def send(self, command: Command) -> Awaitable[Headers]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """How one PBX is dialled: `phone` is a pattern such as `PJSIP/{extension}`, `prefix` opens the outside line, `queues` says
    which extension of `context` leads to which queue. `parking_lot` and for how long a client waits there. `client_phone`: how an
    outside number is rung without an operator, `PJSIP/{number}@trunk` (None: not at all)."""

    phone: str
    context: str
    prefix: str
    queues: Mapping[str, str] = field(default_factory=dict)
    parking_lot: str = "default"
    parking_s: int = 60
    client_phone: str | None = None

    def dials(self, way: Way) -> str:
        return self.prefix + way.digits if way.outside else way.digits


class Phones:
    """Which extensions are what: operators' phones (`endpoints`), queues of the `plans`, short numbers that the policy names."""

    def __init__(self, endpoints: Endpoints, plans: Mapping[str, DialPlan], policy: DialPolicy) -> None:
        self._endpoints, self._plans, self._policy = endpoints, plans, policy

    def is_operators(self, extension: str) -> bool:
        phones = (plan.phone.format(extension=extension) for plan in self._plans.values())
        return any(self._endpoints.role(f"{phone}-0")[0] is ChannelRole.AGENT for phone in phones)

    def is_internal(self, digits: str) -> bool:
        queues = (plan.queues.values() for plan in self._plans.values())
        declared = any(fnmatchcase(digits, pattern) for pattern in self._policy.extensions)
        return self.is_operators(digits) or declared or any(digits in of_plan for of_plan in queues)


class PbxCalls:
    """Places calls for the screen (screenpop's `Calls`) of one site, on the first PBX of `plans`."""

    def __init__(
        self,
        links: Mapping[str, SendsCommands],
        plans: Mapping[str, DialPlan],
        *,
        site: str,
        phones: Phones,
        rules: DialRules,
        now: Callable[[], datetime],
        token: Callable[[], str],
    ) -> None:
        self._links, self._plans, self._site, self._phones, self._rules = links, plans, site, phones, rules
        self._now, self._token = now, token
        self._wishes = Wishes()
        self._count = 0

    async def place(self, site: str, agent: str, number: str, *, user: str) -> None:
        """Ring the operator's phone; when it is picked up, dial `number`. The same asked twice at once rings once."""
        if site != self._site:
            raise Forbidden(f"The phones here are of the site {self._site}: sign in at your own.", code="other_site")
        if not self._phones.is_operators(agent):
            raise Forbidden(
                f"{agent} is no operator's phone here: sign in again with the extension you sit at.",
                code="not_a_phone",
            )
        at = self._now()
        if not self._wishes.begin(agent, (number,), at):
            return
        try:
            await self._place(agent, self._rules.may_call(number, site=site, user=user, at=at))
        except ResultUnknown:
            raise
        except ContactCentreError:
            self._wishes.failed(agent)
            raise

    async def _place(self, agent: str, way: Way) -> None:
        pbx, plan = next(iter(self._plans.items()))
        self._count += 1
        command = PlaceCall(
            phone=plan.phone.format(extension=agent),
            context=plan.context,
            number=plan.dials(way),
            channel_id=own_channel_id(at=self._now(), token=self._token(), count=self._count),
            shown_number=way.digits,
        )
        await self._links[pbx].send(command)

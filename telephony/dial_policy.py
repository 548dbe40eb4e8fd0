"""Whom click-to-call and transfers may call: countries, numbers that cost extra, emergency and short numbers, and how often.

What leaves here is digits only. Every refusal is one sentence that says what to do and whom to ask. Pure.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, assert_never

from core.desk import DialPolicy
from core.dialled import Dialled, NumberKind, dialled
from core.errors import Forbidden
from telephony.dial_caps import DialCaps


class Way(NamedTuple):
    """What to tell the PBX: `outside` ones go behind the prefix of the outside line."""

    digits: str
    outside: bool


class DialRules:
    """`region`: the site's. `is_internal(digits)`: whether a short number is a colleague's phone, a queue, or declared."""

    def __init__(self, policy: DialPolicy, *, region: str, is_internal: Callable[[str], bool]) -> None:
        self._policy, self._region, self._is_internal = policy, region, is_internal
        self._countries = policy.countries or (region,)
        self.caps = DialCaps(policy)

    def may_call(self, number: str, *, site: str, user: str, at: datetime) -> Way:
        """How to dial `number`, counted as one call of `user`; Forbidden (`number_not_allowed`, `too_many_calls`)."""
        way = self.judge(number)
        self.caps.take(site, user, at)
        return way

    def judge(self, number: str) -> Way:
        """How to dial `number`, whoever asks; Forbidden (`number_not_allowed`)."""
        found = dialled(number, self._region)
        if self._policy.internal and found.digits and self._is_internal(found.digits):
            return Way(found.digits, outside=False)
        match found.kind:
            case NumberKind.ORDINARY:
                return self._outside(found)
            case NumberKind.COSTS_EXTRA:
                if not self._policy.premium:
                    raise _refused(
                        f"+{found.digits} costs extra (premium or shared cost) and is not called from here. If it must be, "
                        "ask your administrator ('premium' in [dialling])."
                    )
                return self._outside(found)
            case NumberKind.EMERGENCY:
                if not self._policy.emergency:
                    raise _refused(
                        f"{found.digits} is an emergency number: dial it on your phone itself, so that the rescue services "
                        "see where you are."
                    )
                return Way(found.digits, outside=False)
            case NumberKind.SHORT:
                raise _refused(
                    f"{found.digits} is no colleague's extension and no queue. Write an outside number in full, with + and "
                    "its country; if the short number is right, ask your administrator ('extensions' in [dialling])."
                )
            case NumberKind.UNREADABLE:
                raise _refused(
                    f"{number[:40]!r} can't be dialled: write the whole number, with + and its country, e.g. +7 916 123-45-67."
                )
            case _:
                assert_never(found.kind)

    def _outside(self, found: Dialled) -> Way:
        if found.country not in self._countries:
            where = {None: "a country that can't be told", "001": "a network of no country"}
            raise _refused(
                f"+{found.digits} is in {where.get(found.country, found.country)}, and from here only "
                f"{', '.join(self._countries)} may be called. If it must be, ask your administrator ('countries' in [dialling])."
            )
        return Way(found.digits, outside=True)


def _refused(sentence: str) -> Forbidden:
    return Forbidden(sentence, code="number_not_allowed")

"""Of several values for one key that arise within a step, or in steps that follow each other at once, the last. Never decides
what a value means."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
_MOMENT_S = 0.002


class Latest(Generic[T]):
    """`put` within a step; `carry` gets each key's last value a moment later, when the pops of the same read are out, in the order
    of their first `put`."""

    def __init__(self, key: Callable[[T], Hashable], carry: Callable[[T], None]) -> None:
        self._key, self._carry = key, carry
        self._values: dict[Hashable, T] = {}

    def put(self, value: T) -> None:
        if not self._values:
            asyncio.get_running_loop().call_later(_MOMENT_S, self._hand_over)
        self._values[self._key(value)] = value

    def _hand_over(self) -> None:
        values, self._values = self._values, {}
        for value in values.values():
            self._carry(value)

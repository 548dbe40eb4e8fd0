"""Audit lines of the door as core effects: they go the way of all others, journal and record included. Never stores itself."""

from collections.abc import Callable, Mapping
from datetime import datetime

from core.effects import Audit


class EffectAuditTrail:
    """`put` takes the effect without waiting, e.g. the card writer's."""

    def __init__(self, put: Callable[[Audit], None]) -> None:
        self._put = put

    async def write(self, at: datetime, *, actor: str, action: str, facts: Mapping[str, str]) -> None:
        self._put(Audit(at=at, actor=actor, action=action, facts=dict(facts)))

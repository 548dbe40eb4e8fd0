"""An event and an effect for tests of the engine."""

from dataclasses import dataclass

from core.effects import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Did(Effect):
    name: str

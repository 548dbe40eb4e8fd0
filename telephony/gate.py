"""What becomes of facts while the link finds its step: dropped, kept, or passed on. Pure, bounded, strictly in order."""

from collections.abc import Callable
from enum import StrEnum

from telephony.facts import Fact


class GateState(StrEnum):
    SHUT = "shut"
    HOLDING = "holding"
    OPEN = "open"


class Gate:
    """SHUT: nothing that comes is believed. HOLDING: kept for after the snapshot. OPEN: passed on at once."""

    def __init__(self, pass_on: Callable[[Fact], None], *, most_held: int = 50_000) -> None:
        self._pass_on = pass_on
        self._most_held = most_held
        self._held: list[Fact] = []
        self.state = GateState.SHUT
        self.dropped = 0

    def take(self, fact: Fact) -> bool:
        """One fact from the PBX, in the order of arrival. False: more came than can be held, the gate is shut."""
        if self.state is GateState.OPEN:
            self._pass_on(fact)
        elif self.state is GateState.SHUT:
            self.dropped += 1
        elif len(self._held) < self._most_held:
            self._held.append(fact)
        else:
            # With one fact gone the others aren't in step either.
            self.shut()
            return False
        return True

    def shut(self) -> None:
        self.dropped += len(self._held)
        self._held.clear()
        self.state = GateState.SHUT

    def hold(self) -> None:
        """From here on facts are newer than the snapshot that is being asked for."""
        self._held.clear()
        self.state = GateState.HOLDING

    def open(self) -> None:
        """The snapshot is delivered: pass on what was kept, then everything."""
        held, self._held = self._held, []
        self.state = GateState.OPEN
        for fact in held:
            self._pass_on(fact)

"""The engine: one fact in, one synchronous step, effects out. No clock, no I/O, no await.

A step takes a fact to its tracker, the events that follow to every rule registered for their type, in the order of the
tables, until nothing is left. Each effect goes to `perform` as soon as it arises. A step begun inside a step (by an adapter that
answers at once) is queued and runs after it.

Two tables: what a screen waits for, and the bookkeeping that follows (`then`). A fact that is only *heard* goes through the first
at once and through the second when the loop has a moment, so that a pop overtakes the bookkeeping of everything the PBX said before
it (docs/adr/0016). In each table every fact keeps its place, and nothing that happens meanwhile overtakes what is due.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from core.effects import Effect
from core.events import Event

log = logging.getLogger(__name__)

Outcome = Iterable[Event | Effect]
Rule = Callable[[Any], Outcome]
Table = Mapping[type, Sequence[Rule]]
_AT_A_TIME = 4


class Engine:
    """Holds the tables and runs the steps. `failures` counts rules that raised (each is logged with its fact).

    `soon` has a function called when the loop has had a look at its sockets; without it all of a step is done at once.
    """

    def __init__(
        self,
        table: Table,
        perform: Callable[[Effect], None],
        *,
        then: Table | None = None,
        soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._first = {kind: tuple(rules) for kind, rules in table.items()}
        self._then = {kind: tuple(rules) for kind, rules in (then or {}).items()}
        self._perform = perform
        self._soon = soon
        self._waiting: deque[object] = deque()
        self._due: deque[list[object]] = deque()
        self._stepping = False
        self._reminded = False
        self.failures = 0

    @property
    def due(self) -> int:
        """How many facts wait for their bookkeeping."""
        return len(self._due)

    def step(self, fact: object) -> None:
        """Take one fact (or event) through everything that follows from it; the bookkeeping that is due goes before its own."""
        self._waiting.append(fact)
        if not self._stepping:
            self._work(None)

    def hear(self, fact: object) -> None:
        """Take one fact through the first table; the rest follows when the loop has a moment."""
        if self._soon is None:
            self.step(fact)
            return
        self._waiting.append(fact)
        if not self._stepping:
            self._work(0)
            self._remind()

    def catch_up(self) -> None:
        """Do all the bookkeeping that is due."""
        if not self._stepping:
            self._work(None)

    def _remind(self) -> None:
        if self._due and not self._reminded and self._soon is not None:
            self._reminded = True
            self._soon(self._in_a_moment)

    def _in_a_moment(self) -> None:
        """A little at a time, so that what comes from the PBX meanwhile goes first; where more is due, more: no flood puts it off
        for ever."""
        self._reminded = False
        self._work(max(_AT_A_TIME, len(self._due) // 4))
        self._remind()

    def _work(self, most: int | None) -> None:
        """Begin what waits, then do the bookkeeping of `most` facts (None: of all), and begin what came of that."""
        self._stepping = True
        try:
            self._begin()
            while self._due and most != 0:
                self._end(self._due.popleft())
                self._begin()
                most = None if most is None else most - 1
        finally:
            self._stepping = False

    def _begin(self) -> None:
        while self._waiting:
            if left := self._begun(self._waiting.popleft()):
                self._due.append(left)

    def _begun(self, fact: object) -> list[object]:
        """What of this fact, and of the events that follow, is left for the second table."""
        todo: deque[object] = deque((fact,))
        left = []
        while todo:
            fact = todo.popleft()
            self._tell(fact, self._first, todo)
            if type(fact) in self._then:
                left.append(fact)
        return left

    def _end(self, left: list[object]) -> None:
        todo: deque[object] = deque()
        for fact in left:
            self._tell(fact, self._then, todo)
        while todo:
            fact = todo.popleft()
            self._tell(fact, self._first, todo)
            self._tell(fact, self._then, todo)

    def _tell(self, fact: object, table: Table, todo: deque[object]) -> None:
        for rule in table.get(type(fact), ()):
            try:
                for outcome in rule(fact):
                    if isinstance(outcome, Effect):
                        self._carry_out(outcome)
                    else:
                        todo.append(outcome)
            except Exception:
                # One rule's mistake must not cost the others their event, nor the PBX its link.
                self.failures += 1
                log.exception("rule failed", extra={"action": "rule_failed", "fact": repr(fact)[:500]})

    def _carry_out(self, effect: Effect) -> None:
        try:
            self._perform(effect)
        except Exception:
            self.failures += 1
            log.exception("effect failed", extra={"action": "effect_failed", "effect": repr(effect)[:500]})

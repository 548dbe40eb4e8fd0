"""The engine: one fact in, one synchronous step, effects out. No clock, no I/O, no await.

A step takes a fact to its tracker, the events that follow to every rule registered for their type, in the order of the
table, until nothing is left. Each effect goes to `perform` as soon as it arises, so that a pop is on its way while the rules
behind it do their bookkeeping. A step begun inside a step (by an adapter that answers at once) is queued and runs after it.
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


class Engine:
    """Holds the table and runs the steps. `failures` counts rules that raised (each is logged with its fact)."""

    def __init__(self, table: Mapping[type, Sequence[Rule]], perform: Callable[[Effect], None]) -> None:
        self._table = {kind: tuple(rules) for kind, rules in table.items()}
        self._perform = perform
        self._waiting: deque[object] = deque()
        self._stepping = False
        self.failures = 0

    def step(self, fact: object) -> None:
        """Take one fact (or event) through everything that follows from it."""
        self._waiting.append(fact)
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._waiting:
                self._run(self._waiting.popleft())
        finally:
            self._stepping = False

    def _run(self, first: object) -> None:
        todo: deque[object] = deque((first,))
        while todo:
            fact = todo.popleft()
            for rule in self._table.get(type(fact), ()):
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

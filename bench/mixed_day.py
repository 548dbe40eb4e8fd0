"""A centre where many ask for what many can do, and few for what few can: 24 operators, three queues, ten hours.

Sixteen people know only the general things; four of those who know them speak Thai besides, and four are experts. 80 % of the
callers want anybody, 10 % Thai, 10 % an expert. At 100 % load there is as much work as people.
"""

import random

from routing.policy import QueuePolicy, Step, Strategy
from routing.requirement import parse
from routing.simulation import Arrival, Worker

HANDLE_S, PATIENCE_S, HOURS_S = 240.0, 180.0, 36_000.0
ASKED = {"general": "general", "thai": "thai", "expert": "general >= 4"}
_SKILLS = [{"general": 3, "thai": 4}] * 4 + [{"general": 5}] * 4 + [{"general": 3}] * 16


def policies(strategy: Strategy) -> list[QueuePolicy]:
    return [QueuePolicy(name=name, strategy=strategy, steps=(Step(0, parse(text)),)) for name, text in ASKED.items()]


def workers() -> list[Worker]:
    return [
        Worker(login=f"p{n}", site="riga", skills=has, queues=frozenset(ASKED), shifts=((0, HOURS_S + 4_000),))
        for n, has in enumerate(_SKILLS)
    ]


def arrivals(seed: int, load: float) -> list[Arrival]:
    """Of one day: the same for every strategy."""
    chance, rate, at_s, found = random.Random(seed), len(_SKILLS) * load / HANDLE_S, 0.0, []
    while at_s < HOURS_S:
        at_s += chance.expovariate(rate)
        queue = chance.choices(list(ASKED), [80, 10, 10])[0]
        handle_s, patience_s = chance.expovariate(1 / HANDLE_S), chance.expovariate(1 / PATIENCE_S)
        found.append(Arrival(at_s=at_s, queue=queue, handle_s=handle_s, patience_s=patience_s))
    return found

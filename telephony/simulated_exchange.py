"""Puts a simulated company together: switch, queues with their members, stage, calls. Pure; the adapter gives it time and a
listener."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from telephony.simulated_calls import Calls
from telephony.simulated_cdr import CallRecord
from telephony.simulated_line import Exchange
from telephony.simulated_queues import Queues
from telephony.simulated_stage import Stage
from telephony.simulated_switch import Switch

AGENTS = ("1001", "1002", "1003", "1004", "1005", "1006")
MEMBERSHIPS = {
    "support": ("1001", "1002", "1003", "1004"),
    "sales": ("1003", "1004", "1005"),
    "billing": ("1001", "1005", "1006"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who is there: agents, queues with their members, which number leads to which queue.

    `acd`: queues without members, in which callers wait for Meridian's choice, and the queue that takes over ("": none does).
    """

    agents: tuple[str, ...] = AGENTS
    queues: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(MEMBERSHIPS))
    dids: Mapping[str, str] = field(default_factory=lambda: {"500": "support", "501": "sales", "502": "billing"})
    acd: Mapping[str, str] = field(default_factory=dict)
    system_name: str = ""


def founded(
    company: Company, *, now: float, seed: int, speed: float = 1.0, record: Callable[[CallRecord], None] | None = None
) -> Calls:
    """The company at `now`, nobody calling yet. Everything random in it comes from `seed`."""
    stage = Stage(now=now, speed=speed)
    switch = Switch(now=lambda: stage.now, seed=seed, system_name=company.system_name)
    queues = Queues(switch, (*company.queues, *company.acd))
    exchange = Exchange(
        switch=switch,
        queues=queues,
        stage=stage,
        rng=Random(seed),
        agents=company.agents,
        dids=company.dids,
        record=record or (lambda _: None),
        truth=[],
        reserved=set(),
        acd=company.acd,
    )
    for name, members in company.queues.items():
        for agent in members:
            queues.add(queues.by_name[name], f"PJSIP/{agent}", f"Agent {agent}")
    return Calls(exchange)

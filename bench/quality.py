"""Routing quality: the strategies against each other and against Asterisk's own, on the very same callers of many days.

Told is what callers feel: how many were answered within 20 s, how long the answered waited, how many gave up. Judged are the missed
ones (not answered within 20 s): scarcity-aware, with those first who can still be answered in time (`late`), against the best of
all others, at every load. Docs: docs/routing-quality.md.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bench import mixed_day
from bench.app_queue import AppQueue, Ring
from bench.measure import Row, command, say
from routing.policy import Strategy
from routing.simulation import Arrival, Figures, Played, Simulation

LOADS = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
OURS = Strategy.SCARCITY
LATE = -3.0
IN_TIME = f"scarcity, late = {LATE:g}"
Player = Callable[[Sequence[Arrival], int], Played]


def players() -> dict[str, Player]:
    def ours(strategy: Strategy, *, late: float = 0.0) -> Player:
        policies = [replace(policy, late=late) for policy in mixed_day.policies(strategy)]
        return lambda callers, _seed: Simulation(policies, mixed_day.workers()).play(callers)

    def asterisks(ring: Ring) -> Player:
        policies, people = mixed_day.policies(OURS), mixed_day.workers()
        return lambda callers, seed: AppQueue(ring, policies, people, seed=seed).play(callers)

    routed = {str(s): ours(s) for s in Strategy if s is not Strategy.RING_ALL} | {IN_TIME: ours(OURS, late=LATE)}
    return routed | {f"app_queue {ring}": asterisks(ring) for ring in Ring}


def days_of(load: float, *, quick: bool) -> int:
    """Above full load hardly anybody is ever free to be chosen: the difference is small, and more days are needed to see it."""
    return 2 if quick else 16 if load >= 1 else 8


def played(load: float, *, quick: bool) -> dict[str, list[Figures]]:
    """By player, the figures of each day."""
    found: dict[str, list[Figures]] = {name: [] for name in players()}
    for seed in range(days_of(load, quick=quick)):
        callers = mixed_day.arrivals(seed, load)
        for name, play in players().items():
            found[name].append(play(callers, seed).figures()[""])
    return found


def missed(day: Figures) -> int:
    return day.answered + day.abandoned - day.within


def told(load: float, days: Mapping[str, Sequence[Figures]]) -> list[str]:
    """Lines of a table in Markdown, the best first."""
    lines = [
        f"### {load:.0%} load, {len(days[OURS])} days", "",
        "| who chooses | answered within 20 s | worst to best day | ASA | gave up | missed |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, each in sorted(days.items(), key=lambda one: sum(missed(day) for day in one[1])):
        offered, answered = sum(day.offered for day in each), sum(day.answered for day in each)
        levels = sorted(day.service_level or 0.0 for day in each)
        lost, late = sum(day.abandoned for day in each), sum(missed(day) for day in each)
        asa = sum(day.waited_s for day in each) / answered
        level = 1 - late / offered
        lines.append(
            f"| {name} | {level:.1%} | {levels[0]:.1%} - {levels[-1]:.1%} | {asa:.1f} s | {lost / offered:.1%} | {late:,} |"
        )
    return [*lines, ""]


def rows(quick: bool) -> list[Row]:
    made = []
    for load in LOADS:
        say(f"{load:.0%} load")
        days = played(load, quick=quick)
        print("\n".join(told(load, days)), flush=True)
        totals = {name: sum(missed(day) for day in each) for name, each in days.items()}
        ours, plain = totals.pop(IN_TIME), totals.pop(str(OURS))
        best = min(totals, key=lambda name: totals[name])
        asterisk = min((name for name in totals if name.startswith("app_queue")), key=lambda name: totals[name])
        made.append(
            Row(
                part="quality",
                what=f"callers not answered within 20 s at {load:.0%} load, best other strategy against {IN_TIME}",
                baseline=f"{totals[best]:,} ({best}); {totals[asterisk]:,} ({asterisk})",
                ours=f"{ours:,}; the oldest first {plain:,}",
                ratio=totals[best] / ours,
                spread=(totals[best] / ours, max(totals.values()) / ours),
                bar=">= 1",
                note=f"{len(days[OURS])} days; spread: best and worst other",
            )
        )
    return made


if __name__ == "__main__":
    sys.exit(command("quality", __doc__ or "", rows))

"""The simulation against queueing theory, and the strategies against each other."""

import random
from collections.abc import Iterator
from math import exp, factorial, inf, sqrt

import pytest

from routing.policy import QueuePolicy, Step, Strategy
from routing.requirement import parse
from routing.simulation import Arrival, Played, Simulation, Worker

EVERYBODY = frozenset({"support"})


def crowd(count: int, *, until_s: float = inf) -> list[Worker]:
    shift = ((0.0, until_s),)
    return [Worker(login=f"p{n}", site="riga", skills={}, queues=EVERYBODY, shifts=shift) for n in range(count)]


def poisson(chance: random.Random, *, rate: float, handle_s: float, patience_s: float, count: int) -> Iterator[Arrival]:
    at_s = 0.0
    for _ in range(count):
        at_s += chance.expovariate(rate)
        patience = inf if patience_s == inf else chance.expovariate(1 / patience_s)
        yield Arrival(at_s=at_s, queue="support", handle_s=chance.expovariate(1 / handle_s), patience_s=patience)


def erlang_c(servers: int, load: float) -> float:
    """Probability that a caller waits (A. K. Erlang 1917): M/M/c, everybody patient."""
    top = load**servers / factorial(servers) * servers / (servers - load)
    return top / (sum(load**n / factorial(n) for n in range(servers)) + top)


def erlang_a(servers: int, *, rate: float, service: float, patience: float) -> tuple[float, float]:
    """Share of those who give up, and mean wait of all (C. Palm 1943): the birth-death chain of M/M/c+M, summed up.

    `service` and `patience` are rates.
    """
    weight, weights = 1.0, [1.0]
    for n in range(1, servers + 2_000):
        weight *= rate / (min(n, servers) * service + max(0, n - servers) * patience)
        weights.append(weight)
    total = sum(weights)
    waiting = sum(max(0, n - servers) * w for n, w in enumerate(weights)) / total
    return patience * waiting / rate, waiting / rate


def waits_of(played: Played) -> list[float]:
    return [served.wait_s or 0.0 for served in played.served]


def batches(values: list[float], count: int = 25) -> tuple[float, float]:
    """Mean and half the 99.9 % confidence interval, by batch means (successive waits depend on each other)."""
    size = len(values) // count
    means = [sum(values[n * size : (n + 1) * size]) / size for n in range(count)]
    mean = sum(means) / count
    spread = sqrt(sum((m - mean) ** 2 for m in means) / (count - 1) / count)
    return mean, 3.745 * spread  # Student's t, 24 degrees of freedom


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (5, 4.0), (20, 17.0)])
def test_one_queue_of_patient_callers_agrees_with_erlang_c(servers: int, load: float) -> None:
    handle_s = 180.0
    rate = load / handle_s
    arrivals = poisson(random.Random(servers), rate=rate, handle_s=handle_s, patience_s=inf, count=60_000)
    played = Simulation([QueuePolicy(name="support")], crowd(servers)).play(arrivals)
    waits = waits_of(played)[2_000:]
    waited = erlang_c(servers, load)
    drain = servers / handle_s - rate
    for measured, theory in (
        (waits, waited / drain),
        ([float(w > 0) for w in waits], waited),
        ([float(w <= 20) for w in waits], 1 - waited * exp(-drain * 20)),
    ):
        mean, half = batches(measured)
        assert abs(mean - theory) <= half, (mean, theory, half)


@pytest.mark.parametrize(("servers", "load", "patience_s"), [(5, 4.5, 120.0), (10, 12.0, 60.0), (20, 20.0, 300.0)])
def test_with_impatient_callers_it_agrees_with_erlang_a(servers: int, load: float, patience_s: float) -> None:
    handle_s = 180.0
    rate = load / handle_s
    arrivals = poisson(random.Random(servers), rate=rate, handle_s=handle_s, patience_s=patience_s, count=60_000)
    played = Simulation([QueuePolicy(name="support")], crowd(servers)).play(arrivals)
    lost, mean_wait = erlang_a(servers, rate=rate, service=1 / handle_s, patience=1 / patience_s)
    for measured, theory in (
        ([float(s.abandoned_s is not None) for s in played.served][2_000:], lost),
        (waits_of(played)[2_000:], mean_wait),
    ):
        mean, half = batches(measured)
        assert abs(mean - theory) <= half, (mean, theory, half)


def test_nobody_is_offered_work_after_the_shift_and_a_talk_is_finished() -> None:
    workers = [Worker(login="anna", site="riga", skills={}, queues=EVERYBODY, shifts=((0, 100), (500, 600)))]
    arrivals = [Arrival(at_s=at, queue="support", handle_s=50) for at in (90, 95, 510)]
    played = Simulation([QueuePolicy(name="support")], workers).play(arrivals)
    assert [served.answered_s for served in played.served] == [90, 500, 550]
    assert played.present_s == {"anna": 240} and played.handling_s == {"anna": 150}


def test_steps_ringing_and_giving_up_happen_at_their_times() -> None:
    policy = QueuePolicy(name="support", steps=(Step(0, parse("billing")), Step(30, parse("any"))))
    workers = [
        Worker(login="anna", site="riga", skills={"billing": 3}, queues=EVERYBODY, shifts=((0, 1_000),)),
        Worker(login="boris", site="riga", skills={}, queues=EVERYBODY, shifts=((0, 1_000),)),
    ]
    arrivals = [
        Arrival(at_s=0, queue="support", handle_s=200),
        Arrival(at_s=1, queue="support", handle_s=10),
        Arrival(at_s=2, queue="support", handle_s=10, patience_s=20),
    ]
    played = Simulation([policy], workers, ring_s=5).play(arrivals)
    assert [(s.login, s.answered_s, s.abandoned_s) for s in played.served] == [
        ("anna", 5, None),
        ("boris", 36, None),
        (None, None, 22),
    ]


# ---- a mixed day: many ask for what many can do, few for what few can


def mixed_day(strategy: Strategy, seed: int, load: float) -> Played:
    policies = [
        QueuePolicy(name="general", strategy=strategy, steps=(Step(0, parse("general")),)),
        QueuePolicy(name="thai", strategy=strategy, steps=(Step(0, parse("thai")),)),
        QueuePolicy(name="expert", strategy=strategy, steps=(Step(0, parse("general >= 4")),)),
    ]
    both, general, expert = {"general": 3, "thai": 4}, {"general": 3}, {"general": 5}
    queues = frozenset(policy.name for policy in policies)
    skills = [both] * 4 + [expert] * 4 + [general] * 16
    workers = [
        Worker(login=f"p{n}", site="riga", skills=has, queues=queues, shifts=((0, 40_000),))
        for n, has in enumerate(skills)
    ]
    chance = random.Random(seed)
    rate, at_s, arrivals = 24 * load / 240, 0.0, []
    while at_s < 36_000:
        at_s += chance.expovariate(rate)
        queue = chance.choices(["general", "thai", "expert"], [80, 10, 10])[0]
        arrivals.append(
            Arrival(
                at_s=at_s, queue=queue, handle_s=chance.expovariate(1 / 240), patience_s=chance.expovariate(1 / 180)
            )
        )
    return Simulation(policies, workers).play(arrivals)


@pytest.mark.parametrize(("load", "days"), [(0.6, 6), (0.8, 6), (0.95, 6), (1.1, 24)])
def test_keeping_scarce_people_free_misses_fewer_service_levels_than_the_usual_strategies(
    load: float, days: int
) -> None:
    """Above full load hardly anybody is ever free to be chosen, so the difference is small: more days are needed to see it."""
    seeds = range(days)

    def missed(strategy: Strategy) -> int:
        """Callers who weren't answered within 20 s."""
        figures = [mixed_day(strategy, seed, load).figures()[""] for seed in seeds]
        return sum(one.answered + one.abandoned - one.within for one in figures)

    usual = {
        s: missed(s) for s in (Strategy.LONGEST_IDLE, Strategy.BEST_SKILL, Strategy.LEAST_LOADED, Strategy.ROUND_ROBIN)
    }
    ours = missed(Strategy.SCARCITY)
    assert all(ours < other for other in usual.values()), (ours, usual)

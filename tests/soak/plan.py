"""The plan of the soak: queues of every strategy, people with skills, shifts that begin and end, hours that close; by a seed."""

from dataclasses import replace
from random import Random
from typing import Any

from routing.live_plan import LivePlan, live_plan
from routing.policy import Strategy
from routing.settings import HoursSetting, Mode, PersonSetting, QueueSetting, RelaxSetting, SiteSetting, WhenClosed
from routing.tables import Tables

NATIVE = "reserve"
"""The PBX's own queue that takes over where Meridian is silent."""
SITE, FAR_SITE, ZONE = "riga", "tallinn", "Europe/Riga"
SHIFTS = 6


def _acd(requirement: str, **more: Any) -> QueueSetting:
    return QueueSetting(mode=Mode.ACD, requirement=requirement, fallback=NATIVE, **more)


QUEUES: dict[str, QueueSetting] = {
    "billing": _acd(
        "billing >= 3",
        relax=(RelaxSetting(after_s=20, requirement="billing"), RelaxSetting(after_s=60, requirement="any")),
    ),
    "tech": _acd("tech >= 2", strategy=Strategy.LONGEST_IDLE, late=-3),
    "tech_ru": _acd(
        "tech and lang.ru >= 2",
        strategy=Strategy.BEST_SKILL,
        relax=(RelaxSetting(after_s=30, requirement="tech and (lang.ru or site in (tallinn))"),),
    ),
    "sales": _acd("any", strategy=Strategy.ROUND_ROBIN, offset=1, aging=2),
    "gold": _acd("lang.en", strategy=Strategy.LEAST_LOADED, rank=1, vip=50, retry_s=5),
    "alarm": _acd("tech >= 4", strategy=Strategy.RING_ALL, offer_s=10),
    "desk": _acd("any", hours="short", closed=WhenClosed.OVERFLOW, closing=WhenClosed.CALLBACK, overflow="sales"),
    "post": _acd("lang.es", hours="short", closed=WhenClosed.CALLBACK, closing=WhenClosed.VOICEMAIL),
    NATIVE: QueueSetting(),
}
ACD = tuple(name for name, setting in QUEUES.items() if setting.mode is Mode.ACD)


def _daily(began_min: int, length_min: int, every_min: int) -> HoursSetting:
    """Open for `length_min` out of `every_min`, all day and night."""
    begins = range(began_min, began_min + 24 * 60, every_min)
    spans = (f"{_clock(start)}-{_clock(start + length_min)}" for start in begins)
    return HoursSetting(zone=ZONE, week=(f"daily {' '.join(spans)}",))


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


HOURS = {"short": _daily(0, 25, 30)} | {f"shift{n}": _daily(10 * n, 40, 60) for n in range(SHIFTS)}


def drawn(rng: Random, operators: int) -> Tables:
    """Tables with so many people, `op0` and on."""

    def somebody(number: int) -> PersonSetting:
        skills = {skill: rng.randint(1, 5) for skill in ("billing", "tech") if rng.random() < 0.5}
        skills |= {f"lang.{code}": rng.randint(1, 5) for code in ("ru", "en", "es") if rng.random() < 0.5}
        return PersonSetting(
            site=rng.choice(("", FAR_SITE)),
            skills=skills,
            queues=tuple(sorted(rng.sample(ACD, rng.randint(1, 5)))),
            shifts=() if number % 4 == 0 else (f"shift{number % SHIFTS}",),
        )

    return Tables(
        site=SITE,
        timezone=ZONE,
        sites={FAR_SITE: SiteSetting(timezone="Europe/Tallinn")},
        hours=HOURS,
        queues=QUEUES,
        people={f"op{number}": somebody(number) for number in range(operators)},
    )


def changed(rng: Random, tables: Tables) -> Tables:
    """The same, with other skills and queues for one in twenty, and a queue that asks for less or more."""
    people, fresh = dict(tables.people), drawn(rng, len(tables.people)).people
    for login in rng.sample(sorted(people), len(people) // 20 + 1):
        people[login] = fresh[login]
    tech = _acd(rng.choice(("tech >= 2", "tech", "tech or billing >= 5")), strategy=Strategy.LONGEST_IDLE)
    return replace(tables, people=people, queues={**tables.queues, "tech": tech})


def in_force(tables: Tables, version: int, year: int) -> LivePlan:
    return live_plan(tables, (), version=version, years=[year], holiday_lists=lambda _country, _years: {})

"""The figures of a simulation as tables and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from routing.figures import Row, Summary
from routing.policy import Strategy

FORMULAS = """\
Service level = answered within T / (answered + abandoned - short abandons). ASA = waits of the answered, with ringing, / answered.
Occupancy = handling / (handling + waiting ready). Closed: came outside hours, not offered. Sent on: waited at closing time."""
# What Asterisk's app_queue calls the same choice; it knows neither `best_skill` nor `scarcity`.
_APP_QUEUE = {
    Strategy.LONGEST_IDLE: "leastrecent",
    Strategy.LEAST_LOADED: "fewestcalls",
    Strategy.ROUND_ROBIN: "rrmemory",
    Strategy.RING_ALL: "ringall",
}
_HEADINGS = ("offered", "answered", "abandoned", "closed", "sent on", "service", "ASA", "max wait", "occupancy")


def told(summary: Summary) -> Iterator[str]:
    """All tables of one configuration."""
    yield from _table("queue", {**summary.queues, "all": summary.whole})
    yield from _table("hour", {f"{hour:02}:00": row for hour, row in summary.hours.items()})
    yield from _table("site", summary.sites, site=True)
    if still := _never_served(summary.whole):
        yield f"\n{still:,} callers without patience are waiting still a day after: nobody on shift may ever take them."


def side_by_side(names: Sequence[str], played: Sequence[Summary]) -> Iterator[str]:
    """Two configurations on the same callers: first / second."""
    yield ""
    yield from (f"{letter}: {name}" for letter, name in zip("AB", names, strict=True))
    first, second = played
    for title, ours, theirs in (
        ("queue", {**first.queues, "all": first.whole}, {**second.queues, "all": second.whole}),
        ("hour", _named(first.hours), _named(second.hours)),
        ("site", first.sites, second.sites),
    ):
        rows = [
            (
                title,
                *(
                    f"{heading} A / B"
                    for heading in ("answered", "abandoned", "service", "ASA", "max wait", "occupancy")
                ),
            )
        ]
        for name in dict.fromkeys([*ours, *theirs]):
            pair = [_cells(table[name]) if name in table else ("-",) * 9 for table in (ours, theirs)]
            rows.append((name, *(f"{pair[0][n]} / {pair[1][n]}" for n in (1, 2, 5, 6, 7, 8))))
        yield from _aligned(rows)


def by_strategy(found: Mapping[Strategy, Sequence[Summary]], seeds: Sequence[int] | None) -> Iterator[str]:
    """Each strategy on the same callers: means over the seeds, and the service level of each seed."""
    if seeds is not None:
        yield f"Means over seeds {seeds[0]} to {seeds[-1]}; best: in so many of them no other strategy had a better service level."
    best = [max(_level(many[n]) for many in found.values()) for n in range(len(next(iter(found.values()))))]
    rows: list[tuple[str, ...]] = [
        ("strategy", "app_queue's", "service", "by seed", "best", "abandoned", "ASA", "max wait", "occupancy")
    ]
    for strategy, many in sorted(found.items(), key=lambda each: -sum(_level(one) for one in each[1])):
        levels = [_level(one) for one in many]
        wholes = [one.whole for one in many]
        rows.append((
            strategy,
            _APP_QUEUE.get(strategy, "-"),
            _percent(_mean(levels)),
            " ".join(f"{100 * level:.1f}" for level in levels[:6]) + (" ..." if len(levels) > 6 else ""),
            str(sum(level == top for level, top in zip(levels, best, strict=True))),
            f"{_mean([row.figures.abandoned for row in wholes]):,.0f}",
            _seconds(_mean([row.figures.asa_s or 0.0 for row in wholes])),
            _seconds(max(row.figures.longest_s for row in wholes)),
            _percent(_mean([row.occupancy or 0.0 for row in wholes])),
        ))  # fmt: skip
    yield from _aligned(rows)
    queues = [name for name, row in next(iter(found.values()))[0].queues.items() if row.figures.offered]
    rows = [("service level", *queues)]
    for strategy, many in found.items():
        rows.append((
            strategy, *(_percent(_mean([one.queues[name].figures.service_level or 0.0 for one in many])) for name in queues),
        ))  # fmt: skip
    yield from _aligned(rows)


def as_json(summary: Summary) -> dict[str, Any]:
    """Shares are from 0 to 1, waits in seconds; null: there is no value."""
    return {
        "all": _values(summary.whole),
        "queues": {name: _values(row) for name, row in summary.queues.items()},
        "hours": {str(hour): _values(row) for hour, row in summary.hours.items()},
        "sites": {name: _values(row, site=True) for name, row in summary.sites.items()},
    }


def _values(row: Row, *, site: bool = False) -> dict[str, Any]:
    figures = row.figures
    answered = {
        "answered": figures.answered,
        "answered_within": figures.within,
        "asa_s": figures.asa_s,
        "max_wait_s": figures.longest_s if figures.offered else None,
        "occupancy": row.occupancy,
    }
    if site:
        return answered
    return answered | {
        "offered": figures.offered,
        "abandoned": figures.abandoned,
        "short_abandoned": figures.short,
        "closed": row.closed,
        "sent_on": figures.sent_on,
        "service_level": figures.service_level,
    }


def _cells(row: Row) -> tuple[str, ...]:
    figures = row.figures
    return (
        f"{figures.offered:,}",
        f"{figures.answered:,}",
        f"{figures.abandoned:,}",
        f"{row.closed:,}",
        f"{figures.sent_on:,}",
        _percent(figures.service_level),
        _seconds(figures.asa_s),
        _seconds(figures.longest_s if figures.offered else None),
        _percent(row.occupancy),
    )


def _table(title: str, rows: Mapping[str, Row], *, site: bool = False) -> Iterator[str]:
    shown = (1, 6, 7, 8) if site else range(9)
    cells = [(title, *(_HEADINGS[n] for n in shown))]
    cells += [(name, *(_cells(row)[n] for n in shown)) for name, row in rows.items()]
    yield from _aligned(cells)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    yield ""
    for first, *others in rows:
        yield "  ".join(
            [f"{first:<{widths[0]}}", *(f"{cell:>{w}}" for cell, w in zip(others, widths[1:], strict=True))]
        )


def _named(hours: Mapping[int, Row]) -> dict[str, Row]:
    return {f"{hour:02}:00": row for hour, row in hours.items()}


def _never_served(row: Row) -> int:
    figures = row.figures
    return figures.offered - figures.answered - figures.abandoned - figures.sent_on


def _level(summary: Summary) -> float:
    return summary.whole.figures.service_level or 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f} s"

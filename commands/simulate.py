"""`meridian simulate CONFIG`: the rules that route live, in virtual time, on callers whom you describe or have recorded.

Says what the queues, hours of the day and sites of CONFIG come to: service level, waits, who gave up, how busy people are. Needs no
Asterisk, no database and none of the secrets that CONFIG names.
"""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import configuration
from commands import simulated_tables as tables
from commands.check import plan_of
from commands.progress import Progress
from configuration import Configuration
from core.errors import BadConfiguration, Rejected
from core.settings import read_settings
from routing import generated, recorded
from routing.doors import Doors
from routing.figures import Summary, summary
from routing.generated import CallersSpec
from routing.plan import Plan
from routing.policy import Strategy
from routing.requirement import Requirement, openings_of, parse
from routing.settings import check_requirement
from routing.simulation import Arrival, Simulation

_EXAMPLES = """\
examples (in docs/examples):
  meridian simulate three-sites.toml --generate three-sites-callers.toml
  meridian simulate meridian.toml --arrivals november.csv --compare with-a-night-shift.toml
  meridian simulate three-sites.toml --generate three-sites-callers.toml --strategies --seeds 5

--arrivals: a table with the headings at, queue, handle_s and, where wished, patience_s, vip, requirement, preferred:
  at,queue,handle_s,patience_s
  2026-03-02T09:00:12+02:00,support,240,180
"""
_EVERY = 2_000
_MOST_SEEDS = 100


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a configuration with [queues] and [people]")
    callers = parser.add_mutually_exclusive_group(required=True)
    callers.add_argument("--arrivals", type=Path, metavar="FILE.csv", help="callers who were recorded")
    callers.add_argument("--generate", type=Path, metavar="SPEC.toml", help="callers who are drawn by a description")
    parser.add_argument("--compare", type=Path, metavar="CONFIG2", help="this one as well, on the very same callers")
    parser.add_argument(
        "--strategies", action="store_true", help="every queue with each strategy in turn, on the very same callers"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="other callers of the same kind (default: 1)")
    parser.add_argument(
        "--seeds", type=_seeds, metavar="N", help="with --strategies and --generate: so many times (default: 3)"
    )
    parser.add_argument(
        "--ring",
        type=_ring,
        default=4.0,
        metavar="SECONDS",
        help="a phone rings so long before it is taken (default: 4)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")


def _seeds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_SEEDS:
        raise ArgumentTypeError(f"{text!r}: write 1 to {_MOST_SEEDS}")
    return int(text)


def _ring(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        raise ArgumentTypeError(f"{text!r}: write 0 to 60 seconds")
    return seconds


@dataclass(frozen=True, slots=True)
class Callers:
    """`of`: the same ones each time they are asked for, with the points that VIPs have in this configuration's queues."""

    told: str
    start: datetime
    end: datetime
    of: Callable[[Configuration, int], Iterable[Arrival]]


class _NoSecrets(dict[str, str]):
    """Nothing is attached to here, so what the environment would say doesn't matter."""

    def get(self, key: str, default: str | None = None) -> str:  # type: ignore[override]
        return "1"


def run(arguments: Namespace) -> int:
    if arguments.strategies and arguments.compare:
        raise Rejected("--strategies and --compare are two questions: ask one of them at a time")
    if arguments.seeds and not (arguments.strategies and arguments.generate):
        raise Rejected("--seeds needs --strategies and --generate: elsewhere callers are drawn once, by --seed")
    paths = [arguments.config, *([arguments.compare] if arguments.compare else [])]
    settings = [configuration.load(path, _NoSecrets()) for path in paths]
    for path, one in zip(paths, settings, strict=True):
        _check_playable(path, one)
    callers = (
        _drawn(arguments.generate, settings[0]) if arguments.generate else _recorded(arguments.arrivals, settings[0])
    )
    if arguments.strategies:
        return _strategies(arguments, settings[0], callers)
    played = [_play(one, callers, arguments) for one in settings]
    names = [str(path) for path in paths]
    if arguments.json:
        print(json.dumps({name: tables.as_json(one) for name, one in zip(names, played, strict=True)}, indent=2))
        return 0
    print(_heading(callers, settings[0], arguments))
    print("\n".join(tables.side_by_side(names, played) if arguments.compare else tables.told(played[0])))
    return 0


def _check_playable(path: Path, settings: Configuration) -> None:
    if not settings.queues:
        raise BadConfiguration(f"{path} has no [queues.NAME]: say what waits for whom")
    if not any(person.shifts for person in settings.people.values()):
        raise BadConfiguration(f"{path} has nobody with 'shifts' in [people]: say who works when")


def _heading(callers: Callers, settings: Configuration, arguments: Namespace) -> str:
    seed = f", seed {arguments.seed}" if arguments.generate and not arguments.strategies else ""
    zone = settings.site.timezone
    return f"{callers.told}{seed}; phones ring {arguments.ring:g} s. Hours are those of {zone}.\n{tables.FORMULAS}"


# --- callers -----------------------------------------------------------------------------------------------------------


def _drawn(path: Path, settings: Configuration) -> Callers:
    spec = read_settings(CallersSpec, _text(path), source=str(path), environ={})
    for name, stream in spec.streams.items():
        for extra in stream.extras:
            _check_names(f"{path}: streams.{name}", settings)(parse(extra.requirement))
    start, end = spec.period(settings.site.timezone)

    def of(one: Configuration, seed: int) -> Iterator[Arrival]:
        for name, stream in spec.streams.items():
            if stream.queue not in one.queues:
                raise BadConfiguration(
                    f"{path}: streams.{name}: queue {stream.queue!r} is not declared; there is: {', '.join(sorted(one.queues))}"
                )
        return generated.arrivals(spec, settings.site.timezone, seed, _vip(one))

    return Callers(f"{path}: {spec.days} days from {spec.start}", start, end, of)


def _recorded(path: Path, settings: Configuration) -> Callers:
    def of(one: Configuration, _seed: int) -> list[Arrival]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                return recorded.arrivals(file, _vip(one), _check_names("requirement", one))
        except Rejected as error:
            raise Rejected(f"{path}: {error}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(path, error) from error

    found = of(settings, 0)
    zone = ZoneInfo(settings.site.timezone)
    first, last = (datetime.fromtimestamp(found[n].at_s, UTC).astimezone(zone).date() for n in (0, -1))
    start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, last + timedelta(days=1)))
    if (last - first).days > generated.MOST_DAYS:
        raise Rejected(f"{path}: from {first} to {last} is more than {generated.MOST_DAYS} days: take fewer")
    return Callers(f"{path}: {len(found):,} callers from {first} to {last}", start, end, of)


def _vip(settings: Configuration) -> Mapping[str, float]:
    return {name: queue.vip for name, queue in settings.queues.items()}


def _check_names(what: str, settings: Configuration) -> Callable[[Requirement], None]:
    sites = (settings.site.name, *settings.sites)

    def check(requirement: Requirement) -> None:
        if openings_of(requirement):
            raise BadConfiguration(f"{what}: whether a site is open can be asked by queues, not by callers")
        check_requirement(what, requirement, skills=settings.skills, sites=sites)

    return check


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> Rejected:
    why = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
    return Rejected(f"can't read {path}: {why}; name a readable file")


# --- playing -----------------------------------------------------------------------------------------------------------


def _play(
    settings: Configuration,
    callers: Callers,
    arguments: Namespace,
    *,
    seed: int | None = None,
    strategy: Strategy | None = None,
) -> Summary:
    plan = plan_of(settings, set(range(callers.start.year, callers.end.year + 2)))
    return played(
        plan,
        settings.site.timezone,
        _watched(callers.of(settings, arguments.seed if seed is None else seed), callers),
        callers.start,
        callers.end,
        ring_s=arguments.ring,
        strategy=strategy,
    )


def played(
    plan: Plan,
    zone: str,
    arrivals: Iterable[Arrival],
    start: datetime,
    end: datetime,
    *,
    ring_s: float = 0.0,
    strategy: Strategy | None = None,
) -> Summary:
    """These callers between two instants, and a day more for those who wait then."""
    over = end + timedelta(days=1)
    workers, doors = plan.workers(start, over), Doors(plan.queues, plan.hours_of(), start, over)
    policies, sites = plan.policies(strategy), plan.open_sites
    changes = [(at.timestamp(), sites.bind(policies, at)) for at in sites.changes(policies, start, over)]
    simulation = Simulation(sites.bind(policies, start), workers, ring_s=ring_s, changes=changes)
    went = simulation.play(doors.let_in(arrivals))
    return summary(went, queues=plan.queues, workers=workers, turned_away=doors.turned_away, zone=zone, ring_s=ring_s)


def _watched(arrivals: Iterable[Arrival], callers: Callers) -> Iterator[Arrival]:
    begin_s = callers.start.timestamp()
    progress = Progress(int(callers.end.timestamp() - begin_s), unit="callers")
    for number, arrival in enumerate(arrivals, 1):
        if number % _EVERY == 0:
            progress.at(int(arrival.at_s - begin_s), rows=number)
        yield arrival
    progress.clear()


def _strategies(arguments: Namespace, settings: Configuration, callers: Callers) -> int:
    seeds = [arguments.seed + n for n in range(arguments.seeds or 3)] if arguments.generate else [arguments.seed]
    found = {
        strategy: [_play(settings, callers, arguments, seed=seed, strategy=strategy) for seed in seeds]
        for strategy in Strategy
    }
    if arguments.json:
        print(json.dumps({name: [tables.as_json(one) for one in many] for name, many in found.items()}, indent=2))
        return 0
    print(_heading(callers, settings, arguments))
    print("\n".join(tables.by_strategy(found, seeds if arguments.generate else None)))
    return 0

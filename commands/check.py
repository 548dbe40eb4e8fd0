"""`meridian check`: read the configuration as `run` would, say in one glance what stands there, and who will be missing when.

Needs no Asterisk and no database. For what the machine around it is like, see `meridian doctor`.
"""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import configuration
from configuration import Configuration
from routing import coverage
from routing.coverage import Hole, Severity
from routing.holiday_lists import public_holidays
from routing.hours import Hours, why
from routing.hours import spans as open_spans
from routing.native import kept_queues
from routing.plan import Plan, planned
from routing.settings import Mode

_DAYS = 14
_MOST_DAYS = 366
_SHOWN = 40
_EPILOG = """\
exit code: 0 fine; 1 the configuration is refused, or with --strict somebody will be missing or something is to mend.

examples:
  meridian check
  meridian check --config /etc/meridian/meridian.toml --days 30 --strict
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    parser.add_argument(
        "--config",
        type=Path,
        default=configuration.DEFAULT_FILE,
        help="the configuration (default: meridian.toml here)",
    )
    parser.add_argument(
        "--days", type=_days, default=_DAYS, metavar="N", help="look so many days ahead for holes (default: 14)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit code 1 if anybody will be missing, or anything is to mend"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_DAYS:
        raise ArgumentTypeError(f"{text!r}: write 1 to {_MOST_DAYS}")
    return int(text)


def run(arguments: Namespace) -> int:
    settings = configuration.load(arguments.config)
    now = datetime.now(UTC)
    plan = plan_of(settings, {now.year, (now + timedelta(days=arguments.days)).year})
    holes = holes_ahead(plan, now, arguments.days)
    mend = list(_to_mend(settings, plan))
    if arguments.json:
        print(json.dumps(_as_json(settings, plan, holes, mend), ensure_ascii=False, indent=2))
    else:
        told = _told(arguments.config, settings, plan=plan, holes=holes, mend=mend, now=now, days=arguments.days)
        print("\n".join(told))
    return int(arguments.strict and bool(holes or mend))


def plan_of(settings: Configuration, years: set[int]) -> Plan:
    """Who serves what and when, with the public holidays of these years."""
    return planned(
        settings.site.name,
        queues=settings.queues,
        hours=settings.hours,
        people=settings.people,
        sites=settings.tables.sites_hours(),
        years=years,
        holiday_lists=public_holidays,
    )


def holes_ahead(plan: Plan, now: datetime, days: int) -> list[Hole]:
    """Of the next days, for plans that have people at all."""
    if not plan.people:
        return []
    return coverage.holes(
        plan.policies(), plan.hours_of(), plan.people, now, now + timedelta(days=days), sites=plan.open_sites
    )


def _to_mend(settings: Configuration, plan: Plan) -> Iterator[str]:
    kept = kept_queues(settings.queues, settings.tables.logins_of)
    if kept and not settings.desk.sync_members:
        yield f"Meridian keeps the members of {', '.join(kept)}, and pauses wouldn't count there: set sync_members = true in [desk]"
    if not plan.people:
        return
    for queue in plan.served_by_nobody():
        yield f"queue {queue}: nobody in [people] could ever serve it: add it to somebody's 'queues', or ask for less"
    for login in plan.unplanned:
        yield f"{login} has no 'shifts', so the plan goes without them: name hours in which they work"


def _told(
    path: Path, settings: Configuration, *, plan: Plan, holes: list[Hole], mend: list[str], now: datetime, days: int
) -> Iterator[str]:
    yield f"{path} can be used."
    yield ""
    yield f"Site {settings.site.name}, {settings.site.timezone}" + "".join(
        f"; {name}, {one.timezone}" for name, one in settings.sites.items()
    )
    for name, pbx in settings.pbx.items():
        yield f"PBX {name}: {pbx.host}:{pbx.port}{' over TLS' if pbx.tls else ''}"
    if not settings.queues:
        yield "No [queues.NAME]: Asterisk's own queues decide who gets what, and there is no plan to check."
        return
    yield ""
    for name, queue in settings.queues.items():
        yield f"Queue {name}: {_served(name, settings)}, {_open_today(plan, name, now)}"
        for step in queue.policy(name).steps:
            when = f"after {step.after_s:g} s" if step.after_s else "at once"
            yield f"    {when:<12} {step.requirement}"
    yield ""
    yield from _plan_told(settings, plan, holes, days)
    if mend:
        yield ""
        yield "To mend:"
        yield from (f"    {line}" for line in mend)


def _served(name: str, settings: Configuration) -> str:
    """By whose choice; what Asterisk's own queue chooses by isn't ours to say."""
    queue = settings.queues[name]
    if queue.mode is Mode.ACD:
        return f"{queue.mode}, {queue.strategy}"
    kept = name in kept_queues(settings.queues, settings.tables.logins_of)
    return f"{queue.mode}, its members are {'kept by Meridian' if kept else 'its own'}"


def _plan_told(settings: Configuration, plan: Plan, holes: list[Hole], days: int) -> Iterator[str]:
    if not plan.people:
        yield "No [people.LOGIN] with shifts: who will be missing when can't be told."
        return
    who = f"{len(plan.people)} people with shifts"
    if not holes:
        yield f"{who}: every queue has somebody for its first step whenever it is open in the next {_count(days)}."
        return
    yield f"{who}. Nobody on shift in the next {_count(days)} ({settings.site.timezone}, then UTC):"
    zone = ZoneInfo(settings.site.timezone)
    for hole in holes[:_SHOWN]:
        what = (
            "nobody at all" if hole.severity is Severity.NOBODY else f"nobody for {hole.requirement}, later steps have"
        )
        yield f"    {hole.queue:<12} {_span(hole, zone)}   {_span(hole, UTC)} UTC   {what}"
    if len(holes) > _SHOWN:
        yield f"    and {len(holes) - _SHOWN} more; --json has them all"


def _span(hole: Hole, zone: Any) -> str:
    opens, closes = hole.opens.astimezone(zone), hole.closes.astimezone(zone)
    end = f"{closes:%H:%M}" if closes.date() == opens.date() else f"{closes:%a %d %b %H:%M}"
    return f"{opens:%a %d %b %H:%M}-{end}"


def _open_today(plan: Plan, queue: str, now: datetime) -> str:
    hours = plan.hours_of().get(queue)
    if hours is None:
        return "always open"
    spans = _today(hours, now)
    zone = ZoneInfo(hours.zone)
    times = ", ".join(f"{s.opens.astimezone(zone):%H:%M}-{_end(s.closes, zone)}" for s in spans)
    name = why(hours, now).name
    return f"today {times or 'closed'}{f' ({name})' if name else ''} {hours.zone}"


def _end(closes: datetime, zone: ZoneInfo) -> str:
    local = closes.astimezone(zone)
    return "24:00" if local.time() == time() else f"{local:%H:%M}"


def _today(hours: Hours, now: datetime) -> list[Any]:
    zone = ZoneInfo(hours.zone)
    day = now.astimezone(zone).date()
    begin = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return list(open_spans(hours, begin, end))


def _count(days: int) -> str:
    return "day" if days == 1 else f"{days} days"


def _as_json(settings: Configuration, plan: Plan, holes: list[Hole], mend: list[str]) -> dict[str, Any]:
    zone = ZoneInfo(settings.site.timezone)
    return {
        "site": settings.site.name,
        "sites": {settings.site.name: settings.site.timezone}
        | {name: one.timezone for name, one in settings.sites.items()},
        "pbx": {name: f"{pbx.host}:{pbx.port}" for name, pbx in settings.pbx.items()},
        "queues": {
            policy.name: {
                "mode": settings.queues[policy.name].mode,
                "strategy": policy.strategy,
                "hours": settings.queues[policy.name].hours,
                "steps": [{"after_s": s.after_s, "requirement": str(s.requirement)} for s in policy.steps],
            }
            for policy in plan.policies()
        },
        "people": len(plan.people),
        "holes": [
            {
                "queue": hole.queue,
                "severity": hole.severity,
                "requirement": hole.requirement,
                "opens": hole.opens.isoformat(),
                "closes": hole.closes.isoformat(),
                "opens_local": hole.opens.astimezone(zone).isoformat(),
                "closes_local": hole.closes.astimezone(zone).isoformat(),
            }
            for hole in holes
        ],
        "to_mend": mend,
    }

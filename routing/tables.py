"""What the plan is made of: the tables of the configuration file, and the changes that people made since, laid over them. Pure.

A change replaces one entry (a skill, a calendar, a queue, a person, or the forced state of a queue) as a whole; the value None
takes it back, so that what the file says counts again. Everything is checked together, by the same rules as the file.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from core.errors import BadConfiguration
from core.settings import fill
from routing import hours_text
from routing.requirement import ever_passes, is_skill_name
from routing.settings import HoursSetting, Mode, PersonSetting, QueueSetting, SiteSetting, SkillSetting, check_together

_NAME = re.compile(r"[\w][\w.@-]{0,79}")


class Kind(StrEnum):
    """What can be changed without the file. `forced`: a queue stands open or closed, whatever its calendar says."""

    SKILLS = "skills"
    HOURS = "hours"
    QUEUES = "queues"
    PEOPLE = "people"
    FORCED = "forced"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedSetting:
    """`until`: an instant with its zone; none: until further notice."""

    open: bool
    until: str | None = None

    def __post_init__(self) -> None:
        hours_text.forced(self.text)

    @property
    def text(self) -> str:
        return ("open" if self.open else "closed") + ("" if self.until is None else f" until {self.until}")


class _Able(NamedTuple):
    login: str
    site: str
    skills: Mapping[str, int]
    queues: Collection[str]


_SETTINGS: Mapping[Kind, type] = {
    Kind.SKILLS: SkillSetting,
    Kind.HOURS: HoursSetting,
    Kind.QUEUES: QueueSetting,
    Kind.PEOPLE: PersonSetting,
    Kind.FORCED: ForcedSetting,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """The entry `name` is `value` since `at` (None: what the file says). `version`: of the whole plan with this change."""

    kind: Kind
    name: str
    value: Mapping[str, Any] | None
    version: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """`site` is this centre, `timezone` its zone, `site_hours` when it is open; `sites` are the others."""

    site: str
    timezone: str
    site_hours: str | None = None
    sites: Mapping[str, SiteSetting] = field(default_factory=dict)
    skills: Mapping[str, SkillSetting] = field(default_factory=dict)
    hours: Mapping[str, HoursSetting] = field(default_factory=dict)
    queues: Mapping[str, QueueSetting] = field(default_factory=dict)
    people: Mapping[str, PersonSetting] = field(default_factory=dict)
    forced: Mapping[str, ForcedSetting] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what doesn't fit together."""
        own = {} if self.site_hours is None else {self.site: self.site_hours}
        check_together(
            self.queues,
            skills=self.skills,
            hours=self.hours,
            sites=(self.site, *self.sites),
            people=self.people,
            site_hours=own | {name: one.hours for name, one in self.sites.items() if one.hours is not None},
        )
        for name in self.forced:
            if name not in self.queues:
                raise BadConfiguration(f"forced {name}: there is no such queue: take it back", place=("forced", name))

    def refuse_unserved(self) -> None:
        """Refuse a queue that Meridian shall serve and nobody of [people] could, at any step, on whatever shift. For files: people
        who change one thing after another are told of the hole instead."""
        able = [_Able(login, one.site or self.site, one.skills, one.queues) for login, one in self.people.items()]
        for name, queue in self.queues.items():
            if not able or (queue.mode is Mode.NATIVE and not queue.requirement):
                continue  # Asterisk's own members
            steps = queue.policy(name).steps
            if not any(
                name in who.queues and any(ever_passes(step.requirement, who) for step in steps) for who in able
            ):
                raise BadConfiguration(
                    f"queue {name}: nobody in [people] could ever serve it: add it to somebody's 'queues', or ask for less",
                    place=("queues", name, "requirement"),
                )

    def sites_hours(self) -> dict[str, str | None]:
        """All centres, this one first, and the calendar by which each is open, if it has one."""
        return {self.site: self.site_hours} | {name: one.hours for name, one in self.sites.items()}

    def logins_of(self, queue: str) -> list[str]:
        """Everybody to whom the plan gives this queue."""
        return [login for login, person in self.people.items() if queue in person.queues]

    def value(self, kind: Kind, name: str) -> dict[str, Any] | None:
        """The entry as a program gets it and may send it back."""
        found = getattr(self, kind).get(name)
        return None if found is None else value_of(found)


def value_of(setting: Any) -> dict[str, Any]:
    """All keys of a setting, as JSON has them."""
    plain: dict[str, Any] = _plain(asdict(setting))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value


def overlaid(file: Tables, changes: Iterable[PlanChange]) -> Tables:
    """The tables with the changes laid over them, checked as a whole. A refusal's place begins with kind and name."""
    tables = file
    known = {address for hours in file.hours.values() for address in hours.feeds}
    for change in changes:
        if change.value is not None:
            _refuse_files(change, known)
            tables = _with(tables, change.kind, change.name, _setting(change.kind, change.name, change.value))
    tables.check()
    return tables


def without_misfits(
    file: Tables, changes: Iterable[PlanChange]
) -> tuple[Tables, list[tuple[PlanChange, BadConfiguration]]]:
    """The same for a start, which must not fail on what somebody saved when the file was another one: changes that no longer fit
    are left out, with what is wrong with them. `file` alone must be fine."""
    kept = list(changes)
    left_out: list[tuple[PlanChange, BadConfiguration]] = []
    while True:
        try:
            return overlaid(file, kept), left_out
        except BadConfiguration as error:
            guilty = next((each for each in kept if (each.kind, each.name) == error.place[:2]), None)
            # What is at fault stands in the file, and a change took away what it names: the latest change goes first.
            out = guilty or max(kept, key=lambda change: change.version)
            kept.remove(out)
            left_out.append((out, error))


def _refuse_files(change: PlanChange, known: Collection[str]) -> None:
    """Which files of this machine are read as feeds is for the configuration file to say."""
    feeds = (change.value or {}).get("feeds") if change.kind is Kind.HOURS else None
    for address in feeds if isinstance(feeds, list) else ():
        if address not in known and not str(address).startswith(("https://", "http://", "webcal://")):
            raise BadConfiguration(
                f"hours.{change.name}: the feed {str(address)[:80]!r} is no address: write https://..., or name the file in "
                "the configuration file",
                place=("hours", change.name, "feeds"),
            )


def _with(tables: Tables, kind: Kind, name: str, setting: Any) -> Tables:
    changed: dict[str, Any] = {str(kind): {**getattr(tables, kind), name: setting}}
    return replace(tables, **changed)


def _setting(kind: Kind, name: str, value: Mapping[str, Any]) -> Any:
    good = is_skill_name(name) if kind is Kind.SKILLS else _NAME.fullmatch(name) is not None
    if not good:
        raise BadConfiguration(
            f"{kind}: {name[:80]!r} can't be a name: write letters, digits, dots and dashes, beginning with a letter",
            place=(kind, name),
        )
    try:
        return fill(_SETTINGS[kind], dict(value), what=f"{kind}.{name}")
    except BadConfiguration as error:
        error.place = (str(kind), name, *error.place)
        raise

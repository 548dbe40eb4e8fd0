"""[sites], [skills], [hours], [queues] and [people] of the configuration -> policies and calendars. Whatever can't work is
refused here, by name.

Values as they stand in TOML; core/settings.py fills them and adds file and line to what is refused. Pure.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.callback import First
from core.errors import BadConfiguration
from core.lobby import Lobby, check_acd_names
from routing import hours_text
from routing.hours import Closure, Hours, Interval
from routing.policy import QueuePolicy, Step, Strategy
from routing.requirement import HIGHEST, LOWEST, AtSite, Requirement, leaves, parse, skills_of
from routing.staff import CAPACITY, SPEAKING

_MOST_UNITS = 20


class Mode(StrEnum):
    """`native`: Asterisk's queue picks the operator, Meridian keeps its members. `acd`: Meridian picks."""

    NATIVE = "native"
    ACD = "acd"


class WhenClosed(StrEnum):
    """What becomes of callers outside hours, and of those who still wait at closing time."""

    WAIT = "wait"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSetting:
    """Another centre whose people serve these queues too; this one is [site]. `hours`: when it is open (none: while one of its
    people is on shift)."""

    timezone: str
    hours: str | None = None

    def __post_init__(self) -> None:
        _check_zone("timezone", self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillSetting:
    en: str
    ru: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaxSetting:
    """From `after_s` of waiting on, this requirement instead."""

    after_s: float
    requirement: str

    def __post_init__(self) -> None:
        _check_expression(self.requirement)
        if self.after_s <= 0:
            raise BadConfiguration(f"'after_s' is {self.after_s:g}: a step comes after some seconds of waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSetting:
    """One calendar, as hours_text.py reads it. `holidays`: a country (LV) or a part of one (DE-BY); `holidays_add` and
    `holidays_remove` mend its list; `holiday_hours` are the hours on a holiday (none: closed). `feeds`: iCalendar files or
    addresses of closed days. `forced`: open or closed whatever all that says."""

    zone: str
    week: tuple[str, ...]
    dated: tuple[str, ...] = ()
    yearly: tuple[str, ...] = ()
    holidays: str | None = None
    holidays_add: tuple[str, ...] = ()
    holidays_remove: tuple[str, ...] = ()
    holiday_hours: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    forced: str | None = None

    def __post_init__(self) -> None:
        _check_zone("zone", self.zone)
        self.calendar({})

    def calendar(self, holidays: Mapping[date, str], closures: Sequence[Closure] = ()) -> Hours:
        """`holidays`: the country's list and whole days of feeds, `closures`: parts of days, which this doesn't know itself."""
        days = dict(holidays)
        days |= {named.day: named.name for named in hours_text.named_days(self.holidays_add)}
        for named in hours_text.named_days(self.holidays_remove):
            days.pop(named.day, None)
        return Hours(
            zone=self.zone,
            week=hours_text.week(self.week),
            dated=hours_text.dated(self.dated),
            yearly=hours_text.yearly(self.yearly),
            closures=tuple(closures),
            holidays=days,
            holiday_intervals=hours_text.week([f"Mon {' '.join(self.holiday_hours)}"])[0] if self.holiday_hours else (),
            forced=None if self.forced is None else hours_text.forced(self.forced),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSetting:
    """How callers of a queue are called back. `first`: whose phone rings first; `attempts` times at most, `pause_s` apart, and no
    later than `expires_s` after they asked, or after the opening to which it was put off. `hours`: of the client's own day."""

    first: First = First.OPERATOR
    attempts: int = 3
    pause_s: int = 900
    expires_s: int = 86_400
    hours: str = "09:00-21:00"

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= 10:
            raise BadConfiguration(f"'attempts' is {self.attempts}: choose 1 to 10")
        if not 30 <= self.pause_s <= 86_400:
            raise BadConfiguration(f"'pause_s' is {self.pause_s}: choose 30 to 86400")
        if not 300 <= self.expires_s <= 30 * 86_400:
            raise BadConfiguration(f"'expires_s' is {self.expires_s}: choose 300 to 2592000 (30 days)")
        try:
            self.window()
        except BadConfiguration as error:
            error.place = ("hours",)
            raise

    def window(self) -> tuple[Interval, ...]:
        """The part of the client's own day in which they may be called."""
        return hours_text.week([f"Mon {self.hours}"])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSetting:
    """How one queue is served. `offer_s`: how long a phone rings; after `misses` unanswered offers in a row the operator is not
    responding. `vip`: points that a client marked as VIP has from the start. `late`: points on top of who has waited longer than
    `answer_within_s`, usually negative: who can still be answered in time comes before them, until their age has made up for it.
    `fallback`: the Asterisk queue that takes over when Meridian is silent. `overflow`: the queue that callers go on to when this
    one is closed (`closed = "overflow"`). `holiday`: what becomes of callers on a closed holiday (none: as `closed`). `resume_s`:
    who is cut off and calls again so soon has the old place (0: never).
    """

    mode: Mode = Mode.NATIVE
    channel: str = "voice"
    requirement: str = ""
    relax: tuple[RelaxSetting, ...] = ()
    strategy: Strategy = Strategy.SCARCITY
    rank: int = 0
    offset: float = 0.0
    aging: float = 1.0
    vip: float = 10.0
    late: float = 0.0
    preferred_s: float = 20.0
    offer_s: int = 15
    retry_s: float = 20.0
    misses: int = 1
    hours: str | None = None
    closed: WhenClosed = WhenClosed.VOICEMAIL
    closing: WhenClosed = WhenClosed.WAIT
    holiday: WhenClosed | None = None
    overflow: str | None = None
    fallback: str | None = None
    callback: CallbackSetting = CallbackSetting()
    lobby: Lobby = field(default_factory=Lobby)
    resume_s: int = 0
    answer_within_s: int = 20
    short_abandon_s: int = 5

    def __post_init__(self) -> None:
        _check_expression(self.requirement)
        self._refuse_circles()
        if self.channel not in CAPACITY or self.channel == "callback":
            raise BadConfiguration(f"'channel' is {self.channel!r}: choose voice, email or sms", place=("channel",))
        self.policy("this queue")
        if not 1 <= self.offer_s <= 300:
            raise BadConfiguration(f"'offer_s' is {self.offer_s}: a phone rings 1 to 300 seconds")
        if self.misses < 1:
            raise BadConfiguration(f"'misses' is {self.misses}: it must be 1 or more")
        if not 0 <= self.resume_s <= 3_600:
            raise BadConfiguration(f"'resume_s' is {self.resume_s}: choose 0 (never) to 3600")
        if WhenClosed.OVERFLOW in (self.closed, self.closing, self.holiday) and self.overflow is None:
            raise BadConfiguration("\"overflow\" needs the key 'overflow': the queue that callers go on to")

    def _refuse_circles(self) -> None:
        steps = [str(parse(text)) for text in (self.requirement, *(step.requirement for step in self.relax))]
        for n, step in enumerate(steps):
            if step in steps[:n]:
                raise BadConfiguration(
                    f"relaxation runs in a circle: the step {step!r} comes again: take one of the two out",
                    place=("relax",),
                )

    def policy(self, name: str) -> QueuePolicy:
        return QueuePolicy(
            name=name,
            steps=(
                Step(0.0, parse(self.requirement)),
                *(Step(step.after_s, parse(step.requirement)) for step in self.relax),
            ),
            channel=self.channel,
            rank=self.rank,
            offset=self.offset,
            aging=self.aging,
            strategy=self.strategy,
            preferred_s=self.preferred_s,
            retry_s=self.retry_s,
            late=self.late,
            late_after_s=self.answer_within_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSetting:
    """An operator as the plan knows them. `site` empty: of this centre. `shifts`: the hours in which they work, `breaks` those
    that are taken off. `capacity`: how much at a time, by channel, where it isn't the usual (staff.py)."""

    site: str = ""
    skills: dict[str, int] = field(default_factory=dict)
    queues: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    capacity: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for channel, units in self.capacity.items():
            most = 1 if channel in SPEAKING else _MOST_UNITS
            if channel not in CAPACITY:
                raise BadConfiguration(
                    f"there is no channel {channel!r}: there is {', '.join(CAPACITY)}", place=("capacity",)
                )
            if not 0 <= units <= most:
                raise BadConfiguration(
                    f"'capacity' for {channel} is {units}: choose 0 (none) to {most}", place=("capacity", channel)
                )
        for skill, level in self.skills.items():
            if not LOWEST <= level <= HIGHEST:
                raise BadConfiguration(
                    f"skill '{skill}' is at level {level}: levels go from {LOWEST} to {HIGHEST}", place=("skills",)
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingSettings:
    """`refuse_holes`: a change that leaves a queue open with nobody on shift is refused unless an administrator accepts it.
    `feed_hours`: so often iCalendar feeds are fetched. `private_feeds`: they may come from private addresses."""

    refuse_holes: bool = False
    feed_hours: float = 6.0
    private_feeds: bool = False

    def __post_init__(self) -> None:
        if not 0.01 <= self.feed_hours <= 168:
            raise BadConfiguration(
                f"'feed_hours' is {self.feed_hours:g}: choose 0.01 to 168 hours", place=("feed_hours",)
            )


def check_together(
    queues: Mapping[str, QueueSetting],
    *,
    skills: Iterable[str],
    hours: Iterable[str],
    sites: Iterable[str],
    people: Mapping[str, PersonSetting] | None = None,
    site_hours: Mapping[str, str] | None = None,
) -> None:
    """What no table can know alone: skills, sites, hours and queues that others name, and overflows that run in a circle.
    `site_hours`: of the other sites that have some."""
    known_skills, known_hours, known_sites = frozenset(skills), frozenset(hours), frozenset(sites)
    for name, its_hours in (site_hours or {}).items():
        _check_known(f"site {name}: hours", its_hours, known_hours, ("sites", name, "hours"))
    for name, queue in queues.items():
        texts = (("requirement", queue.requirement), *(("relax", step.requirement) for step in queue.relax))
        for key, text in texts:
            place = ("queues", name, key)
            check_requirement(f"queue {name}", parse(text), skills=known_skills, sites=known_sites, place=place)
        if queue.hours is not None:
            _check_known(f"queue {name}: hours", queue.hours, known_hours, ("queues", name, "hours"))
        if queue.overflow is not None:
            _check_known(f"queue {name}: overflow", queue.overflow, queues, ("queues", name, "overflow"))
        _check_overflow(name, queues)
    acd = [name for name, queue in queues.items() if queue.mode is Mode.ACD]
    check_acd_names(acd, {name: fallback for name in acd if (fallback := queues[name].fallback) is not None})
    for login, person in (people or {}).items():
        named = (
            ("site", (person.site,) if person.site else (), known_sites),
            ("skills", person.skills, known_skills),
            ("queues", person.queues, queues),
            ("shifts", person.shifts, known_hours),
            ("breaks", person.breaks, known_hours),
        )
        for key, names, known in named:
            for one in names:
                _check_known(f"{login}: {key}", one, known, ("people", login, key))


def check_requirement(
    what: str,
    requirement: Requirement,
    *,
    skills: Collection[str],
    sites: Collection[str],
    place: tuple[str, ...] = (),
) -> None:
    """Refuse skills and sites that aren't declared; `what` is whose requirement it is."""
    for skill in sorted(skills_of(requirement)):
        _check_known(f"{what}: skill", skill, skills, place)
    for leaf in leaves(requirement):
        if isinstance(leaf, AtSite):
            for site in leaf.sites:
                _check_known(f"{what}: site", site, sites, place)


def _check_expression(text: str) -> None:
    try:
        parse(text)
    except BadConfiguration as error:
        error.place = ("requirement",)
        raise


def _check_overflow(name: str, queues: Mapping[str, QueueSetting]) -> None:
    seen = [name]
    following = queues[name].overflow
    while following is not None and following in queues:
        if following in seen:
            raise BadConfiguration(
                f"overflow runs in a circle: {' -> '.join([*seen, following])}: take one of them out",
                place=("queues", name, "overflow"),
            )
        seen.append(following)
        following = queues[following].overflow


def _check_known(what: str, name: str, known: Iterable[str], place: tuple[str, ...]) -> None:
    names = sorted(known)
    if name in names:
        return
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"; did you mean '{near[0]}'?" if near else f"; there is: {', '.join(names) or 'none is declared'}"
    raise BadConfiguration(f"{what} {name!r} is not declared{hint}", place=place)


def _check_zone(key: str, zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadConfiguration(f"'{key}' {zone!r} is no IANA zone: write one such as 'Europe/Riga'") from error

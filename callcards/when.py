"""Natural dates: what a person means by "tomorrow 10" or "завтра в 10", as an instant in a zone. Pure.

A promise to a client must not be guessed: each phrase is taken apart word by word against one small grammar, and whatever is left
over, said twice or doesn't exist is refused (BadPhrase). Clock changes: an instant that doesn't exist (spring) becomes the next
valid one; of one that comes twice (autumn) the first is meant.

Grammar, in any order, at most one of each: a day (today, tomorrow, a weekday, 5 dec, 05.12[.2026], 2026-12-05, in 3 days, in a
week) and a time (10, 10:30, 2pm, 10 утра, noon, morning); or a stretch from now (in 2 hours, через полчаса).
"""

from calendar import isleap
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcards.when_words import (
    AFTER,
    FILLERS,
    HALVES,
    MONTHS,
    NEXT,
    NUMBERS,
    PARTS_OF_DAY,
    RELATIVE_DAYS,
    UNITS,
    WEEKDAYS,
    Unit,
    tokens,
)
from core.errors import Rejected

LONGEST = 60
# Where no time is said, the working day begins.
_MORNING = time(10, 0)
_FARTHEST = timedelta(days=366 * 2)


class BadPhrase(Rejected):
    """No instant can be read from this, or more than one, or one that is past."""

    code = "not_understood"


@dataclass(slots=True)
class _Said:
    """What has been understood so far."""

    day: date | None = None
    at: time | None = None
    part: str | None = None
    stretch: timedelta | None = None
    months: int = 0


def understood(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) that `text` means at `now` (aware), to the second. BadPhrase where that isn't certain."""
    if len(text) > LONGEST:
        raise BadPhrase(f"That is too long: {LONGEST} characters are enough for a date.")
    here = now.astimezone(zone)
    words = [word for word in tokens(text) if word not in FILLERS]
    if not words:
        raise BadPhrase("Nothing is said there.")
    said = _Said()
    while words:
        words = words[_take(words, said, here) :]
    at = _instant(said, here, zone)
    if at <= now:
        raise BadPhrase("That is past.")
    if at > now + _FARTHEST:
        raise BadPhrase("That is more than two years ahead.")
    return at


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """UTC of a local time: in a gap the next valid instant, in a fold the first."""
    local = datetime.combine(day, at, tzinfo=zone)
    there = local.astimezone(UTC)
    back = there.astimezone(zone).replace(tzinfo=None)
    if back == local.replace(tzinfo=None):
        return there
    # In a gap the offset before it (fold=0) leads past its end by how far inside it we asked; the end is what is meant.
    return _end_of_gap(local.replace(tzinfo=None), zone)


def _end_of_gap(missing: datetime, zone: ZoneInfo) -> datetime:
    low = missing.replace(tzinfo=zone, fold=1).astimezone(UTC) - timedelta(seconds=1)
    high = missing.replace(tzinfo=zone, fold=0).astimezone(UTC) + timedelta(seconds=1)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _instant(said: _Said, here: datetime, zone: ZoneInfo) -> datetime:
    if said.stretch is not None:
        if said.day or said.at or said.part:
            raise BadPhrase("A stretch from now and a time of day don't go together.")
        return (here.astimezone(UTC) + said.stretch).replace(microsecond=0)
    at = _time(said)
    day = said.day
    if day is None and at is None:
        raise BadPhrase("No day and no time is said there.")
    if day is None:
        # A bare time is the next one: today, or tomorrow when it is past.
        today = at_local(here.date(), at or _MORNING, zone)
        day = here.date() if today > here.astimezone(UTC) else here.date() + timedelta(days=1)
    if at is None and day == here.date():
        raise BadPhrase("Say at what time today.")
    return at_local(day, at or _MORNING, zone)


def _time(said: _Said) -> time | None:
    if said.part is None:
        return said.at
    part = PARTS_OF_DAY[said.part]
    if said.at is None:
        if part.default is None:
            raise BadPhrase("Say which hour.")
        return part.default
    hour = said.at.hour
    if part.is_instant:
        raise BadPhrase("Two times are said there.")
    if hour > 12 or (hour == 0 and part.afternoon):
        if hour in part.hours:
            return said.at
        raise BadPhrase("The hour and the part of the day contradict each other.")
    hour = hour % 12 + (12 if part.afternoon else 0)
    if hour not in part.hours:
        raise BadPhrase("The hour and the part of the day contradict each other.")
    return said.at.replace(hour=hour)


def _take(words: list[str], said: _Said, here: datetime) -> int:
    """Understand what `words` begin with, and say how many that were."""
    for reader in (_relative_day, _stretch, _weekday, _part_of_day, _date_of_digits, _date_in_words, _clock):
        if used := reader(words, said, here):
            return used
    raise BadPhrase(f"“{words[0]}” is not understood there.")


def _set_day(said: _Said, day: date) -> None:
    if said.day is not None:
        raise BadPhrase("Two days are said there.")
    said.day = day


def _relative_day(words: list[str], said: _Said, here: datetime) -> int:
    for length in (4, 3, 2, 1):
        days = RELATIVE_DAYS.get(" ".join(words[:length])) if len(words) >= length else None
        if days is not None:
            _set_day(said, here.date() + timedelta(days=days))
            return length
    return 0


def _stretch(words: list[str], said: _Said, here: datetime) -> int:
    """in 2 hours, через неделю, in 1 hour 30 minutes, через 2 часа 15 минут, next week."""
    if words[0] in NEXT and len(words) > 1 and words[1] in UNITS and UNITS[words[1]] in (Unit.WEEK, Unit.MONTH):
        _add_days(said, here, 1, UNITS[words[1]])
        return 2
    if words[0] not in AFTER:
        return 0
    if len(words) > 1 and words[1] in PARTS_OF_DAY:
        return 1  # in the morning
    used = 1
    while amount := _amount(words[used:]):
        count, unit, length = amount
        if unit in (Unit.MINUTE, Unit.HOUR):
            said.stretch = (said.stretch or timedelta()) + timedelta(minutes=count * (60 if unit is Unit.HOUR else 1))
        else:
            _add_days(said, here, count, unit)
        used += length
        if said.stretch is None:
            break
    if used == 1:
        raise BadPhrase("After how long?")
    return used


def _amount(words: list[str]) -> tuple[float, Unit, int] | None:
    """(2, hours, how many words that took)."""
    if words and words[0] in HALVES:
        count, unit = HALVES[words[0]]
        return count, unit, 1
    if len(words) > 1 and words[0] == "half" and words[1:3] in (["an", "hour"], ["a", "hour"]):
        return 30, Unit.MINUTE, 3
    if words and words[0] in UNITS:
        return 1, UNITS[words[0]], 1
    if len(words) > 1 and words[1] in UNITS:
        count_word = words[0]
        unit = UNITS[words[1]]
        if count_word.isdecimal() and len(count_word) <= 3:
            return int(count_word), unit, 2
        if count_word in NUMBERS:
            count = NUMBERS[count_word]
            if count != int(count) and unit is not Unit.HOUR:
                return None
            return count, unit, 2
    return None


def _add_days(said: _Said, here: datetime, count: float, unit: Unit) -> None:
    if unit is Unit.MONTH:
        months = here.month - 1 + int(count)
        year, month = here.year + months // 12, months % 12 + 1
        _set_day(said, _last_valid(year, month, here.day))
    else:
        _set_day(said, here.date() + timedelta(days=int(count) * (7 if unit is Unit.WEEK else 1)))


def _last_valid(year: int, month: int, day: int) -> date:
    """31 January and a month is the end of February."""
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _weekday(words: list[str], said: _Said, here: datetime) -> int:
    """The next such day, never today; “next friday” the one of the next week."""
    following = words[0] in NEXT
    name = words[1] if following and len(words) > 1 else words[0]
    if name not in WEEKDAYS:
        return 0
    day = here.date() + timedelta(days=(WEEKDAYS[name] - here.weekday() - 1) % 7 + 1)
    if following:
        day = here.date() + timedelta(days=7 - here.weekday() + WEEKDAYS[name])
    _set_day(said, day)
    return 2 if following else 1


def _part_of_day(words: list[str], said: _Said, here: datetime) -> int:
    if words[0] not in PARTS_OF_DAY:
        return 0
    if said.part is not None:
        raise BadPhrase("Two times are said there.")
    said.part = words[0]
    return 1


def _date_of_digits(words: list[str], said: _Said, here: datetime) -> int:
    """2026-12-05, 05.12, 05.12.2026. Never 12/05: half of the world reads it the other way round."""
    word = words[0]
    try:
        if len(word) == 10 and word[4] == word[7] == "-":
            _set_day(said, date.fromisoformat(word))
            return 1
        parts = word.rstrip(".").split(".")
        if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
            return 0
        if len(parts[0]) > 2 or len(parts[1]) != 2 or (len(parts) == 3 and len(parts[2]) not in (2, 4)):
            return 0
        year = int(parts[2]) + (2000 if len(parts[2]) == 2 else 0) if len(parts) == 3 else None
        _set_day(said, _day(here, int(parts[0]), int(parts[1]), year))
    except ValueError as error:
        raise BadPhrase(f"There is no day {word}.") from error
    return 1


def _date_in_words(words: list[str], said: _Said, here: datetime) -> int:
    """5 dec, dec 5, 5 декабря 2026."""
    if len(words) < 2:
        return 0
    first, second = words[0], words[1]
    if _is_day(first) and second in MONTHS:
        day, month = first, MONTHS[second]
    elif first in MONTHS and _is_day(second):
        day, month = second, MONTHS[first]
    else:
        return 0
    has_year = len(words) > 2 and len(words[2]) == 4 and words[2].isdecimal() and words[2].startswith("20")
    try:
        _set_day(said, _day(here, int(_without_ending(day)), month, int(words[2]) if has_year else None))
    except ValueError as error:
        raise BadPhrase(f"There is no {first} {second}.") from error
    return 3 if has_year else 2


def _is_day(word: str) -> bool:
    bare = _without_ending(word)
    return bare.isdecimal() and len(bare) <= 2


def _without_ending(word: str) -> str:
    for ending in ("st", "nd", "rd", "th", "-го", "го", "-е"):
        if word.endswith(ending) and word.removesuffix(ending).isdecimal():
            return word.removesuffix(ending)
    return word


def _day(here: datetime, day: int, month: int, year: int | None) -> date:
    """Without a year the next such day. ValueError: it doesn't exist."""
    if year is not None:
        return date(year, month, day)
    if (month, day) == (2, 29):
        leap_years = (each for each in range(here.year, here.year + 9) if isleap(each))
        return next(each for each in (date(leap, 2, 29) for leap in leap_years) if each >= here.date())
    this_year = date(here.year, month, day)
    return this_year if this_year >= here.date() else date(here.year + 1, month, day)


def _clock(words: list[str], said: _Said, here: datetime) -> int:
    """10, 10:30, 10 часов, 2pm, 2 pm."""
    word, used = words[0], 1
    half = next((each for each in ("am", "pm") if word.endswith(each) and word[:1].isdecimal()), "")
    bare = word.removesuffix(half)
    if not half and len(words) > 1 and words[1] in ("am", "pm"):
        half, used = words[1], 2
    elif len(words) > 1 and UNITS.get(words[1]) is Unit.HOUR:
        used = 2
    hour_text, separator, minute_text = bare.partition(":")
    if (
        not hour_text.isdecimal()
        or len(hour_text) > 2
        or (separator and not (minute_text.isdecimal() and len(minute_text) == 2))
    ):
        return 0
    hour, minute = int(hour_text), int(minute_text or 0)
    if half:
        if not 1 <= hour <= 12:
            raise BadPhrase(f"There is no {word} {half}.")
        hour = hour % 12 + (12 if half == "pm" else 0)
    if said.at is not None:
        raise BadPhrase("Two times are said there.")
    if hour > 23 or minute > 59:
        raise BadPhrase(f"There is no time {word}.")
    said.at = time(hour, minute)
    return used

"""The words that a date may be said in, English and Russian, and how a phrase is cut into them. when.py knows what they mean."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import time
from enum import Enum

_TOKEN = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}:\d\d(?:am|pm)?|\d{1,2}\.\d\d(?:\.\d{2,4})?(?!\d)|\d+(?:am|pm|st|nd|rd|th|-?го|-е)?|[^\W\d_]+|[^\s,]"
)


def tokens(text: str) -> list[str]:
    """Lower case, ё as е. What no word is stays a token of its own, so that somebody has to understand it."""
    folded = (
        unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("a.m.", "am").replace("p.m.", "pm")
    )
    return _TOKEN.findall(folded)


class Unit(Enum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def _each(words: str, meaning: Unit) -> dict[str, Unit]:
    return dict.fromkeys(words.split(), meaning)


UNITS = (
    _each("minute minutes min mins минуту минуты минут мин", Unit.MINUTE)
    | _each("hour hours h hr hrs час часа часов ч", Unit.HOUR)
    | _each("day days день дня дней", Unit.DAY)
    | _each("week weeks неделю недели недель неделе", Unit.WEEK)
    | _each("month months месяц месяца месяцев месяце", Unit.MONTH)
)
NUMBERS: dict[str, float] = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10,
    "один": 1, "одну": 1, "два": 2, "две": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6, "семь": 7, "десять": 10,
    "полтора": 1.5,
}  # fmt: skip
HALVES: dict[str, tuple[float, Unit]] = {"полчаса": (30, Unit.MINUTE)}
AFTER = frozenset({"in", "через"})
NEXT = frozenset({"next", "следующий", "следующую", "следующее", "следующем", "следующей", "след"})
# They say nothing that the words around them don't.
FILLERS = frozenset({"at", "on", "the", "в", "во", "на", "к"})
RELATIVE_DAYS = {
    "today": 0, "сегодня": 0, "tomorrow": 1, "tmrw": 1, "tomorow": 1, "завтра": 1, "day after tomorrow": 2,
    "послезавтра": 2,
}  # fmt: skip
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon понедельник пн",
            "tuesday tue вторник вт",
            "wednesday wed среду среда ср",
            "thursday thu четверг чт",
            "friday fri пятницу пятница пт",
            "saturday sat субботу суббота сб",
            "sunday sun воскресенье вс",
        )
    )
    for name in names.split()
}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan января янв",
            "february feb февраля фев",
            "march mar марта мар",
            "april apr апреля апр",
            "may мая",
            "june jun июня июн",
            "july jul июля июл",
            "august aug августа авг",
            "september sep sept сентября сен",
            "october oct октября окт",
            "november nov ноября ноя",
            "december dec декабря дек",
        ),
        start=1,
    )
    for name in names.split()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfDay:
    """`default`: the time where no hour is said. `hours`: those that it may be said of."""

    default: time | None
    hours: range
    afternoon: bool
    is_instant: bool = False


_EARLY = PartOfDay(default=time(9), hours=range(4, 12), afternoon=False)
_AFTER_NOON = PartOfDay(default=time(14), hours=range(12, 18), afternoon=True)
_LATE = PartOfDay(default=time(18), hours=range(16, 24), afternoon=True)
_NOON = PartOfDay(default=time(12), hours=range(12, 13), afternoon=True, is_instant=True)
PARTS_OF_DAY = {
    "morning": _EARLY, "утром": _EARLY, "утра": _EARLY,
    "afternoon": _AFTER_NOON, "днем": _AFTER_NOON, "дня": _AFTER_NOON,
    "evening": _LATE, "вечером": _LATE, "вечера": _LATE,
    "noon": _NOON, "полдень": _NOON,
}  # fmt: skip

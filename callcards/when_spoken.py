"""An instant in words, English and Russian, and the ready ones for a button. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from callcards.when import at_local

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}
EXAMPLES = {
    "en": ("tomorrow 10", "monday 9:30", "in 2 hours", "in a week", "5 dec 14:00"),
    "ru": ("завтра в 10", "понедельник 9:30", "через 2 часа", "через неделю", "5 дек 14:00"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    text: str
    at: datetime


def spoken(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Monday, 23 November 2026, 10:00"""
    here = at.astimezone(zone)
    day, month = _DAYS[language][here.weekday()], _MONTHS[language].split()[here.month - 1]
    return f"{day}, {here.day} {month} {here.year}, {here:%H:%M}"


def offers(now: datetime, zone: ZoneInfo, language: str) -> tuple[Offer, ...]:
    """In an hour, tomorrow 10:00, Monday 10:00, in a week at 10:00; none twice."""
    here = now.astimezone(zone)
    ten = time(10)
    english = language == "en"
    days = {
        "tomorrow 10:00" if english else "завтра 10:00": 1,
        "Monday 10:00" if english else "понедельник 10:00": 7 - here.weekday(),
        "in a week" if english else "через неделю": 7,
    }
    found = {"in an hour" if english else "через час": _on_five_minutes(now + timedelta(hours=1))}
    for text, ahead in days.items():
        at = at_local(here.date() + timedelta(days=ahead), ten, zone)
        if at not in found.values():
            found[text] = at
    return tuple(Offer(text=text, at=at) for text, at in found.items())


def _on_five_minutes(at: datetime) -> datetime:
    down = at.replace(minute=at.minute // 5 * 5, second=0, microsecond=0)
    return down if down == at else down + timedelta(minutes=5)

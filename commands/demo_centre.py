"""The demo's centre: one queue that Asterisk distributes and two in which Meridian chooses, by skill, in two zones. Values; the
hours are laid around the present, so that the demo works whenever it is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.callback import First
from core.desk import CheckQuestion, CustomField, Desk, FieldKind, QueueSettings, WrapUpMode
from core.lobby import Lobby
from core.model import Role
from routing.policy import Strategy
from routing.settings import (
    CallbackSetting,
    HoursSetting,
    Mode,
    PersonSetting,
    QueueSetting,
    RelaxSetting,
    SiteSetting,
    SkillSetting,
    WhenClosed,
)
from telephony.simulated_exchange import Company

SITE, ZONE = "moscow", "Europe/Moscow"
FAR_SITE, FAR_ZONE = "toronto", "America/Toronto"
_OPEN_SINCE_H, _OPEN_FOR_H = 7, 18


class Somebody(NamedTuple):
    """`colleague`: signed in by the demo itself, so that the centre isn't empty; the others are for whoever looks at it."""

    login: str
    name: str
    role: Role
    extension: str | None = None
    language: str | None = None
    colleague: bool = False


PEOPLE = (
    Somebody("anna", "Анна Соколова", Role.OPERATOR, "1001", "ru"),
    Somebody("boris", "Boris Keller", Role.OPERATOR, "1002", "en"),
    Somebody("carmen", "Carmen Ruiz", Role.OPERATOR, "1003", "en"),
    Somebody("dmitri", "Дмитрий Орлов", Role.OPERATOR, "1005", "ru"),
    Somebody("sofia", "Sofia Lindqvist", Role.SUPERVISOR, None, "en"),
    Somebody("admin", "Administrator", Role.ADMIN),
    Somebody("elena", "Елена Маркова", Role.OPERATOR, "1007", "ru", colleague=True),
    Somebody("felix", "Felix Brandt", Role.OPERATOR, "1008", "en", colleague=True),
    Somebody("gloria", "Gloria Mendes", Role.OPERATOR, "1009", "en", colleague=True),
)
COMPANY = Company(
    agents=("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009"),
    queues={"support": ("1003", "1004", "1006"), "reserve": ("1004", "1006")},
    acd={"billing": "reserve", "tech": "reserve"},
    dids={"500": "support", "510": "billing", "520": "tech"},
)
BEFORE_MERIDIAN = Company(
    agents=COMPANY.agents,
    queues={
        "support": ("1003", "1004", "1006"),
        "billing": ("1001", "1005", "1007"),
        "tech": ("1002", "1005", "1008", "1009"),
    },
    dids=COMPANY.dids,
)
"""The same people in Asterisk's own queues: whose past calls the demo finds in the CDR."""
DESK = Desk(
    queues={
        "support": QueueSettings(title="Support", wrap_up_s=30),
        "billing": QueueSettings(title="Billing", wrap_up_s=30),
        "tech": QueueSettings(title="Technical help", wrap_up=WrapUpMode.OPTIONAL),
    },
    fields={
        "contract": CustomField(en="Contract", ru="Договор"),
        "tariff": CustomField(en="Tariff", ru="Тариф", kind=FieldKind.CHOICE, choices=("S", "M", "L")),
    },
    checks={
        "contract": CheckQuestion(en="What is your contract's number?", ru="Назовите номер договора."),
        "address": CheckQuestion(en="To which address do we deliver?", ru="По какому адресу мы доставляем?"),
    },
)
SITES = {FAR_SITE: SiteSetting(timezone=FAR_ZONE)}
SKILLS = {
    "billing": SkillSetting(en="Invoices", ru="Счета"),
    "tech": SkillSetting(en="Technology", ru="Техника"),
    "lang.ru": SkillSetting(en="Russian", ru="Русский"),
    "lang.en": SkillSetting(en="English", ru="Английский"),
    "lang.es": SkillSetting(en="Spanish", ru="Испанский"),
}
QUEUES = {
    "support": QueueSetting(mode=Mode.NATIVE),
    "billing": QueueSetting(
        mode=Mode.ACD,
        requirement="lang.ru >= 3 and billing >= 3",
        relax=(
            RelaxSetting(after_s=20, requirement="lang.ru and billing"),
            RelaxSetting(after_s=60, requirement="billing or lang.ru >= 4"),
        ),
        strategy=Strategy.SCARCITY,
        vip=15.0,
        hours="moscow_day",
        closed=WhenClosed.VOICEMAIL,
        fallback="reserve",
        resume_s=300,
    ),
    "tech": QueueSetting(
        mode=Mode.ACD,
        requirement="lang.en and tech >= 3",
        relax=(
            RelaxSetting(after_s=25, requirement="tech and (lang.en or lang.es)"),
            RelaxSetting(after_s=75, requirement="tech"),
        ),
        strategy=Strategy.LONGEST_IDLE,
        aging=1.5,
        vip=30.0,
        hours="toronto_day",
        closed=WhenClosed.CALLBACK,
        closing=WhenClosed.CALLBACK,
        fallback="reserve",
        callback=CallbackSetting(first=First.OPERATOR, attempts=3, pause_s=120),
        lobby=Lobby(callback_key=True),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What goes by the clock."""

    hours: Mapping[str, HoursSetting]
    people: Mapping[str, PersonSetting]


def plan_around(now: datetime) -> Planned:
    """Both queues are open now and for ten hours more, and the colleagues are on shift; who looks at the demo always is."""

    def day(zone: str, opens_h: int, length_h: int) -> tuple[str, ...]:
        return (f"daily {opens_h % 24:02}:00-{(opens_h + length_h) % 24:02}:00",)

    here, there = now.astimezone(ZoneInfo(ZONE)).hour, now.astimezone(ZoneInfo(FAR_ZONE)).hour
    since, length = _OPEN_SINCE_H, _OPEN_FOR_H
    hours = {
        "moscow_day": HoursSetting(
            zone=ZONE, week=day(ZONE, here - since, length), yearly=("01-01 closed New Year's Day",)
        ),
        "toronto_day": HoursSetting(
            zone=FAR_ZONE, week=day(FAR_ZONE, there - since, length), yearly=("07-01 closed Canada Day",)
        ),
        "moscow_shift": HoursSetting(zone=ZONE, week=day(ZONE, here - 2, 12)),
        "toronto_shift": HoursSetting(zone=FAR_ZONE, week=day(FAR_ZONE, there - 3, 14)),
    }
    return Planned(hours=hours, people=_people())


def _people() -> dict[str, PersonSetting]:
    def skilled(*queues: str, site: str = "", shift: str = "", **levels: int) -> PersonSetting:
        skills = {name.replace("lang_", "lang."): level for name, level in levels.items()}
        return PersonSetting(site=site, queues=queues, skills=skills, shifts=(shift,) if shift else ())

    return {
        "anna": skilled("billing", billing=5, lang_ru=5, lang_en=2),
        "boris": skilled("tech", tech=4, lang_en=5, lang_es=2),
        "carmen": skilled("support", "tech", tech=2, lang_en=4, lang_es=5),
        "dmitri": skilled("billing", "tech", billing=3, tech=5, lang_ru=5, lang_en=3),
        "elena": skilled("billing", billing=2, lang_ru=5, shift="moscow_shift"),
        "felix": skilled("billing", "tech", billing=4, tech=3, lang_ru=3, lang_en=5, shift="moscow_shift"),
        "gloria": skilled("tech", site=FAR_SITE, tech=4, lang_en=4, lang_es=4, shift="toronto_shift"),
    }

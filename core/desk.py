"""What an administrator declares for the operators' desk. Values only; configuration.py reads them.

Dispositions, pause reasons, own fields of clients, check questions, the wrap-up of queues, the company's CRM, and whom
click-to-call may call. Every text is in English and Russian.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import BadConfiguration


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"


class WrapUpMode(StrEnum):
    """After a conversation: `none` ready at once; `optional` the operator ends it; `limited` the operator ends it, the time at
    the latest; `mandatory` the operator ends it, but not before a disposition is chosen; `mandatory_limited` the same, the time
    at the latest."""

    NONE = "none"
    OPTIONAL = "optional"
    LIMITED = "limited"
    MANDATORY = "mandatory"
    MANDATORY_LIMITED = "mandatory_limited"


class CrmMoment(StrEnum):
    RING = "ring"
    ANSWER = "answer"
    BUTTON = "button"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """The operator's verdict. `queues` empty: offered for every queue."""

    en: str
    ru: str
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseReason:
    """`limit_s` 0: no limit; past it the supervisor sees it. `productive`: work, though not calls."""

    en: str
    ru: str
    paid: bool = True
    productive: bool = False
    limit_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """A field of clients that the company needs. `choices` for kind `choice` only."""

    en: str
    ru: str
    kind: FieldKind = FieldKind.TEXT
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise BadConfiguration("'choices' and kind = \"choice\" belong together: set both or neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckQuestion:
    """Asked before sensitive history is told: a caller id is a claim, no proof."""

    en: str
    ru: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """`title` as people call the queue (empty: its name). `extensions` times the wrap-up may be prolonged, by `extension_s`."""

    title: str = ""
    wrap_up: WrapUpMode = WrapUpMode.LIMITED
    wrap_up_s: int = 60
    extensions: int = 2
    extension_s: int = 60

    def __post_init__(self) -> None:
        for name in ("wrap_up_s", "extensions", "extension_s"):
            if not 0 <= getattr(self, name) <= 86_400:
                raise BadConfiguration(f"'{name}' is {getattr(self, name)}: choose 0 to 86400")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmLink:
    """`url` with {number}, {name}, {client_id}, {card_id}, {queue}, {dialled}, {operator}: filled in and escaped by the page."""

    url: str
    on: CrmMoment = CrmMoment.BUTTON
    title: str = "CRM"

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise BadConfiguration(f"'url' is {self.url!r}: it must begin with https:// (or http://)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPolicy:
    """Whom click-to-call and transfers may call, and how often. `countries` ISO codes; empty: the site's own only. `internal` lets
    operators' phones, queues and the short numbers of `extensions` (globs, `3??`) through. Premium-rate and emergency numbers
    are refused unless said otherwise."""

    countries: tuple[str, ...] = ()
    internal: bool = True
    extensions: tuple[str, ...] = ()
    premium: bool = False
    emergency: bool = False
    per_user_minute: int = 6
    per_user_day: int = 300
    per_site_minute: int = 60

    def __post_init__(self) -> None:
        for name in ("per_user_minute", "per_user_day", "per_site_minute"):
            if getattr(self, name) < 1:
                raise BadConfiguration(f"'{name}' is {getattr(self, name)}: it must be 1 or more")


def _dispositions() -> dict[str, Disposition]:
    return {
        "resolved": Disposition(en="Resolved", ru="Решено"),
        "call_back": Disposition(en="Call back", ru="Перезвонить"),
        "passed_on": Disposition(en="Passed on", ru="Передано"),
        "no_answer": Disposition(en="Not reached", ru="Не дозвонились"),
        "wrong_number": Disposition(en="Wrong number", ru="Ошиблись номером"),
        "complaint": Disposition(en="Complaint", ru="Жалоба"),
    }


def _pause_reasons() -> dict[str, PauseReason]:
    return {
        "break": PauseReason(en="Short break", ru="Перерыв", limit_s=900),
        "lunch": PauseReason(en="Lunch", ru="Обед", paid=False, limit_s=3_600),
        "meeting": PauseReason(en="Meeting", ru="Совещание", productive=True),
        "desk_work": PauseReason(en="Desk work", ru="Работа с документами", productive=True),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All of it; each dictionary is code -> what it means, in the order in which it is shown.

    `missed_calls` queue calls in a row that an operator lets ring out make `not_responding` (0: never); a browser that is gone for
    `away_after_s` pauses (0: never); `sync_members`: Asterisk's own queues see pauses, for operators who use Meridian.
    """

    dispositions: dict[str, Disposition] = field(default_factory=_dispositions)
    pause_reasons: dict[str, PauseReason] = field(default_factory=_pause_reasons)
    fields: dict[str, CustomField] = field(default_factory=dict)
    checks: dict[str, CheckQuestion] = field(default_factory=dict)
    queues: dict[str, QueueSettings] = field(default_factory=dict)
    crm: CrmLink | None = None
    missed_calls: int = 3
    away_after_s: int = 60
    sync_members: bool = True

    def __post_init__(self) -> None:
        for name in ("missed_calls", "away_after_s"):
            if not 0 <= getattr(self, name) <= 86_400:
                raise BadConfiguration(f"'{name}' is {getattr(self, name)}: choose 0 (never) to 86400")

    def queue(self, name: str | None) -> QueueSettings:
        """The settings of a queue; the defaults where nothing was declared."""
        return self.queues.get(name or "", QueueSettings())

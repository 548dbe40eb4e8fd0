"""What an administrator can set: the whole of meridian.toml as frozen values. Reading it is core/settings.py's work."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from core.desk import Desk, DialPolicy
from core.errors import BadConfiguration
from core.settings import read_settings
from routing.settings import HoursSetting, PersonSetting, QueueSetting, RoutingSettings, SiteSetting, SkillSetting
from routing.tables import Tables
from telephony.pbx_settings import AmiAccount, PbxSettings
from web.settings import WebSettings

DEFAULT_FILE = Path("meridian.toml")
_SHORTEST_S = 0.5


def check_zone(key: str, zone: str) -> None:
    """Refuse what isn't an IANA name."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadConfiguration(f"'{key}' {zone!r} is no IANA zone: write one such as 'Europe/Moscow'") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A centre: its zone, the country its numbers are read in, which endpoints are its operators' phones, and when it is open
    (`hours`; none: while somebody is on shift)."""

    name: str
    timezone: str
    region: str
    agents: tuple[str, ...] = ("PJSIP/1???",)
    hours: str | None = None

    def __post_init__(self) -> None:
        check_zone("timezone", self.timezone)
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise BadConfiguration(f"'region' {self.region!r} is no country code: write one such as 'RU' or 'DE'")
        if not self.agents:
            raise BadConfiguration("'agents' is empty: name the endpoints of the operators' phones, e.g. 'PJSIP/1???'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbx:
    """One Asterisk. `listener` hears events, `controller` acts; `phone` is how an extension's endpoint is called;
    `queue_extensions`: queue -> what to dial in `call_context` to get there. `client_phone`: how an outside number is rung without
    an operator (for callbacks that ring the client first). `recordings`: the folder in which it keeps messages, as seen from here.

    The CDR (a csv file or a table) tells of calls that nobody saw; older ones than `cdr_since` are left alone (default:
    than the first attach).
    """

    host: str
    listener: AmiAccount
    controller: AmiAccount | None = None
    port: int = 5038
    tls: bool = False
    ca_file: str | None = None
    md5_login: bool = True
    allow_command: bool = False
    phone: str = "PJSIP/{extension}"
    call_context: str = "from-agent"
    call_prefix: str = ""
    queue_extensions: dict[str, str] = field(default_factory=dict)
    parking_lot: str = "default"
    parking_s: int = 60
    client_phone: str | None = None
    recordings: Path | None = None
    cdr_csv: Path | None = None
    cdr_url: str | None = field(default=None, repr=False)
    cdr_columns: tuple[str, ...] = ()
    cdr_since: datetime | None = None
    cdr_zone: str = "UTC"
    reconcile_s: float = 60.0
    cdr_every_s: float = 30.0

    def __post_init__(self) -> None:
        check_zone("cdr_zone", self.cdr_zone)
        if not 1 <= self.port <= 65_535:
            raise BadConfiguration(f"'port' is {self.port}: Asterisk's manager usually listens on 5038")
        for name in ("reconcile_s", "cdr_every_s"):
            if getattr(self, name) < _SHORTEST_S:
                raise BadConfiguration(f"'{name}' is {getattr(self, name)}: it must be {_SHORTEST_S:g} or more")
        for queue, extension in self.queue_extensions.items():
            if not (extension.isascii() and extension.isdigit()):
                raise BadConfiguration(f"'queue_extensions' says {queue} = {extension!r}: write the digits to dial")
        if not 1 <= self.parking_s <= 3_600:
            raise BadConfiguration(f"'parking_s' is {self.parking_s}: choose 1 to 3600")
        if "{extension}" not in self.phone:
            raise BadConfiguration(
                f"'phone' is {self.phone!r}: write how a phone's endpoint is called, e.g. 'PJSIP/{{extension}}'"
            )
        if self.client_phone is not None and "{number}" not in self.client_phone:
            raise BadConfiguration(
                f"'client_phone' is {self.client_phone!r}: write how an outside number is rung, e.g. 'PJSIP/{{number}}@trunk'"
            )
        if self.cdr_csv is not None and self.cdr_url is not None:
            raise BadConfiguration("'cdr_csv' and 'cdr_url' are both set: keep the one that your Asterisk writes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """`folder` holds what Meridian keeps beside the database: the journal for when that is away."""

    url: str = field(default="sqlite:///var/meridian.db", repr=False)
    folder: Path = Path("var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    site: Site
    pbx: dict[str, Pbx] = field(default_factory=dict)
    database: Storage = Storage()
    web: WebSettings = field(default_factory=WebSettings)
    desk: Desk = field(default_factory=Desk)
    dialling: DialPolicy = field(default_factory=DialPolicy)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    sites: dict[str, SiteSetting] = field(default_factory=dict)
    skills: dict[str, SkillSetting] = field(default_factory=dict)
    hours: dict[str, HoursSetting] = field(default_factory=dict)
    queues: dict[str, QueueSetting] = field(default_factory=dict)
    people: dict[str, PersonSetting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.pbx:
            raise BadConfiguration("there is no [pbx.NAME]: name at least one Asterisk to attach to")
        if self.site.name in self.sites:
            raise BadConfiguration(
                f"'{self.site.name}' is this centre, which is [site]: [sites] has the others",
                place=("sites", self.site.name),
            )
        self.tables.check()
        self.tables.refuse_unserved()

    @property
    def tables(self) -> Tables:
        """What the plan is made of."""
        return Tables(
            site=self.site.name,
            timezone=self.site.timezone,
            site_hours=self.site.hours,
            sites=self.sites,
            skills=self.skills,
            hours=self.hours,
            queues=self.queues,
            people=self.people,
        )

    def link_settings(self, name: str) -> PbxSettings:
        """What the link to the PBX `name` needs of all this."""
        pbx = self.pbx[name]
        return PbxSettings(
            name=name,
            host=pbx.host,
            port=pbx.port,
            listener=pbx.listener,
            controller=pbx.controller,
            tls=pbx.tls,
            ca_file=pbx.ca_file,
            md5_login=pbx.md5_login,
            allow_command=pbx.allow_command,
            agents=self.site.agents,
            reconcile_s=pbx.reconcile_s,
        )


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration in the file `path`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadConfiguration(
            f"there is no {path}: copy meridian.example.toml there and fill it in, or see it run with `meridian demo`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadConfiguration(f"can't read {path}: {why}; name a readable configuration file") from error
    return read_settings(Configuration, text, source=str(path), environ=environ)

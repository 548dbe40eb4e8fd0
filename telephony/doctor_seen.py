"""What the doctor was told to expect of a PBX, and what it saw there. Values only; panoramisk_link_doctor.py fills them, the
judges (doctor_accounts, doctor_events, doctor_plan) read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from telephony.pbx_settings import PbxSettings

PROBE_CONTEXT = "meridian-doctor"
"""A dialplan context that no PBX has: a Local channel to it is made and ends at once, and rings nobody."""
PROBE_MEMBER = f"Local/s@{PROBE_CONTEXT}"
"""The member, paused, that is added to a queue and removed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What meridian.toml and the database say. `phone` is a pattern such as `PJSIP/{extension}`. `people`: the usual extension
    of each login that may sign in; None when the database couldn't be asked. `unset`: the accounts whose secret isn't there
    yet; nobody knocks with a wrong one. `acd`: the queues that Meridian distributes, and what takes over from each; for them the
    dialplan must be of `acd_version`. `kept`: the queues whose members Meridian keeps, and the logins whom it may put there."""

    settings: PbxSettings
    phone: str
    call_context: str
    cdr_zone: str
    queues: tuple[str, ...] = ()
    people: Mapping[str, str] | None = None
    only_pbx: bool = True
    unset: frozenset[str] = frozenset()
    acd: Mapping[str, str | None] = field(default_factory=dict)
    acd_version: str = ""
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def endpoint(self, extension: str) -> str:
        return self.phone.format(extension=extension)


class Door(StrEnum):
    """How far an account came."""

    IN = "in"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NOT_TRIED = "not tried"


@dataclass(slots=True, kw_only=True)
class AccountSeen:
    """One AMI account. `allowed` are the actions that it may use; `stalled_s` is how long we read nothing and `cut` whether
    Asterisk closed the session for it (None: not tried)."""

    user: str
    door: Door = Door.NOT_TRIED
    why: str = ""
    allowed: frozenset[str] = frozenset()
    stalled_s: float = 0.0
    cut: bool | None = None


@dataclass(slots=True, kw_only=True)
class Heard:
    """Which events came to the listener. The probes are None where they couldn't be tried."""

    names: set[str] = field(default_factory=set)
    booted: bool = False
    own_event: bool | None = None
    timestamped: bool = False
    member_probe: bool | None = None
    channel_probe: bool | None = None
    unheard_channels: int = 0


@dataclass(slots=True, kw_only=True)
class PbxSeen:
    """One Asterisk as it answered. Names are as Asterisk writes them (`PJSIP/1001`, `support`). None: it couldn't be asked."""

    listener: AccountSeen
    controller: AccountSeen
    heard: Heard = field(default_factory=Heard)
    version: str = ""
    system_name: str = ""
    cdr_enabled: bool | None = None
    calls_processed: int = 0
    up_since: datetime | None = None
    clock_ahead_s: float | None = None
    clock_within_s: float = 0.0
    utc_offset: timedelta | None = None
    devices: frozenset[str] | None = None
    members: frozenset[str] = frozenset()
    memberships: frozenset[tuple[str, str]] = frozenset()
    queues: frozenset[str] | None = None
    acd_versions: frozenset[str] | None = None
    asks_dialplan: bool = False
    contexts: Mapping[str, str] = field(default_factory=dict)
    call_context_exists: bool | None = None
    parking: tuple[str, ...] | None = None
    transfer_code: str | None = None
    bind_address: str | None = None

    @property
    def same_account(self) -> bool:
        return self.listener.user == self.controller.user

"""What Meridian must know to attach to one Asterisk. Values only; secrets never show in `repr`."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiAccount:
    """A user of manager.conf."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSettings:
    """One Asterisk: where it is, who we are there, and how patient we are.

    `listener` hears events, `controller` acts; without a controller the listener's account does both, in two sessions.
    `md5_login` False sends the secret in the clear (only for proxies that know no Challenge). `allow_command` accepts an
    account that may run CLI commands, which is full control of the machine.
    """

    name: str
    host: str
    listener: AmiAccount
    controller: AmiAccount | None = None
    port: int = 5038
    tls: bool = False
    ca_file: str | None = None
    md5_login: bool = True
    allow_command: bool = False
    agents: Sequence[str] = ("PJSIP/1???",)
    connect_deadline_s: float = 5.0
    action_deadline_s: float = 5.0
    ping_s: float = 3.0
    booted_deadline_s: float = 5.0
    boot_patience_s: float = 30.0
    reconcile_s: float = 60.0
    resync_pause_s: float = 1.0
    probe_s: float = 5.0
    late_after_s: float = 20.0
    late_poll_s: float = 5.0
    retry_first_s: float = 0.5
    retry_most_s: float = 5.0
    refused_first_s: float = 1.0
    refused_most_s: float = 60.0

    @property
    def acting(self) -> AmiAccount:
        """The account that commands go out with."""
        return self.controller or self.listener

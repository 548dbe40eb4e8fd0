"""What an AMI account may do, read from ListCommands, and what that means for Meridian. Pure.

ListCommands shows exactly the actions that the account's `write` classes allow (Asterisk 22.10). The `read` classes can't
be asked for: `system` shows in the FullyBooted that follows a login, the others only in what comes or doesn't.
"""

from collections.abc import Collection
from datetime import timedelta

from telephony.facts import ChannelCreated, Fact, QueueJoined, Snapshot
from telephony.link_state import LinkRefused, LinkState
from telephony.wire import Headers

LISTENING = {"CoreStatus": "reporting", "CoreShowChannels": "reporting", "DeviceStateList": "reporting"}
ACTING = {"Hangup": "call", "BlindTransfer": "call", "MixMonitorMute": "call", "QueuePause": "agent"}
EXCESS = {"Command": "command"}
NOTABLE = {"Originate": "originate (click-to-call, listening in)", "MixMonitor": "system (recording)"}


def check_rights(user: str, allowed: Headers, needed: dict[str, str], *, allow_command: bool) -> None:
    """LinkRefused with the class to add or to take away, or nothing."""
    missing = sorted({right for action, right in needed.items() if action not in allowed})
    if missing:
        raise LinkRefused(
            LinkState.MISSING_RIGHTS,
            f"The AMI account {user!r} lacks the write class {', '.join(missing)}: "
            f"add it to `write` in manager.conf and run `manager reload`.",
        )
    excess = sorted({right for action, right in EXCESS.items() if action in allowed})
    if excess and not allow_command:
        raise LinkRefused(
            LinkState.EXCESS_RIGHTS,
            f"The AMI account {user!r} may run CLI commands, which is full control of the PBX: take {', '.join(excess)} "
            f"out of `write` in manager.conf and run `manager reload`, or set allow_command = true.",
        )


def no_system_events(user: str) -> LinkRefused:
    """The account never says FullyBooted although the PBX is up."""
    return LinkRefused(
        LinkState.MISSING_RIGHTS,
        f"The AMI account {user!r} lacks the read class system (no FullyBooted came): set "
        f"`read = system,call,agent,user` in manager.conf and run `manager reload`.",
    )


class Hearing:
    """Finds the classes of `read` that the listener lacks: what began under our eyes, lives, and was never told of. One event of
    a class shows that it is there; a session keeps its rights."""

    _SURE = timedelta(seconds=5)  # an event that has not come by then doesn't come

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The stream was interrupted or is not to be believed: no conclusion from what didn't come."""
        self._first: Snapshot | None = None
        self._calls = self._queues = False

    def take(self, fact: Fact) -> None:
        """Called for every fact: cheap."""
        kind = type(fact)
        if kind is ChannelCreated:
            self._calls = True
        elif kind is QueueJoined:
            self._queues = True

    def lacking(self, snapshot: Snapshot) -> tuple[str, ...]:
        """The classes that seem to lack. The first snapshot of a PBX's run is what others are compared with."""
        first = self._first
        if first is None or first.boot_id != snapshot.boot_id:
            self._first = snapshot
            return ()
        sure = snapshot.at - self._SURE
        lived = {each.uniqueid for each in first.channels}
        waited = {each.uniqueid for each in first.waiting}
        call = not self._calls and any(
            each.created_at < sure and each.uniqueid not in lived for each in snapshot.channels
        )
        agent = not self._queues and any(
            each.joined_at < sure and each.uniqueid not in waited for each in snapshot.waiting
        )
        return ("agent",) * agent + ("call",) * call


def deaf_text(user: str, lacking: Collection[str]) -> str:
    """What to mend, for a listener that hears nothing of calls or queues."""
    of = " and ".join({"call": "calls", "agent": "queues"}[name] for name in lacking)
    return (
        f"The AMI account {user!r} hears nothing of {of}: it lacks the read class {', '.join(lacking)}, or an eventfilter hides "
        f"them. Set `read = system,call,agent,user` in manager.conf and run `manager reload`; `meridian doctor` looks closer."
    )

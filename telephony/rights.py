"""What an AMI account may do, read from ListCommands, and what that means for Meridian. Pure.

ListCommands shows exactly the actions that the account's `write` classes allow (Asterisk 22.10). The `read` classes can't
be asked for: `system` shows in the FullyBooted that follows a login, the others only in what comes or doesn't.
"""

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

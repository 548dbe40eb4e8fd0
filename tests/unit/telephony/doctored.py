"""A PBX as the doctor likes to see it; tests spoil one thing."""

from datetime import timedelta

from telephony.doctor_findings import Finding, Level
from telephony.doctor_seen import AccountSeen, Door, Heard, PbxSeen, Wanted
from telephony.pbx_settings import AmiAccount, PbxSettings

HEARS = frozenset(
    {"CoreStatus", "CoreShowChannels", "DeviceStateList", "UserEvent", "ShowDialPlan", "Getvar", "QueueStatus"}
)
ACTS = frozenset({"Hangup", "BlindTransfer", "MixMonitorMute", "QueuePause", "PlayDTMF", "Originate"})


def wanted(**changes: object) -> Wanted:
    settings = PbxSettings(
        name="main",
        host="127.0.0.1",
        listener=AmiAccount(user="ears", secret="x"),
        controller=AmiAccount(user="hands", secret="y"),
        agents=("PJSIP/1???",),
    )
    values: dict[str, object] = {
        "settings": settings,
        "phone": "PJSIP/{extension}",
        "call_context": "internal",
        "cdr_zone": "UTC",
        "people": {"anna": "1001"},
    }
    return Wanted(**(values | changes))  # type: ignore[arg-type]


def healthy(**changes: object) -> PbxSeen:
    values: dict[str, object] = {
        "listener": AccountSeen(user="ears", door=Door.IN, allowed=HEARS, cut=False, stalled_s=1.0),
        "controller": AccountSeen(user="hands", door=Door.IN, allowed=ACTS, cut=False, stalled_s=1.0),
        "heard": Heard(
            names={"Newchannel", "Hangup", "QueueMemberAdded", "UserEvent"},
            booted=True,
            own_event=True,
            timestamped=True,
            member_probe=True,
            channel_probe=True,
        ),
        "version": "22.10.1",
        "system_name": "main",
        "cdr_enabled": True,
        "clock_ahead_s": 0.01,
        "clock_within_s": 0.001,
        "utc_offset": timedelta(),
        "devices": frozenset({"PJSIP/1001", "PJSIP/1002", "PJSIP/trunk"}),
        "members": frozenset({"PJSIP/1001"}),
        "queues": frozenset({"support"}),
        "contexts": {"PJSIP/1001": "internal"},
        "call_context_exists": True,
        "parking": ("default",),
        "transfer_code": "*2",
        "bind_address": "127.0.0.1",
    }
    return PbxSeen(**(values | changes))  # type: ignore[arg-type]


def ailing(findings: list[Finding]) -> dict[str, Level]:
    """Code and level of what is not fine."""
    return {each.code: each.level for each in findings if each.level in (Level.WARN, Level.FAIL)}

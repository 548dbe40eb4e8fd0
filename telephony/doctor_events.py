"""Judges what reaches the listener: classes of `read`, event filters, time stamps, patience with a slow reader, the clock. Pure."""

from datetime import timedelta

from telephony.doctor_accounts import READ
from telephony.doctor_findings import Finding, fail, ok, unseen, warn
from telephony.doctor_seen import AccountSeen, Door, PbxSeen, Wanted

CLOCK_DOUBTFUL_S = 2.0
_CALL_EVENTS = {
    "Newchannel",
    "Hangup",
    "Newstate",
    "DialBegin",
    "DialEnd",
    "BridgeEnter",
    "BridgeLeave",
    "DeviceStateChange",
}


def judge_events(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    """Only for a listener that is in."""
    if seen.listener.door is not Door.IN:
        return []
    return [
        _system(seen),
        _user(seen),
        _call(seen),
        _agent(seen),
        *_stamps(seen),
        *_patience(seen.listener),
        *([] if seen.same_account else _patience(seen.controller)),
        *_clock(wanted, seen),
    ]


def _set_read(seen: PbxSeen) -> str:
    return f"Set read = {READ} in [{seen.listener.user}] of manager.conf, and run `asterisk -rx 'manager reload'`."


def _system(seen: PbxSeen) -> Finding:
    if seen.heard.booted:
        return ok("read_system", "The listener hears starts and stops of the PBX (read class system).")
    text = (
        "The listener doesn't hear starts and stops of the PBX (no FullyBooted came): it lacks the read class system."
    )
    return fail("read_system", text, _set_read(seen))


def _user(seen: PbxSeen) -> Finding:
    if seen.heard.own_event is None:
        text = "Whether the listener hears UserEvents can't be seen: it may not send one."
        return unseen("read_user", text, "Mend its rights first, then ask the doctor again.")
    if seen.heard.own_event:
        return ok("read_user", "The listener hears the event that it sends to itself (read class user).")
    text = "The listener doesn't hear the event that it sends to itself: it lacks the read class user, or a filter hides UserEvent."
    return fail("read_user", text, f"{_set_read(seen)} No eventfilter of it may hide UserEvent.")


def _call(seen: PbxSeen) -> Finding:
    heard = seen.heard
    if "Newchannel" in heard.names and not heard.unheard_channels:
        return ok("read_call", "The listener hears channels come and go (read class call).")
    if not heard.channel_probe and not heard.unheard_channels and heard.channel_probe is None:
        text = "Whether the listener hears calls can't be seen: none began while the doctor looked."
        mend = "Ask again while somebody makes a call, or without --only-look and with a controller that may originate."
        return unseen("read_call", text, mend)
    if heard.names & _CALL_EVENTS:
        text = f"An event filter hides Newchannel from the listener, although {', '.join(sorted(heard.names & _CALL_EVENTS))} came."
        mend = (
            f"Take every eventfilter line out of [{seen.listener.user}] in manager.conf, but those of the README, and run "
            "`asterisk -rx 'manager reload'`."
        )
        return fail("filter_newchannel", text, mend)
    text = "The listener hears nothing of calls: it lacks the read class call."
    return fail(
        "read_call", text, f"{_set_read(seen)} If it is there already, an eventfilter hides everything: take that away."
    )


def _agent(seen: PbxSeen) -> Finding:
    heard = seen.heard
    if heard.names & {"QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueCallerJoin", "AgentCalled"}:
        return ok("read_agent", "The listener hears queues and their members (read class agent).")
    if heard.member_probe is None:
        text = "Whether the listener hears queues can't be seen: nothing happened in one while the doctor looked."
        mend = (
            "Ask again while somebody waits in a queue, or without --only-look and with a controller that has `agent`."
        )
        return unseen("read_agent", text, mend)
    text = (
        "The listener hears nothing of queues, though a member was just added to one: it lacks the read class agent "
        "(or a filter hides QueueMemberAdded)."
    )
    return fail("read_agent", text, f"{_set_read(seen)} No eventfilter of it may hide events of queues.")


def _stamps(seen: PbxSeen) -> list[Finding]:
    if not seen.heard.own_event:
        return []
    if seen.heard.timestamped:
        return [ok("timestampevents", "Events bear the PBX's own time (timestampevents).")]
    return [
        warn(
            "timestampevents",
            "Events bear no time: cards get the time of arrival instead of the PBX's own.",
            "Set timestampevents = yes in [general] of manager.conf, and run `asterisk -rx 'manager reload'`.",
        )
    ]


def _patience(account: AccountSeen) -> list[Finding]:
    if account.door is not Door.IN:
        return []
    if account.cut is None:
        text = f"How long Asterisk waits for {account.user} to read (writetimeout) was not tried."
        return [unseen("writetimeout", text, f"See that [{account.user}] of manager.conf has writetimeout = 5000.")]
    if not account.cut:
        return [
            ok(
                "writetimeout",
                f"Asterisk waits when {account.user} is slow to read (tried for {account.stalled_s:g} s).",
            )
        ]
    return [
        fail(
            "writetimeout",
            f"Asterisk cuts {account.user} off in mid-message when it is slow to read for {account.stalled_s:g} s (the default is "
            "0.1 s): a burst of calls would lose events.",
            f"Set writetimeout = 5000 in [{account.user}] of manager.conf, and run `asterisk -rx 'manager reload'`.",
            subject=account.user,
        )
    ]


def _clock(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    if seen.clock_ahead_s is None:
        text = "The clock of the PBX couldn't be read."
        return [unseen("clock", text, "Compare `date -u` there and here.")]
    ahead_s, within_s = seen.clock_ahead_s, seen.clock_within_s
    findings = []
    if abs(ahead_s) - within_s > CLOCK_DOUBTFUL_S:
        way = "ahead of" if ahead_s > 0 else "behind"
        text = f"The clock of the PBX is {abs(ahead_s):.1f} s {way} ours: times on cards and waiting times will be off."
        mend = "Let both machines follow the same time servers (chrony or systemd-timesyncd): `timedatectl` tells."
        findings.append(warn("clock", text, mend))
    else:
        findings.append(ok("clock", f"The clocks agree (within {max(abs(ahead_s), within_s):.1f} s)."))
    return findings


def judge_zone(wanted: Wanted, seen: PbxSeen, configured: timedelta) -> list[Finding]:
    """Asterisk writes call records in its local time: is that the zone that we were told? `configured` is its offset now."""
    if seen.utc_offset is None:
        return []
    if seen.utc_offset == configured:
        return [ok("cdr_zone", f"The PBX's local time is that of cdr_zone ({wanted.cdr_zone}).")]
    text = (
        f"The PBX's local time is UTC{_signed(seen.utc_offset)}, cdr_zone = {wanted.cdr_zone!r} is UTC{_signed(configured)}: "
        "calls filled in from the records would be shifted."
    )
    mend = "Set cdr_zone to the zone of the PBX's machine (`timedatectl` there tells), unless its records are written in UTC."
    return [warn("cdr_zone", text, mend)]


def _signed(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

"""Judges whether the PBX has what ACD queues need: our dialplan as it should be, the queues without members, those that take over,
and the right to ring operators. Pure."""

from collections.abc import Sequence

from telephony.dialplan import EXTENSIONS, QUEUES
from telephony.doctor_accounts import classes, needed_write
from telephony.doctor_findings import Finding, Level, fail, named, ok, unseen, warn
from telephony.doctor_lines import ConfLines
from telephony.doctor_seen import Door, PbxSeen, Wanted

_MAKE = "Run `meridian dialplan --write /etc/asterisk`"
_RELOAD = "then `asterisk -rx 'dialplan reload'` and `asterisk -rx 'queue reload all'`"


def judge_acd(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    """Nothing where Meridian distributes no queue."""
    if not wanted.acd or seen.listener.door is not Door.IN:
        return []
    return [_dialplan(wanted, seen), *_queues(wanted, seen), *_right(seen)]


def _dialplan(wanted: Wanted, seen: PbxSeen) -> Finding:
    queues = named(wanted.acd)
    look = f"Compare the version in {EXTENSIONS} with `asterisk -rx 'dialplan show meridian-version'`."
    if seen.acd_versions is None:
        return unseen("acd_dialplan", f"Whether the dialplan for the queues {queues} is there can't be seen.", look)
    if wanted.acd_version in seen.acd_versions:
        if not seen.asks_dialplan:
            text = "The dialplan function DIALPLAN_EXISTS is missing: Meridian would send no caller on, not knowing whereto."
            return fail("acd_function", text, "Load func_dialplan.so in modules.conf, and restart Asterisk.")
        return ok("acd_dialplan", f"Meridian's dialplan is there for {queues}, as meridian.toml wants it.")
    if seen.acd_versions:
        text = f"Meridian's dialplan is of another meridian.toml ({named(seen.acd_versions)}, wanted {wanted.acd_version})."
        return warn("acd_dialplan", text, f"{_MAKE}, {_RELOAD}.")
    text = f"The dialplan has nothing of Meridian's: no caller can wait in {queues}."
    mend = (
        f"{_MAKE}, add `#include {EXTENSIONS}` at the end of extensions.conf and `#include {QUEUES}` at the end of queues.conf "
        f"(FreePBX: extensions_custom.conf and queues_custom.conf), {_RELOAD}."
    )
    return fail("acd_dialplan", text, mend)


def _queues(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    if seen.queues is None:
        return []  # said already
    findings = []
    for name, fallback in sorted(wanted.acd.items()):
        if name not in seen.queues:
            text = f"The PBX has no queue {name}, in which callers wait for Meridian's choice."
            mend = (
                f"{_MAKE}, add `#include {QUEUES}` at the end of queues.conf, then `asterisk -rx 'queue reload all'`."
            )
            findings.append(fail("acd_queue", text, mend, subject=name))
        elif members := [member for queue, member in seen.memberships if queue == name]:
            text = (
                f"The queue {name} has members ({named(members)}): Asterisk rings them as well, past Meridian's choice."
            )
            mend = f"Take them out (queues.conf, or `asterisk -rx 'queue remove member {min(members)} from {name}'`)."
            findings.append(fail("acd_members", text, mend, subject=name))
        if fallback is not None and fallback not in seen.queues:
            text = f"The PBX has no queue {fallback}, which is to take over for {name} when Meridian is silent."
            mend = (
                f"Make it in queues.conf, or mend `fallback` in [queues.{name}]; without any, callers leave a message."
            )
            findings.append(fail("acd_fallback", text, mend, subject=name))
    return findings or [ok("acd_queue", _who_takes_over(wanted))]


def _who_takes_over(wanted: Wanted) -> str:
    said = [f"{name}, then {fallback or 'a message'}" for name, fallback in sorted(wanted.acd.items())]
    return f"Queues without members, and what takes over: {'; '.join(said)}."


def _right(seen: PbxSeen) -> list[Finding]:
    account = seen.controller
    if account.door is not Door.IN or "originate" in classes(account.allowed):
        return []
    text = f"The controller {account.user} lacks the write class originate: Meridian can ring nobody for its queues."
    mend = "Add originate to its `write` in manager.conf, and run `asterisk -rx 'manager reload'`."
    return [fail("acd_originate", text, mend, subject=account.user)]


def acd_lines(seen: PbxSeen, findings: Sequence[Finding]) -> list[ConfLines]:
    """What to include, and the right; the files that are included are made by `meridian dialplan`."""
    failed = {finding.code for finding in findings if finding.level is Level.FAIL}
    made = "; the file is made by: meridian dialplan --write /etc/asterisk"
    user, write = seen.controller.user, ",".join((*needed_write(seen, seen.controller), "originate"))
    lines = {
        "acd_originate": ConfLines(file="manager.conf", lines=(f"[{user}](+)", f"write = {write}")),
        "acd_dialplan": ConfLines(file="extensions.conf", lines=(made, f"#include {EXTENSIONS}")),
        "acd_queue": ConfLines(file="queues.conf", lines=(made, f"#include {QUEUES}")),
    }
    return [each for code, each in lines.items() if code in failed]

"""Judges the two AMI accounts: do they get in, and may they do what they need and no more. Pure.

ListCommands tells which actions an account may use, so each class of `write` is known by an action that no other class opens
(Asterisk 22.10). The classes of `read` show only in what comes: doctor_events.py.
"""

from collections.abc import Iterable, Mapping

from telephony.doctor_findings import Finding, fail, named, ok, warn
from telephony.doctor_seen import AccountSeen, Door, PbxSeen, Wanted
from telephony.rights import ACTING, LISTENING

READ = "system,call,agent,user"
LISTENER_WRITE = ("reporting", "user")
CONTROLLER_WRITE = ("agent", "call")
OPTIONAL_WRITE = ("originate", "system")
_MARKS = {
    "agent": "QueuePause",
    "agi": "AGI",
    "aoc": "AOCMessage",
    "call": "PlayDTMF",
    "command": "Command",
    "config": "UpdateConfig",
    "message": "MessageSend",
    "originate": "Originate",
    "reporting": "CoreShowChannels",
    "system": "ModuleLoad",
    "user": "UserEvent",
}
_DANGEROUS = {
    "command": "it may run CLI commands, which is full control of the machine",
    "config": "it may rewrite Asterisk's configuration, which is full control of the PBX",
}


def classes(allowed: Iterable[str]) -> set[str]:
    """The classes of `write` that these actions show. With `system`, `reporting` can't be told apart, and is taken as given."""
    present = set(allowed)
    return {name for name, action in _MARKS.items() if action in present}


def needed_write(seen: PbxSeen, account: AccountSeen) -> tuple[str, ...]:
    """The value that `write` should have for this account, with what it has of the optional classes."""
    have = classes(account.allowed)
    if account is seen.listener and not seen.same_account:
        return LISTENER_WRITE
    kept = tuple(name for name in OPTIONAL_WRITE if name in have or (name == "originate" and not account.allowed))
    return (*LISTENER_WRITE, *CONTROLLER_WRITE, *kept) if seen.same_account else (*CONTROLLER_WRITE, *kept)


def judge_accounts(wanted: Wanted, seen: PbxSeen) -> list[Finding]:
    """The door, then the rights, of the listener and of the controller."""
    findings = _door(wanted, seen.listener, "listener")
    if seen.listener.door is Door.IN:
        findings += _rights(wanted, seen, seen.listener, "listener")
    if not seen.same_account:
        findings += _door(wanted, seen.controller, "controller")
        if seen.controller.door is Door.IN:
            findings += _rights(wanted, seen, seen.controller, "controller")
    elif seen.listener.door is Door.IN:
        findings.append(
            warn(
                "ami_one_account",
                f"The account {seen.listener.user} both hears and acts.",
                "Make a second account in manager.conf and name it as `controller`: what leaks of one can't do the other's.",
            )
        )
    return findings


def _door(wanted: Wanted, account: AccountSeen, role: str) -> list[Finding]:
    where = f"{wanted.settings.host}:{wanted.settings.port}"
    if account.door is Door.IN:
        return [ok("ami_login", f"The {role} {account.user} is let in at {where}.")]
    if account.door is Door.REFUSED:
        return [
            fail(
                "ami_refused",
                f"The {role} {account.user} is refused at {where} ({account.why}).",
                f"Compare its secret in manager.conf with `{role}` in meridian.toml, see that `permit` there allows this "
                "machine and that the section exists, then run `asterisk -rx 'manager reload'`.",
            )
        ]
    if account.door is Door.UNREACHABLE:
        return [
            fail("ami_unreachable", f"There is no way to Asterisk's manager: {account.why}", _way_mend(account.why))
        ]
    if account.why:
        text = f"The {role} {account.user} was not tried: {account.why}."
        mend = "Set it, as said above; if Asterisk doesn't know the account yet, `meridian doctor --lines` prints it."
        return [fail("ami_not_tried", text, mend)]
    return []


def _way_mend(why: str) -> str:
    if "TLS" in why and "tls = true" not in why:
        return "Name the port of tlsbindaddr as `port`, the signer's file as `ca_file` and the name in the certificate as `host`."
    if "greet" in why:
        return "Name the port of manager.conf as `port`; if that is the port of tlsbindaddr, set tls = true."
    if "refused" in why:
        return (
            "Start Asterisk; set enabled = yes in [general] of manager.conf and run `asterisk -rx 'manager reload'`; compare "
            "bindaddr and port there with host and port in meridian.toml."
        )
    return "Check host and port in meridian.toml, and whether a firewall stands between this machine and the PBX."


def _rights(wanted: Wanted, seen: PbxSeen, account: AccountSeen, role: str) -> list[Finding]:
    needed = _needed(seen, account)
    missing = sorted({right for action, right in needed.items() if action not in account.allowed})
    have, should = classes(account.allowed), set(needed_write(seen, account))
    findings = []
    if missing:
        findings.append(
            fail(
                "ami_rights_missing",
                f"The {role} {account.user} lacks the write class {', '.join(missing)}.",
                f"Set write = {','.join(needed_write(seen, account))} in its section of manager.conf, and run "
                "`asterisk -rx 'manager reload'`.",
                subject=account.user,
            )
        )
    findings += _excess(wanted, account, role, have - should - {"reporting"}, ",".join(needed_write(seen, account)))
    if not findings:
        findings.append(ok("ami_rights", f"The {role} {account.user} may do what it must, and no more."))
    if role == "controller" or seen.same_account:
        findings += _optional(account, have)
    return findings


def _needed(seen: PbxSeen, account: AccountSeen) -> Mapping[str, str]:
    probing = {"UserEvent": "user"}
    if seen.same_account:
        return LISTENING | ACTING | probing
    return LISTENING | probing if account is seen.listener else ACTING


def _excess(wanted: Wanted, account: AccountSeen, role: str, excess: set[str], should: str) -> list[Finding]:
    mend = f"Set write = {should} in its section of manager.conf, and run `asterisk -rx 'manager reload'`."
    found = []
    for name in sorted(excess & _DANGEROUS.keys()):
        text = f"The {role} {account.user} has the write class {name}: {_DANGEROUS[name]}."
        wished = name == "command" and wanted.settings.allow_command
        found.append((warn if wished else fail)("ami_rights_excess", text, mend, subject=account.user))
    if others := excess - _DANGEROUS.keys():
        text = f"The {role} {account.user} has write classes that Meridian never uses: {named(others)}."
        found.append(warn("ami_rights_excess", text, mend, subject=account.user))
    return found


def _optional(account: AccountSeen, have: set[str]) -> list[Finding]:
    call = "Click-to-call and listening in are possible (class originate)."
    no_call = "Click-to-call and listening in are off: the account lacks originate. Fine, if that is meant."
    record = "Starting a recording is possible (class system, which also opens GetConfig and ModuleLoad)."
    no_record = "Starting a recording over AMI is off: the account lacks system. Fine, if that is meant."
    return [
        ok("ami_originate", call if "originate" in have else no_call),
        ok("ami_recording", record if "system" in have else no_record),
    ]

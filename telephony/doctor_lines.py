"""The lines that Asterisk's configuration lacks, ready to paste at the end of each file. Pure.

`[section](+)` adds to a section that is there already, and the last line of a name counts (tried on Asterisk 22.10).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from telephony.doctor_accounts import READ, needed_write
from telephony.doctor_findings import Finding, Level
from telephony.doctor_seen import AccountSeen, Door, PbxSeen, Wanted

IGNORED_EVENTS = ("NewCallerid", "NewConnectedLine", "MusicOnHoldStart", "MusicOnHoldStop", "SoftHangupRequest")
"""Frequent events that Meridian doesn't read: best not made at all."""
_RIGHTS = ("ami_rights_missing", "ami_rights_excess")
_READS = ("read_system", "read_user", "read_call", "read_agent")

Ailing = Collection[tuple[str, str]]
"""Code and subject of what is not fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfLines:
    """What goes to the end of `file` of /etc/asterisk."""

    file: str
    lines: tuple[str, ...]

    def text(self) -> str:
        return "\n".join((f"; ---- {self.file}", *self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the lines are made with: a secret for each account that may need one, where we come from as the PBX sees us, the name
    and columns of the file of call records (None: they come from a table)."""

    secrets: Mapping[str, str]
    our_address: str
    cdr_file: str | None
    cdr_columns: Sequence[str]


def conf_lines(wanted: Wanted, seen: PbxSeen, findings: Sequence[Finding], given: Given) -> list[ConfLines]:
    """Nothing for what is fine; all of it for an Asterisk that knows nothing of us."""
    ailing = {(each.code, each.subject) for each in findings if each.level in (Level.FAIL, Level.WARN)}
    codes = {code for code, _ in ailing}
    first_time = seen.listener.door is Door.UNREACHABLE
    found = [
        ConfLines(file="manager.conf", lines=tuple(_manager(wanted, seen, ailing, given))),
        ConfLines(file="asterisk.conf", lines=_asterisk(wanted) if first_time or "systemname" in codes else ()),
        ConfLines(file="cdr.conf", lines=_CDR if first_time or codes & {"cdr_disabled", "cdr_not_written"} else ()),
        ConfLines(file="cdr_custom.conf", lines=_cdr_custom(codes, given)),
        ConfLines(file="queues.conf", lines=tuple(_queues(seen, ailing))),
        ConfLines(file="extensions.conf", lines=_extensions(wanted, seen) if "call_context" in codes else ()),
        ConfLines(
            file="features.conf", lines=("[featuremap](+)", "atxfer = *2") if first_time or "features" in codes else ()
        ),
    ]
    return [each for each in found if each.lines]


def how_to_apply(lines: Collection[ConfLines]) -> str:
    """The command that makes Asterisk read what was pasted; '' if nothing was."""
    files = {each.file for each in lines}
    if files & {"asterisk.conf", "cdr_custom.conf"}:
        # systemname is read at the start only, and cdr_custom isn't loaded as long as its file says nothing.
        return "asterisk -rx 'core restart when convenient'"
    return "asterisk -rx 'core reload'" if files else ""


# -- manager.conf


def _manager(wanted: Wanted, seen: PbxSeen, ailing: Ailing, given: Given) -> list[str]:
    general: list[str] = []
    if seen.listener.door is Door.UNREACHABLE:
        general = ["enabled = yes", *_address(wanted), "timestampevents = yes"]
    elif ("timestampevents", "") in ailing:
        general = ["timestampevents = yes"]
    lines = ["[general](+)", *general] if general else []
    lines += _account(seen.listener, seen, ailing, given)
    return lines if seen.same_account else lines + _account(seen.controller, seen, ailing, given)


def _address(wanted: Wanted) -> list[str]:
    settings = wanted.settings
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    if settings.tls:
        return ["tlsenable = yes", f"tlsbindaddr = {host}:{settings.port}", "tlscertfile = /etc/asterisk/keys/ami.pem"]
    return [f"bindaddr = {host}", f"port = {settings.port}"]


def _account(account: AccountSeen, seen: PbxSeen, ailing: Ailing, given: Given) -> list[str]:
    hears = account is seen.listener
    read, write = f"read = {READ if hears else ''}".rstrip(), f"write = {','.join(needed_write(seen, account))}"
    if account.door is not Door.IN:
        return [
            f"; in place of the section [{account.user}], if there is one",
            f"[{account.user}]",
            f"secret = {given.secrets[account.user]}",
            "deny = 0.0.0.0/0.0.0.0",
            f"permit = {given.our_address}/255.255.255.255",
            read,
            *(["; without originate, if nobody shall call from the screen"] if "originate" in write else []),
            write,
            "writetimeout = 5000",
            *(f"eventfilter(action(exclude),name({name})) =" for name in IGNORED_EVENTS if hears),
        ]
    changes: list[str] = []
    if hears and any((code, "") in ailing for code in _READS):
        changes.append(read)
    if hears and ("filter_newchannel", "") in ailing:
        changes.append("; here no line can help: take away every eventfilter but " + ", ".join(IGNORED_EVENTS))
    if any((code, account.user) in ailing for code in _RIGHTS):
        changes.append(write)
    if ("writetimeout", account.user) in ailing:
        changes.append("writetimeout = 5000")
    return [f"[{account.user}](+)", *changes] if changes else []


# -- the other files

_CDR = ("[general](+)", "enable = yes", "unanswered = yes", "batch = no")


def _asterisk(wanted: Wanted) -> tuple[str, ...]:
    return "[options](+)", f"systemname = {wanted.settings.name}"


def _cdr_custom(codes: Collection[str], given: Given) -> tuple[str, ...]:
    if given.cdr_file is None or not {"cdr_file_missing", "cdr_columns"} & set(codes):
        return ()
    values = ",".join("${CSV_QUOTE(${CDR(" + name + ")})}" for name in given.cdr_columns)
    return "; without (+) where the file has no [mappings] yet", "[mappings](+)", f"{given.cdr_file} => {values}"


def _queues(seen: PbxSeen, ailing: Ailing) -> list[str]:
    lines: list[str] = []
    for name in sorted(subject for code, subject in ailing if code == "queue_unknown_to_pbx"):
        if near := get_close_matches(name, seen.queues or (), n=1):
            lines.append(f"; no line for {name}: is it {near[0]}? Then mend [desk.queues] in meridian.toml")
        else:
            lines += [f"[{name}]", "strategy = rrmemory", "timeout = 15", "retry = 1", "ringinuse = no"]
    return lines


def _extensions(wanted: Wanted, seen: PbxSeen) -> tuple[str, ...]:
    theirs = Counter(context for context in seen.contexts.values() if context)
    if seen.call_context_exists is not False or not theirs:
        return ()
    return f"[{wanted.call_context}]", f"include => {theirs.most_common(1)[0][0]}"

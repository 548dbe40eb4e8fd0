"""What the doctor says: one line each, with the mend where there is one. Values only."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """OK: seen and fine. WARN: doubtful, or works worse than it could. FAIL: has to be mended. UNSEEN: nobody can tell from
    here; look yourself."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`code` names the sort of thing for programs and stays the same between versions; `mend` is empty for OK. `subject` is the
    AMI account or the queue that it is about, where the lines to add depend on it."""

    level: Level
    code: str
    text: str
    mend: str = ""
    subject: str = ""


def ok(code: str, text: str) -> Finding:
    return Finding(level=Level.OK, code=code, text=text)


def warn(code: str, text: str, mend: str, *, subject: str = "") -> Finding:
    return Finding(level=Level.WARN, code=code, text=text, mend=mend, subject=subject)


def fail(code: str, text: str, mend: str, *, subject: str = "") -> Finding:
    return Finding(level=Level.FAIL, code=code, text=text, mend=mend, subject=subject)


def unseen(code: str, text: str, mend: str) -> Finding:
    return Finding(level=Level.UNSEEN, code=code, text=text, mend=mend)


def named(names: Iterable[str], *, most: int = 8) -> str:
    """A list for people: sorted, cut where it gets long."""
    found = sorted(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more

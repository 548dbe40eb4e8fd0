"""What the doctor finds out about call records: can they be read, do their columns fit, are they written at all?"""

import asyncio
import csv
import io
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from callcards.cdr_rows import CUSTOM_COLUMNS, cdr_row, check_columns
from callcards.cdr_sql import SqlCdr
from configuration import Pbx
from core.errors import BadConfiguration, ContactCentreError
from telephony.doctor_findings import Finding, fail, ok, unseen, warn
from telephony.doctor_seen import PROBE_CONTEXT, PbxSeen

_UNIQUEID = re.compile(r"(?:[\w.-]+-)?\d{9,10}\.\d+")
_TAIL = 256 * 1024
_WAIT_S = 3.0
_LATE = timedelta(minutes=5)
_LINES = (
    "Paste what `meridian doctor --lines` prints for cdr_custom.conf, restart Asterisk in a quiet hour, and move the old file "
    "away."
)


async def judge_cdr(name: str, pbx: Pbx, seen: PbxSeen, *, say: Callable[[str], None]) -> list[Finding]:
    """`seen` tells what Asterisk itself says of its records."""
    findings = []
    if seen.cdr_enabled is False:
        text = "Asterisk keeps no call records at all (CDR logging is off)."
        mend = "Set enable = yes in [general] of cdr.conf, and run `asterisk -rx 'core reload'`."
        findings.append(fail("cdr_disabled", text, mend))
    if pbx.cdr_csv is not None:
        say(f"reading {pbx.cdr_csv}")
        return findings + await _judge_file(pbx, pbx.cdr_csv, seen)
    if pbx.cdr_url is not None:
        say("reading the table of call records")
        return findings + await _judge_table(name, pbx, seen)
    text = "No call records are configured: calls that nobody saw (Meridian away, line lost) will have no card."
    mend = f'Set cdr_csv = "/var/log/asterisk/cdr-custom/Master.csv" in [pbx.{name}] of meridian.toml.'
    return [*findings, warn("cdr_none", text, mend)]


async def _judge_table(name: str, pbx: Pbx, seen: PbxSeen) -> list[Finding]:
    try:
        source = SqlCdr(
            str(pbx.cdr_url), pbx=name, columns=pbx.cdr_columns, zone=ZoneInfo(pbx.cdr_zone), deadline_s=10.0
        )
        rows = await source.rows(datetime.now(UTC) - timedelta(days=1))
    except BadConfiguration as wrong:
        return [fail("cdr_columns", f"{wrong}.", "Mend cdr_url or cdr_columns in meridian.toml, or the table.")]
    except ContactCentreError as away:
        return [
            fail(
                "cdr_unreadable",
                f"{away}.",
                "Check the address, the account's right to SELECT, and that the server is up.",
            )
        ]
    newest = max((row.end for row in rows), default=None)
    return [
        ok("cdr_table", f"The table of call records can be read; it has {len(rows)} of the last day."),
        *_age(newest, seen),
    ]


# -- the file


async def _judge_file(pbx: Pbx, path: Path, seen: PbxSeen) -> list[Finding]:
    columns = tuple(pbx.cdr_columns) or CUSTOM_COLUMNS
    try:
        check_columns(columns, "cdr_columns")
    except BadConfiguration as wrong:
        return [fail("cdr_columns", f"{wrong}.", "Mend cdr_columns in meridian.toml.")]
    if seen.heard.channel_probe is not None:
        # The channel that the doctor made leaves its own records: the best proof that they are written, and where.
        await _record_of_probe(path)
    try:
        lines = await asyncio.to_thread(_last_lines, path)
    except FileNotFoundError:
        text = f"There is no file {path}: Asterisk writes its call records elsewhere, or not at all."
        mend = (
            "Paste what `meridian doctor --lines` prints for cdr_custom.conf and restart Asterisk in a quiet hour; or name "
            "the right file as cdr_csv in meridian.toml."
        )
        return [fail("cdr_file_missing", text, mend)]
    except OSError as error:
        text = f"The call records {path} can't be read ({error.strerror})."
        mend = f"Let the user that runs Meridian read it: `usermod -aG asterisk meridian`, then `chmod g+r {path}`."
        return [fail("cdr_unreadable", text, mend)]
    return _judge_lines(path, lines, columns, pbx, seen)


def _judge_lines(path: Path, lines: list[list[str]], columns: Sequence[str], pbx: Pbx, seen: PbxSeen) -> list[Finding]:
    readable = ok("cdr_readable", f"The call records {path} can be read.")
    if not lines:
        if seen.calls_processed:
            text = f"{path} is empty, though Asterisk has handled {seen.calls_processed} calls since its start."
            return [
                readable,
                fail("cdr_not_written", text, "Check enable and unanswered in cdr.conf, then `core reload`."),
            ]
        text = "No call record has been written yet, so their columns can't be checked."
        return [readable, unseen("cdr_columns", text, "Ask the doctor again after the first call.")]
    last = lines[-1]
    if wrong := _wrong_columns(last, columns):
        return [readable, fail("cdr_columns", f"{path}: {wrong}", _LINES)]
    findings = [readable, ok("cdr_columns", f"Its {len(columns)} columns are those that Meridian expects.")]
    if "linkedid" not in columns:
        text = "The records have no linkedid: the parts of a transferred call can't be told to belong together."
        findings.append(warn("cdr_linkedid", text, _LINES))
    rows = [cdr_row(dict(zip(columns, line, strict=False)), pbx="", zone=ZoneInfo(pbx.cdr_zone)) for line in lines]
    newest = max((row.end for row in rows if row), default=None)
    probed = any(PROBE_CONTEXT in "".join(line) for line in lines)
    if seen.heard.channel_probe is not None and probed:
        return [*findings, ok("cdr_written", "They are written: the record of the doctor's own channel came at once.")]
    return findings + _age(newest, seen)


def _wrong_columns(line: list[str], columns: Sequence[str]) -> str:
    """'' when this record has the columns that were configured."""
    if not any(_UNIQUEID.fullmatch(value) for value in line):
        return "no column of the last record is a uniqueid: records can't be joined with the calls that were seen."
    if len(line) != len(columns):
        return f"the last record has {len(line)} columns, {len(columns)} were expected ({', '.join(columns)})."
    fields = dict(zip(columns, line, strict=True))
    for name in ("uniqueid", "linkedid"):
        if name in fields and not _UNIQUEID.fullmatch(fields[name]):
            return f"where {name} should be, the last record has {fields[name][:40]!r}: the order of the columns is another."
    if cdr_row(fields, pbx="", zone=UTC) is None:
        return f"the last record's start or duration can't be read ({fields['start'][:30]!r}, {fields['duration'][:30]!r})."
    return ""


def _age(newest: datetime | None, seen: PbxSeen) -> list[Finding]:
    if newest is None or seen.up_since is None:
        return []
    if newest < seen.up_since - _LATE and seen.calls_processed:
        text = (
            f"The newest record is of {newest:%Y-%m-%d %H:%M} UTC, but Asterisk has handled {seen.calls_processed} calls since "
            f"{seen.up_since:%Y-%m-%d %H:%M}: it writes elsewhere now, or keeps records back (batch)."
        )
        mend = "Look where: `asterisk -rx 'cdr show status'`; set batch = no and unanswered = yes in cdr.conf."
        return [fail("cdr_not_written", text, mend)]
    return [ok("cdr_written", f"The newest record is of {newest:%Y-%m-%d %H:%M} UTC.")]


async def _record_of_probe(path: Path) -> None:
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        try:
            if any(PROBE_CONTEXT in "".join(line) for line in (await asyncio.to_thread(_last_lines, path))[-4:]):
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)


def _last_lines(path: Path) -> list[list[str]]:
    """The last whole records of the file, oldest first."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _TAIL))
        text = file.read().decode("utf-8", "replace")
    if size > _TAIL:
        text = text.partition("\n")[2]
    whole = text[: text.rfind("\n") + 1]
    return [line for line in csv.reader(io.StringIO(whole)) if line]

"""From the words of a record (csv fields, SQL columns) to a row; what can't be read is no row. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from callcards.cdr import CdrRow
from core.errors import BadConfiguration

# What cdr_custom writes with the configuration in docs, and what cdr_csv writes by itself with loguniqueid=yes.
CUSTOM_COLUMNS = (
    *("clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end"),
    *("duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "linkedid"),
)
MASTER_COLUMNS = (
    *(
        "accountcode",
        "src",
        "dst",
        "dcontext",
        "clid",
        "channel",
        "dstchannel",
        "lastapp",
        "lastdata",
        "start",
        "answer",
    ),
    *("end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"),
)
_TEXTS = ("src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "disposition")
_NEEDED = ("uniqueid", "channel", "start", "duration", "disposition")


def check_columns(columns: tuple[str, ...], where: str) -> None:
    if absent := [name for name in _NEEDED if name not in columns]:
        raise BadConfiguration(
            f"{where} lacks {', '.join(absent)}: let Asterisk write uniqueid and linkedid too (cdr_custom.conf), "
            "and name the columns in the order in which it writes them"
        )


def cdr_row(fields: Mapping[str, Any], *, pbx: str, zone: tzinfo) -> CdrRow | None:
    """None for a line that holds no call: too short, damaged, a heading."""
    try:
        start = _instant(fields["start"], zone)
        duration = int(fields["duration"])
        uniqueid = str(fields["uniqueid"]).strip()
        if start is None or not uniqueid or duration < 0:
            return None
        end = _instant(fields.get("end"), zone) or start + timedelta(seconds=duration)
        billsec = int(fields.get("billsec") or 0)
        texts = {name: str(fields.get(name) or "") for name in _TEXTS}
        answer = _instant(fields.get("answer"), zone)
        if answer is None and texts["disposition"].upper() == "ANSWERED":
            answer = end - timedelta(seconds=billsec)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return CdrRow(
        pbx=pbx,
        uniqueid=uniqueid,
        linkedid=str(fields.get("linkedid") or "").strip() or uniqueid,
        start=start,
        answer=answer,
        end=max(end, start),
        duration=duration,
        billsec=billsec,
        **texts,
    )


def _instant(value: Any, zone: tzinfo) -> datetime | None:
    """Asterisk writes the local time of its machine, without saying which; databases may know better."""
    if value is None or value == "":
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    if at.year < 1990:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)

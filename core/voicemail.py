"""A message that a caller left for a queue: an item of that queue like any other, until somebody has seen to it. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class VoicemailState(StrEnum):
    """`open`: nobody's yet. `taken`: its owner sees to it. `passed_on`: to a person who hasn't taken it yet, or to another
    queue."""

    OPEN = "open"
    TAKEN = "taken"
    PASSED_ON = "passed_on"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """`reference` is the file as the PBX names it; the caller and the PBX are those of the card. `owner`, `passed_by`,
    `changed_by`: logins, or ''. `note`: what the last one who passed it on wrote."""

    voicemail_id: str
    site: str
    queue: str
    card_id: str
    reference: str
    seconds: float
    left_at: datetime
    state: VoicemailState = VoicemailState.OPEN
    owner: str = ""
    passed_by: str = ""
    note: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""
    revision: int = 0

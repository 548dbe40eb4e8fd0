"""To whom an operator passes a client. Values only."""

from enum import StrEnum
from typing import NamedTuple


class DestinationKind(StrEnum):
    AGENT = "agent"
    QUEUE = "queue"
    NUMBER = "number"


class Destination(NamedTuple):
    """`name` is the extension of a colleague, the name of a queue, or an outside number as typed."""

    kind: DestinationKind
    name: str


class RecordingAct(StrEnum):
    """PAUSE keeps the file open with silence in it (a card number is being said)."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"

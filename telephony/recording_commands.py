"""Commands for recordings; telephony/commands.py says what holds for all commands."""

from dataclasses import dataclass
from typing import ClassVar

from telephony import command_checks as check
from telephony.commands import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecording:
    """Record both sides of this channel's call into a file of the PBX's monitor directory."""

    acting: ClassVar[bool] = True
    uniqueid: str
    file: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.file_name(self.file)

    def headers(self) -> Fields:
        # Never a Command header here: Asterisk would run it in a shell when the recording ends.
        return [("Action", "MixMonitor"), ("Channel", self.uniqueid), ("File", self.file), ("Options", "b")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecording:
    """Silence into the recording from here on (a card number is being said)."""

    acting: ClassVar[bool] = True
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return _mute(self.uniqueid, "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRecording:
    """Both voices into the recording again."""

    acting: ClassVar[bool] = True
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return _mute(self.uniqueid, "0")


def _mute(uniqueid: str, state: str) -> Fields:
    return [("Action", "MixMonitorMute"), ("Channel", uniqueid), ("Direction", "both"), ("State", state)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecording:
    """Close the file."""

    acting: ClassVar[bool] = True
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return [("Action", "StopMixMonitor"), ("Channel", self.uniqueid)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRecordingFile:
    """Into which file this channel's call is recorded; the answer's `Value`, with the PBX's path. Asterisk's event doesn't say."""

    acting: ClassVar[bool] = False
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return [("Action", "Getvar"), ("Channel", self.uniqueid), ("Variable", "MIXMONITOR_FILENAME")]

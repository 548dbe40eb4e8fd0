"""How the callers of an ACD queue wait, as an administrator sets it (telephony/dialplan.py). Values only."""

import re
from dataclasses import dataclass

from core.errors import BadConfiguration

QUEUE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,39}")
"""An ACD queue is an extension of the dialplan: nothing there may mean more than itself, as `h` does, or `_X.`."""
NATIVE_QUEUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_SOUND = re.compile(r"[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40}){0,5}")
_SHORTEST_ANNOUNCED_S = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Lobby:
    """`patience_s`: after so long a wait the fallback takes over. `announce_s`: so often callers hear their place (0: never), and
    so often the dialplan looks whether Meridian lives. `music`: a class of musiconhold.conf. `callback_key`: who presses 1 is
    called back. `whisper`: a sound that the operator hears before the caller. `record`: whether all talks are recorded.
    """

    patience_s: int = 600
    announce_s: int = 30
    music: str = "default"
    callback_key: bool = False
    whisper: str = ""
    record: bool = False

    def __post_init__(self) -> None:
        if not 5 <= self.patience_s <= 86_400:
            raise BadConfiguration(f"'patience_s' is {self.patience_s}: choose 5 to 86400", place=("patience_s",))
        if self.announce_s and not _SHORTEST_ANNOUNCED_S <= self.announce_s <= 600:
            raise BadConfiguration(
                f"'announce_s' is {self.announce_s}: choose 0 (never) or {_SHORTEST_ANNOUNCED_S} to 600",
                place=("announce_s",),
            )
        for name in ("music", "whisper"):
            value = getattr(self, name)
            if value and not _SOUND.fullmatch(value):
                raise BadConfiguration(
                    f"'{name}' is {value!r}: write letters, digits, - and _, with / between folders and no ending",
                    place=(name,),
                )
        if not self.music:
            raise BadConfiguration("'music' is empty: name a class of musiconhold.conf", place=("music",))


def check_acd_names(names: list[str], fallbacks: dict[str, str]) -> None:
    """Refuse ACD queues whose names the dialplan would take amiss, and fallbacks that can't take over."""
    seen: dict[str, str] = {}
    for name in names:
        if not QUEUE_NAME.fullmatch(name):
            raise BadConfiguration(
                f"{name!r} can't be an ACD queue's name: write 2 to 40 small letters, digits, - or _",
                place=("queues", name),
            )
        dialled = name.replace("-", "")  # Asterisk reads extensions so
        if dialled in seen:
            raise BadConfiguration(
                f"Asterisk can't tell the ACD queues {seen[dialled]} and {name} apart, as it leaves out the dashes: rename one",
                place=("queues", name),
            )
        seen[dialled] = name
    for name, fallback in fallbacks.items():
        place = ("queues", name, "fallback")
        if fallback in names:
            raise BadConfiguration(
                f"fallback {fallback!r} is an ACD queue, and has no members of its own: name a queue of queues.conf",
                place=place,
            )
        if not NATIVE_QUEUE_NAME.fullmatch(fallback):
            raise BadConfiguration(
                f"fallback {fallback!r} can't be a queue's name: write letters, digits, dots and dashes", place=place
            )

"""The part of Asterisk's dialplan that ACD queues need, made of the templates in telephony/asterisk and the configuration. Pure.

What the contexts do, and why a caller is never stranded in them, is told in the template; docs/adr/0011 has what was measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from core.lobby import Lobby

EXTENSIONS, QUEUES = "meridian_extensions.conf", "meridian_queues.conf"
VERSION_CONTEXT, LOBBY_CONTEXT = "meridian-version", "meridian-lobby"
DEAD_AFTER_S = 15
"""A heartbeat that is older means that nobody picks operators."""
_SLICE_S = 10
_TAKEOVER_S, _MESSAGE_S = 120, 180
_MESSAGES_KEPT = 1_000
MESSAGES_FAMILY = "meridian-messages"
"""Of Asterisk's own database: number -> Uniqueid|queue|epoch|seconds|file."""
_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class AcdQueue:
    """One queue that Meridian distributes. `fallback`: the queue of Asterisk's own that takes over; None: a message."""

    name: str
    lobby: Lobby
    fallback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialplan:
    """`files` by name, whole. `version` changes with every word in them."""

    files: Mapping[str, str]
    version: str


def dialplan_of(queues: list[AcdQueue]) -> Dialplan:
    """What Asterisk must have for these queues."""
    ordered = sorted(queues, key=lambda queue: queue.name)
    words = {"DEAD_AFTER": str(DEAD_AFTER_S), "TAKEOVER_S": str(_TAKEOVER_S), "MESSAGE_S": str(_MESSAGE_S)}
    words["MESSAGES_KEPT"] = str(_MESSAGES_KEPT)
    made = {
        EXTENSIONS: _filled(EXTENSIONS, words | {"DOORS": "\n".join(_doors(ordered))}),
        QUEUES: _filled(QUEUES, words | {"QUEUES": "\n".join(line for queue in ordered for line in _queue(queue))}),
    }
    version = sha256("".join(made.values()).encode()).hexdigest()[:_VERSION_LENGTH]
    return Dialplan(files={name: text.replace("@VERSION@", version) for name, text in made.items()}, version=version)


def _filled(name: str, words: Mapping[str, str]) -> str:
    text = (files("telephony") / "asterisk" / name).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _doors(queues: list[AcdQueue]) -> list[str]:
    """For each door what its extension sets and where it goes on."""
    return [
        *_door("meridian-acd", LOBBY_CONTEXT, {queue.name: _waiting(queue) for queue in queues}),
        *_door("meridian-fallback", "meridian-takeover", _takeovers(queues)),
        *_door("meridian-voicemail", "meridian-message", {queue.name: {"QUEUE": queue.name} for queue in queues}),
        *_door("meridian-callback", "meridian-promise", {queue.name: {"QUEUE": queue.name} for queue in queues}),
    ]


def _waiting(queue: AcdQueue) -> dict[str, str]:
    patience_s = queue.lobby.patience_s
    slice_s = min(queue.lobby.announce_s or _SLICE_S, patience_s)
    return {"QUEUE": queue.name, "PATIENCE": str(patience_s), "SLICE": str(slice_s)}


def _takeovers(queues: list[AcdQueue]) -> dict[str, dict[str, str]]:
    return {queue.name: {"QUEUE": queue.name, "FALLBACK": queue.fallback or ""} for queue in queues}


def _door(context: str, leads_to: str, extensions: Mapping[str, Mapping[str, str]]) -> list[str]:
    lines = [f"[{context}]"]
    for name, variables in extensions.items():
        first, *others = (f"Set(CC_{key}={value})" for key, value in variables.items())
        lines.append(f"exten => {name},1,{first}")
        lines += [f" same => n,{other}" for other in others]
        lines.append(f" same => n,Goto({leads_to},s,1)")
    return [*lines, ""]


def _queue(queue: AcdQueue) -> list[str]:
    lobby = queue.lobby
    said = [f"announce-frequency = {lobby.announce_s}", f"announce-position = {'yes' if lobby.announce_s else 'no'}"]
    keys = ["context = meridian-keys"] if lobby.callback_key else []
    return ["", f"[{queue.name}](meridian-lobby-queue)", f"musicclass = {lobby.music}", *said, *keys]

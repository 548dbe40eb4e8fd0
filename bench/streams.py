"""A busy PBX, made of recordings: real calls of tests/scenarios, renumbered and laid side by side in time.

Every event of a default account (`read = all`) is there in the order and with the headers that Asterisk 22 wrote; ids, channels,
bridges, numbers, names and agents are new for each call. `about` says how many calls, conversations and events it holds.
"""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from heapq import heappop, heappush
from pathlib import Path

from bench.measure import KEPT, say
from tests.streams import raw

# How often each shape occurs, in twenty calls of a queue.
MIX = {
    "inbound_answered": 7,
    "inbound_agent_hangs_up": 3,
    "hold_unhold": 2,
    "noanswer_next": 3,
    "reject_chain": 1,
    "abandon": 2,
    "abandon_ringing": 1,
    "blind_transfer": 1,
}
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
END = b"\r\n\r\n"
# Not of a call: answers to the recorder's own actions, and what only a PBX built for its own tests sends.
_LEFT_OUT = (
    "Response:",
    "Event: TestEvent",
    "Event: QueueParams",
    "Event: ContactStatus",
    "Event: FullyBooted",
    "Event: SuccessfulAuth",
    "Asterisk Call",
    "Event: QueueStatusComplete",
    "Event: CoreShowChannelsComplete",
    "Event: QueueMemberAdded",
    "Event: QueueMemberRemoved",
)
_STAMP = re.compile(r"\r\nTimestamp: (\d+\.\d+)")
_TOKEN = re.compile(
    r"(?P<uniqueid>\b\d{10}\.\d+\b)"
    r"|(?P<channel>(?:PJSIP|Local)/[\w@-]+-[0-9a-f]{8})"
    r"|(?P<bridge>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)"
    r"|(?P<agent>\b100\d\b)"
    r"|(?P<number>\b7916\d{7}\b)"
    r"|(?P<name>(?<=CallerIDName: )Ivan Petrov|(?<=ConnectedLineName: )Ivan Petrov)"
    r"|(?P<account>(?<=AccountCode: )(?=\r\n|$))"
)
_NAMES = (
    "Анна Сергеевна Кузнецова",
    "Иван Петров",
    "O'Neill, Seán",
    "Мария",
    "Müller GmbH & Co. KG",
    "李小龍",
    "Call Centre 24/7",
)


@dataclass(frozen=True, slots=True)
class About:
    """What a made stream holds."""

    events: int
    bytes: int
    calls: int
    most_at_once: int


@dataclass(frozen=True, slots=True)
class _Frame:
    """`parts`: text and tokens by turns."""

    after_s: float
    parts: tuple[str, ...]
    kinds: tuple[str, ...]


def queue_calls(*, events: int, at_once: int) -> tuple[Path, About]:
    """The stream as a file (kept for the next run) and what it holds."""
    path = KEPT / f"queue-calls-{events}-{at_once}.ami"
    about = path.with_suffix(".json")
    if not about.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        say(f"making a stream of {events} events, {at_once} calls at once ...")
        made = _write(path, events, at_once)
        about.write_text(json.dumps(asdict(made)))
    return path, About(**json.loads(about.read_text()))


def _write(path: Path, events: int, at_once: int) -> About:
    shapes = list(itertools.chain.from_iterable([name] * times for name, times in MIX.items()))
    templates = {name: _template(name) for name in MIX}
    mean_s = sum(templates[name][-1].after_s for name in shapes) / len(shapes)
    written = planned = size = calls = most = 0
    # (due, call, frame no., that call's frames, its names): the earliest event of all live calls is written next.
    live: list[tuple[float, int, int, list[_Frame], dict[str, str]]] = []
    began_s, step_s = 1795295032.0, mean_s / at_once
    with path.open("wb") as file:
        size += file.write(GREETING)
        while planned < events or live:
            due = began_s + calls * step_s
            if planned < events and (not live or due <= live[0][0]):
                frames = templates[_shuffled(shapes, calls)]
                heappush(live, (due, calls, 0, frames, _cast(calls, int(due))))
                planned += len(frames)
                calls += 1
                most = max(most, len(live))
                continue
            due, call, at, frames, names = heappop(live)
            size += file.write(_rendered(frames[at], due, names, call))
            written += 1
            if at + 1 < len(frames):
                heappush(live, (due + frames[at + 1].after_s - frames[at].after_s, call, at + 1, frames, names))
    return About(events=written, bytes=size, calls=calls, most_at_once=most)


def _shuffled(shapes: list[str], call: int) -> str:
    return shapes[call * 7 % len(shapes)]


def _template(shape: str) -> list[_Frame]:
    """The frames of the one call in a recording, from its first channel on."""
    frames = [f for f in raw(shape).decode().split("\r\n\r\n") if f and not f.startswith(_LEFT_OUT)]
    first = next(i for i, frame in enumerate(frames) if frame.startswith("Event: Newchannel"))
    found: list[_Frame] = []
    began_s = 0.0
    for frame in frames[first:]:
        stamp = _STAMP.search(frame)
        at_s = float(stamp[1]) if stamp else 0.0
        began_s = began_s or at_s
        # Some recordings stop within the same instant in another order: time never runs backwards here.
        after_s = max(at_s - began_s, found[-1].after_s if found else 0.0)
        found.append(_Frame(after_s, *_cut(_STAMP.sub("\r\nTimestamp: %T", frame))))
    return found


def _cut(frame: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts, kinds, at = [], [], 0
    for token in _TOKEN.finditer(frame):
        parts += [frame[at : token.start()], token[0]]
        kinds.append(token.lastgroup or "")
        at = token.end()
    return (*parts, frame[at:]), tuple(kinds)


def _cast(call: int, second: int) -> dict[str, str]:
    """Who plays in this call. The rest is named as it appears."""
    return {
        "second": str(second),
        "number": f"7916{1_000_000 + call % 9_000_000}",
        "name": _NAMES[call % len(_NAMES)],
        "account": "moscow-support",
    }


def _rendered(frame: _Frame, at_s: float, names: dict[str, str], call: int) -> bytes:
    out = list(frame.parts)
    for i, kind in enumerate(frame.kinds):
        out[2 * i + 1] = _renamed(kind, out[2 * i + 1], names, call)
    return "".join((*out, "\r\n\r\n")).replace("%T", f"{at_s:.6f}", 1).encode()


def _renamed(kind: str, old: str, names: dict[str, str], call: int) -> str:
    if kind in names:
        return names[kind]
    known = names.get(old)
    if known is None:
        known = names[old] = _fresh(kind, old, names, call)
    return known


def _fresh(kind: str, old: str, names: dict[str, str], call: int) -> str:
    nth = call * 20 + sum(key.startswith(old[:3]) for key in names)
    if kind == "uniqueid":
        return f"msk1-{names['second']}.{call * 20 + int(old.partition('.')[2])}"
    if kind == "agent":
        return str(1000 + (call * 3 + int(old) - 1000) % 1000)
    if kind == "bridge":
        return f"{nth:08x}{old[8:]}"
    endpoint, _, suffix = old.rpartition("-")
    technology, _, name = endpoint.partition("/")
    name = _renamed("agent", name, names, call) if re.fullmatch(r"100\d", name) else f"{name}-moscow-mts"
    return f"{technology}/{name}-{call * 20 + int(suffix, 16) % 20:08x}"


def pieces(path: Path, size: int = 65_536) -> Iterator[bytes]:
    """The stream as a socket gives it."""
    data = path.read_bytes()
    for start in range(0, len(data), size):
        yield data[start : start + size]

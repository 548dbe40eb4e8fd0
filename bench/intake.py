"""AMI intake: one stream of 200,000 events with 500 queue calls at once, through ours and through its peers.

Ours is the real parser, facts, tracker and cards, as `meridian replay` runs them; panoramisk only dispatches to one '*' callback;
cacofonisk tracks, wired as its own runner does it. Each contender is a process of its own in every round; ratios are of CPU time,
since all read from memory in one thread. Each must find the same calls.
"""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from bench.measure import ROOT, Row, command, interleaved, median, milliseconds, quantile, ratios, say, spread
from bench.sketches import SKETCHES
from bench.streams import About, pieces, queue_calls
from commands.replay import DEFAULT_AGENTS, Replay
from telephony.link_state import LinkFigures
from telephony.panoramisk_link_login import READ_EVENTS
from telephony.panoramisk_link_session import SLICE_S, AmiSession, Hears
from telephony.wire import Headers

PEERS = ROOT / "var" / "bench-venv" / "bin" / "python"


def rows(quick: bool) -> list[Row]:
    path, about = queue_calls(events=20_000 if quick else 200_000, at_once=500)
    say(
        f"{about.events} events of {about.bytes / about.events:.0f} bytes, {about.calls} calls, {about.most_at_once} at once"
    )
    found: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("ours", "panoramisk", "cacofonisk", "split", "lazy", "session")
    }

    def contender(name: str) -> Callable[[], float]:
        def run() -> float:
            found[name].append(_run(name, path))
            return float(found[name][-1]["cpu_s"])

        return run

    cpu = interleaved({name: contender(name) for name in found}, rounds=3 if quick else 7)
    _same_work(found, about)
    return [*_speed_rows(cpu, found, about), _hold_row(found, "panoramisk"), _hold_row(found, "cacofonisk")]


def _run(name: str, path: Path) -> dict[str, Any]:
    if name == "cacofonisk":
        line = [str(PEERS), str(ROOT / "bench" / "peer_cacofonisk.py"), str(path)]
    else:
        line = [sys.executable, "-m", "bench.intake", "--contender", name, str(path)]
    done = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _same_work(found: dict[str, list[dict[str, Any]]], about: About) -> None:
    for name, runs in found.items():
        for run in runs:
            if name != "panoramisk" and run["calls"] != about.calls:
                raise RuntimeError(f"{name} found {run['calls']} calls of {about.calls}")
            if run.get("messages", about.events) != about.events or run.get("failures", 0):
                raise RuntimeError(f"{name} didn't read everything: {run}")


def _speed_rows(cpu: dict[str, list[float]], found: dict[str, list[dict[str, Any]]], about: About) -> list[Row]:
    def speed(name: str) -> str:
        wall = median([run["wall_s"] for run in found[name]])
        return f"{about.events / median(cpu[name]):,.0f}/s CPU, {about.events / wall:,.0f}/s wall"

    def row(what: str, peer: str, bar: str, note: str = "", ours: str = "ours") -> Row:
        faster = ratios(cpu[peer], cpu[ours])
        return Row(
            part="intake",
            what=what,
            baseline=f"{speed(peer)}",
            ours=speed(ours),
            ratio=median(faster),
            spread=spread(faster),
            bar=bar,
            note=note,
        )

    return [
        row("AMI intake (parse + track + card) against cacofonisk's tracking", "cacofonisk", ">= 5"),
        row("the same against panoramisk's bare dispatch", "panoramisk", ">= 2.5"),
        row("the same against a sketch: dict(split) + 20 lines", "split", ""),
        row("the same against a sketch: lazy headers + 20 lines", "lazy", "", "what it aims at"),
        row(
            f"through the link's session (slices of {SLICE_S * 1000:g} ms) against panoramisk",
            "panoramisk",
            "",
            ours="session",
        ),
    ]


def _hold_row(found: dict[str, list[dict[str, Any]]], peer: str) -> Row:
    """How long reading holds the loop at a time: ours in slices, theirs until the whole read is digested."""
    held = {name: [quantile(run["reads"], 0.99) for run in found[name]] for name in ("session", peer)}
    middle = {name: median([quantile(run["reads"], 0.5) for run in found[name]]) for name in held}
    longest = max(max(run["reads"]) for run in found["session"])
    ms = [1000 * value for value in held["session"]]

    def text(name: str) -> str:
        return f"{milliseconds(middle[name])} / {milliseconds(median(held[name]))}"

    return Row(
        part="intake",
        what=f"64 KB read holds the loop (p50 / p99 CPU), against {peer}",
        baseline=text(peer),
        ours=text("session"),
        ratio=median(ms),
        spread=spread(ms),
        bar="<= 1 ms at p99",
        note=f"ratio column: our ms; longest {milliseconds(longest)}",
    )


# -- one contender, in a process of its own


def contend(name: str, path: Path) -> dict[str, object]:
    """Feed the stream to one contender and say what it cost."""
    logging.disable(logging.CRITICAL)
    data = list(pieces(path))
    return _through_session(data) if name == "session" else _fed(name, data)


def _fed(name: str, data: list[bytes]) -> dict[str, object]:
    feed, counts = CONTENDERS[name]()
    reads: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    for piece in data:
        at = time.thread_time()
        feed(piece)
        reads.append(time.thread_time() - at)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"wall_s": took, "cpu_s": cpu, "reads": reads, **counts()}


Contender = tuple[Callable[[bytes], None], Callable[[], dict[str, int]]]


def _ours() -> Contender:
    replay = Replay(DEFAULT_AGENTS)

    def counts() -> dict[str, int]:
        ended = sum(card.ended_at is not None for card in replay.stored.values())
        return {"messages": replay.capture.messages, "calls": ended, "failures": len(replay.capture.odd)}

    return replay.feed, counts


def _panoramisk() -> Contender:
    heard = 0

    def on_event(_manager: object, _event: object) -> None:
        nonlocal heard
        heard += 1

    manager = Manager(loop=asyncio.new_event_loop(), encoding="utf8")
    manager.register_event("*", on_event)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = manager, "utf8"
    return protocol.data_received, lambda: {"messages": heard}


def _sketch(name: str) -> Contender:
    sketch = SKETCHES[name]()
    return sketch.feed, lambda: {"messages": sketch.messages, "calls": sketch.calls}


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "ours": _ours,
    "panoramisk": _panoramisk,
    "split": lambda: _sketch("split"),
    "lazy": lambda: _sketch("lazy"),
}


class _Timed(AmiSession):
    """Writes down how long each turn of the loop is held for reading."""

    def __init__(self, hears: Hears, figures: LinkFigures) -> None:
        super().__init__(hears, figures, ping_s=600, action_deadline_s=5, parsed=READ_EVENTS)
        self.held: list[float] = []
        self.idle = asyncio.Event()

    def _digest(self) -> None:
        at = time.thread_time()
        super()._digest()
        self.held.append(time.thread_time() - at)
        if not self._digesting:
            self.idle.set()


class _NoSocket(asyncio.Transport):
    """A transport that goes nowhere."""

    def abort(self) -> None:
        pass


def _through_session(data: list[bytes]) -> dict[str, object]:
    """The same work behind the link's own protocol, in a running loop: what production does with a read."""
    replay = Replay(DEFAULT_AGENTS)
    figures = LinkFigures()

    def hear(headers: Headers) -> None:
        replay.capture.hear(headers)
        replay.feed(b"")

    hears = Hears(event=hear, odd=replay.capture.odd.append, lost=lambda why: None)

    async def run() -> tuple[float, float, list[float]]:
        session = _Timed(hears, figures)
        session.connection_made(_NoSocket())
        began, cpu = time.perf_counter(), time.process_time()
        for piece in data:
            session.idle.clear()
            session.data_received(piece)
            await session.idle.wait()
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        session._drop_all()
        return took, cpu, session.held

    took, cpu, held = asyncio.run(run())
    ended = sum(card.ended_at is not None for card in replay.stored.values())
    return {"wall_s": took, "cpu_s": cpu, "reads": held, "calls": ended, "failures": len(replay.capture.odd)}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contender"]:
        print(json.dumps(contend(sys.argv[2], Path(sys.argv[3]))))
    else:
        sys.exit(command("intake", __doc__ or "", rows))

"""Targeted push: 2 KB to one of 1,000 (and 5,000) open sockets, from the call in the server to the page's process; a frame to
all of them, and how long a pop in between waits; memory a socket.

Ours is Meridian's own port and hub (uvicorn, starlette, sessions, outboxes, numbered channels); against a bare asyncio protocol
that does a handshake and writes frames, and against plain `websockets`. Server and crowd are processes of their own.
"""

import asyncio
import json
import subprocess
import sys
from asyncio.subprocess import Process
from dataclasses import dataclass

from bench.measure import ROOT, Row, command, median, milliseconds, quantile, ratios, say, spread
from bench.socket_server import CONTENDERS

_PUSHES, _A_SECOND = 2_000, 250
_BOARDS = 20


@dataclass(frozen=True, slots=True)
class Round:
    waits: list[float]
    kb_a_socket: float
    handed: list[float]
    cpu: list[float]
    between: list[float]


def rows(quick: bool) -> list[Row]:
    return asyncio.run(_rows(quick))


async def _rows(quick: bool) -> list[Row]:
    found: list[Row] = []
    for many in (200,) if quick else (1_000, 5_000):
        rounds: dict[str, list[Round]] = {name: [] for name in CONTENDERS}
        for turn in range(2 if quick else 3):
            for name in CONTENDERS:
                say(f"sockets: {many}, round {turn + 1}, {name}")
                rounds[name].append(await _round(name, many, _PUSHES // (4 if quick else 1)))
        found += [_push_row(many, rounds, peer) for peer in ("bare", "websockets")]
        found += [_board_row(many, rounds), _between_row(many, rounds)]
        found.append(_memory_row(many, rounds))
    return found


async def _round(name: str, many: int, pushes: int) -> Round:
    server = await _started("bench.socket_server", name, str(many))
    crowd = await _started("bench.socket_crowd")
    try:
        async with asyncio.timeout(300):
            doors = await _line(server)
            before = int(await _asked(server, "rss"))
            if await _asked(crowd, doors.strip()) != "in\n":
                raise RuntimeError("the crowd didn't get in")
            after = int(await _asked(server, "rss"))
            boards = json.loads(await _asked(server, f"board {_BOARDS}"))
            await _asked(server, f"push {pushes} {_A_SECOND}")
            await asyncio.sleep(0.5)
            assert crowd.stdin is not None
            crowd.stdin.close()
            waits: list[float] = json.loads(await _line(crowd))
    finally:
        for process in (crowd, server):
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
    if len(waits) != pushes + len(boards["between"]):
        raise RuntimeError(f"{name}: {len(waits)} pushes arrived, {pushes + len(boards['between'])} were sent")
    return Round(waits[-pushes:], (after - before) / many, boards["handed"], boards["cpu"], boards["between"])


async def _started(module: str, *arguments: str) -> Process:
    line = [sys.executable, "-m", module, *arguments]
    return await asyncio.create_subprocess_exec(
        *line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=64 * 1024 * 1024
    )


async def _asked(process: Process, line: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    return await _line(process)


async def _line(process: Process) -> str:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    if not line:
        raise RuntimeError("a process of the sockets bench ended early")
    return line


def _push_row(many: int, rounds: dict[str, list[Round]], peer: str) -> Row:
    middle = {name: [quantile(r.waits, 0.5) for r in rounds[name]] for name in (peer, "ours")}
    late = {name: median([quantile(r.waits, 0.99) for r in rounds[name]]) for name in (peer, "ours")}
    slower = ratios(middle["ours"], middle[peer])

    def text(name: str) -> str:
        return f"p50 {milliseconds(median(middle[name]))}, p99 {milliseconds(late[name])}"

    return Row(
        part="sockets",
        what=f"push of 2 KB to one of {many:,} sockets, against {'a bare protocol' if peer == 'bare' else peer}",
        baseline=text(peer),
        ours=text("ours"),
        ratio=median(slower),
        spread=spread(slower),
        bar="<= 1.5" if peer == "bare" else "",
    )


def _board_row(many: int, rounds: dict[str, list[Round]]) -> Row:
    middle = {name: [median(r.handed) for r in rounds[name]] for name in rounds}
    slower = ratios(middle["ours"], middle["bare"])
    cpu = {name: milliseconds(median([median(r.cpu) for r in rounds[name]])) for name in rounds}
    return Row(
        part="sockets",
        what=f"2 KB to each of {many:,} sockets, until the last is handed over, against a bare loop",
        baseline=f"bare {milliseconds(median(middle['bare']))}, websockets' broadcast {milliseconds(median(middle['websockets']))}",
        ours=f"{milliseconds(median(middle['ours']))} (of the processor {cpu['ours']}; bare {cpu['bare']})",
        ratio=median(slower),
        spread=spread(slower),
        bar="<= 2.5",
        note="ours in slices, the bare loop in one piece",
    )


def _between_row(many: int, rounds: dict[str, list[Round]]) -> Row:
    slice_ms = median([median(r.cpu) for r in rounds["ours"]]) / many * 200 * 1000
    late = {name: [quantile(r.between, 0.99) * 1000 for r in rounds[name]] for name in rounds}
    return Row(
        part="sockets",
        what=f"a pop in between such a frame for {many:,}: from due to written, p99",
        baseline=f"bare {median(late['bare']):.1f} ms, websockets {median(late['websockets']):.1f} ms",
        ours=f"{median(late['ours']):.1f} ms; a slice of 200 costs {slice_ms:.1f} ms of the processor",
        ratio=median(late["ours"]),
        spread=spread(late["ours"]),
        bar="<= 5 ms",
        note="ratio column: our ms",
    )


def _memory_row(many: int, rounds: dict[str, list[Round]]) -> Row:
    kb = {name: median([r.kb_a_socket for r in rounds[name]]) for name in rounds}
    return Row(
        part="sockets",
        what=f"memory a socket, {many:,} open",
        baseline=f"bare {kb['bare']:.1f} KB, websockets {kb['websockets']:.1f} KB",
        ours=f"{kb['ours']:.1f} KB",
        ratio=kb["ours"],
        spread=spread([r.kb_a_socket for r in rounds["ours"]]),
        bar="<= 40 KB",
        note="ratio column: our KB",
    )


if __name__ == "__main__":
    sys.exit(command("sockets", __doc__ or "", rows))

"""cacofonisk on the stream, wired as its own AmiRunner wires it. Runs alone under the peers' venv: no import of ours.

python peer_cacofonisk.py STREAM -> one line of JSON.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from cacofonisk.handlers import EventHandler
from cacofonisk.reporters import BaseReporter
from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

PIECE = 65_536


class Counting(BaseReporter):
    """Takes the reports, as anything built on cacofonisk would."""

    def __init__(self) -> None:
        self.ended = 0
        self.answered = 0

    def on_up(self, caller, target) -> None:
        self.answered += 1

    def on_hangup(self, caller, reason) -> None:
        self.ended += 1


def main(path: Path) -> None:
    logging.disable(logging.CRITICAL)
    data = path.read_bytes()
    reporter, failures = Counting(), 0
    handler = EventHandler(reporter=reporter)

    def on_event(manager, event) -> None:
        nonlocal failures
        try:
            handler.on_event(event)
        except (AssertionError, KeyError, AttributeError):
            failures += 1

    manager = Manager(loop=asyncio.new_event_loop(), encoding="utf8")
    for name in handler.event_handlers():
        manager.register_event(name, on_event)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = manager, "utf8"
    reads = []
    began, cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(data), PIECE):
        at = time.thread_time()
        protocol.data_received(data[start : start + PIECE])
        reads.append(time.thread_time() - at)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"wall_s": took, "cpu_s": cpu, "calls": reporter.ended, "failures": failures, "reads": reads}))


main(Path(sys.argv[1]))

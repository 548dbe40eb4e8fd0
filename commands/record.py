"""`meridian record FILE`: keep the raw AMI stream of a live link, for a bug report or for `meridian replay`. It only listens."""

import asyncio
import contextlib
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

import configuration
from commands.run import set_up_logs
from core.errors import NotFound, Rejected
from telephony.link_state import LinkState
from telephony.panoramisk_link import PbxLink
from telephony.panoramisk_link_recorder import Recorder

_CONNECT_WITHIN_S = 45.0


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="where to write; what is there stays, the stream is appended")
    parser.add_argument("--config", type=Path, default=configuration.DEFAULT_FILE, help="the configuration")
    parser.add_argument("--pbx", help="which [pbx.NAME]; not needed when there is only one")
    parser.add_argument("--seconds", type=float, help="stop after this time (default: until Ctrl-C)")


def run(arguments: Namespace) -> int:
    set_up_logs("warning")
    settings = configuration.load(arguments.config)
    name = arguments.pbx or next(iter(settings.pbx))
    if name not in settings.pbx or (arguments.pbx is None and len(settings.pbx) > 1):
        raise NotFound(f"say which PBX with --pbx: {', '.join(settings.pbx)}")
    try:
        recorder = Recorder(arguments.file)
    except OSError as error:
        raise Rejected(f"can't write {arguments.file}: {error.strerror or error}; name another file") from error
    link = PbxLink(settings.link_settings(name), lambda _told: None, recorder=recorder)
    try:
        asyncio.run(_keep(link, arguments.seconds, arguments.file))
    except KeyboardInterrupt:
        print()
    finally:
        recorder.close()
    print(f"{arguments.file}: {link.figures.bytes_in} bytes. Read it with `meridian replay {arguments.file}`.")
    return 0


async def _keep(link: PbxLink, seconds: float | None, file: Path) -> None:
    await link.start()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                await link.settled()
        if link.state is not LinkState.LIVE:
            raise Rejected(f"{link.state.value}: {link.state_text}")
        print(f"Recording {link.settings.name} to {file}. Ctrl-C stops.")
        until = None if seconds is None else time.monotonic() + seconds
        while until is None or time.monotonic() < until:
            await asyncio.sleep(min(1.0, max(0.0, until - time.monotonic())) if until else 1.0)
            print(f"\r{link.figures.bytes_in:>12} bytes, {link.figures.messages} messages", end="", flush=True)
        print()
    finally:
        await link.stop()

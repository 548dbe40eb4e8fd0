"""`meridian run`: attach to the PBXs of the configuration and serve, until told to stop (Ctrl-C or SIGTERM). SIGHUP reads the
configuration again."""

import asyncio
import logging
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path

import configuration
from service import Service


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        default=configuration.DEFAULT_FILE,
        help="the configuration (default: meridian.toml here)",
    )
    parser.add_argument(
        "--log-level", default="info", choices=["debug", "info", "warning", "error"], help="how much to log"
    )


def run(arguments: Namespace) -> int:
    set_up_logs(arguments.log_level)
    service = Service(configuration.load(arguments.config), path=arguments.config)
    asyncio.run(serve(service))
    return 0


def set_up_logs(level: str) -> None:
    for talkative in ("alembic", "uvicorn"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")


async def serve(service: Service, *, once_up: Callable[[], Awaitable[None]] | None = None) -> None:
    """Run the service until the process is asked to end."""
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked_to_end.set)
    loop.add_signal_handler(signal.SIGHUP, service.planning.reload_soon)
    async with service.running():
        host = service.configuration.web.host
        print(f"Meridian is up: http://{host}:{service.port}", flush=True)
        if once_up is not None:
            await once_up()
        await asked_to_end.wait()
        print("Meridian is stopping.", flush=True)

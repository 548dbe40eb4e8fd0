"""Meridian as its users run it: a process of its own, started, stopped, killed by tests; and what it has stored."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callcards.ports import StoredCard
from callcards.sql import SqlCardStore
from runtime.database import Database

SITE = "test"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass(kw_only=True)
class AttachedPbx:
    """How the configuration reaches one Asterisk (or what stands in front of it)."""

    ami_port: int
    cdr_csv: Path | None = None
    more: Mapping[str, object] = field(default_factory=dict)

    def toml(self, name: str) -> str:
        lines = [
            f"[pbx.{name}]",
            'host = "127.0.0.1"',
            f"port = {self.ami_port}",
            'listener = {user = "listener", secret = "listener"}',
            'controller = {user = "controller", secret = "controller"}',
            'call_prefix = "9"',
            "cdr_every_s = 1.0",
            f'cdr_csv = "{self.cdr_csv}"' if self.cdr_csv else "",
            *(f"{key} = {value!r}" for key, value in self.more.items()),
        ]
        return "\n".join(lines) + "\n"


class Meridian:
    """One installation: its folder, configuration and process."""

    def __init__(self, folder: Path, pbxs: Mapping[str, AttachedPbx], *, database_url: str = "") -> None:
        self.folder, self.port = folder, free_port()
        self.database_url = database_url or f"sqlite:///{folder}/meridian.db"
        self.log = folder / "meridian.log"
        self.config = folder / "meridian.toml"
        self.config.write_text(
            f'[site]\nname = "{SITE}"\ntimezone = "Europe/Moscow"\nregion = "RU"\nagents = ["PJSIP/10??"]\n'
            + "".join(pbx.toml(name) for name, pbx in pbxs.items())
            + f'[database]\nurl = "{self.database_url}"\nfolder = "{folder}"\n[web]\nport = {self.port}\n'
        )
        tomllib.loads(self.config.read_text())
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait_s: float = 20.0) -> None:
        """Start it and wait until every PBX is live and the database there."""
        self.launch()
        self.until(self.ready, wait_s, "ready")

    def launch(self) -> None:
        command = [sys.executable, "-m", "commands.cli", "run", "--config", str(self.config)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])

    def ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"Meridian ended with {self.process.returncode}: {self.tail()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def until(self, holds: Callable[[], bool], wait_s: float, what: str) -> None:
        deadline = time.monotonic() + wait_s
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not {what} within {wait_s} s: {self.tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As the kernel or a power cut would."""
        self._end(signal.SIGKILL)

    def signal(self, number: int) -> None:
        if self.process is not None:
            os.kill(self.process.pid, number)

    def _end(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)
        self.process = None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else "(no log)"

    def cards(self) -> list[StoredCard]:
        """What is stored now, the oldest first."""

        async def read() -> list[StoredCard]:
            database = Database(self.database_url, readers=1, exclusive=False)
            try:
                store = SqlCardStore(database, client_key=lambda _site, _number: None)
                found = await store.recent(SITE, limit=5_000)
            finally:
                await database.close()
            return sorted(found, key=lambda stored: stored.card.started_at)

        return asyncio.run(read())

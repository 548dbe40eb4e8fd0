"""A running Asterisk of the rig: starting, stopping, its ports and files. Each test run has instances of its own."""

import fcntl
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.rig.driver import RigError
from tests.rig.sockets import bindable

RIG = str(Path(__file__).with_name("rig"))
RIG_ROOT = Path(os.environ.get("RIG_ROOT", "/opt/asterisk-rig"))
SLOTS = range(40)
START_ATTEMPTS = 2  # about one start in a hundred does not come up in time


def why_unavailable() -> str | None:
    """None if a rig can be started here, else the reason in one sentence."""
    if os.geteuid() != 0:
        return "the Asterisk rig needs root (chroot)"
    if not (RIG_ROOT / ".rig-complete").exists():
        return f"no Asterisk rig in {RIG_ROOT}: tests/setup/install builds it"
    return None


def rig(*command: str, conf: str = "conf") -> str:
    """Run tests/rig/rig; its output, or RigError with what it said. `conf` is the folder of configuration files to start with."""
    environment = {**os.environ, "RIG_CONF": conf}
    done = subprocess.run([RIG, *command], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RigError(f"rig {' '.join(command)}: {done.stderr.strip()[-1500:]}")
    return done.stdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    ami: int
    sip: int

    def free(self) -> bool:
        """Nobody there, not even a phone that a killed test run left behind."""
        phones = [("127.0.0.1", self.sip + n) for n in range(11)] + [("127.0.0.2", self.sip + 90)]
        return bindable(socket.SOCK_STREAM, ("127.0.0.1", self.ami)) and all(
            bindable(socket.SOCK_DGRAM, place) for place in phones
        )


def take_slot() -> tuple[IO[str], int]:
    """A slot nobody else holds: a locked file (free again when its holder dies) and its number."""
    for slot in SLOTS:
        lock = open(RIG_ROOT / f"slot-{slot}.lock", "w")  # noqa: SIM115 - held for long
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        if slot_ports(slot).free():
            return lock, slot
        lock.close()
    raise RigError("all slots for Asterisk instances are taken: tests/rig/rig status")


def slot_ports(slot: int) -> Ports:
    return Ports(ami=15038 + 10 * slot, sip=16000 + 100 * slot)


class Asterisk:
    """One instance, fresh at entry, stopped at exit. Its name and ports are its own."""

    def __init__(self, kind: str = "test", *, systemname: str = "", conf: str = "conf") -> None:
        self._lock, slot = take_slot()
        self.name = f"{kind}-{slot}"
        self.ports = slot_ports(slot)
        self.systemname = systemname
        self.conf = conf

    @property
    def directory(self) -> Path:
        return RIG_ROOT / "rig" / self.name

    @property
    def cdr_csv(self) -> Path:
        return self.directory / "log" / "cdr-custom" / "Master.csv"

    @property
    def pid(self) -> int:
        return int((self.directory / "pid").read_text())

    def start(self, *, fresh: bool = True) -> None:
        options = ["--ami-port", str(self.ports.ami), "--sip-port", str(self.ports.sip)]
        if self.systemname:
            options += ["--systemname", self.systemname]
        for attempt in range(1, START_ATTEMPTS + 1):
            if fresh:
                rig("wipe", "--name", self.name)
            try:
                rig("start", "--name", self.name, *options, conf=self.conf)
            except RigError:
                if attempt == START_ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        rig("stop", "--name", self.name)

    def kill(self) -> None:
        """As a crash would."""
        rig("kill", "--name", self.name)

    def restart(self) -> None:
        rig("restart", "--name", self.name, conf=self.conf)

    def cli(self, *command: str) -> str:
        return rig("cli", "--name", self.name, *command)

    def close(self) -> None:
        """Stopped and wiped; RIG_KEEP=1 leaves its logs."""
        rig("stop" if os.environ.get("RIG_KEEP") else "wipe", "--name", self.name)
        self._lock.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except RigError:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

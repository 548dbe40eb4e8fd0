"""A Meridian process attached to an Asterisk of the rig, as an administrator would run it, and what it has written down."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from callcards.ports import StoredCard
from callcards.sql import SqlCardStore
from runtime.database import Database
from runtime.schema import interactions as cards_table
from tests.patience import PATIENT_S
from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.sockets import free_tcp_port

SITE = "lab"
READY_S = 30.0
STOP_S = 20.0
MERIDIAN = Path(sys.executable).with_name("meridian")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSeen:
    """A card as the database has it, as far as the ledger and the lab ask."""

    card_id: str
    uniqueid: str
    linkedids: tuple[str, ...]
    direction: str
    caller_number: str
    dialled: str
    client_number: str | None
    queues: tuple[str, ...]
    answered_by: str | None
    started_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    talk_ended_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    transfers: tuple[dict[str, Any], ...]
    inferred: bool

    @property
    def ids(self) -> tuple[str, tuple[str, ...]]:
        """As tests.rig.ledger wants it."""
        return self.uniqueid, self.linkedids


class Meridian:
    """`meridian run` on a configuration of its own in `folder`. It may be killed and started again: the folder stays.

    `asterisk`: one, or several by the names that they shall have. `ami_port` and `database_url` are for putting a tcp_proxy in
    between; `more` is further TOML.
    """

    def __init__(
        self, asterisk: Asterisk | Mapping[str, Asterisk], folder: Path, *, database_url: str | None = None,
        ami_port: int | None = None, web_port: int | None = None, more: str = "",
    ) -> None:  # fmt: skip
        self.folder = folder
        self.database_url = database_url or f"sqlite:///{folder / 'meridian.db'}"
        self.web_port = web_port or free_tcp_port()
        self.config = folder / "meridian.toml"
        self.log = folder / "meridian.log"
        several = {"lab": asterisk} if isinstance(asterisk, Asterisk) else asterisk
        attached = "".join(attachment(name, one, ami_port or one.ports.ami) for name, one in several.items())
        self.config.write_text(SITE_TABLE + attached + kept_and_served(self) + more, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self, *, wait_ready: bool = True) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(MERIDIAN), "run", "--config", str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        if wait_ready:
            self.wait_ready()

    def wait_ready(self, timeout: float = READY_S) -> None:
        deadline = time.time() + timeout
        why = "no answer"
        while time.time() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RigError(f"meridian ended: {self.log_tail()}")
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                with error:
                    why = error.read(500).decode()
            except OSError:
                pass
            time.sleep(0.1)
        raise RigError(f"meridian is not ready: {why}; {self.log_tail()}")

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    def stop(self) -> int:
        """Orderly, by SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9, as a crash."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RigError(f"meridian did not stop within {STOP_S:.0f} s: {self.log_tail()}") from None
        self._process = None
        return code

    def cards(self) -> list[CardSeen]:
        """All cards, in order of start, straight from the database."""
        engine = sa.create_engine(sync_url(self.database_url), poolclass=sa.NullPool)
        names = CardSeen.__dataclass_fields__
        columns = [cards_table.c[name] for name in names]
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(cards_table.name):
                return []
            rows = connection.execute(sa.select(*columns).order_by(cards_table.c.started_at)).mappings().all()
        engine.dispose()
        return [CardSeen(**values(row)) for row in rows]

    def wait_complete(self, timeout: float = PATIENT_S) -> list[CardSeen]:
        """The cards once none is open any more (or as they stand when time is up)."""
        deadline = time.time() + timeout
        while True:
            cards = self.cards()
            if all(card.ended_at for card in cards) or time.time() > deadline:
                return cards
            time.sleep(0.2)

    def stored(self) -> list[StoredCard]:
        """All cards as the service itself reads them, the oldest first."""

        async def read() -> list[StoredCard]:
            database = Database(self.database_url, readers=1, exclusive=False)
            try:
                store = SqlCardStore(database, client_key=lambda _site, _number: None)
                found = await store.recent(SITE, limit=5_000)
            finally:
                await database.close()
            return sorted(found, key=lambda stored: stored.card.started_at)

        return asyncio.run(read())

    def until(self, holds: Callable[[], bool], wait_s: float, what: str) -> None:
        deadline = time.monotonic() + wait_s
        while not holds():
            if time.monotonic() > deadline:
                raise RigError(f"not {what} within {wait_s} s: {self.log_tail()}")
            time.sleep(0.05)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def values(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def sync_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


SITE_TABLE = f"""\
[site]
name = "{SITE}"
timezone = "Europe/Moscow"
region = "RU"
agents = ["PJSIP/10??"]
"""


def attachment(name: str, asterisk: Asterisk, ami_port: int) -> str:
    """How meridian.toml reaches one Asterisk of the rig. JSON strings are TOML strings."""
    return f"""
[pbx.{name}]
host = "127.0.0.1"
port = {ami_port}
listener = {{ user = "listener", secret = "listener" }}
controller = {{ user = "controller", secret = "controller" }}
call_context = "from-agent"
call_prefix = "9"
cdr_csv = {json.dumps(str(asterisk.cdr_csv))}
cdr_every_s = 5.0
"""


def kept_and_served(meridian: Meridian) -> str:
    return f"""
[database]
url = {json.dumps(meridian.database_url)}
folder = {json.dumps(str(meridian.folder / "var"))}

[web]
host = "127.0.0.1"
port = {meridian.web_port}
"""

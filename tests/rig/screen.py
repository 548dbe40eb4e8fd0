"""An operator's page without a page: signed in, its socket open, everything it was told kept with the time. For tests."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.patience import PATIENT_S
from tests.rig.driver import RigError


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the socket and when it was read, by the wall clock."""

    at: float
    message: dict[str, Any]


@dataclass(slots=True)
class Screen:
    """One operator at one page. It acknowledges what it gets, answers ticks, and doesn't come back by itself."""

    url: str
    login: str
    password: str
    told: list[Told] = field(default_factory=list)
    http: httpx.Client = field(init=False)
    _line: ClientConnection | None = None
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, headers={"Origin": self.url}, trust_env=False, timeout=20)

    def sign_in(self) -> Self:
        self.http.post("/api/session", json={"login": self.login, "password": self.password}).raise_for_status()
        return self.connect()

    def connect(self) -> Self:
        """Open the socket (again)."""
        ticket = self.http.post("/api/socket-ticket").raise_for_status().json()["ticket"]
        welcomed = threading.Event()
        self._thread = threading.Thread(target=self._live, args=(ticket, welcomed), daemon=True)
        self._thread.start()
        if not welcomed.wait(15):
            raise RigError(f"{self.login}: no socket")
        return self

    def disconnect(self) -> None:
        """The page is closed; the person stays signed in."""
        if self._line is not None and self._thread is not None:
            self._line.close()
            self._thread.join(10)
            self._line = self._thread = None

    def sign_out(self) -> None:
        self.http.delete("/api/session").raise_for_status()

    def close(self) -> None:
        self.disconnect()
        self.http.close()

    def pops(self, *, number: str = "") -> list[Told]:
        """The pops that came, in order; of one caller's number if wanted."""
        return [one for one in list(self.told) if one.message["type"] == "pop" and number in json.dumps(one.message)]

    def pop(self, *, number: str) -> Told:
        """The first of them, and of no earlier call, which a page that opens may be shown again. It was sent before the phone rang;
        who reads it here may be slower than the phone."""
        self.until(lambda: bool(self.pops(number=number)), f"popped {number}")
        return self.pops(number=number)[0]

    def until(self, holds: Callable[[], bool], what: str, within_s: float = PATIENT_S) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                raise RigError(f"{self.login}: not {what}; told {[one.message for one in self.told[-3:]]}")
            time.sleep(0.02)

    def state(self) -> str:
        return str(self.http.get("/api/agent").raise_for_status().json()["state"])

    def becomes(self, state: str, within_s: float = PATIENT_S) -> Self:
        self.until(lambda: self.state() == state, f"{state} but {self.state()}", within_s)
        return self

    def asks(self, what: str, **body: str) -> None:
        self.http.post(f"/api/agent/{what}", json=body).raise_for_status()

    def _live(self, ticket: str, welcomed: threading.Event) -> None:
        with (
            contextlib.suppress(ConnectionClosed),
            connect(
                self.url.replace("http", "ws", 1) + "/api/socket",
                origin=self.url,  # type: ignore[arg-type]
                subprotocols=["meridian.v1", f"ticket.{ticket}"],  # type: ignore[list-item]
                additional_headers={"Cookie": f"meridian_session={self.http.cookies['meridian_session']}"},
                proxy=None,
            ) as line,
        ):
            self._line = line
            line.send(json.dumps({"type": "resume", "epoch": None, "version": None}))
            for text in line:
                at, said = time.time(), json.loads(text)
                self.told.append(Told(at, said))
                if said["type"] == "welcome":
                    welcomed.set()
                elif said["type"] == "tick":
                    line.send('{"type":"pulse"}')
                elif "version" in said:
                    line.send(json.dumps({"type": "ack", "version": said["version"]}))

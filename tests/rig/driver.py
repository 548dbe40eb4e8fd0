"""The test driver's own AMI session: records every byte, remembers every message, waits for one.

Deliberately not the product's parser or link: what drives and judges the tests must not share their mistakes. Threads and
blocking sockets, so that it can be used from a script and from any test.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.patience import PATIENT_S


class RigError(Exception):
    """Something on the rig did not happen in time."""


class Msg(dict[str, str]):
    """An AMI message: the first value of each key; `t` is when it arrived."""

    def __init__(self, pairs: list[tuple[str, str]], t: float = 0.0) -> None:
        super().__init__()
        self.t = t
        self.pairs = pairs
        for key, value in pairs:
            self.setdefault(key, value)

    def all(self, key: str) -> list[str]:
        return [v for k, v in self.pairs if k == key]


def parse_message(block: bytes) -> list[tuple[str, str]]:
    """One AMI message without its final blank line."""
    pairs = []
    for line in block.split(b"\r\n"):
        key, sep, value = line.partition(b":")
        if sep:
            value = value.removeprefix(b" ")
            pairs.append((key.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")))
    return pairs


class Ami:
    """An AMI session that keeps all it received: `raw` bytes and `messages`."""

    def __init__(
        self, port: int, user: str = "rig", secret: str | None = None, *, events: str = "on", host: str = "127.0.0.1"
    ) -> None:
        self.sock = socket.create_connection((host, port), timeout=5)
        self.sock.settimeout(None)
        self.raw = bytearray()
        self.messages: list[Msg] = []
        self.closed = False
        self._news = threading.Condition()
        self._sending = threading.Lock()
        self._count = 0
        self._thread = threading.Thread(target=self._read, name=f"ami-{user}", daemon=True)
        self._thread.start()
        answer = self.action("Login", Username=user, Secret=secret or user, Events=events)
        if answer.get("Response") != "Success":
            self.close()
            raise RigError(f"login as {user}: {dict(answer)}")

    def _read(self) -> None:
        pos: int | None = None
        while True:
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b""
            now = time.time()
            with self._news:
                if not data:
                    self.closed = True
                    self._news.notify_all()
                    return
                self.raw += data
                if pos is None:
                    end = self.raw.find(b"\r\n")
                    pos = end + 2 if end >= 0 else None
                pos = self._take(pos, now)
                self._news.notify_all()

    def _take(self, pos: int | None, now: float) -> int | None:
        while pos is not None and (end := self.raw.find(b"\r\n\r\n", pos)) >= 0:
            self.messages.append(Msg(parse_message(bytes(self.raw[pos:end])), now))
            pos = end + 4
        return pos

    def send(self, action: str, headers: Iterable[tuple[str, str]] = (), **fields: Any) -> str:
        with self._sending:
            self._count += 1
            action_id = fields.pop("ActionID", None) or f"rig-{self._count}"
            lines = [f"Action: {action}", f"ActionID: {action_id}"]
            lines += [f"{k}: {v}" for k, v in [*fields.items(), *headers]]
            self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
        return action_id

    def action(
        self, action: str, headers: Iterable[tuple[str, str]] = (), *, timeout: float = PATIENT_S, **fields: Any
    ) -> Msg:
        """Send an action, return its Response."""
        mark = len(self.messages)
        aid = self.send(action, headers, **fields)
        return self.wait(lambda m: "Response" in m and m.get("ActionID") == aid, timeout, since=mark, what=action)

    def listing(self, action: str, *, timeout: float = PATIENT_S, **fields: Any) -> list[Msg]:
        """Send a list action, return its events up to the one with EventList: Complete."""
        mark = len(self.messages)
        aid = self.send(action, **fields)

        def complete(m: Msg) -> bool:
            return m.get("ActionID") == aid and (m.get("EventList") == "Complete" or m.get("Response") == "Error")

        self.wait(complete, timeout, since=mark, what=action)
        return [m for m in self.messages[mark:] if m.get("ActionID") == aid and "Event" in m]

    def wait(
        self, test: Callable[[Msg], bool], timeout: float = PATIENT_S, *, since: int = 0, what: str = "event"
    ) -> Msg:
        """The first message at or after index `since` for which the test is true."""
        deadline = time.time() + timeout
        i = since
        with self._news:
            while True:
                while i < len(self.messages):
                    if test(self.messages[i]):
                        return self.messages[i]
                    i += 1
                left = deadline - time.time()
                if self.closed or left <= 0:
                    raise RigError(f"{'connection closed' if self.closed else 'timeout'}: {what}")
                self._news.wait(left)

    def event(self, name: str, timeout: float = PATIENT_S, *, since: int = 0, **fields: Any) -> Msg:
        def wanted(m: Msg) -> bool:
            return m.get("Event") == name and all(m.get(k) == v for k, v in fields.items())

        return self.wait(wanted, timeout, since=since, what=f"{name} {fields}")

    def events(self, since: int = 0) -> list[Msg]:
        return [m for m in self.messages[since:] if "Event" in m]

    def mark(self) -> int:
        """Where we are: pass it as `since` to see only what comes from here on."""
        return len(self.messages)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(2)
        self.sock.close()

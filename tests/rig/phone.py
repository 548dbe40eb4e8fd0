"""One SIPp phone with keys: a phone is one SIPp process, a key is a datagram with the call's Call-ID and a made-up method.

A phone sends no sound (but see `speak`) and hears none: its SDP names the discard port. It writes what happens to a log, one
line each; `wait` reads it. Nothing here knows of AMI.
"""

import itertools
import os
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from tests.patience import PATIENT_S
from tests.rig.driver import RigError
from tests.rig.sockets import bindable

SIPP = Path(__file__).with_name("sipp")
AGENT_IP = "127.0.0.1"
SOUND_PORTS = 350
"""How many each PBX's phones have, from 2000 on: SIPp by itself looks a hundred places up from 6000, too few for all of them."""
_places = itertools.count()
REFER_PAUSE_S = 0.3  # Asterisk does not end the transferring leg by itself: it waits for the phone's BYE


class Room(Protocol):
    """Where the phone stands: which PBX, where to write, and numbers that nobody else has."""

    sip_port: int
    tmp: Path

    def count(self) -> int: ...


class Phone:
    """One SIPp process: a called phone (PhoneRoom.agent, .trunk) or a calling one (PhoneRoom.call)."""

    def __init__(
        self, room: Room, xml: str, *, ip: str, port: int, args: Iterable[str] = (), label: str = "x",
        calls: int | None = None, words: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        self.room, self.ip, self.port, self.label = room, ip, port, label
        self.base = room.tmp / f"{xml.removesuffix('.xml')}-{label}-{port}-{room.count()}"
        self.base.with_suffix(".xml").write_text(scenario_text(xml, words or {}), encoding="utf-8")
        self.log = self.base.with_suffix(".log")
        self.call_id = ""
        self.last = ""
        self._seen = 0
        self._keys = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._keys.bind((ip, 0))
        command = self._command(ip, port) + (["-m", str(calls)] if calls else [])
        command += [*args, f"127.0.0.1:{room.sip_port}"]
        with open(self.base.with_suffix(".stderr"), "wb") as stderr:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=room.tmp,
                start_new_session=True,
            )

    def _command(self, ip: str, port: int) -> list[str]:
        command = ["sipp", "-sf", str(self.base.with_suffix(".xml")), "-i", ip, "-p", str(port)]
        command += ["-mp", str(self._sound_port())]
        command += ["-nostdin", "-trace_logs", "-log_file", str(self.log)]
        command += ["-trace_err", "-error_file", str(self.base.with_suffix(".err"))]
        command += ["-watchdog_minor_threshold", "100000", "-watchdog_major_threshold", "100000"]
        if os.environ.get("RIG_TRACE"):
            command += ["-trace_msg", "-message_file", str(self.base.with_suffix(".msg"))]
        return command

    def _sound_port(self) -> int:
        """One that is free, and so the second one after it: SIPp binds both. A region for each hundred of SIP ports, which are one
        PBX's."""
        region = 2000 + self.room.sip_port // 100 % 40 * SOUND_PORTS
        for _ in range(SOUND_PORTS // 4):
            port = region + 4 * next(_places) % (SOUND_PORTS - 2)
            if all(bindable(socket.SOCK_DGRAM, (self.ip, port + n)) for n in (0, 2)):
                return port
        raise RigError(f"no free port for the sound of phone {self.label}")

    # ---- what it saw

    def lines(self) -> list[str]:
        try:
            text = self.log.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return []
        return text.split("\n")[:-1]  # the last one may still be being written

    def wait(self, what: str, timeout: float = PATIENT_S) -> str:
        """Wait for a new log line that begins with `what`; the call it speaks of becomes this phone's call."""
        deadline = time.time() + timeout
        while time.time() < deadline:
            if line := self.poll(what):
                return line
            if self.process.poll() is not None and len(self.lines()) <= self._seen:
                break
            time.sleep(0.02)
        err = self.base.with_suffix(".err")
        said = err.read_text(errors="replace")[-1500:] if err.exists() else ""
        raise RigError(f"phone {self.label}: no {what!r}; log {self.lines()[-5:]}; {said}")

    def poll(self, what: str) -> str | None:
        """As wait, but only what is there already."""
        lines = self.lines()
        for i in range(self._seen, len(lines)):
            if lines[i].startswith(what):
                self._seen = i + 1
                self.last = lines[i]
                word = lines[i].split()
                if len(word) > 1 and word[0] in ("RINGING", "ANSWERED"):
                    self.call_id = word[1]
                return lines[i]
        return None

    def news(self) -> list[str]:
        """The log lines since the last look."""
        lines = self.lines()
        fresh, self._seen = lines[self._seen :], len(lines)
        return fresh

    def dialog(self) -> tuple[str, str, str]:
        """(Call-ID, local tag, remote tag) of the call this phone placed, answered or ringing, for Replaces."""
        for line in reversed(self.lines()):
            m = re.match(r"(?:ANSWERED|RINGBACK) (\S+) From=(.*?) To=(.*?)$", line)
            if m and m.group(1) == self.call_id:
                local, remote = (re.search(r"tag=([^;\s]+)", m.group(i)) for i in (2, 3))
                if local and remote:
                    return self.call_id, local.group(1), remote.group(1)
        raise RigError(f"phone {self.label}: no dialog")

    # ---- keys

    def key(self, key: str, headers: str = "") -> float:
        """Press a key: a datagram in the call."""
        branch = f"z9hG4bKkey{self.room.count()}"  # SIPp drops a datagram that equals the one before
        text = (
            f"{key} sip:phone SIP/2.0\r\nVia: SIP/2.0/UDP {self.ip};branch={branch}\r\nFrom: <sip:key>;tag=k\r\n"
            f"To: <sip:phone>\r\nCall-ID: {self.call_id}\r\nCSeq: 1 {key}\r\n{headers}Content-Length: 0\r\n\r\n"
        )
        self._keys.sendto(text.encode("utf-8", "surrogateescape"), (self.ip, self.port))
        return time.time()

    def press(self, key: str, then: str, headers: str = "") -> float:
        """Press a key and see what it should lead to; the time of that."""
        self.key(key, headers)
        self.wait(then)
        return time.time()

    def answer(self) -> float:
        return self.press("XANSWER", "ANSWERED")

    def reject(self, code: int = 486) -> float:
        return self.press(f"X{code}", "REJECTED")

    def forward(self, exten: str) -> float:
        """302: the phone's owner has it forwarded."""
        return self.press("X302", "REJECTED", f"X-Target: <sip:{exten}@127.0.0.1:{self.room.sip_port}>\r\n")

    def hold(self) -> float:
        return self.press("XHOLD", "HELD")

    def unhold(self) -> float:
        return self.press("XUNHOLD", "UNHELD")

    def hangup(self) -> float:
        return self.press("XHANGUP", "ENDED")

    def cancel(self) -> float:
        return self.key("XCANCEL")

    def dial(self, digits: str) -> float:
        """Keys of the keypad during a talk, one by one."""
        at = 0.0
        for digit in digits:
            at = self.press("XDTMF", "PRESSED", f"X-Digit: {digit}\r\n")
            time.sleep(0.15)
        return at

    def speak(self, packets: int = 25) -> None:
        """Half a second of silence as sound (RTP), from a called phone: some of Asterisk's doings wait for sound."""
        port = next(int(line.rsplit("m=audio ", 1)[1]) for line in reversed(self.lines()) if "m=audio " in line)
        for n in range(packets):
            header = struct.pack("!BBHII", 0x80, 0, n, n * 160, 4711)
            self._keys.sendto(header + b"\xff" * 160, (AGENT_IP, port))
            time.sleep(0.02)

    def refer(self, target: str, *, bye: bool = True) -> float:
        """Blind transfer to an extension or a full Refer-To value."""
        if not target.startswith("<"):
            target = f"<sip:{target}@127.0.0.1:{self.room.sip_port}>"
        at = self.key("XREFER", f"X-Target: {target}\r\n")
        self.wait("REFERRED")
        if bye:
            time.sleep(REFER_PAUSE_S)
            self.press("XHANGUP", "ENDED")
        return at

    def refer_replaces(self, exten: str, other: "Phone", *, bye: bool = True) -> float:
        """Attended (or, while the other still rings, blonde) transfer: join this call with the one this agent placed."""
        call_id, local, remote = other.dialog()
        replaces = f"{call_id.replace('@', '%40')}%3Bto-tag%3D{remote}%3Bfrom-tag%3D{local}"
        return self.refer(f"<sip:{exten}@127.0.0.1:{self.room.sip_port}?Replaces={replaces}>", bye=bye)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self._keys.close()


def scenario_text(xml: str, words: Mapping[str, object]) -> str:
    """A SIPp scenario with the talking part pasted in and words replaced (SIPp takes no keywords in timeouts)."""
    text = (SIPP / xml).read_text(encoding="utf-8")
    text = text.replace("<!--INCALL-->", (SIPP / "incall.xml").read_text(encoding="utf-8"))
    for word, value in words.items():
        text = text.replace(word, str(value))
    return text

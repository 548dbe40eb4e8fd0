"""All phones around one Asterisk, and the ledger of what they called."""

import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.rig.phone import AGENT_IP, REFER_PAUSE_S, Phone
from tests.rig.sockets import free_udp_port

__all__ = ["AGENT_IP", "REFER_PAUSE_S", "TRUNK_IP", "LedgerLine", "Phone", "PhoneRoom"]

TRUNK_IP = "127.0.0.2"
PBX_ACTED = re.compile(r"RINGBACK|PROGRESS|ANSWERED|FAILED \S+ (?!503)")
UP_S = 0.15  # until a SIPp process listens


@dataclass(slots=True, kw_only=True)
class LedgerLine:
    """One call that a phone placed. `ledger_id` goes along in X-Rig and comes back in the CDR's userfield.

    `reached`: the PBX did something about it. A bare 100 is no proof, nor is the 503 of a PBX that is stopping: nobody there
    can know of such a call. `said` is the last that the phone wrote down.
    """

    ledger_id: str
    number: str
    to: str
    reached: bool = True
    said: str = ""
    answered: bool = False
    ended: bool = False


class PhoneRoom:
    """All phones around one Asterisk, and the ledger of what they called."""

    def __init__(self, sip_port: int) -> None:
        self.sip_port = sip_port
        self.tmp = Path(tempfile.mkdtemp(prefix="rig-"))
        self.phones: list[Phone] = []
        self._run = uuid.uuid4().hex[:8]
        self._count = 0
        self._ledger: list[tuple[LedgerLine, Phone]] = []
        self._loads: list[tuple[str, str, Phone]] = []

    def count(self) -> int:
        self._count += 1
        return self._count

    def agent(self, number: int, xml: str = "phone_uas.xml", *, words: Mapping[str, object] | None = None) -> Phone:
        """Switch on the phone of agent 1001..1060."""
        return self._on(xml, AGENT_IP, self.sip_port + number - 1000, str(number), words)

    def trunk(self, xml: str = "phone_uas.xml", *, words: Mapping[str, object] | None = None) -> Phone:
        """The far end of the trunk, for outbound calls."""
        return self._on(xml, TRUNK_IP, self.sip_port + 90, "trunk", words)

    def _on(self, xml: str, ip: str, port: int, label: str, words: Mapping[str, object] | None) -> Phone:
        phone = Phone(self, xml, ip=ip, port=port, label=label, words=words)
        self.phones.append(phone)
        time.sleep(UP_S)
        return phone

    def call(self, user: str, to: str, display: str = "", *, host: str | None = None) -> Phone:
        """A call from the trunk (any number) or from an agent's phone (1001...) to an extension."""
        ip = AGENT_IP if re.fullmatch(r"10\d\d", user) else TRUNK_IP
        n = self.count()
        line = LedgerLine(ledger_id=f"{self._run}-{n}", number=user, to=to)
        keys = {"user": user, "display": display, "host": host or ip, "to": to, "ledger": line.ledger_id}
        args = [word for key, value in keys.items() for word in ("-key", key, value)]
        args += ["-cid_str", f"c{n}-%u-%p@%s", "-r", "20"]  # at once: the first comes after 1/rate s
        phone = Phone(
            self,
            "phone_uac.xml",
            ip=ip,
            port=free_udp_port(ip),
            args=args,
            label=re.sub(r"\W", "_", user[:12]),
            calls=1,
        )
        phone.call_id = f"c{n}-1-{phone.process.pid}@{ip}"  # call number 1 of this process
        self.phones.append(phone)
        self._ledger.append((line, phone))
        return phone

    def load(self, to: str, *, base: str, talk_ms: int, rate: int, calls: int, limit: int = 1000) -> Phone:
        """Many callers from one process: `rate` new calls a second, `calls` in all, each up to `talk_ms` long."""
        run = f"{self._run}-{self.count()}"
        args = ["-key", "to", to, "-key", "base", base, "-key", "ledger", run]
        args += ["-r", str(rate), "-m", str(calls), "-l", str(limit)]
        phone = Phone(
            self, "load_uac.xml", ip=TRUNK_IP, port=free_udp_port(TRUNK_IP), args=args, label="load",
            words={"@TALK@": talk_ms},
        )  # fmt: skip
        self.phones.append(phone)
        self._loads.append((run, to, phone))
        return phone

    def ledger(self) -> list[LedgerLine]:
        """Every call that was placed so far, by what SIPp itself wrote down."""
        lines = []
        for line, phone in self._ledger:
            seen = phone.lines()
            line.reached = any(PBX_ACTED.match(x) for x in seen)
            line.said = seen[-1].split()[0] if seen else ""
            line.answered = any(x.startswith("ANSWERED") for x in seen)
            line.ended = any(x.startswith(("ENDED", "FAILED")) for x in seen)
            lines.append(line)
        for _, to, phone in self._loads:
            lines += load_ledger(phone, to)
        return lines

    def close(self) -> None:
        for phone in self.phones:
            phone.stop()
        self.phones = []
        if not os.environ.get("RIG_KEEP"):
            shutil.rmtree(self.tmp, ignore_errors=True)


def load_ledger(phone: Phone, to: str) -> list[LedgerLine]:
    lines: dict[str, LedgerLine] = {}
    for word, ledger_id, *rest in (x.split() for x in phone.lines() if x.count(" ") >= 1):
        if word == "CALL":
            lines[ledger_id] = LedgerLine(ledger_id=ledger_id, number=rest[0], to=to)
        elif ledger_id in lines:
            lines[ledger_id].answered |= word == "ANSWERED"
            lines[ledger_id].ended |= word == "ENDED"
    return list(lines.values())

"""A call centre in full swing around one Meridian, and the judge: SIPp's ledger = CDR = cards, none lost, none doubled."""

import contextlib
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.rig.instance import Asterisk
from tests.rig.ledger import read_cdr, unmatched
from tests.rig.meridian import Meridian
from tests.rig.phones import LedgerLine
from tests.rig.traffic import Traffic
from tests.servers.tcp_proxy import TcpProxyThread

AFTERWARDS_S = 40.0


@dataclass
class Centre:
    """What a fault test works with. Everything between Meridian and the PBX's manager goes through `line`."""

    asterisk: Asterisk
    line: TcpProxyThread
    meridian: Meridian
    traffic: Traffic

    def run_on(self, seconds: float) -> None:
        """Let the traffic do its work."""
        time.sleep(seconds)

    def becomes(self, ready: bool, within_s: float) -> float:
        """Seconds until /readyz says so."""
        began = time.monotonic()
        while is_ready(self.meridian) != ready:
            assert time.monotonic() - began < within_s, (
                f"not {'ready' if ready else 'unready'}: {self.meridian.log_tail()}"
            )
            time.sleep(0.1)
        return time.monotonic() - began

    def differences(self, ledger: list[LedgerLine]) -> list[str]:
        cards = self.meridian.cards()
        found = unmatched(ledger, read_cdr(self.asterisk.cdr_csv), [card.ids for card in cards])
        return found + [f"never ended: {card}" for card in cards if card.ended_at is None]

    def judge(self) -> list[LedgerLine]:
        """The traffic ends; ledger, CDR and cards must agree exactly, and soon."""
        ledger = self.traffic.finish()
        deadline = time.monotonic() + AFTERWARDS_S
        while found := self.differences(ledger):
            if time.monotonic() > deadline:
                raise AssertionError("\n".join([*found, self.meridian.log_tail()]))
            time.sleep(0.5)
        return ledger


def is_ready(meridian: Meridian) -> bool:
    """What /readyz says now; False when nobody answers."""
    try:
        with urllib.request.urlopen(f"{meridian.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.contextmanager
def centre(folder: Path, *, seed: int, database_url: str | None = None) -> Iterator[Centre]:
    """Asterisk, line, Meridian and traffic, all up."""
    with (
        Asterisk() as asterisk,
        TcpProxyThread("127.0.0.1", asterisk.ports.ami) as line,
        Meridian(asterisk, folder, ami_port=line.port, database_url=database_url) as meridian,
        Traffic(asterisk, seed=seed) as traffic,
    ):
        yield Centre(asterisk, line, meridian, traffic)

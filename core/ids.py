"""Ids. UUIDv7 (RFC 9562) everywhere, except where the PBX gives an id.

An interaction's id is *derived* from what the PBX calls the conversation, so that a restart, a second node or a replay
of the same stream names the same conversation alike.
"""

import re
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

# Asterisk: [systemname-]<epoch>.<counter>; ids of our own making end the same way.
_EPOCH = re.compile(r"(?:^|[-.])(\d{9,11})\.\d+$")


def epoch_of(uniqueid: str) -> int | None:
    """The second (Unix time) in which Asterisk made this channel, as its Uniqueid tells; None where it doesn't."""
    found = _EPOCH.search(uniqueid)
    return int(found[1]) if found else None


def interaction_id(*, site: str, pbx: str, boot_id: str, uniqueid: str) -> str:
    """The UUIDv7 of the conversation that `uniqueid` (a primary channel) stands for; the same for the same arguments."""
    digest = blake2b("\0".join((site, pbx, boot_id, uniqueid)).encode(), digest_size=10).digest()
    return str(_uuid7((epoch_of(uniqueid) or 0) * 1000, digest))


def fresh_id(at: datetime, randomness: bytes) -> str:
    """A new UUIDv7 for the instant `at`; `randomness` is at least 10 bytes from the adapter that asks."""
    return str(_uuid7(int(at.timestamp() * 1000), randomness[:10]))


def _uuid7(unix_ms: int, tail: bytes) -> UUID:
    value = (unix_ms & (2**48 - 1)) << 80 | int.from_bytes(tail, "big") & (2**80 - 1)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)

"""AMI actions as the simulated PBX reads them, and the shape of its answers. Values only."""

from dataclasses import dataclass, field

from telephony.simulated_channels import Pairs

Reply = list[Pairs]

CLASSES = frozenset(
    [
        *("system", "call", "log", "verbose", "agent", "user", "config", "command", "dtmf", "reporting", "cdr"),
        *("dialplan", "originate", "agi", "cc", "aoc", "test", "security", "message"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of the simulated manager.conf: classes of events that it hears (`read`) and of actions that it may take (`write`)."""

    secret: str = field(repr=False)
    read: frozenset[str] = CLASSES
    write: frozenset[str] = CLASSES - {"command"}


@dataclass(frozen=True, slots=True)
class Request:
    """One action. Header names as Asterisk takes them, in any case; of a repeated one the first counts, but for Variable."""

    action: str
    action_id: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def id_header(self) -> Pairs:
        return [("ActionID", self.action_id)] if self.action_id else []

    def error(self, message: str) -> Reply:
        return [[("Response", "Error"), *self.id_header, ("Message", message)]]


def success(request: Request, *more: tuple[str, str]) -> Reply:
    return [[("Response", "Success"), *request.id_header, *more]]


def read_request(text: str) -> Request:
    """A block of header lines -> the action; lines without a colon are ignored, as Asterisk does."""
    headers = []
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            headers.append((key.strip(), value.strip()))
    found = Request("", "", tuple(headers))
    return Request(found.get("Action"), found.get("ActionID"), found.headers)


def written(message: Pairs) -> bytes:
    """Headers -> bytes, raw: a caller's line break in a number goes out as it came, as Asterisk lets it."""
    return ("".join(f"{key}: {value}\r\n" for key, value in message) + "\r\n").encode("utf-8", "replace")

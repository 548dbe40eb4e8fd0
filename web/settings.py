"""What the web port can be told by the configuration. Values only."""

from dataclasses import dataclass

from core.errors import BadConfiguration


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """`origins`: addresses of pages that may talk to us (`https://desk.example`); empty: only our own host's.

    `secure_cookies`: None sets Secure exactly when the request came by https.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    origins: tuple[str, ...] = ()
    secure_cookies: bool | None = None
    session_hours: float = 12.0
    ticket_s: float = 30.0
    extension_idle_s: float = 600.0
    recheck_s: float = 4.0
    most_body_bytes: int = 262_144
    shutdown_s: int = 5
    request_s: float = 8.0
    connections_per_address: int = 1_000

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise BadConfiguration(f"'port' is {self.port}: choose one from 1 to 65535")
        for name in (
            "session_hours",
            "ticket_s",
            "extension_idle_s",
            "recheck_s",
            "most_body_bytes",
            "shutdown_s",
            "request_s",
            "connections_per_address",
        ):
            if getattr(self, name) <= 0:
                raise BadConfiguration(f"'{name}' is {getattr(self, name)}: it must be more than 0")

    stalled_s: float = 5.0

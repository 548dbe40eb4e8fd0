"""What the web port can be told by the configuration. Values only."""

from dataclasses import dataclass


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
    stalled_s: float = 5.0

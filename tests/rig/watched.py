"""What a caller hears, second by second, as Asterisk itself tells it: music in a queue, ringing, a voice, or nothing."""

import threading
import time
from types import TracebackType
from typing import Self

from tests.rig.driver import RigError
from tests.rig.instance import Asterisk

EVERY_S = 0.25
HEARD = frozenset({"Queue", "Dial", "Bridge", "VoiceMail", "Record", "Playback", "AppQueue", "MusicOnHold"})


class Watched:
    """Looks at one caller's channel until left. `silent_s`: the longest time without anything to hear while it lived."""

    def __init__(self, asterisk: Asterisk, number: str) -> None:
        self._asterisk, self._number = asterisk, number
        self.silent_s = 0.0
        self.apps: list[str] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join(10)

    def _look(self) -> None:
        heard_at = time.monotonic()
        while not self._done.wait(EVERY_S):
            try:
                lines = self._asterisk.cli("core", "show", "channels", "concise").splitlines()
            except RigError:
                continue
            fields = next(
                (f for f in (line.split("!") for line in lines) if len(f) > 12 and f[7] == self._number), None
            )
            now = time.monotonic()
            if fields is None:
                heard_at = now
                continue
            app, bridge = fields[5], fields[12]
            if not self.apps or self.apps[-1] != app:
                self.apps.append(app)
            if app in HEARD or bridge:
                heard_at = now
            self.silent_s = max(self.silent_s, now - heard_at)

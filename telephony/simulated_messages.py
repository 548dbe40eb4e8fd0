"""What callers say to the simulated PBX's answering machine: sound files that can be played, a humming voice of that length."""

import math
import wave
from array import array
from pathlib import Path

_RATE = 8_000
_SYLLABLES_S = 2.6
_LONGEST_S = 180


class MessageFolder:
    """Writes each message under the name that the PBX gives it, into one folder; what it was told of the path is dropped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: str, seconds: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self._folder / Path(file).name), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(_RATE)
            sound.writeframes(_hum(min(max(1, seconds), _LONGEST_S)).tobytes())


def _hum(seconds: int) -> "array[int]":
    """A hundred and some Hertz that rise and fall, louder and softer by the syllable."""
    one_s = array("h")
    for n in range(_RATE):
        t = n / _RATE
        loud = 6_000 * abs(math.sin(math.pi * _SYLLABLES_S * t))
        one_s.append(int(loud * (math.sin(2 * math.pi * 140 * t) + 0.5 * math.sin(2 * math.pi * 280 * t))))
    return one_s * seconds

"""A proxy before an AMI port that moves every Timestamp: to a client the PBX's clock is ahead or behind."""

import contextlib
import re
import socket
import threading
from types import TracebackType
from typing import Self

_STAMP = re.compile(rb"(\r\nTimestamp: )(\d+\.\d+)(?=\r\n)")


class ShiftedStamps:
    """`with ShiftedStamps(5038, by_s=-30) as proxy: ... proxy.port`. Plain AMI only; a thread for each direction."""

    def __init__(self, target_port: int, *, by_s: float) -> None:
        self._target_port, self._by_s = target_port, by_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target_port))
                self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, shifting: bool) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                whole, end, rest = (rest + data).rpartition(b"\r\n") if shifting else (data, b"", b"")
                # The end of a line stays back with what follows it, so that no stamp is cut in two.
                sink.sendall(_STAMP.sub(self._shifted, whole + end))
            sink.shutdown(socket.SHUT_WR)

    def _shifted(self, found: re.Match[bytes]) -> bytes:
        return found[1] + f"{float(found[2]) + self._by_s:.6f}".encode()

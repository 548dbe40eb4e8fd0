"""SIGHUP reads the configuration again: what is wrong is told in the log with file, line and mend, and the service goes on."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

from tests.rig.meridian import MERIDIAN
from tests.servers.plan_centre import FILE


class Running:
    """A `meridian run` whose lines can be waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def says(self, words: str) -> str:
        while True:
            line = self._lines.get(timeout=60)
            if words in line:
                return line

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)


@contextmanager
def meridian(path: Path) -> Iterator[Running]:
    command = [str(MERIDIAN), "run", "--config", str(path)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=path.parent, env=environment
    ) as process:
        running = Running(process)
        try:
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            running._reader.join()


@pytest.mark.timeout(180)
def test_a_hangup_signal_reads_the_file_again(tmp_path: Path) -> None:
    path = tmp_path / "meridian.toml"
    text = FILE.format(folder=tmp_path, refuse="false", feeds="[]")
    path.write_text(text, encoding="utf-8")
    with meridian(path) as running:
        running.says("Meridian is up")
        path.write_text(text.replace("billing >= 2", "biling >= 2"), encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        refused = running.says("the configuration stays as it was")
        assert (
            "meridian.toml, line 34: queue support: skill 'biling' is not declared; did you mean 'billing'?" in refused
        )
        path.write_text(text.replace("billing >= 2", "billing >= 1").replace("port = 9", "port = 10"), encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        assert "read again: [queues]" in running.says("meridian.toml")
        assert "[pbx.one] port" in running.says("after a restart only")
        assert running.process.poll() is None
    assert running.process.returncode == 0

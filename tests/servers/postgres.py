"""A real PostgreSQL of its own for a test run: a fresh cluster in a temporary directory, on a free port, fsync on.

It can be stopped, started, killed and frozen, because that is what the tests are about.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

PASSWORD = "right-password"


def missing() -> str | None:
    """Why there can be no PostgreSQL here; None if there can."""
    if _binaries() is None:
        return "PostgreSQL isn't installed: run tests/setup/install (Debian package postgresql)"
    return None


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One cluster. `url(name)` makes a fresh database in it and says where it is."""

    def __init__(self) -> None:
        binaries = _binaries()
        if binaries is None:
            raise RuntimeError(missing())
        self._binaries = binaries
        self._user = _server_user()
        self.directory = Path(tempfile.mkdtemp(prefix="meridian-pg-"))
        if self._user is not None:
            os.chown(self.directory, self._user.pw_uid, self._user.pw_gid)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._names = 0
        password_file = self.directory / "password"
        password_file.write_text(PASSWORD)
        if self._user is not None:
            os.chown(password_file, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", "cluster", "-U", "meridian", "--pwfile=password", "-A", "scram-sha-256", "-E", "UTF8")
        self.start()

    def url(self, name: str | None = None, *, password: str = PASSWORD) -> str:
        if name is None:
            self._names += 1
            name = f"test_{os.getpid()}_{self._names}"
            with self.connection() as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://meridian:{password}@127.0.0.1:{self.port}/{name}"

    def connection(self, name: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A connection past everything of ours, in autocommit."""
        return psycopg.connect(self.url(name), autocommit=True, connect_timeout=10)

    def start(self) -> None:
        log = (self.directory / "log").open("ab")
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=60"]
        self._process = subprocess.Popen(
            [self._binaries / "postgres", "-D", "cluster", "-p", str(self.port), *options],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **self._as_user(),
        )
        log.close()
        self._wait_until_ready()

    def stop(self) -> None:
        """Orderly and at once: sessions are thrown out."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a power cut: no goodbye, recovery at the next start."""
        self._end(signal.SIGQUIT)

    def freeze(self) -> None:
        """Alive for TCP, dead for everybody else: no answer, no FIN."""
        self._to_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._to_all(signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None:
            self.thaw()
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def _to_all(self, how: signal.Signals) -> None:
        """Every process of the cluster: the back ends have sessions of their own, so by parent."""
        if self._process is None:
            return
        postmaster = self._process.pid
        if how is signal.SIGSTOP:
            os.kill(postmaster, how)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), how)
        if how is signal.SIGCONT:
            os.kill(postmaster, how)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connection().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise RuntimeError(
                        f"PostgreSQL doesn't start:\n{(self.directory / 'log').read_text()[-2000:]}"
                    ) from None
                time.sleep(0.05)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments],
            cwd=self.directory,
            capture_output=True,
            check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stderr.decode()}")

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        yield server
    finally:
        server.close()

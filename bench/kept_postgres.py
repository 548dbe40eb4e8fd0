"""A PostgreSQL of its own for the benches, whose cluster is kept, so that a second run finds its million clients there."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import KEPT
from tests.servers.postgres import PASSWORD, PostgresServer, _binaries, _server_user, free_port, missing


class KeptPostgres(PostgresServer):
    """As in the tests (fsync on, the distribution's own settings), but the cluster stays where it is."""

    def __init__(self, directory: Path) -> None:
        binaries = _binaries()
        if binaries is None:
            raise RuntimeError(missing())
        self._binaries, self._user = binaries, _server_user()
        self.directory, self.port = directory, free_port()
        self._process, self._names = None, 0
        if not (directory / "ready").exists():
            self._found()
        self.start()

    def _found(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        (self.directory / "password").write_text(PASSWORD)
        for path in (self.directory, self.directory / "password"):
            if self._user is not None:
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", "cluster", "-U", "meridian", "--pwfile=password", "-A", "scram-sha-256", "-E", "UTF8")
        (self.directory / "ready").touch()

    def has(self, name: str) -> bool:
        with self.connection() as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None

    def make(self, name: str) -> str:
        """A new empty database in place of any of that name."""
        with self.connection() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def close(self) -> None:
        if self._process is not None:
            self._end(signal.SIGINT)


@contextmanager
def kept_postgres() -> Iterator[KeptPostgres | None]:
    """The server; None where PostgreSQL isn't installed."""
    if missing():
        yield None
        return
    server = KeptPostgres(KEPT / "postgres")
    try:
        yield server
    finally:
        server.close()

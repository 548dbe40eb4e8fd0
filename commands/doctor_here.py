"""What the doctor finds out on this machine: Python, time zones, disk, the port, the database and who may sign in."""

import asyncio
import importlib.metadata
import os
import re
import shutil
import sqlite3
import sys
import urllib.error
import urllib.request
import zoneinfo
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

import runtime.migrations
from configuration import Configuration
from core.errors import ContactCentreError, Unavailable
from runtime.database import Database
from runtime.db_engine import described, is_sqlite, parse_url
from telephony.doctor_findings import Finding, fail, ok, unseen, warn
from web.server import take_port
from web.sql import SqlAccounts

_LITTLE_BYTES, _SOME_BYTES = 64 << 20, 1 << 30
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "ceph", "glusterfs")
_OLD_ZONES_YEARS = 2


@dataclass(slots=True, kw_only=True)
class Here:
    """`people`: extension by login of those who may sign in; None where the database didn't say."""

    findings: list[Finding] = field(default_factory=list)
    people: dict[str, str] | None = None


async def look_around(configuration: Configuration) -> list[Finding]:
    """The machine itself, without the database."""
    folder = configuration.database.folder
    return [
        _python(),
        _zones(),
        await asyncio.to_thread(_port, configuration),
        *await asyncio.to_thread(_folder, folder),
        *await asyncio.to_thread(_journal, folder),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    needed = [
        re.split(r"[^\w-]", line, maxsplit=1)[0]
        for line in importlib.metadata.requires("meridian") or ()
        if "extra" not in line
    ]
    absent = [name for name in needed if not _installed(name)]
    if absent:
        return fail("python", f"Python {version} lacks packages: {', '.join(absent)}.", "Run `make install`.")
    return ok("python", f"Python {version}, with all {len(needed)} packages.")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _zones() -> Finding:
    """Python takes the system's zones first, then those of the package tzdata."""
    for folder in map(Path, zoneinfo.TZPATH):
        first = folder / "tzdata.zi"
        if first.exists() and (found := re.match(r"# version (\d{4}\w*)", first.read_text(errors="replace")[:40])):
            return _zones_of(found[1], "the system's")
    try:
        return _zones_of(importlib.metadata.version("tzdata"), "the package's")
    except importlib.metadata.PackageNotFoundError:
        return unseen(
            "zones", "The version of the time zone data can't be read.", "Keep the package tzdata up to date."
        )


def _zones_of(version: str, whose: str) -> Finding:
    package = importlib.metadata.version("tzdata")
    if int(package[:4]) - int(version[:4]) >= _OLD_ZONES_YEARS:
        mend = "Update the system's tzdata (apt-get install tzdata)."
        return warn("zones", f"Time zone data are {whose}, version {version}; there is {package}.", mend)
    return ok("zones", f"Time zone data: {whose}, version {version}.")


def _port(configuration: Configuration) -> Finding:
    web = configuration.web
    where = f"{web.host}:{web.port}"
    try:
        take_port(web).close()
    except Unavailable as taken:
        if _is_meridian(web.host, web.port):
            return ok("port", f"Meridian is running at {where}.")
        return fail("port", f"{taken}", "Stop the other program, or set another port in [web] of meridian.toml.")
    except ContactCentreError as wrong:
        return fail("port", f"{wrong}", "Mend host and port in [web] of meridian.toml.")
    return ok("port", f"{where} is free for Meridian to serve on.")


def _is_meridian(host: str, port: int) -> bool:
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    try:
        with urllib.request.urlopen(
            f"http://{f'[{host}]' if ':' in host else host}:{port}/metrics", timeout=2
        ) as answer:
            return b"meridian_" in answer.read(65536)
    except (OSError, urllib.error.URLError, ValueError):
        return False


# -- disk


def _folder(folder: Path) -> list[Finding]:
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        mend = f"Give the user that runs Meridian the right to: `chown meridian {there}`, or set [database] folder."
        return [fail("folder", f"The folder for the journal, {folder}, can't be written.", mend)]
    return [_room(there, f"the journal ({folder})", "disk"), *_trial(there)]


def _room(folder: Path, what: str, code: str) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"The disk with {what} has {free / (1 << 30):.1f} GB free" if free >= _SOME_BYTES else ""
    text = text or f"The disk with {what} has only {free >> 20} MB free"
    mend = "Make room: when the disk is full nothing can be stored, and no call gets its card."
    if free < _LITTLE_BYTES:
        return fail(code, f"{text}.", mend)
    return warn(code, f"{text}.", mend) if free < _SOME_BYTES else ok(code, f"{text}.")


def _trial(folder: Path) -> list[Finding]:
    """Write something and take it away again: quotas and read-only mounts show in nothing else."""
    trial = folder / f".meridian-doctor-{os.getpid()}"
    try:
        with trial.open("wb") as file:
            file.write(b"\0" * 65536)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        mend = "Make room, or mount it for writing, or set [database] folder to another disk."
        return [fail("disk_write", f"Nothing can be written to {folder} ({error.strerror}).", mend)]
    finally:
        trial.unlink(missing_ok=True)
    return []


def _journal(folder: Path) -> list[Finding]:
    def size(path: Path) -> int:
        return path.stat().st_size if path.exists() else 0

    findings = []
    waiting, rejected = size(folder / "journal"), size(folder / "journal.rejected")
    if waiting:
        text = f"The journal holds {waiting} bytes that are not in the database yet."
        mend = "See that the database is up; a running Meridian stores them by itself, a stopped one at its next start."
        findings.append(warn("journal", text, mend))
    if rejected:
        text = f"{folder / 'journal.rejected'} holds {rejected} bytes that the database refused for good."
        findings.append(warn("journal_rejected", text, "Keep the file and report it: it is a mistake of ours."))
    return findings or [ok("journal", "The journal is empty.")]


# -- the database


async def look_into_database(configuration: Configuration) -> Here:
    """Nothing is made or changed there."""
    here = Here()
    try:
        url = parse_url(configuration.database.url)
        if is_sqlite(url):
            path = Path(str(url.database))
            here.findings += await asyncio.to_thread(_sqlite_file, path)
            if not await asyncio.to_thread(path.exists):
                return here
        database = Database(configuration.database.url, readers=1, exclusive=False)
        try:
            here.findings.append(
                ok("database", f"{_capital(described(url))} answers: {await database.read(_version)}.")
            )
            here.findings += await _tables(database)
            here.people = await _people(database, configuration.site.name)
        finally:
            await database.close()
    except ContactCentreError as away:
        mend = "Start it, and check host, name, user and password in `url` of [database]; `psql` with the same address tells more."
        here.findings.append(fail("database", f"{_capital(str(away))}.", mend))
    return here


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _sqlite_file(path: Path) -> list[Finding]:
    folder = path.absolute().parent
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    findings = [_room(there, f"the database ({path})", "database_disk")]
    if not os.access(there, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        mend = (
            f"Give the user that runs Meridian the right to write {path} and its folder: `chown -R meridian {there}`."
        )
        findings.append(fail("database_write", f"The database {path} can't be written.", mend))
    elif not path.exists():
        findings.append(ok("database", f"The database {path} will be made at the first start."))
    kind = _file_system(there)
    if kind.startswith(_NETWORK_FILE_SYSTEMS):
        mend = "Put it on a local disk, or use PostgreSQL."
        findings.append(fail("database_fs", f"The database lies on a {kind}, where SQLite's WAL loses data.", mend))
    return findings


def _file_system(folder: Path) -> str:
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    holding = [m for m in mounts if len(m) > 2 and (folder == Path(m[1]) or Path(m[1]) in folder.parents)]
    return max(holding, key=lambda m: len(m[1]))[2] if holding else ""


def _version(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    return f"PostgreSQL {connection.scalar(sa.text('SHOW server_version'))}"


async def _tables(database: Database) -> list[Finding]:
    def look(connection: Connection) -> tuple[tuple[str, ...], bool]:
        heads = MigrationContext.configure(connection).get_current_heads()
        if connection.dialect.name == "sqlite":
            return heads, True
        may_write = "SELECT NOT pg_is_in_recovery() AND has_schema_privilege(current_schema(), 'CREATE')"
        return heads, bool(connection.scalar(sa.text(may_write)))

    heads, may_write = await database.read(look)
    steps = ScriptDirectory(str(Path(runtime.migrations.__file__).parent))
    newest = steps.get_current_head()
    findings = []
    if not may_write:
        text = "The database may only be read: it is a standby, or the role may not make tables."
        mend = "Name the primary server in `url`, and make Meridian's role the owner of its database."
        findings.append(fail("database_write", text, mend))
    if not heads:
        findings.append(ok("database_tables", "It has no tables yet; they are made at the first start."))
    elif heads[0] == newest:
        findings.append(ok("database_tables", f"Its tables are up to date ({newest})."))
    elif heads[0] in {step.revision for step in steps.walk_revisions()}:
        findings.append(ok("database_tables", f"Its tables are at {heads[0]}; the next start brings them to {newest}."))
    else:
        text = f"The database was made by a newer Meridian (tables at {heads[0]}, this program knows up to {newest})."
        findings.append(
            fail("database_tables", text, "Start that newer version, or restore the backup from before it.")
        )
    return findings


async def _people(database: Database, site: str) -> dict[str, str] | None:
    def there(connection: Connection) -> bool:
        return sa.inspect(connection).has_table("users")

    if not await database.read(there):
        return None
    users = await SqlAccounts(database).users()
    return {user.login: user.extension for user in users if user.site == site and user.extension and not user.disabled}

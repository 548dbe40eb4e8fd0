"""Which real servers the tests may use here: `@pytest.mark.real("asterisk")` runs where it can, else is skipped by name."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig import instance
from tests.servers import postgres

NOTE = Path(__file__).resolve().parents[1] / "var" / "tests-missing"


def command(name: str) -> Callable[[], str | None]:
    return lambda: None if shutil.which(name) else f"{name} isn't installed: run tests/setup/install"


CHECKS: dict[str, Callable[[], str | None]] = {
    "asterisk": instance.why_unavailable,
    "postgresql": postgres.missing,
    "redis": command("redis-server"),
    "chromium": command("chromium"),
}


def why_missing(name: str) -> str | None:
    """None where the server can be had; else the reason, as tests/setup/install noted it or as seen now."""
    seen = CHECKS[name]()
    if seen is None:
        return None
    noted = dict(line.split("\t", 1) for line in NOTE.read_text().splitlines()) if NOTE.exists() else {}
    return next((reason for what, reason in noted.items() if what.startswith(name)), seen)


@pytest.fixture(scope="module")
def asterisk() -> Iterator[instance.Asterisk]:
    """A real Asterisk for the tests of one file, fresh at its first test. Mark the file `real("asterisk")`."""
    with instance.Asterisk() as running:
        yield running


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("real"):
        if reason := why_missing(mark.args[0]):
            pytest.skip(f"{mark.args[0]}: {reason}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files on a real server come first, being the longest; each stays on one worker, so that its tests share it."""
    for item in items:
        if mark := item.get_closest_marker("real"):
            item.add_marker(pytest.mark.xdist_group(f"{mark.args[0]}:{item.path.stem}"))
    items.sort(key=lambda item: item.get_closest_marker("real") is None)

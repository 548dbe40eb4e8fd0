"""The house rules that import-linter can't say: inside a feature, modules are pure unless they bear an adapter's name, and only
the composition root, the commands and tests import adapters (docs/developer.md)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEATURES = ("telephony", "callcards", "clients", "screenpop", "queues", "routing")
ADAPTERS = (
    "ami", "panoramisk_link", "simulated", "replay", "memory", "ws", "sql", "http", "cdr_csv", "cdr_sql", "journal", "smtp", "sms",
    "webhook", "redis", "holiday_lists", "ical",
)  # fmt: skip
ALLOWED_IN_PURE = {"core", *sys.stdlib_module_names} - {"asyncio", "threading", "socket", "sqlite3", "subprocess"}
# The room's own way to the disk: an adapter's helper, read by the journal only.


def adapter_name(module: str) -> str | None:
    """`sql` for callcards.sql, `simulated` for telephony.simulated_traffic, None for pure modules."""
    stem = module.rpartition(".")[2]
    return next((a for a in ADAPTERS if stem == a or stem.startswith(a + "_")), None)


def modules(room: str) -> list[Path]:
    return [p for p in sorted((ROOT / room).rglob("*.py")) if p.name != "__init__.py"]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FEATURE_MODULES = [pytest.param(room, path, id=f"{room}.{path.stem}") for room in FEATURES for path in modules(room)]


@pytest.mark.parametrize(("room", "path"), FEATURE_MODULES)
def test_modules_are_pure_unless_they_bear_an_adapters_name(room: str, path: Path) -> None:
    if adapter_name(path.stem):
        return
    for name in imports(path):
        top = name.partition(".")[0]
        assert top == room or top in ALLOWED_IN_PURE, f"{room}/{path.name} is pure and imports {name}"


@pytest.mark.parametrize(("room", "path"), FEATURE_MODULES)
def test_nobody_but_the_root_imports_an_adapter(room: str, path: Path) -> None:
    own = adapter_name(path.stem)
    files = {f"{room}.{p.stem}" for p in modules(room)}
    for name in imports(path):
        if name in files and (adapter := adapter_name(name)):
            assert adapter == own, f"{room}/{path.name} imports the adapter {name}"


@pytest.mark.parametrize("path", [p for p in modules("core")], ids=lambda p: p.stem)
def test_core_does_no_io(path: Path) -> None:
    allowed = (ALLOWED_IN_PURE | {"phonenumbers"}) - {"os", "time"}
    for name in imports(path):
        assert name.partition(".")[0] in allowed, f"core/{path.name} imports {name}"


@pytest.mark.parametrize(
    "path", [p for room in (*FEATURES, "core") for p in modules(room)], ids=lambda p: f"{p.parent.name}.{p.stem}"
)
def test_rules_never_read_a_clock(path: Path) -> None:
    if adapter_name(path.stem):
        return
    text = path.read_text(encoding="utf-8")
    for clock in ("datetime.now(", "time.time(", "time.monotonic(", "utcnow("):
        assert clock not in text, f"{path} reads a clock: time is a fact here"

"""meridian.example.toml is a configuration that can be used, and shows every key with its default."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

import configuration
from configuration import Pbx, Site, Storage
from core import desk
from core.errors import BadConfiguration
from routing import settings as routing
from web.settings import WebSettings

EXAMPLE = Path(__file__).resolve().parents[2] / "meridian.example.toml"
SECRETS = {"AMI_LISTENER": "secret of the listener", "AMI_CONTROLLER": "secret of the controller"}
TABLES: dict[str, type] = {
    "site": Site,
    "pbx.main": Pbx,
    "database": Storage,
    "web": WebSettings,
    "desk.dispositions.sold": desk.Disposition,
    "desk.pause_reasons.training": desk.PauseReason,
    "desk.fields.contract": desk.CustomField,
    "desk.checks.birthday": desk.CheckQuestion,
    "desk.queues.support": desk.QueueSettings,
    "desk.crm": desk.CrmLink,
    "dialling": desk.DialPolicy,
    "routing": routing.RoutingSettings,
    "sites.omsk": routing.SiteSetting,
    "skills.billing": routing.SkillSetting,
    "hours.day": routing.HoursSetting,
    "queues.support": routing.QueueSetting,
    "people.anna": routing.PersonSetting,
}
# Keys whose default can't be written in TOML (none, or what the request decides).
WITHOUT_DEFAULT = {"ca_file", "cdr_url", "cdr_since", "secure_cookies", "hours", "client_phone", "recordings"}


def with_every_key() -> str:
    """The example with all its keys in force, but for the second of the two sources of call records."""
    text = re.sub(r"^# (\[|\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.sub(r"^cdr_url = .*$", "", text, flags=re.MULTILINE)


def tables_in(text: str) -> dict[str, list[str]]:
    """Table -> its keys, in order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if header := re.match(r"(?:# )?\[([\w.]+)\]", line):
            keys = found.setdefault(header[1], [])
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            keys.append(key[1])
    return found


def test_it_can_be_used_as_it_is() -> None:
    settings = configuration.load(EXAMPLE, SECRETS)
    assert settings.pbx["main"].listener.secret == "secret of the listener"
    assert settings.pbx["main"].controller is not None


def test_a_secret_that_is_not_set_is_asked_for_by_name() -> None:
    with pytest.raises(BadConfiguration, match="AMI_CONTROLLER, which is not set"):
        configuration.load(EXAMPLE, {"AMI_LISTENER": "x"})


@pytest.mark.parametrize("table", TABLES)
def test_it_shows_every_key_there_is(table: str) -> None:
    shown = tables_in(EXAMPLE.read_text(encoding="utf-8"))
    assert sorted(shown[table]) == sorted(field.name for field in dataclasses.fields(TABLES[table]))


def test_it_shows_how_states_go() -> None:
    """The keys of [desk] itself; its tables are walked above."""
    shown = tables_in(EXAMPLE.read_text(encoding="utf-8"))
    assert sorted(shown["desk"]) == sorted(f.name for f in dataclasses.fields(desk.Desk) if f.type in (int, bool))


def test_what_it_shows_as_default_is_the_default(tmp_path: Path) -> None:
    whole = tmp_path / "meridian.toml"
    whole.write_text(with_every_key(), encoding="utf-8")
    plain, full = configuration.load(EXAMPLE, SECRETS), configuration.load(whole, SECRETS)
    pairs: tuple[tuple[Any, Any], ...] = (
        (plain.site, full.site),
        (plain.pbx["main"], full.pbx["main"]),
        (plain.database, full.database),
        (plain.web, full.web),
        (plain.routing, full.routing),
    )
    queue = dataclasses.replace(full.queues["support"], hours=None, holiday=None, overflow=None, fallback=None)
    pairs += ((routing.QueueSetting(), queue),)
    for default, shown in pairs:
        for field in dataclasses.fields(default):
            if field.name not in WITHOUT_DEFAULT:
                assert getattr(shown, field.name) == getattr(default, field.name), field.name
    for name in ("missed_calls", "away_after_s", "sync_members"):
        assert getattr(full.desk, name) == getattr(plain.desk, name), name

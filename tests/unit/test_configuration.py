"""meridian.toml as a whole: what is refused, in words that say the mend, and what the rooms get of it."""

from pathlib import Path

import pytest

from configuration import Configuration, Storage, load
from core.errors import BadConfiguration
from telephony.pbx_settings import AmiAccount

SITE = '[site]\nname = "riga"\ntimezone = "Europe/Riga"\nregion = "LV"\n'
PBX = '[pbx.one]\nhost = "10.0.0.5"\nlistener = {user = "l", secret = "env:AMI"}\n'
ENVIRON = {"AMI": "hush"}


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Configuration:
    path = tmp_path / "meridian.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, ENVIRON if environ is None else environ)


def refusal(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(BadConfiguration) as refused:
        read(tmp_path, text, environ)
    message = str(refused.value)
    assert "\n" not in message and str(tmp_path / "meridian.toml") in message
    return message


def test_the_least_that_must_be_said(tmp_path: Path) -> None:
    told = read(tmp_path, SITE + PBX)
    assert told.site.agents == ("PJSIP/1???",) and told.database == Storage()
    assert told.pbx["one"].listener == AmiAccount(user="l", secret="hush")
    assert (told.pbx["one"].port, told.pbx["one"].cdr_zone, told.web.port) == (5038, "UTC", 8080)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (SITE, None, "there is no [pbx.NAME]"),
        (SITE + "[pbx]\n", None, "there is no [pbx.NAME]"),
        (PBX, None, "'site' is missing"),
        (SITE.replace("Riga", "Rigga", 1) + PBX, 1, "no IANA zone"),
        (SITE.replace("Europe/Riga", "") + PBX, 1, "no IANA zone"),
        (SITE.replace("Europe/Riga", "../etc/passwd") + PBX, 1, "no IANA zone"),
        (SITE.replace('"LV"', '"XX"') + PBX, 1, "no country code"),
        (SITE.replace('"LV"', '"lv"') + PBX, 1, "no country code"),
        (SITE + "agents = []\n" + PBX, 1, "'agents' is empty"),
        (SITE + PBX + "prot = 5038\n", 8, "did you mean 'port'?"),
        (SITE + PBX + "[pbx.one.controler]\n", 8, "did you mean 'controller'?"),
        (SITE + PBX + 'port = "5038"\n', 8, "must be a whole number"),
        (SITE + PBX + 'cdr_csv = "/a"\ncdr_url = "sqlite:///b"\n', 5, "both set"),
        (SITE + PBX + 'cdr_zone = "Mars/Olympus"\n', 5, "'cdr_zone' 'Mars/Olympus' is no IANA zone"),
        (SITE + PBX + "cdr_since = 2026-01-31T00:00:00\n", 8, "must say its zone"),
        (SITE + '[pbx.one]\nhost = "h"\n', 5, "'pbx.one.listener' is missing"),
        (SITE + PBX + "[datbase]\n", 8, "did you mean 'database'?"),
        (SITE + PBX + "host = \n", None, "mend the line"),
    ],
)
def test_what_is_refused(text: str, line: int | None, words: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, text)
    assert words in message
    assert line is None or f", line {line}:" in message


def test_a_secret_that_the_environment_lacks_is_named(tmp_path: Path) -> None:
    assert "environment variable AMI, which is not set" in refusal(tmp_path, SITE + PBX, {})


def test_secrets_never_show(tmp_path: Path) -> None:
    text = SITE + PBX + 'cdr_url = "postgresql://u:topsecret@h/d"\n[database]\nurl = "postgresql://u:topsecret@h/d"\n'
    told = read(tmp_path, text)
    assert told.database.url.endswith("/d") and "topsecret" not in repr(told) and "hush" not in repr(told)


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"meridian\.example\.toml.*meridian demo"):
        load(tmp_path / "meridian.toml", {})


def test_a_file_that_is_no_text_or_a_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "meridian.toml"
    path.write_bytes(b"name = '\xff\xfe'")
    with pytest.raises(BadConfiguration, match="can't read"):
        load(path, {})
    with pytest.raises(BadConfiguration, match="can't read"):
        load(tmp_path, {})


def test_the_link_gets_what_the_administrator_said(tmp_path: Path) -> None:
    text = (
        SITE
        + 'agents = ["PJSIP/2*", "SIP/3?"]\n'
        + PBX
        + (
            'controller = {user = "c", secret = "s"}\nport = 5039\ntls = true\nca_file = "/ca.pem"\nmd5_login = false\n'
            "allow_command = true\nreconcile_s = 15\n"
        )
    )
    link = read(tmp_path, text).link_settings("one")
    assert (link.name, link.host, link.port, link.tls, link.ca_file) == ("one", "10.0.0.5", 5039, True, "/ca.pem")
    assert (link.md5_login, link.allow_command, link.reconcile_s) == (False, True, 15.0)
    assert link.agents == ("PJSIP/2*", "SIP/3?")
    assert (link.listener.user, link.acting.user) == ("l", "c")


def test_without_a_controller_the_listener_acts(tmp_path: Path) -> None:
    assert read(tmp_path, SITE + PBX).link_settings("one").acting.user == "l"


ROUTING = """
[skills.billing]
en = "Billing"
ru = "Счета"
[hours.day]
zone = "Europe/Riga"
week = ["Mon-Fri 09-18"]
[sites.omsk]
timezone = "Asia/Omsk"
[queues.support]
requirement = "billing >= 2 and site in (riga, omsk)"
hours = "day"
[people.anna]
skills = { billing = 3 }
queues = ["support"]
shifts = ["day"]
"""


def test_who_serves_what_and_when(tmp_path: Path) -> None:
    told = read(tmp_path, SITE + PBX + ROUTING)
    assert told.queues["support"].hours == "day" and told.people["anna"].skills == {"billing": 3}


def test_an_expression_is_refused_at_its_line_and_character(tmp_path: Path) -> None:
    text = ROUTING.replace("billing >= 2 and", "billing >= 9 and")
    with pytest.raises(BadConfiguration) as refused:
        read(tmp_path, SITE + PBX + text)
    first, expression, mark = str(refused.value).splitlines()
    assert "line 18: expected a level from 1 to 5" in first and "at character 12" in first
    assert expression[mark.index("^")] == "9"


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("billing >= 2", "biling >= 2", 18, "queue support: skill 'biling' is not declared; did you mean 'billing'?"),
        ("omsk)", "tomsk)", 18, "queue support: site 'tomsk' is not declared; did you mean 'omsk'?"),
        ('hours = "day"', 'hours = "night"', 19, "there is: day"),
        ('hours = "day"', 'overflow = "sales"', 19, "there is: support"),
        ('hours = "day"', 'overflow = "support"', 19, "runs in a circle: support -> support"),
        ("billing = 3", "billing = 6", 21, "levels go from 1 to 5"),
        ("billing = 3", "selling = 3", 21, "anna: skills 'selling'"),
        ('queues = ["support"]', 'queues = ["suport"]', 22, "did you mean 'support'"),
        ('shifts = ["day"]', 'shifts = ["night"]', 23, "anna: shifts 'night'"),
        ('shifts = ["day"]', 'breaks = ["lunch"]', 23, "anna: breaks 'lunch'"),
        ('shifts = ["day"]', 'site = "oslo"', 23, "anna: site 'oslo'"),
        ("[sites.omsk]", "[sites.riga]", 15, "'riga' is this centre"),
        ("Asia/Omsk", "Asia/Omks", 15, "no IANA zone"),
        ('"Asia/Omsk"', '"Asia/Omsk"\nhours = "nigth"', 17, "site omsk: hours 'nigth' is not declared"),
        ("billing = 3", "billing = 1", 18, "queue support: nobody in [people] could ever serve it"),
        ("[skills.billing]", "[routing]\nfeed_hours = 0.0\n[skills.billing]", 10, "choose 0.01 to 168 hours"),
        ("09-18", "09-26", 12, "times from 00:00 to 24:00"),
    ],
)
def test_what_names_nothing_is_refused_where_it_stands(
    before: str, after: str, line: int, words: str, tmp_path: Path
) -> None:
    assert ROUTING.count(before) == 1
    message = refusal(tmp_path, SITE + PBX + ROUTING.replace(before, after))
    assert f"line {line}: " in message and words in message, message

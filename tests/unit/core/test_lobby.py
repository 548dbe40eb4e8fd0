"""Names that the dialplan can bear, and how callers may be made to wait."""

import pytest

from core.errors import BadConfiguration
from core.lobby import Lobby, check_acd_names


@pytest.mark.parametrize("name", ["support", "support-acd", "2nd_line", "a" * 40])
def test_names_that_the_dialplan_can_bear(name: str) -> None:
    check_acd_names([name], {})


@pytest.mark.parametrize(
    "name",
    ["", "h", "s", "Support", "sales team", "_x.", "a,1", "a)", "${x}", "a]", "a\nexten", "a;b", "é", "-a", "a" * 41, "a&b", "a@b"],
)  # fmt: skip
def test_hostile_names_are_refused(name: str) -> None:
    with pytest.raises(BadConfiguration, match="small letters"):
        check_acd_names([name], {})


def test_names_that_asterisk_cannot_tell_apart() -> None:
    with pytest.raises(BadConfiguration, match="second-line and secondline apart"):
        check_acd_names(["second-line", "secondline"], {})


@pytest.mark.parametrize("fallback", ["", "a,b", "x\ny", "${x}", "a b", "_x"])
def test_hostile_fallbacks_are_refused(fallback: str) -> None:
    with pytest.raises(BadConfiguration, match="can't be a queue's name"):
        check_acd_names(["support"], {"support": fallback})


def test_a_fallback_must_have_members() -> None:
    check_acd_names(["support"], {"support": "400"})
    with pytest.raises(BadConfiguration, match="has no members of its own") as refused:
        check_acd_names(["support", "sales"], {"support": "sales"})
    assert refused.value.place == ("queues", "support", "fallback")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("patience_s", 4), ("patience_s", 86_401), ("announce_s", 14), ("announce_s", -1), ("announce_s", 601),
        ("music", ""), ("music", "a\nb"), ("whisper", "a,b"), ("whisper", "/etc/passwd"), ("whisper", "../x"), ("whisper", "a.wav"),
    ],
)  # fmt: skip
def test_a_lobby_that_cannot_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(BadConfiguration, match=key) as refused:
        Lobby(**{key: value})  # type: ignore[arg-type]
    assert refused.value.place == (key,)


def test_a_lobby_without_announcements() -> None:
    assert Lobby(announce_s=0, whisper="custom/sales").announce_s == 0

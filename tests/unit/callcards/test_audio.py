"""Recordings: only files below the folder that was named, only the part that was asked for."""

from pathlib import Path

import pytest

from callcards.audio import file_of, part_asked
from core.errors import NotFound, Rejected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "rec"
    (inside / "deep").mkdir(parents=True)
    for name in ("rec/a.wav", "rec/deep/b.mp3", "secret.wav", "rec/secret.txt"):
        (tmp_path / name).write_bytes(b"x")
    (inside / "link.wav").symlink_to(tmp_path / "secret.wav")
    (inside / "fine.wav").symlink_to(inside / "a.wav")
    (inside / "dir.wav").mkdir()
    return inside


@pytest.mark.parametrize("reference", ["a.wav", "deep/b.mp3", "fine.wav", "deep/../a.wav"])
def test_what_lies_below_is_found(folder: Path, reference: str) -> None:
    assert file_of(folder, reference).is_file()


def test_an_absolute_name_below_it_is_fine(folder: Path) -> None:
    assert file_of(folder, str(folder / "a.wav")) == (folder / "a.wav").resolve()


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "../secret.wav",
        "/etc/passwd",
        "link.wav",
        "secret.txt",
        "dir.wav",
        "none.wav",
        "a.wav\0.txt",
        "x" * 2_000,
        ".",
    ],
)
def test_nothing_else_is_ever_opened(folder: Path, reference: str) -> None:
    with pytest.raises(NotFound) as refused:
        file_of(folder, reference)
    assert refused.value.code == "no_file"


@pytest.mark.parametrize(
    "reference", ["/var/spool/asterisk/deep/b.mp3", "/var/spool/asterisk/meridian/a.wav", "deep/a.wav"]
)
def test_the_pbx_may_call_its_folder_otherwise(folder: Path, reference: str) -> None:
    assert file_of(folder, reference).name == Path(reference).name


def test_an_absolute_name_outside_is_not(folder: Path) -> None:
    with pytest.raises(NotFound):
        file_of(folder, str(folder.parent / "secret.wav"))


def test_without_a_folder_it_is_said_what_to_set() -> None:
    with pytest.raises(NotFound, match="set 'recordings'"):
        file_of(None, "a.wav")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None), ("", None), ("bytes=-", None), ("items=0-1", None), ("bytes=0-1,5-6", None), ("bytes=a-b", None),
        ("bytes=0-", (0, 99)), ("bytes=10-19", (10, 19)), ("bytes=90-200", (90, 99)), ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)), (" bytes=5-5 ", (5, 5)),
    ],
)  # fmt: skip
def test_the_part_that_is_asked_for(header: str | None, part: tuple[int, int] | None) -> None:
    assert part_asked(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=20-10", "bytes=-0"])
def test_a_part_that_isnt_there(header: str) -> None:
    with pytest.raises(Rejected) as refused:
        part_asked(header, 100)
    assert refused.value.code == "bad_range"

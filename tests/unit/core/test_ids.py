"""Ids: version 7, in order of time, the same for the same conversation."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from core.ids import epoch_of, fresh_id, interaction_id


@pytest.mark.parametrize(
    ("uniqueid", "epoch"),
    [
        ("1795290196.0", 1795290196),
        ("pbx-1795290196.12", 1795290196),
        ("cc.1795290196.0.2", None),
        ("mc.a1b2c3.1795290196.7", 1795290196),
        ("click-1", None),
        ("", None),
    ],
)
def test_epoch_of(uniqueid: str, epoch: int | None) -> None:
    assert epoch_of(uniqueid) == epoch


def made(uniqueid: str, **changes: str) -> str:
    return interaction_id(**({"site": "s", "pbx": "p", "boot_id": "b", "uniqueid": uniqueid} | changes))


def test_the_same_conversation_has_the_same_id_and_another_another() -> None:
    assert made("1795290196.0") == made("1795290196.0")
    others = {
        made("1795290196.1"),
        made("1795290196.0", pbx="q"),
        made("1795290196.0", boot_id="c"),
        made("1795290196.0", site="t"),
    }
    assert len(others | {made("1795290196.0")}) == 5


def test_ids_are_version_7_and_sort_by_time() -> None:
    ids = [made("1795290196.0"), made("1795290197.0"), made("1795299999.5")]
    assert ids == sorted(ids)
    assert all(UUID(i).version == 7 for i in ids)
    assert UUID(ids[0]).int >> 80 == 1795290196_000


def test_fresh_ids() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    one = UUID(fresh_id(at, bytes(range(10))))
    assert one.version == 7 and one.variant == "specified in RFC 4122"
    assert one.int >> 80 == int(at.timestamp() * 1000)
    assert fresh_id(at, bytes(10)) != str(one)

"""A recording that begins on the PBX - whoever began it - is on the card, with the file as the PBX names it."""

from pathlib import Path

import pytest

from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.stage import Stage

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]


def test_a_recording_is_on_the_card(tmp_path: Path) -> None:
    with Asterisk() as asterisk:
        meridian = Meridian(asterisk, tmp_path)
        meridian.start()
        stage = Stage(asterisk.ports.ami, asterisk.ports.sip)
        try:
            _, caller, call, _ = stage.answered_call("79161230099", name="Recorded")
            stage.ami.action("MixMonitor", Channel=call["channel"], File="talk-79161230099.wav")

            def recorded() -> bool:
                return any(card.card.recordings for card in meridian.stored())

            meridian.until(recorded, 10, "recorded")
            caller.hangup()
            meridian.until(lambda: all(c.card.ended_at for c in meridian.stored()), 10, "ended")
            (stored,) = meridian.stored()
            assert [Path(file).name for file in stored.card.recordings] == ["talk-79161230099.wav"]
        finally:
            stage.close()
            meridian.stop()

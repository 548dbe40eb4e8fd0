"""Cut off and back: whose old place is given, and whose isn't."""

from datetime import datetime
from typing import Any

import pytest

from core.events import (
    CallArrived,
    CallbackAsked,
    CallDropped,
    CallEnded,
    CallMerged,
    CallQueued,
    CallToVoicemail,
    CallUnqueued,
)
from core.model import Direction, EndedBy
from core.phone import e164
from routing.resume import CutOffs
from tests.cards import card, instant

IVAN = "8 916 111-00-01"


class Line:
    """A day of calls of one queue that gives 60 s to come back."""

    def __init__(self, resume_s: float = 60, bound: int = 100) -> None:
        self.cut_offs = CutOffs(e164=lambda raw: e164(raw, "RU"), resume_s=lambda _queue: resume_s, bound=bound)

    def calls(
        self, call_id: str, after_s: float, *, number: str | None = IVAN, queue: str = "support", **how: Any
    ) -> None:
        direction = how.get("direction", Direction.INBOUND)
        self.cut_offs.on_call_arrived(
            CallArrived(
                at=instant(after_s), call_id=call_id, site="riga", pbx="p", boot_id="b", uniqueid="1.1", linkedid="1.1",
                channel="PJSIP/trunk-1", direction=direction, caller_number=number or "", caller_name="",
                client_number=number, dialled="500",
            )
        )  # fmt: skip
        self.cut_offs.on_call_queued(CallQueued(at=instant(after_s), call_id=call_id, queue=queue))

    def ends(self, call_id: str, after_s: float, by: EndedBy | None = EndedBy.CALLER) -> None:
        self.cut_offs.on_call_ended(CallEnded(at=instant(after_s), call_id=call_id, ended_by=by, cause=16))

    def place(self, call_id: str) -> datetime | None:
        return self.cut_offs.place_of(call_id)


@pytest.mark.parametrize("by", [EndedBy.CALLER, EndedBy.SYSTEM, None])
def test_who_is_cut_off_and_calls_again_has_the_old_place(by: EndedBy | None) -> None:
    line = Line()
    line.calls("one", 0)
    line.ends("one", 100, by)
    line.calls("two", 159, number="+79161110001")
    assert line.place("two") == instant(0)
    line.ends("two", 170, by)
    line.calls("three", 180)
    assert line.place("three") == instant(0), "cut off twice"
    line.ends("one", 190)
    assert line.place("one") is None


def test_who_waits_has_the_place_of_their_own_call() -> None:
    line = Line()
    line.calls("one", 5)
    assert line.place("one") == instant(5) and line.place("nobody") is None


@pytest.mark.parametrize(
    ("why", "second"),
    [
        ("too late", {"after_s": 161}),
        ("another queue", {"after_s": 110, "queue": "sales"}),
        ("another number", {"after_s": 110, "number": "+79161110002"}),
    ],
)
def test_a_new_place(why: str, second: dict[str, Any]) -> None:
    line = Line()
    line.calls("one", 0)
    line.ends("one", 100)
    line.calls("two", **second)
    assert line.place("two") == instant(second["after_s"]), why


@pytest.mark.parametrize("number", ["anonymous", "", None, "112", "100"])
def test_who_hides_the_number_or_has_none_of_their_own_gets_nothing(number: str | None) -> None:
    line = Line()
    line.calls("one", 0, number=number)
    line.ends("one", 100)
    line.calls("two", 110, number=number)
    assert line.place("two") is None and len(line.cut_offs) == 0


def test_calls_that_we_place_are_no_ones_place() -> None:
    line = Line()
    line.calls("one", 0, direction=Direction.OUTBOUND)
    line.ends("one", 100)
    assert len(line.cut_offs) == 0


def test_whom_the_operator_hung_up_on_is_finished() -> None:
    line = Line()
    line.calls("one", 0)
    line.ends("one", 100, EndedBy.AGENT)
    line.calls("two", 110)
    assert line.place("two") == instant(110)


@pytest.mark.parametrize("served", ["voicemail", "callback", "left", "merged", "dropped"])
def test_who_left_the_queue_otherwise_is_not_cut_off(served: str) -> None:
    line = Line()
    line.calls("one", 0)
    cut_offs, what = line.cut_offs, {"at": instant(50), "call_id": "one"}
    match served:
        case "voicemail":
            cut_offs.on_call_to_voicemail(CallToVoicemail(**what))  # type: ignore[arg-type]
        case "callback":
            cut_offs.on_callback_asked(CallbackAsked(**what, queue="support", number=IVAN))  # type: ignore[arg-type]
        case "left":
            cut_offs.on_call_unqueued(CallUnqueued(**what, queue="support"))  # type: ignore[arg-type]
        case "merged":
            cut_offs.on_call_merged(CallMerged(**what, into="other"))  # type: ignore[arg-type]
        case "dropped":
            cut_offs.on_call_dropped(CallDropped(**what))  # type: ignore[arg-type]
    line.ends("one", 100)
    line.calls("two", 110)
    assert line.place("two") == instant(110)


def test_the_age_goes_along_into_the_next_queue() -> None:
    line = Line()
    line.calls("one", 0)
    line.cut_offs.on_call_unqueued(CallUnqueued(at=instant(30), call_id="one", queue="support"))
    line.cut_offs.on_call_queued(CallQueued(at=instant(31), call_id="one", queue="sales"))
    assert line.place("one") == instant(0)


def test_a_slice_of_one_wait_changes_nothing() -> None:
    line = Line()
    line.calls("one", 0)
    line.cut_offs.on_call_queued(CallQueued(at=instant(30), call_id="one", queue="support"))
    assert line.place("one") == instant(0)


def test_a_clock_that_went_back_makes_nobody_wait_since_the_future() -> None:
    line = Line()
    line.calls("one", 100)
    line.ends("one", 101)
    line.calls("two", 50)
    assert line.place("two") == instant(50)


def test_without_the_setting_nothing_is_kept_and_memory_is_bounded() -> None:
    off, small = Line(resume_s=0), Line(bound=2)
    for line in (off, small):
        for n in range(5):
            line.calls(f"c{n}", n, number=f"+7916111000{n}")
            line.ends(f"c{n}", n + 1)
    assert (len(off.cut_offs), len(small.cut_offs)) == (0, 2)
    small.calls("again", 10, number="+79161110004")
    assert small.place("again") == instant(4)


def test_a_restart_reads_the_record() -> None:
    line = Line()
    cut = {"voicemail": False, "client_number": IVAN, "queues": ("support",), "started_at": instant(0)}
    ended = {**cut, "ended_at": instant(100), "ended_by": EndedBy.CALLER}
    line.cut_offs.remember(
        [
            card(1, **ended),
            card(2, **{**ended, "client_number": "+79161110002", "ended_by": EndedBy.AGENT}),
            card(3, **{**ended, "client_number": "+79161110003", "voicemail": True}),
            card(4, **{**ended, "client_number": "+79161110004", "direction": Direction.OUTBOUND}),
            card(5, **{**ended, "client_number": "+79161110005", "ended_at": None}),
            card(6, **{**ended, "client_number": "+79161110006", "queues": (), "queued_at": None}),
            card(7, **{**ended, "client_number": "+79161110007", "answered_at": None, "unqueued_at": instant(3)}),
        ]
    )
    assert len(line.cut_offs) == 1
    line.calls("two", 120)
    assert line.place("two") == instant(0.5)


def test_a_place_is_given_once() -> None:
    line = Line()
    line.calls("one", 0)
    line.ends("one", 100)
    line.calls("two", 110)
    line.calls("three", 111)
    assert (line.place("two"), line.place("three")) == (instant(0), instant(111))


def test_who_waits_already_takes_no_other_place() -> None:
    line = Line()
    line.calls("one", 0)
    line.calls("two", 10)
    line.ends("one", 20)
    line.cut_offs.on_call_queued(CallQueued(at=instant(30), call_id="two", queue="support"))
    assert line.place("two") == instant(10)

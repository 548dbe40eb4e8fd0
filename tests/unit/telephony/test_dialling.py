"""From an operator's wish to a command for the right PBX, and never a number as typed."""

import pytest

from core.errors import NotFound, Rejected, Unavailable
from telephony.commands import Command, HangUp, PlaceCall
from telephony.dialling import DialPlan, PbxCalls, dialled_digits
from telephony.facts import FromPbx, HangupAsked
from telephony.wire import Headers
from tests.playbook import Playbook, at


class Line:
    """Takes commands; `away` refuses them."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.away = False

    async def send(self, command: Command) -> Headers:
        if self.away:
            raise Unavailable("away")
        self.sent.append(command)
        return {"Response": "Success"}


class Desk:
    def __init__(self) -> None:
        self.line, self.other = Line(), Line()
        self.play = Playbook()
        self.tracker = self.play.tracker
        plan = DialPlan(phone="PJSIP/{extension}", context="from-agent", prefix="9")
        self.told: list[FromPbx] = []
        self.calls = PbxCalls(
            {"pbx1": self.line, "pbx2": self.other},
            {"pbx1": plan, "pbx2": plan},
            {"pbx2": Playbook().tracker, "pbx1": self.tracker},
            deliver=self.told.append,
            now=lambda: at(0),
            token=lambda: "s3cret",
        )

    def talking(self) -> str:
        """A client talks with 1001; the id of the call."""
        self.play.created(0, "A", "trunk", number="79161110001")
        self.play.rang(1, "A", "B", "1001")
        self.play.bridged(2, "B", "A")
        return self.tracker.channels["A"].call.call_id


async def placed(number: str) -> PlaceCall:
    desk = Desk()
    await desk.calls.place("riga", "1001", number)
    (command,) = desk.line.sent
    assert isinstance(command, PlaceCall) and not desk.other.sent
    return command


async def test_an_outside_number_is_dialled_behind_the_prefix() -> None:
    command = await placed("+7 (903) 555-00-01")
    assert (command.phone, command.context, command.number) == ("PJSIP/1001", "from-agent", "979035550001")
    assert command.shown_number == "79035550001"


@pytest.mark.parametrize(("number", "dialled"), [("1002", "1002"), ("12345", "12345"), ("123456", "9123456")])
async def test_a_colleague_is_dialled_without_the_prefix(number: str, dialled: str) -> None:
    assert (await placed(number)).number == dialled


async def test_no_two_calls_have_one_channel_id_and_none_can_be_guessed() -> None:
    desk = Desk()
    await desk.calls.place("riga", "1001", "1002")
    await desk.calls.place("riga", "1001", "1002")
    ids = [command.channel_id for command in desk.line.sent if isinstance(command, PlaceCall)]
    assert len(set(ids)) == 2 and all("s3cret" in channel_id for channel_id in ids)


@pytest.mark.parametrize("extension", ["1001&PJSIP/trunk", "../x", "1001\r\nAction: Command", "Local/1@x", ""])
async def test_an_extension_that_is_none_never_reaches_the_pbx(extension: str) -> None:
    desk = Desk()
    with pytest.raises(Rejected):
        await desk.calls.place("riga", extension, "1002")
    assert not desk.line.sent


async def test_an_absent_pbx_is_said_so() -> None:
    desk = Desk()
    desk.line.away = True
    with pytest.raises(Unavailable):
        await desk.calls.place("riga", "1001", "1002")


async def test_hanging_up_ends_the_operators_own_part() -> None:
    desk = Desk()
    await desk.calls.hang_up("riga", "1001", desk.talking())
    assert desk.line.sent == [HangUp(uniqueid="B")] and not desk.other.sent
    # The PBX would say that it hung up by itself.
    (told,) = desk.told
    assert isinstance(told.fact, HangupAsked) and (told.pbx, told.fact.uniqueid) == ("pbx1", "B")


@pytest.mark.parametrize(("site", "agent"), [("riga", "1002"), ("tokyo", "1001")])
async def test_nobody_hangs_up_for_others(site: str, agent: str) -> None:
    desk = Desk()
    call_id = desk.talking()
    with pytest.raises(NotFound):
        await desk.calls.hang_up(site, agent, call_id)
    assert not desk.line.sent


async def test_a_call_that_is_over_or_was_passed_on_has_no_part_to_end() -> None:
    desk = Desk()
    call_id = desk.talking()
    desk.play.blind(3, "B", "1002")
    with pytest.raises(NotFound, match="no part"):
        await desk.calls.hang_up("riga", "1001", call_id)
    desk.play.hung_up(4, "B", "A")
    with pytest.raises(NotFound, match="over"):
        await desk.calls.hang_up("riga", "1001", call_id)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+7 (903) 555-00-01", "79035550001"),
        ("8 903 555 00 01", "89035550001"),
        ("+49\u00a030\u202f12.34/56", "4930123456"),
        ("7\u2011903\u2013555", "7903555"),
        ("  1002 ", "1002"),
        ("1" * 20, "1" * 20),
    ],
)
def test_numbers_as_people_write_them(typed: str, digits: str) -> None:
    assert dialled_digits(typed) == digits


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "()",
        "1001&PJSIP/x",
        "1" * 21,
        "0800FLOWERS",
        "*98",
        "1,2",
        "٠١٢٣",
        "²",
        "1\r\n2",
        "1\x00",
        "7++1",
        "1;2",
    ],
)
def test_what_is_no_number_is_never_dialled(typed: str) -> None:
    with pytest.raises(Rejected, match="can't be dialled"):
        dialled_digits(typed)

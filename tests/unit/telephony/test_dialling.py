"""From a click to a command for the PBX: only digits that the rules let through, only from the operator's own phone, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desk import DialPolicy
from core.errors import ContactCentreError, Forbidden, ResultUnknown, Unavailable
from telephony.commands import Command, PlaceCall
from telephony.dial_policy import DialRules
from telephony.dialling import DialPlan, PbxCalls, Phones
from telephony.live import Endpoints
from telephony.wire import Headers
from tests.playbook import AGENTS, at


class Line:
    """Takes commands; `fails` refuses them."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.fails: ContactCentreError | None = None

    async def send(self, command: Command) -> Headers:
        if self.fails:
            raise self.fails
        self.sent.append(command)
        return {"Response": "Success"}


class Desk:
    def __init__(self, policy: DialPolicy | None = None) -> None:
        policy = policy or DialPolicy()
        self.line, self.other = Line(), Line()
        plan = DialPlan(phone="PJSIP/{extension}", context="from-agent", prefix="9", queues={"support": "500"})
        phones = Phones(Endpoints(AGENTS), {"pbx1": plan}, policy)
        self.now = 0.0
        self.calls = PbxCalls(
            {"pbx1": self.line, "pbx2": self.other},
            {"pbx1": plan, "pbx2": plan},
            site="riga",
            phones=phones,
            rules=DialRules(policy, region="RU", is_internal=phones.is_internal),
            now=lambda: at(self.now),
            token=lambda: "s3cret",
        )

    async def place(self, number: str, *, agent: str = "1001", user: str = "anna") -> None:
        await self.calls.place("riga", agent, number, user=user)

    def numbers(self) -> list[str]:
        return [command.number for command in self.line.sent if isinstance(command, PlaceCall)]


async def test_an_outside_number_is_dialled_behind_the_prefix() -> None:
    desk = Desk()
    await desk.place("+7 (903) 555-00-01")
    (command,) = desk.line.sent
    assert isinstance(command, PlaceCall) and not desk.other.sent
    assert (command.phone, command.context, command.number) == ("PJSIP/1001", "from-agent", "979035550001")
    assert command.shown_number == "79035550001"


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+7 (903) 555-00-01", "979035550001"),
        ("8 903 555 00 01", "979035550001"),  # as Russians dial it
        ("79035550001", "979035550001"),
        ("00 7 903 555 00 01", "979035550001"),
        ("+7\u00a0903\u202f555\u20110001", "979035550001"),
        ("  1002 ", "1002"),  # a colleague
        ("500", "500"),  # a queue
    ],
)
async def test_numbers_as_people_write_them(typed: str, digits: str) -> None:
    desk = Desk()
    await desk.place(typed)
    assert desk.numbers() == [digits]


async def test_declared_short_numbers_and_other_countries() -> None:
    desk = Desk(DialPolicy(extensions=("3??",), countries=("RU", "DE"), premium=True, emergency=True))
    for number in ("300", "+49 30 123456", "+7 809 505 12 34", "112"):
        await desk.place(number)
    assert desk.numbers() == ["300", "94930123456", "978095051234", "112"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("+7 809 505 12 34", "costs extra"),  # premium
        ("8 (809) 505-12-34", "costs extra"),
        ("+979 123 456 789", "costs extra"),  # of no country
        ("+49 30 123456", "DE"),
        ("8 10 49 30 123456", "DE"),  # the same, as dialled from Russia
        ("+7 701 234 56 78", "KZ"),  # shares Russia's code
        ("+1 809 555 1234", "DO"),  # looks as if it were the United States
        ("+881 6 1234 5678", "no country"),  # satellites
        ("112", "emergency"),
        ("02", "emergency"),
        ("911", "emergency"),
        ("0611", "no colleague"),
        ("123456", "no colleague"),
        ("123", "no colleague"),
        ("+7 903", "no colleague"),
        ("1234567", "can't be told"),
        ("", "whole number"),
        ("+", "whole number"),
        ("1001&PJSIP/x", "whole number"),
        ("1" * 21, "whole number"),
        ("0800FLOWERS", "whole number"),
        ("*98", "whole number"),
        ("1,2", "whole number"),
        ("٠١٢٣", "whole number"),
        ("1\r\n2", "whole number"),
        ("7++1", "whole number"),
        ("+79035550001;ext=1", "whole number"),
    ],
)
async def test_what_may_not_be_called_never_reaches_the_pbx(typed: str, words: str) -> None:
    desk = Desk()
    with pytest.raises(Forbidden, match=words) as refusal:
        await desk.place(typed)
    assert refusal.value.code == "number_not_allowed" and not desk.line.sent


async def test_without_internal_calls_no_short_number_passes() -> None:
    desk = Desk(DialPolicy(internal=False, extensions=("3??",)))
    for number in ("1002", "500", "300"):
        with pytest.raises(Forbidden):
            await desk.place(number)


@given(st.text(alphabet="0123456789+ ().-/\u00a0&,;\r\nABC*#$", max_size=30) | st.text(max_size=30))
async def test_all_that_reaches_the_pbx_is_digits_in_the_configured_context(typed: str) -> None:
    desk = Desk(
        DialPolicy(countries=("RU", "DE", "US", "KZ", "GB", "001"), extensions=("*",), premium=True, emergency=True)
    )
    try:
        await desk.place(typed)
    except Forbidden:
        assert not desk.line.sent
        return
    (command,) = desk.line.sent
    assert isinstance(command, PlaceCall)
    assert command.number.isascii() and command.number.isdigit() and command.context == "from-agent"
    assert command.phone == "PJSIP/1001" and not command.variables


async def test_no_two_calls_have_one_channel_id_and_none_can_be_guessed() -> None:
    desk = Desk()
    await desk.place("1002")
    await desk.place("1003")
    ids = [command.channel_id for command in desk.line.sent if isinstance(command, PlaceCall)]
    assert len(set(ids)) == 2 and all("s3cret" in channel_id for channel_id in ids)


@pytest.mark.parametrize(
    "extension", ["trunk", "2001", "1001&PJSIP/trunk", "../x", "1001\r\nAction: Command", "Local/1@x", ""]
)
async def test_only_an_operators_phone_is_rung(extension: str) -> None:
    desk = Desk()
    with pytest.raises(Forbidden, match="no operator's phone"):
        await desk.place("1002", agent=extension)
    assert not desk.line.sent


async def test_another_sites_people_dont_ring_our_phones() -> None:
    desk = Desk()
    with pytest.raises(Forbidden, match="of the site riga"):
        await desk.calls.place("tokyo", "1001", "1002", user="otto")
    assert not desk.line.sent


async def test_two_clicks_ring_once_and_later_one_may_call_again() -> None:
    desk = Desk()
    await desk.place("1002")
    desk.now = 1.0
    await desk.place("1002")
    assert len(desk.line.sent) == 1
    desk.now = 2.5
    await desk.place("1002")
    assert len(desk.line.sent) == 2


async def test_a_call_that_was_not_sent_may_be_tried_at_once_one_of_unknown_fate_not_by_a_second_click() -> None:
    desk = Desk()
    desk.line.fails = Unavailable("away")
    with pytest.raises(Unavailable):
        await desk.place("1002")
    desk.line.fails = ResultUnknown("no answer")
    with pytest.raises(ResultUnknown):
        await desk.place("1002")
    desk.line.fails = None
    await desk.place("1002")
    assert not desk.line.sent


async def test_a_hundred_calls_a_minute_are_six() -> None:
    desk = Desk()
    refused = 0
    for n in range(100):
        desk.now = n * 0.5
        try:
            await desk.place(f"+7 903 555 {n:04}")
        except Forbidden as refusal:
            assert refusal.code == "too_many_calls" and "Try again in" in str(refusal)
            refused += 1
    assert (len(desk.line.sent), refused) == (6, 94)

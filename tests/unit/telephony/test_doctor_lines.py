"""Exactly the lines that are needed."""

from telephony.doctor_accounts import judge_accounts
from telephony.doctor_events import judge_events
from telephony.doctor_findings import Finding, fail
from telephony.doctor_lines import Given, conf_lines, how_to_apply
from telephony.doctor_plan import judge_plan
from telephony.doctor_seen import AccountSeen, Door, Heard, PbxSeen
from tests.unit.telephony.doctored import ACTS, HEARS, healthy, wanted

GIVEN = Given(
    secrets={"ears": "S1", "hands": "S2"},
    our_address="10.0.0.7",
    cdr_file="Master.csv",
    cdr_columns=("start", "uniqueid"),
)


def lines(seen: PbxSeen, *more: Finding) -> dict[str, tuple[str, ...]]:
    expected = wanted()
    found = [*judge_accounts(expected, seen), *judge_events(expected, seen), *judge_plan(expected, seen), *more]
    return {each.file: each.lines for each in conf_lines(expected, seen, found, GIVEN)}


def test_nothing_for_what_is_fine() -> None:
    assert lines(healthy()) == {}
    assert how_to_apply([]) == ""


def test_everything_for_a_pbx_that_lets_nobody_in() -> None:
    seen = PbxSeen(
        listener=AccountSeen(user="ears", door=Door.UNREACHABLE, why="refused"), controller=AccountSeen(user="hands")
    )
    found = lines(seen, fail("cdr_file_missing", "x", "y"))
    assert set(found) == {"manager.conf", "asterisk.conf", "cdr.conf", "cdr_custom.conf", "features.conf"}
    manager = found["manager.conf"]
    assert manager[:2] == ("[general](+)", "enabled = yes")
    ears, hands = manager[manager.index("[ears]") : manager.index("[hands]")], manager[manager.index("[hands]") :]
    assert "read = system,call,agent,user" in ears and "write = reporting,user" in ears and "secret = S1" in ears
    assert "read =" in hands and "write = agent,call,originate" in hands and "secret = S2" in hands
    assert "permit = 10.0.0.7/255.255.255.255" in ears
    assert found["cdr_custom.conf"][-1] == "Master.csv => ${CSV_QUOTE(${CDR(start)})},${CSV_QUOTE(${CDR(uniqueid)})}"


def test_only_the_change_for_an_account_that_is_in() -> None:
    ears = AccountSeen(user="ears", door=Door.IN, allowed=HEARS, cut=True, stalled_s=1.0)
    hands = AccountSeen(user="hands", door=Door.IN, allowed=ACTS | {"Command"}, cut=False)
    deaf = Heard(names={"Newchannel"}, booted=True, own_event=True, timestamped=True, member_probe=False)
    assert lines(healthy(listener=ears, controller=hands, heard=deaf)) == {
        "manager.conf": (
            *("[ears](+)", "read = system,call,agent,user", "writetimeout = 5000"),
            *("[hands](+)", "write = agent,call,originate"),
        )
    }


def test_a_context_only_where_it_is_known_what_goes_in() -> None:
    assert lines(healthy(call_context_exists=False, contexts={"PJSIP/1001": "phones"})) == {
        "extensions.conf": ("[internal]", "include => phones")
    }
    assert lines(healthy(call_context_exists=False, contexts={})) == {}

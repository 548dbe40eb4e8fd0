"""The dialplan that is made of the configuration: a door for each queue everywhere, and a version that tells it apart."""

import re
from dataclasses import replace

from core.lobby import Lobby
from telephony.dialplan import EXTENSIONS, QUEUES, AcdQueue, Dialplan, dialplan_of
from telephony.offer_commands import AGENT_CONTEXT, DOOR_CONTEXTS

SALES = AcdQueue(
    name="sales", lobby=Lobby(announce_s=45, patience_s=90, callback_key=True, music="jazz"), fallback="400"
)
OTHER = AcdQueue(name="other", lobby=Lobby(announce_s=0))


def section(made: Dialplan, file: str, name: str) -> list[str]:
    found = re.search(rf"^\[{re.escape(name)}\].*\n((?:(?!\[).*\n)*)", made.files[file], re.MULTILINE)
    assert found, name
    return [line for line in found[1].splitlines() if line and not line.startswith(";")]


def test_every_queue_has_every_door() -> None:
    made = dialplan_of([SALES, OTHER])
    for context in DOOR_CONTEXTS.values():
        extensions = [line for line in section(made, EXTENSIONS, context) if line.startswith("exten")]
        assert [line.split()[2].split(",")[0] for line in extensions] == ["other", "sales"], context
    assert section(made, EXTENSIONS, AGENT_CONTEXT)


def test_a_queue_waits_as_it_is_set() -> None:
    made = dialplan_of([SALES, OTHER])
    assert section(made, QUEUES, "sales") == [
        "musicclass = jazz", "announce-frequency = 45", "announce-position = yes", "context = meridian-keys",
    ]  # fmt: skip
    assert section(made, QUEUES, "other") == [
        "musicclass = default",
        "announce-frequency = 0",
        "announce-position = no",
    ]
    text = made.files[EXTENSIONS]
    assert "exten => sales,1,Set(CC_QUEUE=sales)\n same => n,Set(CC_PATIENCE=90)\n same => n,Set(CC_SLICE=45)\n" in text
    assert "exten => other,1,Set(CC_QUEUE=other)\n same => n,Set(CC_FALLBACK=)\n" in text


def test_nobody_waits_longer_in_one_go_than_the_patience() -> None:
    impatient = AcdQueue(name="q1", lobby=Lobby(announce_s=30, patience_s=5))
    assert "Set(CC_SLICE=5)" in dialplan_of([impatient]).files[EXTENSIONS]


def test_every_word_counts_for_the_version_and_their_order_does_not() -> None:
    made = dialplan_of([SALES, OTHER])
    assert dialplan_of([OTHER, SALES]) == made
    other = dialplan_of([replace(SALES, fallback="401"), OTHER])
    assert other.version != made.version
    assert f"exten => {made.version},1," in made.files[EXTENSIONS] and made.version in made.files[QUEUES]


def test_nothing_is_left_to_fill_in_and_every_goto_leads_somewhere() -> None:
    text = dialplan_of([SALES, OTHER]).files[EXTENSIONS]
    assert "@" not in text.replace("@VERSION@", "")
    contexts = set(re.findall(r"^\[([\w-]+)\]", text, re.MULTILINE))
    assert set(re.findall(r"(?:Goto|GotoIf)\(.*?(meridian-[\w-]+),", text)) <= contexts
    for lines in text.split("\n["):
        labels = set(re.findall(r"(?:n|1)\((\w+)\)", lines))
        wanted = set(re.findall(r"\]\?(\w+)\)", lines)) | set(re.findall(r",Goto\((\w+)\)", lines))
        assert wanted <= labels, lines[:40]

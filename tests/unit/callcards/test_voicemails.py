"""Messages as items: every cell of the table, who may take what, and that one is told once."""

import pytest

from callcards.voicemails import TABLE, Act, Voicemails, after
from core.effects import AnnounceItems, SaveVoicemail
from core.errors import Conflict
from core.events import VoicemailLeft
from core.voicemail import VoicemailState
from tests.cards import instant
from tests.items import voicemail

DRAWN = """
           take    release  pass_on    done     reopen
open       taken   refused  passed_on  done     refused
taken      refused open     passed_on  done     refused
passed_on  taken   open     passed_on  done     refused
done       refused refused  refused    refused  open
"""
S = VoicemailState


def test_the_table_is_as_it_is_drawn() -> None:
    head, *rows = [line.split() for line in DRAWN.strip().splitlines()]
    drawn = {(row[0], act): cell for row in rows for act, cell in zip(head, row[1:], strict=True)}
    cells = {(s.value, a.value): c.value if c else "refused" for s, row in TABLE.items() for a, c in row.items()}
    assert cells == drawn and set(TABLE) == set(S) and all(set(row) == set(Act) for row in TABLE.values())


@pytest.mark.parametrize(("state", "act"), [(s, a) for s, row in TABLE.items() for a in row])
def test_every_cell_as_it_is_lived(state: VoicemailState, act: Act) -> None:
    before, expected = voicemail(state=state), TABLE[state][act]
    if expected is None:
        with pytest.raises(Conflict) as refused:
            after(before, act, by="anna", at=instant(5))
        assert refused.value.code == "voicemail_state"
        return
    now = after(before, act, by="anna", at=instant(5), to="boris", note="call her" if act is Act.PASS_ON else "")
    owner = {Act.TAKE: "anna", Act.DONE: "anna", Act.PASS_ON: "boris"}.get(act, "")
    assert (now.state, now.owner, now.changed_by, now.changed_at, now.revision) == (
        expected,
        owner,
        "anna",
        instant(5),
        1,
    )
    assert (now.passed_by, now.note) == (("anna", "call her") if act is Act.PASS_ON else ("", ""))


def test_what_was_passed_on_to_one_isnt_anothers_to_take() -> None:
    passed = after(voicemail(), Act.PASS_ON, by="anna", at=instant(1), to="boris")
    with pytest.raises(Conflict) as refused:
        after(passed, Act.TAKE, by="carmen", at=instant(2))
    assert refused.value.code == "voicemail_of_other"
    assert after(passed, Act.TAKE, by="boris", at=instant(2)).owner == "boris"


def test_passed_on_to_a_queue_it_is_anybodys_there() -> None:
    passed = after(voicemail(), Act.PASS_ON, by="anna", at=instant(1), queue="sales")
    assert (passed.queue, passed.owner) == ("sales", "")
    assert after(passed, Act.TAKE, by="carmen", at=instant(2)).owner == "carmen"


def test_one_message_is_one_item_whoever_tells_it() -> None:
    rule, left = (
        Voicemails(site="riga"),
        VoicemailLeft(at=instant(3), call_id="c1", queue="support", reference="a.wav", seconds=4.0),
    )
    (first, news), (again, _) = rule.on_voicemail_left(left), rule.on_voicemail_left(left)
    assert isinstance(first, SaveVoicemail) and first == again and news == AnnounceItems(channel="voicemail")
    kept = first.voicemail
    assert (kept.site, kept.queue, kept.card_id, kept.reference, kept.seconds, kept.left_at) == (
        "riga", "support", "c1", "a.wav", 4.0, instant(3),
    )  # fmt: skip
    other = rule.on_voicemail_left(
        VoicemailLeft(at=instant(9), call_id="c1", queue="support", reference="b.wav", seconds=1.0)
    )
    assert next(iter(other)).voicemail.voicemail_id != kept.voicemail_id  # type: ignore[attr-defined]

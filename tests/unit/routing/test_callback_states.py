"""The table of callbacks: every cell as it is drawn, and every cell as it is lived, by real events through the rules."""

import pytest

from core.callback import CallbackState as S
from core.model import EndedBy
from routing.callback_states import OPEN, TABLE, Moment, Word, next_state
from routing.settings import CallbackSetting
from tests.callback_day import Day, week

DRAWN = """
             planned    waiting    ringing    talking  unknown    done     cancelled  failed
asked_again  stay       stay       stay       stay     planned    stay     stay       stay
due          waiting    stay       stay       stay     stay       stay     stay       stay
not_now      stay       planned    stay       stay     stay       stay     stay       stay
offered      ringing    ringing    refused    refused  refused    refused  refused    refused
missed       stay       stay       waiting    stay     stay       stay     stay       stay
unanswered   stay       stay       planned    stay     stay       stay     stay       stay
exhausted    stay       stay       failed     stay     stay       stay     stay       stay
barred       failed     failed     failed     stay     stay       stay     stay       stay
talked       stay       stay       talking    stay     stay       stay     stay       stay
over         stay       stay       stay       done     stay       stay     stay       stay
served       cancelled  cancelled  cancelled  stay     cancelled  stay     stay       stay
expired      failed     failed     stay       stay     stay       stay     stay       stay
lost         stay       stay       unknown    done     stay       stay     stay       stay
seen         stay       stay       stay       stay     ringing    stay     stay       stay
cancel       cancelled  cancelled  cancelled  refused  cancelled  refused  refused    refused
again        waiting    stay       refused    refused  planned    refused  refused    planned
settled      done       done       refused    refused  done       refused  refused    done
"""

# What is kept of it after each event: `=` nothing has changed. The queue is open, nobody is
# there, and two attempts are allowed.
LIVED = """
                planned    waiting    ringing    talking    unknown    done       cancelled  failed
asks_again      =          =          =          =          waiting    =          =          =
time_comes      waiting    =          waiting    =          =          =          =          =
queue_closes    =          planned    planned    =          =          =          =          =
taken           ringing    ringing    =          =          =          =          =          =
rings_out       =          =          waiting    done       =          =          =          =
declined        =          =          waiting    done       =          =          =          =
no_such_phone   =          =          waiting    =          =          =          =          =
number_barred   =          =          failed     =          =          =          =          =
caps_reached    =          =          planned    =          =          =          =          =
not_certain     =          =          unknown    done       =          =          =          =
client_away     =          =          planned    done       planned    =          =          =
client_talks    =          =          talking    =          talking    =          =          =
talk_lost       =          =          unknown    done       =          =          =          =
calls_in        cancelled  cancelled  cancelled  =          cancelled  =          =          =
expires         failed     failed     failed     =          =          =          =          =
we_restart      =          =          unknown    done       =          =          =          =
cancel          cancelled  cancelled  cancelled  =          cancelled  =          =          =
again           waiting    =          =          =          waiting    =          =          waiting
settled         done       done       =          =          done       =          =          done
"""


def table(text: str) -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return {(column, row[0]): cell for row in rows for column, cell in zip(head, row[1:], strict=True)}


def test_the_table_is_as_it_is_drawn() -> None:
    cells = {(state.value, moment.value): cell.value for state, row in TABLE.items() for moment, cell in row.items()}
    assert cells == table(DRAWN)


def test_no_cell_is_missing() -> None:
    assert set(TABLE) == set(S)
    assert all(set(row) == set(Moment) for row in TABLE.values())


def test_what_each_word_means() -> None:
    for state, row in TABLE.items():
        for moment, cell in row.items():
            expected = {Word.STAY: state, Word.REFUSED: None}.get(cell, cell)  # type: ignore[call-overload]
            assert next_state(state, moment) is expected


def test_what_is_closed_is_never_opened_but_by_a_person() -> None:
    for state in set(S) - OPEN:
        leads = {moment for moment, cell in TABLE[state].items() if cell in OPEN}
        assert leads <= {Moment.AGAIN}


def in_state(state: str) -> Day:  # one case for each state
    day = Day(CallbackSetting(attempts=2, pause_s=600, expires_s=7_200))
    day.asks()
    if state in ("ringing", "talking", "unknown", "done", "planned"):
        day.takes()
    match state:
        case "planned":
            day.picks_up()
            day.hangs_up()
        case "talking":
            day.picks_up()
            day.client_answers()
        case "unknown":
            day.not_dialled(certain=False)
        case "done":
            day.picks_up()
            day.client_answers()
            day.hangs_up()
        case "cancelled":
            day.orders(Moment.CANCEL)
        case "failed":
            day.wait(7_200)
    assert day.state() == state
    return day


def happens(day: Day, event: str) -> Day:  # noqa: C901, PLR0912  # one case for each row
    one, tried = day.one(), day.one().attempts
    match event:
        case "asks_again":
            day.asks()
        case "time_comes":
            day.wait(600)
        case "queue_closes":
            day.plan.hours["support"] = week("Sun 09:00-10:00")
            day.wait(600)
        case "taken":
            day.takes("1002", "boris")
        case "rings_out" if tried:
            day.rings_out()
        case "declined" if tried:
            day.rings_out(EndedBy.AGENT)
        case "no_such_phone" if tried:
            day.not_dialled()
        case "number_barred" if tried:
            day.not_dialled(barred=True)
        case "caps_reached" if tried:
            day.not_dialled(retry_s=60.0)
        case "not_certain" if tried:
            day.not_dialled(certain=False)
        case "client_away" if tried:
            day.picks_up()
            day.hangs_up()
        case "client_talks" if tried:
            day.picks_up()
            day.client_answers()
        case "talk_lost" if tried:
            day.picks_up()
            day.hangs_up(inferred=True)
        case "calls_in":
            day.answers(day.calls())
        case "expires":
            day.wait((one.expires_at - day.now).total_seconds() + 1)
        case "we_restart":
            return day.dies_and_starts()
        case "cancel" | "again" | "settled":
            day.orders(Moment(event))
    return day


@pytest.mark.parametrize(
    ("cell", "expected"), table(LIVED).items(), ids=lambda x: "-".join(x) if isinstance(x, tuple) else ""
)
def test_every_cell_as_it_is_lived(cell: tuple[str, str], expected: str) -> None:
    state, event = cell
    day = in_state(state)
    callback_id = day.one().callback_id
    after = happens(day, event)
    assert after.state(callback_id) == (state if expected == "=" else expected)

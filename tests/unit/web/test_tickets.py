"""Tickets: once, soon, for the session that asked."""

from web.tickets import Tickets


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets(life_s=30)
    tickets.issue("secret", session_id="s", now_s=0)
    assert tickets.redeem("secret", now_s=29) == "s"
    assert tickets.redeem("secret", now_s=29) is None


def test_an_expired_or_invented_ticket_is_nothing() -> None:
    tickets = Tickets(life_s=30)
    tickets.issue("secret", session_id="s", now_s=0)
    assert tickets.redeem("secret", now_s=30) is None
    assert tickets.redeem("invented", now_s=0) is None


def test_tickets_that_nobody_uses_are_forgotten() -> None:
    tickets = Tickets(life_s=30)
    for n in range(100):
        tickets.issue(f"t-{n}", session_id="s", now_s=n)
    assert len(tickets) == 30

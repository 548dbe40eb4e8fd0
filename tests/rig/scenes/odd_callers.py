"""Callers with names and numbers that are hard to carry."""

import time

from tests.rig.stage import Stage, rang, scene, spent


def odd_caller(s: Stage, number: str, display: str, name: str | None = None, seen: str | None = None) -> None:
    """One answered call; seen: the number as AMI gives it where Asterisk changes it."""
    s.member(1001)
    a = s.phones.phones[0] if s.phones.phones else s.agents(1001)[0]
    c, t = s.call(number, "500", display, queue="support")
    if name is not None:
        t["caller_name"] = name
    if seen is not None:
        t["caller_number"], t["sip_user"] = seen, number
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(0.5)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(1)
    t2 = c.hangup()
    a.wait("ENDED")
    t.update(answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)
    s.settle()


@scene
def names_utf8(s: Stage) -> None:
    """Callers with names in Cyrillic, with an emoji, in Chinese, with quotes, and with bytes that are not UTF-8."""
    odd_caller(s, "79161250001", '"Иван Петрович Щукин"')
    odd_caller(s, "79161250002", '"Кот 🐈‍⬛ ok"')
    odd_caller(s, "79161250003", '"王小明"')
    odd_caller(s, "79161250004", r'"A \"quoted\" name, with; signs <x> = |"', r'A "quoted" name, with; signs <x> = |')
    odd_caller(s, "79161250005", b'"Andr\xe9 latin1"'.decode("utf-8", "surrogateescape"), "Andr\ufffd latin1")


@scene
def callerid_long(s: Stage) -> None:
    """A very long name (300 characters), a very long number (90 digits), a long name of two-byte letters."""
    odd_caller(s, "79161250006", f'"{("Long name " * 30).strip()}"')
    odd_caller(s, "7" * 90, '"Long number"', seen="7" * 79)
    odd_caller(s, "79161250011", f'"{("Очень длинное имя " * 10).strip()}"')


@scene
def callerid_escapes(s: Stage) -> None:
    r"""Names and numbers with quotes, '\r\n' spelled out, AMI header look-alikes, dialplan and SQL look-alikes."""
    odd_caller(s, "79161250008", r'"x\\r\\nEvent: Hangup\\r\\nCause: 16"', r"x\r\nEvent: Hangup\r\nCause: 16")
    odd_caller(s, "79161250009", '"Event: FakeEvent ; Channel: PJSIP/1001-00000000"')
    odd_caller(s, "+7(916)125-00-10", '"${SHELL(id)} ${EXTEN}"')
    odd_caller(s, "O'Brien;drop", '"tab\there"', seen="O'Brien")

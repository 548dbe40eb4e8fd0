"""vCards, one after the other, read and written."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.bulk_vcard import LONGEST_PROPERTY, MOST_PROPERTIES, RawCard, card_of, cards, texts_of

ANNA = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u-1\r\nN:Иванова;Анна;Петровна;;\r\nFN:Анна Иванова\r\nORG:Ромашка\\, ООО;Склад\r\n"
    'item1.TEL;TYPE="cell,voice";PREF=1:+7 916\r\n  123-45-67\r\nTEL;VALUE=uri:tel:+74951112233;ext=7\r\n'
    "EMAIL;TYPE=INTERNET:anna@example.org\r\nNOTE:две\\nстроки\\; да\\\\\r\nX-ABLABEL:_$!<Home>!$_\r\nEND:VCARD\r\n"
)


def read(text: str) -> list[RawCard]:
    return list(cards(io.StringIO(text, newline="")))


def texts(text: str) -> dict[str, list[str]]:
    found, trouble = texts_of(read(text)[0].properties)
    assert not trouble
    return found


def trouble(text: str) -> str:
    card = read(text)[0]
    return card.trouble or texts_of(card.properties)[1]


def test_a_card_of_version_3() -> None:
    assert texts(ANNA) == {
        "key": ["u-1"],
        "kind": ["person"],
        "name": ["Анна Иванова"],
        "organisation": ["Ромашка, ООО"],
        "number": ["+7 916 123-45-67", "+74951112233"],
        "email": ["anna@example.org"],
        "note": ["две\nстроки; да\\"],
    }


def test_a_card_of_version_4() -> None:
    four = (
        "begin:vcard\nversion:4.0\nkind:org\nfn:Ромашка\nORG:Ромашка\nLANG;PREF=1:ru\nTZ:Europe/Moscow\nTZ;VALUE=utc-offset:+0300\n"
        "TEL:112\nX-MERIDIAN-VIP:yes\nX-MERIDIAN-FIELD-contract:12\\,3\nend:vcard\n"
    )
    assert texts(four) == {
        "kind": ["organisation"], "name": ["Ромашка"], "language": ["ru"], "timezone": ["Europe/Moscow"], "number": ["112"],
        "vip": ["yes"], "field.contract": ["12,3"],
    }  # fmt: skip


def test_names_are_made_of_parts_when_the_whole_is_missing() -> None:
    assert texts("BEGIN:VCARD\nVERSION:3.0\nN:О\\;Брайен;Анна;;;\nEND:VCARD\n")["name"] == ["Анна О;Брайен"]
    alone = texts("BEGIN:VCARD\nVERSION:3.0\nORG:ООО Ромашка\nTEL:112\nEND:VCARD\n")
    assert (alone["kind"], alone["name"]) == (["organisation"], ["ООО Ромашка"])


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ("BEGIN:VCARD\nVERSION:2.1\nFN:A\nEND:VCARD\n", "it is vCard 2.1; 3.0 and 4.0 can be read"),
        (
            "BEGIN:VCARD\nVERSION:2.1\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:=D0=90\nEND:VCARD\n",
            "export the cards as version 3.0 or 4.0",
        ),
        ("BEGIN:VCARD\nFN:A\nEND:VCARD\n", "it says no VERSION"),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:A\n", "it has no END:VCARD"),
        ("BEGIN:VCARD\nVERSION:3.0\nno property\nEND:VCARD\n", "line 3 is no property"),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:\udcc0\nEND:VCARD\n", "line 3 is damaged"),
        (f"BEGIN:VCARD\nVERSION:3.0\nNOTE:{'x' * LONGEST_PROPERTY}\nEND:VCARD\n", "line 3 is longer than"),
        (f"BEGIN:VCARD\nVERSION:3.0\n{'TEL:1' + chr(10)}" * (MOST_PROPERTIES + 1), "VERSION"),
    ],
)
def test_a_card_that_can_not_be_read_says_why(card: str, why: str) -> None:
    assert why in trouble(card) or why == "VERSION"


def test_too_many_properties_are_refused() -> None:
    many = "TEL:1\n" * MOST_PROPERTIES
    assert f"more than {MOST_PROPERTIES}" in trouble(f"BEGIN:VCARD\nVERSION:3.0\n{many}END:VCARD\n")


def test_the_next_card_is_read_whatever_the_last_one_was() -> None:
    broken = "BEGIN:VCARD\r\nVERSION:3.0\r\nno property\r\nEND:VCARD\r\n"
    found = read(f"rubbish\r\nmore\r\n{broken}{ANNA}BEGIN:VCARD\r\nVERSION:4.0\r\nFN:open\r\n{ANNA}")
    assert [(card.line, bool(card.trouble)) for card in found] == [
        (1, True), (3, True), (7, False), (20, True), (23, False),
    ]  # fmt: skip


def test_pictures_take_no_memory() -> None:
    picture = "PHOTO;ENCODING=b:" + "\r\n ".join(["A" * 70] * 50_000)
    card = read(f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n{picture}\r\nEND:VCARD\r\n")[0]
    assert card == RawCard(1, ["VERSION:3.0", "FN:A"])


@given(
    st.dictionaries(
        st.sampled_from(["name", "note", "warning", "organisation", "key", "field.contract"]),
        st.text(alphabet="aЖ😀\\;,:\n \"'=", min_size=1, max_size=120).filter(lambda text: text.strip() == text),
    )
)
def test_what_is_written_is_read_again(given_texts: dict[str, str]) -> None:
    whole = {"kind": ["person"], "name": [""], "number": ["+79161234567", "112"]} | {
        t: [v] for t, v in given_texts.items()
    }
    written = card_of(whole)
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    assert texts(written) == whole

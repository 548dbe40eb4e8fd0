"""Changes laid over the configuration's tables: as a whole, checked as the file is, refused with place and mend."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import BadConfiguration
from routing.settings import HoursSetting, Mode, PersonSetting, QueueSetting, RelaxSetting, SiteSetting, SkillSetting
from routing.tables import Kind, PlanChange, Tables, overlaid, without_misfits

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FILE = Tables(
    site="riga",
    timezone="Europe/Riga",
    sites={"omsk": SiteSetting(timezone="Asia/Omsk")},
    skills={"billing": SkillSetting(en="Billing", ru="Счета")},
    hours={"day": HoursSetting(zone="Europe/Riga", week=("Mon-Fri 09:00-18:00",))},
    queues={"support": QueueSetting(mode=Mode.ACD, requirement="billing >= 2", hours="day"), "sales": QueueSetting()},
    people={"anna": PersonSetting(skills={"billing": 3}, queues=("support",), shifts=("day",))},
)


def change(kind: Kind, name: str, value: Any, version: int = 1) -> PlanChange:
    return PlanChange(kind=kind, name=name, value=value, version=version, by="sofia", at=NOW)


def refusal(kind: Kind, name: str, value: Any) -> BadConfiguration:
    with pytest.raises(BadConfiguration) as refused:
        overlaid(FILE, [change(kind, name, value)])
    return refused.value


def test_without_changes_it_is_the_file() -> None:
    assert overlaid(FILE, []) == FILE


def test_a_change_replaces_an_entry_as_a_whole_and_none_takes_it_back() -> None:
    changed = overlaid(FILE, [change(Kind.PEOPLE, "anna", {"skills": {"billing": 5}, "queues": ["sales"]})])
    assert changed.people["anna"] == PersonSetting(skills={"billing": 5}, queues=("sales",))
    assert changed.queues == FILE.queues
    assert overlaid(FILE, [change(Kind.PEOPLE, "anna", None)]) == FILE


def test_something_new_may_be_named_by_what_is_there() -> None:
    changed = overlaid(
        FILE,
        [
            change(Kind.QUEUES, "night", {"requirement": "vip", "hours": "night"}),
            change(Kind.HOURS, "night", {"zone": "UTC", "week": ["daily 22:00-06:00"]}),
            change(Kind.SKILLS, "vip", {"en": "VIP", "ru": "VIP"}),
            change(Kind.FORCED, "night", {"open": False, "until": "2026-11-24T00:00:00Z"}),
        ],
    )
    assert changed.queues["night"].hours == "night"
    assert changed.forced["night"].text == "closed until 2026-11-24T00:00:00Z"


def test_what_goes_out_comes_in_again() -> None:
    rich = QueueSetting(requirement="billing", relax=(RelaxSetting(after_s=30, requirement="any"),), hours="day")
    tables = overlaid(FILE, [change(Kind.QUEUES, "support", {"requirement": "billing", "hours": "day"})])
    told = tables.value(Kind.QUEUES, "support")
    assert told is not None and told["strategy"] == "scarcity" and told["relax"] == []
    again = overlaid(FILE, [change(Kind.QUEUES, "support", told)])
    assert again == tables
    assert FILE.value(Kind.QUEUES, "nothing") is None
    assert rich.relax[0].requirement == "any"


@pytest.mark.parametrize(
    ("kind", "name", "value", "place", "words"),
    [
        (Kind.PEOPLE, "anna", {"skills": {"billing": 6}}, ("people", "anna", "skills"), "levels go from 1 to 5"),
        (Kind.PEOPLE, "anna", {"skills": {"biling": 3}}, ("people", "anna", "skills"), "did you mean 'billing'?"),
        (Kind.PEOPLE, "anna", {"skills": {"billing": 10**400}}, ("people", "anna", "skills"), "levels go"),
        (Kind.PEOPLE, "anna", {"queue": ["sales"]}, ("people", "anna", "queue"), "did you mean 'queues'?"),
        (Kind.PEOPLE, "anna", {"queues": "sales"}, ("people", "anna", "queues"), "must be a list"),
        (Kind.PEOPLE, "anna", {"shifts": ["night"]}, ("people", "anna", "shifts"), "there is: day"),
        (Kind.PEOPLE, "an na", {}, ("people", "an na"), "can't be a name"),
        (Kind.PEOPLE, "anna", {"site": "env:HOME"}, ("people", "anna", "site"), "comes from the environment"),
        (Kind.SKILLS, "and", {"en": "x", "ru": "y"}, ("skills", "and"), "can't be a name"),
        (Kind.SKILLS, "vip", {"en": "x"}, ("skills", "vip"), "'ru' is missing"),
        (Kind.QUEUES, "sales", {"requirement": "billing >="}, ("queues", "sales", "requirement"), "at character 11"),
        (Kind.QUEUES, "sales", {"requirement": "vip"}, ("queues", "sales", "requirement"), "there is: billing"),
        (Kind.QUEUES, "sales", {"overflow": "sales"}, ("queues", "sales", "overflow"), "runs in a circle"),
        (Kind.QUEUES, "sales", {"hours": "nigth"}, ("queues", "sales", "hours"), "there is: day"),
        (Kind.QUEUES, "sales", {"aging": float("nan")}, ("queues", "sales", "aging"), "must be a number"),
        (Kind.QUEUES, "sales", {"aging": 10**400}, ("queues", "sales", "aging"), "must be a number"),
        (Kind.HOURS, "day", {"zone": "Mars", "week": []}, ("hours", "day"), "no IANA zone"),
        (Kind.HOURS, "day", {"zone": "UTC", "week": ["Mon 9-26"]}, ("hours", "day"), "times from 00:00 to 24:00"),
        (Kind.HOURS, "day", {"zone": "UTC", "week": ["Mon 9-12", "Mon 11-13"]}, ("hours", "day"), "overlap"),
        (Kind.FORCED, "nothing", {"open": True}, ("forced", "nothing"), "there is no such queue"),
        (Kind.FORCED, "sales", {"open": True, "until": "soon"}, ("forced", "sales"), "an instant such as"),
    ],
)
def test_what_cant_work_is_refused_with_its_place(
    kind: Kind, name: str, value: Any, place: tuple[str, ...], words: str
) -> None:
    error = refusal(kind, name, value)
    assert error.place == place and words in str(error), (error.place, str(error))


def test_taking_away_what_others_name_is_refused_where_they_name_it() -> None:
    new = change(Kind.HOURS, "night", {"zone": "UTC", "week": ["daily 22-06"]})
    uses = change(Kind.QUEUES, "sales", {"hours": "night"}, 2)
    assert overlaid(FILE, [new, uses]).queues["sales"].hours == "night"
    with pytest.raises(BadConfiguration, match="queue sales: hours 'night' is not declared") as refused:
        overlaid(FILE, [change(Kind.HOURS, "night", None, 3), uses])
    assert refused.value.place == ("queues", "sales", "hours")


def test_at_a_start_changes_that_no_longer_fit_the_file_are_left_out_and_told() -> None:
    good = change(Kind.PEOPLE, "anna", {"skills": {"billing": 4}}, 1)
    misfit = change(Kind.QUEUES, "sales", {"requirement": "chinese"}, 2)
    tables, left_out = without_misfits(FILE, [good, misfit])
    assert tables.people["anna"].skills == {"billing": 4} and tables.queues["sales"] == QueueSetting()
    assert [(one.name, "chinese" in str(error)) for one, error in left_out] == [("sales", True)]
    # What names it may be another change that is fine by itself: one after another goes, until the whole is sound.
    hours = change(Kind.HOURS, "night", {"zone": "Mars", "week": []}, 3)
    uses = change(Kind.QUEUES, "sales", {"hours": "night"}, 4)
    tables, left_out = without_misfits(FILE, [hours, uses])
    assert tables == FILE and [one.name for one, _ in left_out] == ["night", "sales"]


def test_a_file_that_declares_a_queue_for_nobody_is_refused() -> None:
    FILE.refuse_unserved()
    lonely = Tables(
        site="riga",
        timezone="Europe/Riga",
        skills=FILE.skills,
        queues={"support": QueueSetting(requirement="billing >= 4")},
        people={"anna": PersonSetting(skills={"billing": 3}, queues=("support",))},
    )
    with pytest.raises(BadConfiguration, match=r"nobody in \[people\] could ever serve it") as refused:
        lonely.refuse_unserved()
    assert refused.value.place == ("queues", "support", "requirement")


def test_the_hours_of_a_site_must_be_there() -> None:
    with pytest.raises(BadConfiguration, match="site riga: hours 'night' is not declared"):
        Tables(site="riga", timezone="Europe/Riga", site_hours="night").check()
    with pytest.raises(BadConfiguration, match="site omsk: hours"):
        Tables(
            site="riga", timezone="Europe/Riga", sites={"omsk": SiteSetting(timezone="Asia/Omsk", hours="x")}
        ).check()

"""What the routes of the clients take and give, as the page sees it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from clients.ports import Changed, Checked, Client, Edit
from core.model import ClientKind
from core.phone import readable

ClientId = Annotated[str, Path(min_length=1, max_length=64)]
CardId = Annotated[str, Path(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z.:_-]+$")]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Typed = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
_CLEARED = ("organisation_id", "language", "timezone", "owner")


class Number(BaseModel):
    number: str
    text: str


class Organisation(BaseModel):
    client_id: str
    name: str


class ClientCard(BaseModel):
    """A person or an organisation outside. `check`: ask the check questions before telling history."""

    client_id: str
    kind: ClientKind
    name: str
    note: str
    organisation: Organisation | None
    numbers: list[Number]
    emails: list[str]
    vip: bool
    warning: str
    language: str | None
    timezone: str | None
    owner: str | None
    fields: dict[str, str]
    check: bool
    created_at: datetime
    version: int


class ClientList(BaseModel):
    clients: list[ClientCard]


class ChangeLine(BaseModel):
    at: datetime
    by: str
    field: str
    before: str
    after: str


class ChangeList(BaseModel):
    """Newest first."""

    changes: list[ChangeLine]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: ClientKind | None = None
    note: str | None = Field(default=None, max_length=2_000)
    organisation_id: str | None = Field(default=None, max_length=64)
    numbers: list[Typed] | None = Field(default=None, max_length=50)
    emails: list[Typed] | None = Field(default=None, max_length=50)
    vip: bool | None = None
    warning: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=40)
    timezone: str | None = Field(default=None, max_length=64)
    owner: str | None = Field(default=None, max_length=64)
    fields: dict[str, str | None] | None = Field(default=None, max_length=100)
    check: bool | None = None


class NewClient(_Said):
    name: Name


class ClientChange(_Said):
    """Fields that are left out stay as they are, null empties; `version` is the one that the typist looked at."""

    name: Name | None = None
    version: int | None = None


class NewNumber(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: Typed


class NewEmail(BaseModel):
    model_config = ConfigDict(extra="forbid")
    email: Typed


class Merge(BaseModel):
    model_config = ConfigDict(extra="forbid")
    into: Id


class NewPerson(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Name
    organisation_id: str | None = Field(default=None, max_length=64)


class Confirmation(BaseModel):
    """Who it was: a client, or a `new` one. `learn`: the number is theirs from now on."""

    model_config = ConfigDict(extra="forbid")
    client_id: Id | None = None
    new: NewPerson | None = None
    learn: bool = False


class ConfirmedClient(BaseModel):
    """`linked` counts the other cards that became this client's along with it."""

    client: ClientCard
    linked: int


class Answers(BaseModel):
    model_config = ConfigDict(extra="forbid")
    answers: dict[str, Literal["right", "wrong", "not_asked"]] = Field(min_length=1, max_length=50)


class CheckLine(BaseModel):
    answers: dict[str, str]
    by: str
    at: datetime


class CheckOfCard(BaseModel):
    check: CheckLine | None


def edit_of(said: NewClient | ClientChange) -> Edit:
    """What the page said: null is "there is none", a field left out is nothing said."""
    given = said.model_fields_set
    cleared = {name: getattr(said, name) or "" for name in _CLEARED if name in given}
    fields = None if said.fields is None else {code: value or "" for code, value in said.fields.items()}
    return Edit(
        name=said.name,
        note=said.note,
        kind=said.kind,
        organisation_id=cleared.get("organisation_id"),
        numbers=None if said.numbers is None else tuple(said.numbers),
        emails=None if said.emails is None else tuple(said.emails),
        vip=said.vip,
        warning=said.warning,
        language=cleared.get("language"),
        timezone=cleared.get("timezone"),
        owner=cleared.get("owner"),
        fields=fields,
        check=said.check,
    )


def shown(client: Client) -> ClientCard:
    organisation = None
    if client.organisation_id is not None:
        organisation = Organisation(client_id=client.organisation_id, name=client.organisation or "")
    return ClientCard(
        client_id=client.client_id,
        kind=client.kind,
        name=client.name,
        note=client.note,
        organisation=organisation,
        numbers=[Number(number=number, text=readable(number)) for number in client.numbers],
        emails=list(client.emails),
        vip=client.vip,
        warning=client.warning,
        language=client.language,
        timezone=client.timezone,
        owner=client.owner,
        fields=dict(client.fields),
        check=client.check,
        created_at=client.created_at,
        version=client.version,
    )


def change_line(changed: Changed) -> ChangeLine:
    return ChangeLine(at=changed.at, by=changed.by, field=changed.field, before=changed.before, after=changed.after)


def check_line(checked: Checked) -> CheckLine:
    return CheckLine(answers=dict(checked.answers), by=checked.by, at=checked.at)

"""What the tests of the pages put on the stage: what is declared, calls, clients, what was before."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from playwright.async_api import Browser, Page, expect

from callcards.ports import StoredCard
from clients.ports import Client
from core.desk import CheckQuestion, CustomField, Disposition, FieldKind, QueueSettings, WrapUpMode
from core.desk import Desk as Declared
from core.effects import SaveCard
from core.events import CallOfferEnded
from core.model import Direction, LegOutcome, PastInteraction
from tests.patience import PATIENT_S
from tests.servers.browser import Watch, open_desk
from tests.servers.desk import Desk, now

NUMBER = "+79161234567"
DECLARED = Declared(
    dispositions={
        "resolved": Disposition(en="Resolved", ru="Решено"),
        "call_back": Disposition(en="Call back", ru="Перезвонить"),
        "sold": Disposition(en="Sold", ru="Продано", queues=("sales",)),
    },
    fields={
        "contract": CustomField(en="Contract", ru="Договор"),
        "plan": CustomField(en="Plan", ru="Тариф", kind=FieldKind.CHOICE, choices=("Basic", "Business")),
    },
    checks={"birthday": CheckQuestion(en="Date of birth?", ru="Дата рождения?")},
    queues={
        "support": QueueSettings(title="Customer support", wrap_up=WrapUpMode.LIMITED, wrap_up_s=60),
        "sales": QueueSettings(title="Sales", wrap_up=WrapUpMode.NONE),
    },
)


async def sit_down(browser: Browser, desk: Desk, login: str = "anna", **context: object) -> tuple[Page, Watch]:
    """Somebody signs in, in English unless `locale` says otherwise, and the line is live."""
    options = {"locale": "en-GB", "timezone_id": "Europe/Moscow", **context}
    return await open_desk(await browser.new_context(**options), desk, login)  # type: ignore[arg-type]


async def press(page: Page, what: str) -> None:
    """The finger goes down in the middle of it; `page.mouse.up()` lets go."""
    box = None
    for _ in range(5):  # it may be drawn anew between the look and the measuring
        await expect(page.locator(what)).to_be_visible()
        if box := await page.locator(what).bounding_box():
            break
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()


async def ring(
    desk: Desk, call_id: str, number: str = NUMBER, name: str = "", *, agent: str = "1001", queue: str = "support"
) -> None:
    await desk.card(call_id, number=number)
    if queue != "support":
        stored = await stored_card(desk, call_id)
        await desk.cards.apply(
            [SaveCard(card=replace(stored.card, queues=(queue,), revision=stored.card.revision + 1))]
        )
    desk.arrive(call_id, number=number, name=name)
    desk.ring(call_id, agent, queue=queue)


def miss(desk: Desk, call_id: str) -> None:
    outcome = LegOutcome.NOANSWER
    desk.engine.step(CallOfferEnded(at=now(), call_id=call_id, leg_id="1001-leg", agent="1001", outcome=outcome))


def past(n: int, notes: str) -> PastInteraction:
    return PastInteraction(
        card_id=f"old-{n}",
        channel="voice",
        direction=Direction.INBOUND,
        started_at=now() - timedelta(days=n + 1),
        queue="support",
        agent="1002",
        talk_s=61.0,
        disposition="call_back",
        notes=notes,
        answered=True,
    )


async def client(desk: Desk, name: str, number: str = NUMBER, **more: object) -> Client:
    """Somebody whom the site knows."""
    return await desk.directory.create("moscow", name=name, numbers=[number], at=now(), **more)  # type: ignore[arg-type]


async def typed(desk: Desk, card_id: str = "call-0001") -> tuple[str, str | None]:
    stored = await stored_card(desk, card_id)
    return stored.notes, stored.disposition


async def stored_card(desk: Desk, card_id: str) -> StoredCard:
    stored = await desk.cards.card(card_id)
    assert stored is not None
    return stored


async def comes_true(what: Callable[[], Awaitable[bool]], *, within_s: float = PATIENT_S) -> None:
    async with asyncio.timeout(within_s):
        while not await what():  # noqa: ASYNC110
            await asyncio.sleep(0.03)


async def fits(page: Page) -> bool:
    """Nothing pushes the page aside."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

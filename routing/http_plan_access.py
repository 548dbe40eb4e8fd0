"""Who may do what to the plan: supervisors change people of their site and force queues open or closed; administrators all."""

from core.errors import Forbidden, Rejected
from core.model import Role
from routing.http_plan_shapes import PlanWish
from routing.planner import Planner
from routing.tables import Kind
from web.accounts import Accounts
from web.people import SignedIn

_OF_SUPERVISORS = (Kind.PEOPLE, Kind.FORCED)


async def own_site(planner: Planner, who: SignedIn, door: Accounts) -> None:
    """The plan of a site is for its own people; others are refused, and it is written down."""
    if who.site != planner.site:
        await door.refused_access(who, f"plan of site {planner.site}")
        raise Rejected(f"This Meridian serves the site {planner.site}: sign in at your own.", code="other_site")


def may(who: SignedIn, kind: Kind) -> bool:
    return who.is_at_least(Role.ADMIN) or kind in _OF_SUPERVISORS


async def may_change(planner: Planner, who: SignedIn, door: Accounts, *, kind: Kind, name: str, wish: PlanWish) -> None:
    """Forbidden for who isn't an administrator: other kinds, people of other sites, and accepting holes."""
    if who.is_at_least(Role.ADMIN):
        return
    people = planner.plan.tables.people
    sites = {people[name].site if name in people else "", str((wish.value or {}).get("site") or "")}
    if not may(who, kind):
        what = f"changing {kind}"
    elif kind is Kind.PEOPLE and not sites <= {"", planner.site}:
        what = "people of another site"
    elif wish.accept_holes:
        what = "accepting holes"
    else:
        return
    await door.refused_access(who, f"change plan {kind} {name}: {what}")
    raise Forbidden(f"This needs the role {Role.ADMIN}: {what}. You are signed in as {who.role}.")

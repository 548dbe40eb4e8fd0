"""Who may take an item: expressions over skills, sites and named operators, e.g. `lang.ru >= 3 and (billing >= 2 or vip)`.

    requirement = part { "or" part }
    part        = test { "and" test }
    test        = "not" test | "(" requirement ")" | "any" | skill [ compare level ] | "site" is names | "agent" is names
                | "site" "is" "open" | "site" "opens" "within" minutes "min"
    compare     = ">=" | ">" | "<=" | "<" | "==" | "=" | "!="
    is          = "==" | "=" | "!=" | "in" | "not in"        (`in` takes a list: site in (riga, omsk))

A skill's name is letters, digits, `_`, `-` and dots; a level is 1 to 5. Alone, a skill means any level. Who lacks a skill
passes no comparison of it, `!=` and `<` included; `not billing` is how one asks for people without it. `site is open` asks for
people of centres that are open now, `site opens within 20 min` for those of centres that are, or will be by then. Pure.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from core.errors import BadConfiguration

LOWEST, HIGHEST = 1, 5
_MOST_CHARS = 2_000
_MOST_DEPTH = 40
_MOST_MINUTES = 1_440
_WORDS = frozenset({"and", "or", "not", "in", "any", "site", "agent"})
_COMPARE = {
    ">=": int.__ge__,
    ">": int.__gt__,
    "<=": int.__le__,
    "<": int.__lt__,
    "==": int.__eq__,
    "!=": int.__ne__,
}
_MOST_NAME = 80
_SKILL_NAME = re.compile(r"[^\W\d_][\w.-]*")
_TOKEN = re.compile(r"\s*(?:(?P<sign>>=|<=|==|!=|[><=(),])|(?P<word>[^\W\d_][\w.-]*)|(?P<number>\d+)|(?P<end>$))")


class Candidate(Protocol):
    """What an expression asks about an operator."""

    @property
    def login(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def skills(self) -> Mapping[str, int]: ...


class BadExpression(BadConfiguration):
    """An expression that can't be read. `at` is the place of the character, from 0."""

    code = "bad_expression"

    def __init__(self, why: str, text: str, at: int) -> None:
        self.at = at
        super().__init__(f"{why}, at character {at + 1}:\n  {text}\n  {' ' * at}^")


@dataclass(frozen=True, slots=True)
class Skill:
    """`compare` None: any level will do."""

    name: str
    compare: str | None = None
    level: int = LOWEST

    def passes(self, who: Candidate) -> bool:
        has = who.skills.get(self.name)
        return has is not None and (self.compare is None or bool(_COMPARE[self.compare](has, self.level)))

    def __str__(self) -> str:
        return self.name if self.compare is None else f"{self.name} {self.compare} {self.level}"


@dataclass(frozen=True, slots=True)
class AtSite:
    sites: tuple[str, ...]
    wanted: bool = True

    def passes(self, who: Candidate) -> bool:
        return (who.site in self.sites) is self.wanted

    def __str__(self) -> str:
        return _named("site", self.sites, wanted=self.wanted)


@dataclass(frozen=True, slots=True)
class SiteOpens:
    """The centre is open, or opens within so many minutes. `sites`: which do at the instant for which it is read (`bound`); before
    that, none does."""

    within_min: int = 0
    sites: tuple[str, ...] = ()

    def passes(self, who: Candidate) -> bool:
        return who.site in self.sites

    def __str__(self) -> str:
        return f"site opens within {self.within_min} min" if self.within_min else "site is open"


@dataclass(frozen=True, slots=True)
class IsAgent:
    logins: tuple[str, ...]
    wanted: bool = True

    def passes(self, who: Candidate) -> bool:
        return (who.login in self.logins) is self.wanted

    def __str__(self) -> str:
        return _named("agent", self.logins, wanted=self.wanted)


@dataclass(frozen=True, slots=True)
class Anybody:
    def passes(self, who: Candidate) -> bool:
        return True

    def __str__(self) -> str:
        return "any"


@dataclass(frozen=True, slots=True)
class Not:
    inner: "Requirement"

    def passes(self, who: Candidate) -> bool:
        return not self.inner.passes(who)

    def __str__(self) -> str:
        return f"not {_in_brackets(self.inner, And, Or)}"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Requirement", ...]

    def passes(self, who: Candidate) -> bool:
        return all(part.passes(who) for part in self.parts)

    def __str__(self) -> str:
        return " and ".join(_in_brackets(part, And, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Requirement", ...]

    def passes(self, who: Candidate) -> bool:
        return any(part.passes(who) for part in self.parts)

    def __str__(self) -> str:
        return " or ".join(_in_brackets(part, Or) for part in self.parts)


Requirement = Skill | AtSite | SiteOpens | IsAgent | Anybody | Not | And | Or
Leaf = Skill | AtSite | SiteOpens | IsAgent | Anybody
ANYBODY = Anybody()


class Missing(NamedTuple):
    """One test that keeps somebody from an item: what was asked and what they have (a level, a site, a login; None: not at all)."""

    asked: str
    has: str | None


def leaves(requirement: Requirement) -> Iterator[Leaf]:
    """Every single test in it, from left to right."""
    match requirement:
        case Not():
            yield from leaves(requirement.inner)
        case And() | Or():
            for part in requirement.parts:
                yield from leaves(part)
        case _:
            yield requirement


def skills_of(requirement: Requirement) -> frozenset[str]:
    """The skills that it names, so that unknown ones can be refused at load."""
    return frozenset(leaf.name for leaf in leaves(requirement) if isinstance(leaf, Skill))


def is_skill_name(text: str) -> bool:
    """Whether an expression can ask for a skill of this name."""
    return len(text) <= _MOST_NAME and _SKILL_NAME.fullmatch(text) is not None and text not in _WORDS


def openings_of(requirement: Requirement) -> frozenset[int]:
    """Within how many minutes it wants a centre to open; 0: to be open."""
    return frozenset(leaf.within_min for leaf in leaves(requirement) if isinstance(leaf, SiteOpens))


def bound(requirement: Requirement, open_within: Callable[[int], tuple[str, ...]]) -> Requirement:
    """As it is to be read while these centres are open, or open within so many minutes."""
    match requirement:
        case SiteOpens():
            return SiteOpens(requirement.within_min, open_within(requirement.within_min))
        case Not():
            return Not(bound(requirement.inner, open_within))
        case And() | Or():
            return type(requirement)(tuple(bound(part, open_within) for part in requirement.parts))
        case _:
            return requirement


def ever_passes(requirement: Requirement, who: Candidate) -> bool:
    """Whether they can pass at some time, were their centre open then or closed."""
    return any(bound(requirement, lambda _, sites=sites: sites).passes(who) for sites in ((who.site,), ()))  # type: ignore[misc]


def missing(requirement: Requirement, who: Candidate) -> tuple[Missing, ...]:
    """Why `who` doesn't pass: tests which, all turned round together, would let them pass. Empty: they pass.

    Of an `or` the part with the fewest missing tests is told, since one is enough.
    """
    return tuple(_missing(requirement, who, wanted=True))


def _missing(requirement: Requirement, who: Candidate, *, wanted: bool) -> list[Missing]:
    match requirement:
        case Not():
            return _missing(requirement.inner, who, wanted=not wanted)
        case And() | Or():
            each = [_missing(part, who, wanted=wanted) for part in requirement.parts]
            if isinstance(requirement, And) is wanted:
                return [one for some in each for one in some]
            return min(each, key=len)
        case _:
            if requirement.passes(who) is wanted:
                return []
            return [Missing(str(requirement) if wanted else str(Not(requirement)), _has(requirement, who))]


def _has(leaf: Leaf, who: Candidate) -> str | None:
    match leaf:
        case Skill():
            level = who.skills.get(leaf.name)
            return None if level is None else str(level)
        case AtSite() | SiteOpens():
            return who.site
        case IsAgent():
            return who.login
        case Anybody():
            return None


def parse(text: str) -> Requirement:
    """The expression in `text`; empty means anybody. BadExpression points at the character."""
    if len(text) > _MOST_CHARS:
        raise BadExpression(f"an expression may have {_MOST_CHARS} characters", text[:60], 0)
    return _Reader(text).whole()


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0
        self._depth = 0

    def _split(self) -> Iterator[_Token]:
        at = 0
        while True:
            found = _TOKEN.match(self._text, at)
            if found is None:
                blank = len(self._text[at:]) - len(self._text[at:].lstrip())
                raise BadExpression(f"“{self._text[at + blank]}” has no meaning here", self._text, at + blank)
            kind = str(found.lastgroup)
            yield _Token(kind, found[kind], found.start(kind))
            if kind == "end":
                return
            at = found.end()

    def whole(self) -> Requirement:
        if self._seen.kind == "end":
            return ANYBODY
        found = self._or()
        if self._seen.kind != "end":
            raise self._bad("expected “and”, “or” or the end")
        return found

    @property
    def _seen(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._seen
        self._next += token.kind != "end"
        return token

    def _took(self, *texts: str) -> bool:
        if self._seen.text in texts and self._seen.kind != "number":
            self._take()
            return True
        return False

    def _bad(self, why: str) -> BadExpression:
        return BadExpression(why, self._text, self._seen.at)

    def _or(self) -> Requirement:
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Requirement:
        parts = [self._test()]
        while self._took("and"):
            parts.append(self._test())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _test(self) -> Requirement:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise self._bad(f"more than {_MOST_DEPTH} brackets and “not” within each other")
        try:
            return self._one_test()
        finally:
            self._depth -= 1

    def _one_test(self) -> Requirement:
        if self._took("not"):
            return Not(self._test())
        if self._took("("):
            inner = self._or()
            if not self._took(")"):
                raise self._bad("expected “)”")
            return inner
        if self._took("any"):
            return ANYBODY
        if self._took("site"):
            if self._seen.text in ("is", "opens"):
                return self._opening()
            names, wanted = self._names("site")
            return AtSite(names, wanted)
        if self._took("agent"):
            names, wanted = self._names("operator")
            return IsAgent(names, wanted)
        return self._skill()

    def _skill(self) -> Skill:
        if self._seen.kind != "word" or self._seen.text in _WORDS:
            raise self._bad("expected a skill, “not” or “(”")
        name = self._take().text
        if self._seen.kind != "sign" or self._seen.text not in (*_COMPARE, "="):
            return Skill(name)
        sign = self._take().text
        if self._seen.kind != "number" or not LOWEST <= int(self._seen.text[:9]) <= HIGHEST:
            raise self._bad(f"expected a level from {LOWEST} to {HIGHEST} after “{sign}”")
        return Skill(name, "==" if sign == "=" else sign, int(self._take().text))

    def _opening(self) -> SiteOpens:
        if self._take().text == "is":
            self._must("open")
            return SiteOpens()
        self._must("within")
        if self._seen.kind != "number" or not 1 <= int(self._seen.text[:9]) <= _MOST_MINUTES:
            raise self._bad(f"expected minutes from 1 to {_MOST_MINUTES}")
        minutes = int(self._take().text)
        self._must("min")
        return SiteOpens(minutes)

    def _must(self, word: str) -> None:
        if not self._took(word):
            raise self._bad(f"expected “{word}”")

    def _names(self, what: str) -> tuple[tuple[str, ...], bool]:
        if self._took("==", "="):
            return (self._name(what),), True
        if self._took("!="):
            return (self._name(what),), False
        wanted = not self._took("not")
        if not self._took("in"):
            raise self._bad(
                "expected “==”, “!=”, “in” or “not in”" + (", “is open” or “opens within”" if what == "site" else "")
            )
        if not self._took("("):
            raise self._bad("expected “(” and a list")
        names = [self._name(what)]
        while self._took(","):
            names.append(self._name(what))
        if not self._took(")"):
            raise self._bad("expected “,” or “)”")
        return tuple(dict.fromkeys(names)), wanted

    def _name(self, what: str) -> str:
        if self._seen.kind != "word" or self._seen.text in _WORDS:
            raise self._bad(f"expected the name of {'a' if what == 'site' else 'an'} {what}")
        return self._take().text


def _in_brackets(inner: Requirement, *kinds: type) -> str:
    return f"({inner})" if isinstance(inner, kinds) else str(inner)


def _named(word: str, names: Collection[str], *, wanted: bool) -> str:
    if len(names) == 1:
        return f"{word} {'==' if wanted else '!='} {next(iter(names))}"
    return f"{word} {'in' if wanted else 'not in'} ({', '.join(names)})"

"""Which events a session of the simulated PBX hears: its account's classes, its mask, its filters. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from telephony.simulated_channels import Pairs
from telephony.simulated_request import CLASSES, Account, Reply, Request, success

Test = Callable[[str, Pairs], bool]
_CRITERIA = re.compile(r"(\w+)\(([^()]*)\)")


@dataclass
class Hearing:
    """`mask` is what the session asked for; `included` and `excluded` are its filters."""

    account: Account
    mask: frozenset[str] = CLASSES
    included: list[Test] = field(default_factory=list)
    excluded: list[Test] = field(default_factory=list)

    def hears(self, klass: str, name: str, headers: Pairs) -> bool:
        if klass not in self.mask or klass not in self.account.read:
            return False
        if self.included and not any(test(name, headers) for test in self.included):
            return False
        return not any(test(name, headers) for test in self.excluded)

    def set_mask(self, wanted: str) -> bool:
        """`on`, `off` or a list of classes; False when it is nothing of the kind."""
        if wanted.lower() in ("on", "yes", "true", "all", "1", "-1"):
            self.mask = CLASSES
        elif wanted.lower() in ("off", "no", "false", "0"):
            self.mask = frozenset()
        else:
            self.mask = frozenset(name.strip() for name in wanted.split(",")) & CLASSES
            return bool(self.mask)
        return True

    def add_filter(self, request: Request) -> Reply:
        """Action Filter: a regular expression over the text, or the criteria of Asterisk 22."""
        if request.get("Operation").lower() != "add":
            return request.error("Unknown operation")
        text, criteria = request.get("Filter"), request.get("MatchCriteria")
        try:
            if criteria:
                self._add_criteria(criteria, text)
            else:
                which = self.excluded if text.startswith("!") else self.included
                which.append(_by_text(text.removeprefix("!")))
        except (ValueError, re.error):
            return request.error("Filter format error")
        return success(request, ("Message", "Success"))

    def _add_criteria(self, criteria: str, text: str) -> None:
        found = dict(_CRITERIA.findall(criteria))
        name, header, method = found.get("name"), found.get("header"), found.get("method", "none")
        if found.get("action", "include") not in ("include", "exclude") or not (name or header):
            raise ValueError(criteria)
        matches = _METHODS[method](text) if method in _METHODS else None
        if header and matches is None:
            raise ValueError(criteria)

        def test(event: str, headers: Pairs) -> bool:
            if name and event != name:
                return False
            return not (header and matches) or any(k == header and matches(v) for k, v in headers)

        (self.excluded if found.get("action") == "exclude" else self.included).append(test)


_METHODS: dict[str, Callable[[str], Callable[[str], bool]]] = {
    "exact": lambda text: text.__eq__,
    "starts_with": lambda text: lambda value: value.startswith(text),
    "ends_with": lambda text: lambda value: value.endswith(text),
    "contains": lambda text: lambda value: text in value,
    "regex": lambda text: lambda value: re.search(text, value) is not None,
}


def _by_text(expression: str) -> Test:
    pattern = re.compile(expression.replace("[[:space:]]", r"\s"))

    def test(name: str, headers: Pairs) -> bool:
        return bool(pattern.search("".join(f"{k}: {v}\r\n" for k, v in [("Event", name), *headers])))

    return test

"""Public holidays by country, from the `holidays` package. Its lists end some years ahead; the configuration mends them."""

from collections.abc import Iterable
from datetime import date

from core.errors import BadConfiguration


def public_holidays(country: str, years: Iterable[int]) -> dict[date, str]:
    """Local days and their names (in English) for a country (`LV`) or a part of one (`DE-BY`)."""
    import holidays  # noqa: PLC0415  # a second's worth of modules, for those who use it

    name, _, part = country.upper().partition("-")
    try:
        found = holidays.country_holidays(name, subdiv=part or None, years=sorted(years), language="en_US")
    except NotImplementedError as error:
        raise BadConfiguration(
            f"'holidays' {country!r} is no country (or part of one) with a known list: write one such as 'LV' or 'DE-BY', "
            "or leave it out and use 'holidays_add'"
        ) from error
    return {day: str(title) for day, title in found.items()}

"""The clients of the simulated company: the same ones for the same seed. Some call again and again, so that history grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

# fmt: off
_RUSSIAN = (
    "Иван Петров", "Ольга Смирнова", "Дмитрий Кузнецов", "Анна Попова", "Сергей Васильев", "Мария Новикова", "Жанна Фёдорова",
    "Алексей Морозов", "Екатерина Волкова", "Павел Соловьёв", "Наталья Зайцева", "Михаил Лебедев", "Татьяна Щукина",
    "ООО «Ромашка»", "ИП Цой Виктор", "Артём Ёлкин", "Светлана Юрьева", "Николай Гусев", "Людмила Орлова", "Роман Быков",
)
_EUROPEAN = (
    "Anna Müller", "Jürgen Weiß", "Élodie Lefèvre", "François Dubois", "José García", "Łukasz Wójcik", "Zoë van Dijk",
    "Σοφία Παπαδοπούλου", "Björn Åkesson", "Søren Kjær", "Giulia D'Angelo", "Čeněk Dvořák", "Ağan Şahin", "Seán O'Brien",
    "Müller & Söhne GmbH", "Boulangerie Chez Léon",
)
_AMERICAN = (
    "Emily Johnson", "Marcus Williams", "Dr. Linda Cho", "Tyler Brown", "Ashley Davis", "Acme Tools, Inc.", "Maria Hernandez",
    "Jamal Robinson", "Grace Kim", "Walter O'Neill", "Priya Natarajan", "Sunrise Bakery LLC",
)
_STRANGE = (
    "", "UNKNOWN", "WIRELESS CALLER", "<b>Bold</b>", '"Quoted" \\ Slash', "שירה כהן", "محمد علي", "李小龍", "🍕 Pizza Roma",
    "Robert'); DROP TABLE", "x" * 90,
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Client:
    """`number` as the trunk delivers it."""

    number: str
    name: str


ANONYMOUS = Client("anonymous", "Anonymous")


class Clients:
    """A population. `draw` gives somebody; a fifth of all people make most of the calls."""

    def __init__(self, *, seed: int, count: int = 240) -> None:
        rng = Random(f"clients {seed}")
        numbers: dict[str, Client] = {}
        while len(numbers) < count:
            client = _somebody(rng)
            numbers.setdefault(client.number, client)
        self.all: Sequence[Client] = tuple(numbers.values())
        self.regulars: Sequence[Client] = self.all[: count // 5]

    def draw(self, rng: Random) -> Client:
        """One in thirty hides, six in ten are regulars."""
        lot = rng.random()
        if lot < 0.03:
            return ANONYMOUS
        return rng.choice(self.regulars if lot < 0.63 else self.all)


def _somebody(rng: Random) -> Client:
    kind = rng.random()
    if kind < 0.55:
        return Client(f"79{rng.randrange(10**8, 10**9)}", rng.choice(_RUSSIAN))
    if kind < 0.60:
        return Client(f"74{rng.choice((95, 99))}{rng.randrange(10**6, 10**7)}", rng.choice(_RUSSIAN))
    if kind < 0.78:
        country, digits = rng.choice((("4930", 8), ("331", 8), ("346", 8), ("4820", 8), ("4470", 8), ("3902", 8)))
        return Client(f"+{country}{rng.randrange(10 ** (digits - 1), 10**digits)}", rng.choice(_EUROPEAN))
    if kind < 0.93:
        area = rng.choice(("212", "415", "312", "617", "305"))
        return Client(f"+1{area}{rng.randrange(2, 10)}{rng.randrange(10**5, 10**6):06}", rng.choice(_AMERICAN))
    return Client(f"79{rng.randrange(10**8, 10**9)}", rng.choice(_STRANGE))

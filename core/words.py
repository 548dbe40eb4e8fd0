"""How text is cut into words that can be found. The search of cards and the migration that fills it must agree on it.

Only letters and digits make words: whatever else a person types (quotes, operators, %, _) merely parts them. Upper and lower
case are one, ё is е, and what only looks different in Unicode (full width, ligatures) is the same.
"""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 64
_MOST_STORED = 2_000


def words_of(text: str) -> list[str]:
    """Each word once, in the order of the text."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return list(dict.fromkeys(word[:_LONGEST] for word in _WORD.findall(folded)))


def code_word(code: str) -> str:
    """The word that stands for a disposition's code among those of the notes; no person types it."""
    return "code" + "".join(words_of(code))[: _LONGEST - 4]


def stored_words(notes: str, disposition: str | None) -> str:
    """What of a card can be found, as it is stored."""
    words = words_of(notes)[:_MOST_STORED]
    return " ".join([*words, code_word(disposition)] if disposition else words)

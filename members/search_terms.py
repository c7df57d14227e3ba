"""What somebody typed into the search box, taken apart. Pure."""

import re
from dataclasses import dataclass

from association.sheet_cells import fold

PROVINCE = re.compile("^[^0-9a-z]+")
MOST_WORDS = 4
LONGEST_WORD = 40


@dataclass(frozen=True)
class Word:
    """One word of a search. ``grams`` are the pieces that a name must hold to contain it.

    A word of one or two characters is its own piece, so holding it *is* containing it; of a
    longer one the pieces may lie apart, and the name has to be looked at again.
    """

    text: str
    grams: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        return len(self.text) <= 2

    @property
    def is_initials(self) -> bool:
        """Only plain letters: a clerk's pinyin initials (``knydf``)."""
        return self.text.isascii() and self.text.isalpha()

    @property
    def licence(self) -> str:
        """The start of a licence number without its province (闽DA592 → DA592), else empty."""
        tail = PROVINCE.sub("", self.text).upper()
        return tail if tail.isascii() and any(c.isdigit() for c in tail) else ""


def words(typed: str) -> tuple[Word, ...]:
    """Return the words of ``typed``, folded as names are; blanks part them."""
    folded = (fold(part)[:LONGEST_WORD] for part in typed.split()[:MOST_WORDS])
    return tuple(Word(text, grams(text)) for text in folded if text)


def grams(text: str) -> tuple[str, ...]:
    """Return the character of a one-character word, else each pair of neighbours once."""
    if len(text) <= 1:
        return (text,)
    return tuple(dict.fromkeys(text[i : i + 2] for i in range(len(text) - 1)))

"""Keys by which names are compared, found and sorted. Pure: the same in every database."""

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from association.sheet_cells import clean, fold

# Characters whose first letter depends on the word (厦门 xm, 大厦 ds): only these need a look
# at the whole name; all others are read one by one, which is thirty times faster.
DEPENDS_ON_WORD = frozenset("厦重长单沈乐藏曾盛解区行朝校降调传弹折奇薄仇朴查石车圈系属会种番")
KEY_LENGTH = 100
SORT_LENGTH = 200


def folded(text: str) -> str:
    """Return the key under which two ways of writing the same name or address meet."""
    return fold(text)


def initials(name: str) -> str:
    """Return the pinyin initials that a clerk types: 厦门康宁大药房 → ``xmkndyf``."""
    return name_keys(name)[1]


def sort_key(name: str) -> str:
    """Return an ASCII key that sorts Chinese names by pinyin, syllable by syllable."""
    return name_keys(name)[2]


def name_keys(name: str) -> tuple[str, str, str]:
    """Return ``(folded name, pinyin initials, sort key)``, each cut to its column."""
    key = fold(name)
    syllables = _syllables(key)
    # Brackets and dots have no place in the order; so both keys begin with the same letter.
    spoken = [syllable for syllable in syllables if syllable.isalnum()]
    short = "".join(syllable[:1] for syllable in spoken)
    long = " ".join(spoken).encode("ascii", "replace").decode()
    return key[:KEY_LENGTH], short[:KEY_LENGTH], long[:SORT_LENGTH]


def licence_key(text: str) -> str:
    """Return a licence number in its one writing: upper case, without spaces."""
    return "".join(fold(text).upper().split())


def phone_text(text: str) -> str:
    """Return a phone number as it is shown: ``020-81633852``, ``13800000000``.

    The country code of a mainland mobile and blanks inside it go; whatever is not a plain
    number (several numbers, an extension) stays as it was written.
    """
    shown = clean(text).replace("（", "(").replace("）", ")").replace("－", "-")
    digits = "".join(shown.split()).replace("-", "")
    if digits.startswith("+86"):
        digits = digits[3:]
    elif digits.startswith("0086"):
        digits = digits[4:]
    elif len(digits) == 13 and digits.startswith("861"):
        digits = digits[2:]
    if len(digits) == 11 and digits.isdecimal() and digits[0] == "1" and digits[1] in "3456789":
        return digits
    return "-".join(part.strip() for part in shown.split("-")) if shown.strip("-") else ""


def _syllables(key: str) -> list[str]:
    if DEPENDS_ON_WORD.isdisjoint(key):
        return [_syllable(char) for char in key]
    return lazy_pinyin(key, style=Style.NORMAL, errors=_one_by_one)


def _one_by_one(run: str) -> list[str]:
    return list(run)


@lru_cache(maxsize=8192)
def _syllable(char: str) -> str:
    return char if char.isascii() else lazy_pinyin(char, style=Style.NORMAL)[0]

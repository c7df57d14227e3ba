"""Keys by which names are compared, found and sorted. Pure: the same in every database."""

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from association.sheet_cells import clean, fold

# Characters whose first letter depends on the word (厦门 xm, 大厦 ds): only these need a look
# at their neighbours; all others are read one by one, which is thirty times faster.
DEPENDS_ON_WORD = frozenset("厦重长单沈乐藏曾盛解区行朝校降调传弹折奇薄仇朴查石车圈系属会种番")
REACH = 3  # no word that decides a reading is longer
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
    if DEPENDS_ON_WORD.isdisjoint(key):
        short, long = key.translate(_INITIALS), key.translate(_SPOKEN)
    else:
        spoken = [_SPOKEN[ord(char)] for char in key]
        for at, char in enumerate(key):
            if char in DEPENDS_ON_WORD:
                start = max(at - REACH, 0)
                spoken[at] = _spoken(_in_word(key[start : at + REACH + 1], at - start))
        short, long = "".join(syllable[:1] for syllable in spoken), "".join(spoken)
    return key[:KEY_LENGTH], short[:KEY_LENGTH], long.rstrip()[:SORT_LENGTH]


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


def _spoken(syllable: str) -> str:
    """Return a syllable with the blank behind it; brackets and dots have no place in the order.

    So both keys begin with the same letter.
    """
    plain = syllable.encode("ascii", "replace").decode()
    return f"{plain} " if syllable.isalnum() else ""


class _Spoken(dict[int, str]):
    """Character → what is said, filled as characters are met; fit for ``str.translate``."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        syllable = char if char.isascii() else lazy_pinyin(char, style=Style.NORMAL)[0]
        self[code] = _spoken(syllable)
        return self[code]


class _Initials(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = _SPOKEN[code][:1]
        return self[code]


_SPOKEN = _Spoken()
_INITIALS = _Initials()


@lru_cache(maxsize=65536)
def _in_word(text: str, at: int) -> str:
    """Return how the character at ``at`` is read among its neighbours."""
    return lazy_pinyin(text, style=Style.NORMAL, errors=list)[at]

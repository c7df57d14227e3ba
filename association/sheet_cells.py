"""What one cell of a sheet says: cleaned text, a folded key, a date. No framework, no clock."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from association.errors import BusinessRuleError

# Nobody sees these, and they make two equal codes differ: soft hyphen, zero-width marks,
# bidi marks (copied from a web page or a chat), byte order mark, variation selectors.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\x00-\x08\x0e-\x1b\x7f]"
)
# A cell in which one of these occurs is not yet clean. One class and nothing else: alternatives
# would make the search five times slower.
UNCLEAN = re.compile(
    "[\x00-\x1f\x7f-\xa0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\ud800-\udfff]"
)
FULL_WIDTH = {
    code: code - 0xFEE0
    for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for code in range(first, last + 1)
}
DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")

YEAR_MONTH_DAY = re.compile(
    r"(\d{4})\s*(?:年|[-./\\、])\s*(\d{1,2})\s*(?:月|[-./\\、])\s*(\d{1,2})\s*日?"
    r"(?:[ T]\s*\d{1,2}[:：]\d{2}.*)?"
)
EIGHT_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
DAY_ZERO = date(1899, 12, 30)  # how office programs count days; right from 1900-03-01 on
SERIAL_FIRST, SERIAL_LAST = 32874, 73050  # 1990-01-01 to 2099-12-31


class InvalidDateError(BusinessRuleError):
    """The cell holds no day of the calendar."""


def clean(text: str) -> str:
    """Return ``text`` as a careful typist would have written it.

    Any kind of space becomes one plain space, invisible marks go, full-width digits and
    letters become plain ones. Chinese punctuation stays: it belongs to the name.
    """
    if UNCLEAN.search(text):
        text = INVISIBLE.sub("", text).translate(FULL_WIDTH)
        text = text.encode("utf-8", "ignore").decode("utf-8")  # half a surrogate pair
    return " ".join(text.split())


def fold(text: str) -> str:
    """Return the key under which two ways of writing the same name meet.

    Width, case, spaces and the kind of dash or bracket make no difference.
    """
    folded = text
    while True:  # taking spaces out can bring an accent to a letter: again until it rests
        again = unicodedata.normalize("NFKC", clean(folded)).casefold()
        again = DASHES.sub("-", "".join(again.split()))
        if again == folded:
            return folded
        folded = again


def text_of(value: object) -> str:
    """Return what a cell shows as text: ``1001.0`` is the code ``1001``, a day is ISO."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(value) if abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime):
        at_midnight = value.time() == time(0)
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "seconds")
    if isinstance(value, timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, (date, time)) else clean(str(value))


def day_of(text: str) -> date | None:
    """Return the day that ``text`` names, or ``None`` for a blank.

    Reads 2026-03-05, 2026.3.5, 2026/3/5, 2026年3月5日, 20260305, each with a time behind it,
    and the bare day count of an office program. Raises ``InvalidDateError`` otherwise.
    """
    text = clean(text)
    if text in {"", "-", "—", "/", "无"}:
        return None
    if text.isdecimal() and len(text) == 5 and SERIAL_FIRST <= int(text) <= SERIAL_LAST:
        return DAY_ZERO + timedelta(days=int(text))
    found = YEAR_MONTH_DAY.fullmatch(text) or EIGHT_DIGITS.fullmatch(text)
    if not found:
        raise InvalidDateError(f"“{text[:40]}”不是日期，请写成 2026-03-05 的样子。")
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidDateError(f"日历上没有“{text[:40]}”这一天，请核对。") from None

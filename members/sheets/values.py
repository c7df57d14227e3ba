"""What a cell of a register's sheet means. Pure: text in, the value's one writing out.

Each reader returns the text that goes into the register, ``None`` where the cell says nothing,
and raises ``UnreadableCellError`` with what is wrong and what to write instead.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from association.errors import BusinessRuleError
from association.sheet_cells import YEAR_MONTH_DAY, InvalidDateError, clean, day_of, fold
from members.credit_code import ALPHABET, InvalidCreditCodeError, normalise
from members.name_keys import licence_key, phone_text

Reader = Callable[[str], str | None]

NOTHING = frozenset(
    {"", "-", "--", "—", "——", "/", "无", "暂无", "未登记", "N/A", "n/a", "NA", "null"}
)
FOR_EVER = frozenset({"长期", "长期有效", "永久", "永久有效", "无固定期限"})
# Letters that the code never uses and the digits for which they are taken.
LOOKALIKES = str.maketrans("OISZ", "0152")
LONGEST_NUMBER = 15
SHOWN = 40


class UnreadableCellError(BusinessRuleError):
    """The cell cannot be taken; ``hint`` says what to write instead."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


def words(label: str, longest: int) -> Reader:
    """Read a name or another short text of at most ``longest`` characters."""

    def read(text: str) -> str | None:
        shown = clean(text)
        if shown in NOTHING:
            return None
        if len(shown) > longest:
            raise UnreadableCellError(
                f"{label}超过 {longest} 个字。", f"缩短到 {longest} 个字以内。"
            )
        return shown

    return read


def number(text: str) -> str | None:
    """Read a whole number, such as the portal's own number of a shop."""
    digits = clean(text)
    if digits in NOTHING:
        return None
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > LONGEST_NUMBER:
        raise UnreadableCellError(f"“{digits[:SHOWN]}”不是编号。", "填导出表里的数字，新药店留空。")
    return str(int(digits))


def day(text: str) -> str | None:
    """Read a day in any of the office's ways; of a period, its last day. Returns ISO."""
    shown = clean(text)
    if shown in NOTHING:
        return None
    if shown in FOR_EVER:
        raise UnreadableCellError(f"“{shown}”不是日期。", "填写证上的日期；不清楚就留空。")
    days = [found.group(0) for found in YEAR_MONTH_DAY.finditer(shown)]
    try:
        found = day_of(days[-1] if len(days) == 2 else shown)
    except InvalidDateError as error:
        raise UnreadableCellError(f"{str(error).partition('，')[0]}。") from None
    return found.isoformat() if found else None


def credit_code(text: str) -> str | None:
    """Read a unified social credit code in any of its ways of writing."""
    shown = clean(text)
    if shown in NOTHING:
        return None
    try:
        return normalise(shown)
    except InvalidCreditCodeError as error:
        reason, _, hint = str(error).partition("，请")
        raise UnreadableCellError(
            f"{reason.rstrip('。')}。", _meant_code(shown) or hint or "照营业执照重新填写。"
        ) from None


def _meant_code(shown: str) -> str:
    """Return “是不是 9135…？” where letters that are never used stand for digits."""
    meant = shown.upper().translate(LOOKALIKES)
    if meant == shown.upper() or not set(meant) <= set(ALPHABET):
        return ""
    try:
        return f"是不是 {normalise(meant)}？"
    except InvalidCreditCodeError:
        return ""


def licence(longest: int) -> Reader:
    """Read a licence number: upper case, without spaces."""

    def read(text: str) -> str | None:
        key = licence_key(text)
        if clean(text) in NOTHING or not key:
            return None
        if len(key) > longest:
            raise UnreadableCellError(f"证号超过 {longest} 个字。", "只填一个许可证号。")
        if "E+" in key and key.replace("E+", "").replace(".", "").isdecimal():
            raise UnreadableCellError(
                "证号被存成了数字，后几位已丢失。", "把该列设为文本后重新填写。"
            )
        return key

    return read


def phone(longest: int) -> Reader:
    """Read a telephone number, or several as they stand."""

    def read(text: str) -> str | None:
        shown = phone_text(text)
        if clean(text) in NOTHING or not shown:
            return None
        if len(shown) > longest:
            raise UnreadableCellError(f"电话超过 {longest} 个字。", "只留常用的一两个号码。")
        return shown

    return read


def choice(label: str, meanings: Mapping[str, str], shown_words: str) -> Reader:
    """Read one of a few words; ``meanings`` maps what offices write to our value."""
    known = {fold(word): value for word, value in meanings.items()}

    def read(text: str) -> str | None:
        said = clean(text)
        if said in NOTHING:
            return None
        value = known.get(fold(said))
        if value is None:
            near = get_close_matches(said, meanings, n=1, cutoff=0.5)
            hint = f"是不是“{near[0]}”？" if near else f"填写{shown_words}。"
            raise UnreadableCellError(f"{label}“{said[:SHOWN]}”不认识。", hint)
        return value

    return read

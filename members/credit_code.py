"""The unified social credit code (统一社会信用代码) of a legal entity."""

from association.errors import BusinessRuleError
from association.sheet_cells import clean

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 symbols; I, O, S, V and Z are never used
LENGTH = 18
WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
SEPARATORS = str.maketrans("", "", " -'‘’`´.·‐‑‒–—−－")

# Registering department (first symbol) and what it registers (second symbol).
TYPES_OF = {
    "1": "1239",  # 机构编制：机关、事业单位、编办直管的群团、其他
    "2": "19",  # 外交
    "3": "123459",  # 司法行政
    "4": "19",  # 文化
    "5": "1239",  # 民政：社会团体、民办非企业单位、基金会、其他
    "6": "129",  # 旅游
    "7": "129",  # 宗教
    "8": "19",  # 工会
    "9": "1239",  # 市场监管：企业、个体工商户、农民专业合作社、其他
    "A": "19",  # 军队
    "N": "1239",  # 农业农村：组级、村级、乡镇级集体经济组织、其他
    "Y": "1",  # 其他
}
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class InvalidCreditCodeError(BusinessRuleError):
    """The code has a wrong length, a foreign symbol, an unknown issuer or a wrong check symbol."""


def normalise(raw: str) -> str:
    """Return the code in its one writing, after checking it.

    Source: GB 32100-2015. Full-width symbols, lower case, spaces, hyphens, invisible marks and
    a leading apostrophe are ways of writing, not mistakes. The region in places 3 to 8 is only
    asked to be six digits: it may have been merged away since. Raises
    ``InvalidCreditCodeError`` with a message for the person who typed the code.
    """
    text = clean(raw)
    if "E+" in text.upper():
        raise InvalidCreditCodeError(
            "统一社会信用代码被存成了数字，后几位已丢失，请把该列设为文本后重新填写。"
        )
    code = text.translate(SEPARATORS).upper()
    if not code:
        raise InvalidCreditCodeError("没有填写统一社会信用代码。")
    if len(code) != LENGTH:
        raise InvalidCreditCodeError(
            f"统一社会信用代码应为 {LENGTH} 位，现为 {len(code)} 位，请核对营业执照。"
        )
    if foreign := sorted(set(code) - set(ALPHABET)):
        raise InvalidCreditCodeError(
            f"统一社会信用代码不使用“{'、'.join(foreign)}”，请核对营业执照（O、I 常是数字 0、1）。"
        )
    _check(code)
    return code


def _check(code: str) -> None:
    if code[1] not in TYPES_OF.get(code[0], ""):
        raise InvalidCreditCodeError(
            f"统一社会信用代码前两位“{code[:2]}”不是登记机关的编号，请核对营业执照。"
        )
    if not code[2:8].isdecimal():
        raise InvalidCreditCodeError(
            f"统一社会信用代码第 3 至 8 位应为数字，现为“{code[2:8]}”，请核对营业执照。"
        )
    if code[-1] != check_symbol(code[:-1]):
        if code.isdecimal() and code.endswith("000"):
            raise InvalidCreditCodeError(
                "统一社会信用代码末三位变成了 000，是被表格存成了数字，请把该列设为文本后重新填写。"
            )
        raise InvalidCreditCodeError("统一社会信用代码校验位不符，请核对是否抄录有误。")
    if code[16] != organisation_check_symbol(code[8:16]):
        raise InvalidCreditCodeError(
            "统一社会信用代码第 9 至 17 位（组织机构代码）校验不符，请核对是否抄录有误。"
        )


def check_symbol(body: str) -> str:
    """Return the 18th symbol for the first 17."""
    total = sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def organisation_check_symbol(body: str) -> str:
    """Return the 9th symbol of an organisation code for its first 8 (GB 11714)."""
    total = sum(
        ORGANISATION_ALPHABET.index(c) * w for c, w in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    rest = 11 - total % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))

"""The citizen ID number (GB 11643) and how little of it is shown. Pure."""

import unicodedata
from datetime import date

WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]
CHECKS = "10X98765432"
LENGTH = 18


def normalise(typed: str) -> str:
    """Return the number without blanks, in half-width characters, with a capital X."""
    return "".join(unicodedata.normalize("NFKC", typed).split()).upper()


def check_symbol(body: str) -> str:
    """Return the last symbol for the first seventeen digits."""
    return CHECKS[sum(w * int(d) for w, d in zip(WEIGHTS, body, strict=True)) % 11]


def problem_with(number: str) -> str:
    """Return what is wrong with a normalised number, in Chinese; empty when it is right.

    Which region issued it is not asked: numbers that no authority issues (region 000000) are
    what examples are made of.
    """
    body = number[:-1]
    if len(number) != LENGTH or not (body.isascii() and body.isdecimal()):
        return "身份证号是 18 位，前 17 位是数字，请照证件再看一遍。"
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "身份证号第 7 到 14 位不是日期，请照证件再看一遍。"
    if number[-1] != check_symbol(body):
        return "身份证号的最后一位对不上，可能有一位抄错了。"
    return ""


def mask(number: str) -> str:
    """Return the number with the birthday and more hidden: 110105********002X."""
    return f"{number[:6]}********{number[-4:]}" if len(number) == LENGTH else "*" * len(number)


def mask_phone(number: str) -> str:
    """Return a mobile number with its middle hidden: 138****8000."""
    return f"{number[:3]}****{number[-4:]}" if len(number) == 11 else "*" * len(number)

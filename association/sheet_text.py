"""How a plain text table was written: its encoding and its separator. Standard library only."""

import codecs
import csv
import io
import re
from collections import Counter

from association.sheet_guard import UnreadableSheetError

SAMPLE = 1 << 16
HAN = re.compile("[\u4e00-\u9fff]")
NOT_TEXT = "文件不是表格，也不是能识别的文字。请上传 .xlsx、.xls 或 .csv 文件。"


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: UTF-8, UTF-16, GB18030 or Big5."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _checked(data, encoding)
    if guessed := _utf16_without_mark(data[:SAMPLE]):
        return _checked(data, guessed)
    if b"\x00" in data:
        raise UnreadableSheetError(NOT_TEXT)
    try:
        return _printable(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _checked(data, _east_asian(data))


def _checked(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        return _printable(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
    if text.count("\ufffd") > max(2, len(text) // 1000):
        raise UnreadableSheetError(
            "文字编码无法识别。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"
        )
    return _printable(text, encoding)


def _printable(text: str, encoding: str) -> tuple[str, str]:
    """Refuse a binary file that happens to decode."""
    sample = text[:SAMPLE]
    strange = sum(1 for char in sample if char < " " and char not in "\t\r\n\x0b\x0c\x1a\x1f")
    if strange > len(sample) // 50 or "\x00" in text:
        raise UnreadableSheetError(NOT_TEXT)
    return text, encoding


def _utf16_without_mark(sample: bytes) -> str | None:
    """Tell by where the zero bytes of commas, digits and line ends lie."""
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    enough = len(sample) // 20
    if odd > enough and odd > 8 * even:
        return "utf-16-le"
    if even > enough and even > 8 * odd:
        return "utf-16-be"
    return None


def _east_asian(data: bytes) -> str:
    """Choose the encoding in which more of the text is in everyday use."""
    sample = data[:SAMPLE]
    return max(("gb18030", "big5hkscs"), key=lambda encoding: _everyday_share(sample, encoding))


def _everyday_share(sample: bytes, encoding: str) -> float:
    """Return the share of characters in the first, everyday level of the national set."""
    text = sample.decode(encoding, "replace")
    own, first, last = ("gb2312", 0xB0, 0xD7) if encoding == "gb18030" else ("big5", 0xA4, 0xC6)
    beyond = [char for char in text if char > "\x7f"]
    everyday = 0
    for char in beyond:
        raw = char.encode(own, "ignore")
        if HAN.match(char) and raw and first <= raw[0] <= last:
            everyday += 1
    return everyday / len(beyond) if beyond else 0.0


def delimiter_of(text: str) -> str:
    """Return the separator that gives the first lines the same number of columns."""
    sample = text[:SAMPLE]
    first = sample.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4]
    best, best_score = ",", 0.0
    for delimiter in (",", "\t", ";", "|"):
        widths: Counter[int] = Counter()
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if any(row):
                    widths[len(row)] += 1
        except csv.Error:
            continue
        if not widths:
            continue
        width, lines = widths.most_common(1)[0]
        score = (width > 1) * lines / sum(widths.values()) * min(width, 6)
        if score > best_score:
            best, best_score = delimiter, score
    return best

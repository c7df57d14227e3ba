"""The yearly notice of working days as an office types or exports it, read into plain rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from association.errors import BusinessRuleError

OFF_WORDS = ("放假", "休", "假", "false", "否", "节")
WORK_WORDS = ("调休上班", "上班", "补班", "班", "true", "是")
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


@dataclass(frozen=True)
class TableDay:
    """One exception: a day off or a make-up working day."""

    day: date
    is_working: bool
    name: str


class WrongTableError(BusinessRuleError):
    """Some lines are no days; the message names each with its number."""


def read_rows(rows: Iterable[tuple[int, list[str]]], *, year: int) -> list[TableDay]:
    """Return the days in ``rows`` (row number, cells), which must all lie in ``year``.

    A line needs a date, the word 放假 or 上班, and may have a name. Lines without any digit are
    headings. Raises ``WrongTableError`` with every bad line at once.
    """
    days: dict[date, TableDay] = {}
    problems = []
    for number, cells in rows:
        line = " ".join(cell.strip() for cell in cells if cell.strip())
        if not any(letter.isdigit() for letter in line):
            continue
        try:
            found = _day(cells, line, year)
        except ValueError as error:
            problems.append(f"第 {number} 行：{error}")
            continue
        days[found.day] = found
    if problems:
        more = f"（还有 {len(problems) - 5} 行）" if len(problems) > 5 else ""
        raise WrongTableError("；".join(problems[:5]) + f"{more}。请改好后重新导入。")
    if not days:
        raise WrongTableError("表里没有日期。每行写日期、名称和“放假”或“上班”。")
    return [days[day] for day in sorted(days)]


def read_text(text: str, *, year: int) -> list[TableDay]:
    """Return the days typed or pasted line by line."""
    lines = enumerate(text.splitlines(), start=1)
    return read_rows(((n, re.split(r"[\s,，;；\t]+", line)) for n, line in lines), year=year)


def _day(cells: list[str], line: str, year: int) -> TableDay:
    match = DATE.search(line)
    if match is None:
        raise ValueError("没有日期，例如 2027-01-01")
    try:
        day = date(*map(int, match.groups()))
    except ValueError:
        raise ValueError(f"“{match.group().strip()}”不是日期") from None
    if day.year != year:
        raise ValueError(f"{day} 不在 {year} 年")
    words = [cell.strip() for cell in cells if cell.strip() and not DATE.search(cell)]
    kinds = [word for word in words if word.lower() in (*OFF_WORDS, *WORK_WORDS)]
    if not kinds:
        raise ValueError("要写明“放假”或“上班”")
    names = [word for word in words if word not in kinds and not _is_weekday(word)]
    is_working = kinds[0].lower() in WORK_WORDS
    return TableDay(day, is_working, (names[0] if names else kinds[0])[:40])


def _is_weekday(word: str) -> bool:
    return bool(re.fullmatch(r"(周|星期)?[一二三四五六日天]", word)) or word in {"True", "False"}

"""A page of small events: typed into rows, or pasted from a sheet."""

import re
from dataclasses import dataclass, field
from datetime import date

from django import forms

from activities.actions import SmallEvent
from activities.queries.duties import duty_choices
from activities.queries.records import on_record
from association.sheet_cells import InvalidDateError, day_of, fold
from members.models import Pharmacy

EMPTY_ROWS = 12
MOST_ROWS = 200
HEADS = {"日期", "时间", "活动日期"}
SHORT_DAY = re.compile(r"(\d{1,2})\s*[./月-]\s*(\d{1,2})\s*日?")


class BatchHeadForm(forms.Form):
    """What all rows of the page have in common."""

    duty = forms.ChoiceField(
        label="计入哪项任务",
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    title = forms.CharField(
        label="活动名称",
        max_length=80,
        help_text="各行不写名称时用它。",
        widget=forms.TextInput(attrs={"class": "inp inp-mid"}),
    )
    paper = forms.FileField(
        label="这一批的照片或名单",
        help_text="一份文件归到每一行；分开传的，保存后到各条里补。",
        required=False,
        widget=forms.FileInput(
            attrs={"class": "inp", "accept": "image/jpeg,image/png,image/webp,application/pdf"}
        ),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duty"].choices = [("", "不计入固定任务"), *duty_choices()]


@dataclass
class Line:
    """One row as it was typed, and what is wrong with it."""

    number: int
    day: str = ""
    shop: str = ""
    people: str = ""
    title: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed into the row."""
        return not any((self.day, self.shop, self.people, self.title))


def blank_lines(count: int = EMPTY_ROWS) -> list[Line]:
    """Return rows to type into."""
    return [Line(number) for number in range(1, count + 1)]


def pasted_lines(text: str) -> list[Line]:
    """Read rows copied out of a sheet: day, shop, people, title; a heading row is left out."""
    lines = []
    for row in text.replace("\r\n", "\n").split("\n"):
        cells = [cell.strip() for cell in re.split(r"\t|\s{2,}|，|,", row)]
        if not any(cells) or cells[0] in HEADS:
            continue
        cells += [""] * (4 - len(cells))
        lines.append(Line(len(lines) + 1, cells[0], cells[1], cells[2], cells[3]))
    return lines


def typed_lines(posted) -> list[Line]:
    """Return the rows of the page as they were sent."""
    columns = [posted.getlist(name) for name in ("day", "shop", "people", "row_title")]
    lines = []
    for number, cells in enumerate(zip(*columns, strict=False), start=1):
        line = Line(number, *(cell.strip() for cell in cells))
        if not line.is_blank:
            lines.append(line)
    return lines


def read(lines: list[Line], *, title: str, shops, today: date) -> list[tuple[Line, SmallEvent]]:
    """Return the rows that make sense as events; the others say in ``errors`` what is wrong.

    ``shops`` are those the person may see; a shop is named in full or by a part that fits one.
    """
    found = _shops_named({line.shop for line in lines if line.shop}, shops)
    good: list[tuple[Line, SmallEvent]] = []
    for line in lines:
        day = _day(line.day, today)
        if day is None:
            line.errors.append("日期读不懂，写成 2026-03-14 或 3月14日")
        elif day > today:
            line.errors.append("日期还没到，办完再登记")
        people = _number(line.people)
        if line.people and people is None:
            line.errors.append("人数要是数字")
        names = found.get(line.shop, [])
        if line.shop and not names:
            line.errors.append("名册里没有这家药店")
        elif line.shop and len(names) > 1:
            line.errors.append(f"有 {len(names)} 家都像，请写全名")
        if not line.errors:
            event = SmallEvent(
                title=line.title or title,
                held_on=day,
                pharmacy=names[0].pk if names else None,
                people=people,
            )
            good.append((line, event))
    return _without_repeats(good)


def _without_repeats(rows: list[tuple[Line, SmallEvent]]) -> list[tuple[Line, SmallEvent]]:
    """Leave out what is entered already, or stands on the page twice: same name, day and shop."""
    events = [event for _, event in rows]
    there = on_record({e.title for e in events}, {e.held_on for e in events})
    fresh = []
    for line, event in rows:
        key = (event.title, event.held_on, event.pharmacy)
        if key in there:
            line.errors.append("同名、同日、同店的已登记过；确有两场请在名称里区分")
        else:
            there.add(key)
            fresh.append((line, event))
    return fresh


def _shops_named(words: set[str], shops) -> dict[str, list[Pharmacy]]:
    """Return for each word the shops it names: by their whole name in one query, then by a part."""
    folded = {word: fold(word) for word in words}
    by_name: dict[str, list[Pharmacy]] = {}
    for shop in shops.filter(name_folded__in=folded.values()).only("name", "name_folded"):
        by_name.setdefault(shop.name_folded, []).append(shop)
    found = {word: by_name[text] for word, text in folded.items() if text in by_name}
    for word in words - found.keys():
        found[word] = list(shops.matching(word).only("name")[:3])
    return found


def _day(text: str, today: date) -> date | None:
    short = SHORT_DAY.fullmatch(text)
    if short:
        try:
            day = date(today.year, int(short[1]), int(short[2]))
        except ValueError:
            return None
        # Entered in January, 12月28日 is last year's.
        return day if day <= today else day.replace(year=today.year - 1) if day.month > 10 else day
    try:
        return day_of(text)
    except InvalidDateError:
        return None


def _number(text: str) -> int | None:
    digits = text.removesuffix("人").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 6 else None

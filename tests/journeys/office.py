"""What the journeys share: a clock that is set by hand, a desk, and sheets filled by a clerk."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import openpyxl
from django.urls import reverse
from django.utils import timezone

from association import jobs


class Office:
    """The clock of the story, who sits at the desk, and what they click."""

    def __init__(self, client, monkeypatch) -> None:
        self.client = client
        self.now = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def on(self, day: str) -> None:
        """Let the days go by until ten in the morning of ``day``."""
        self.now = datetime.fromisoformat(f"{day}T10:00:00+08:00")

    def sit(self, user) -> None:
        self.client.force_login(user)

    def read(self, name: str, *args, **query) -> str:
        answer = self.client.get(reverse(name, args=args), query)
        assert answer.status_code == 200, (name, answer.status_code, answer.get("Location"))
        return answer.content.decode()

    def click(self, page: str, name: str, *args, **data) -> str:
        """Press the button that stands on ``page``; return the page that follows."""
        address = reverse(name, args=args)
        assert address in page, f"{address} is not on the page"
        answer = self.client.post(address, data, follow=True)
        assert answer.status_code == 200, (name, answer.status_code)
        return answer.content.decode()

    def work(self) -> None:
        """What the worker does at that moment."""
        while jobs.run_due(clock=lambda: self.now)[0]:
            pass


BEST = {"R03": "无缺陷", "R13": "无", "P10": "好", "P04": "4.9"}


def best_mark(code: str, heading: str) -> str:
    """A full mark for a column of the sheet, from what its heading asks for."""
    if code in BEST:
        return BEST[code]
    if "处数" in heading:
        return "0"
    if "比率" in heading:
        return "20/20"
    return "符合" if "符合" in heading else "0"


def filled_in(content: bytes, mark: Callable[[str, str], str] = best_mark) -> bytes:
    """The template of marks as a clerk would fill it; ``mark(code, heading)`` says what with."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    head = next(row for row in sheet.iter_rows() if any(cell.value == "编号" for cell in row))
    for row in sheet.iter_rows(min_row=head[0].row + 1):
        for cell, title in zip(row, head, strict=False):
            code = re.match(r"[RP]\d\d", str(title.value or ""))
            if code and "样本" in title.value:
                cell.value = 60
            elif code:
                cell.value = mark(code[0], title.value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

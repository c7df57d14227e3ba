"""Read a workbook of unknown origin into rows, in a child process behind a guard.

The web process never parses a stranger's file. It hands the bytes to
``association.sheet_child`` and gets back cleaned text, or one sentence that says why not.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings

from association.sheet_guard import Limits, UnreadableSheetError

__all__ = ["Limits", "Sheet", "SheetHead", "UnreadableSheetError", "open_sheet"]

logger = logging.getLogger(__name__)

HOME = Path(__file__).resolve().parent.parent
UNIT = "\x1f"
TOO_MUCH = (
    "表格太大或结构异常，读取时超过了时间或内存限制。"
    "请把需要的内容复制到新表格，另存为 .xlsx 后再上传。"
)


@dataclass(frozen=True)
class SheetHead:
    """One sheet of the file: its name and its first rows, to find the header row in."""

    name: str
    is_hidden: bool
    row_count: int
    rows: list[tuple[int, list[str]]]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass
class Sheet:
    """An opened file: what it is, its sheets, and the rows of the chosen one."""

    kind: str
    encoding: str
    notes: list[str]
    name: str
    sheets: list[SheetHead]
    body: IO[bytes]
    body_start: int

    def __post_init__(self) -> None:
        weakref.finalize(self, self.body.close)

    @property
    def head(self) -> SheetHead:
        """The sheet whose rows are in ``rows()``."""
        return next(sheet for sheet in self.sheets if sheet.name == self.name)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield ``(row number as the clerk sees it, cells)``; empty rows are left out."""
        for line in self.lines():
            number, _, cells = line.decode().rstrip("\n").rpartition("\t")
            number = number.rpartition("\t")[2]
            yield int(number), cells.replace("\\\\", "\\").split(UNIT)

    def lines(self) -> IO[bytes]:
        """Return the rows as a file for COPY: ``prefix, number, TAB, cells``.

        The file lives as long as this sheet.
        """
        self.body.seek(self.body_start)
        return self.body


def limits() -> Limits:
    """Return the limits of this installation (``SHEET_LIMITS`` in the settings)."""
    return Limits(**getattr(settings, "SHEET_LIMITS", {}))


def open_sheet(source: IO[bytes] | bytes, *, sheet: str | None = None, prefix: str = "") -> Sheet:
    """Read ``source`` in a child process.

    ``sheet`` names the sheet to take; without it the fullest visible one is taken. ``prefix``
    is put before every line, for a COPY that needs leading columns. Raises
    ``UnreadableSheetError`` with a sentence for the person who uploaded the file.
    """
    bounds = limits()
    request = {"limits": asdict(bounds), "sheet": sheet, "prefix": prefix}
    answer = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the sheet
    with tempfile.TemporaryFile() as given:
        _pour(source, given, bounds)
        given.seek(0)
        try:
            child = subprocess.run(  # noqa: S603 -- our own module, arguments are JSON
                [sys.executable, "-m", "association.sheet_child", json.dumps(request)],
                stdin=given,
                stdout=answer,
                stderr=subprocess.PIPE,
                cwd=HOME,
                env={"PATH": os.defpath, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=bounds.wall_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            answer.close()
            raise UnreadableSheetError(TOO_MUCH) from None
    answer.seek(0)
    about = _first_line(answer)
    if child.returncode != 0:
        answer.close()
        logger.info("Sheet not read: exit %s %s", child.returncode, child.stderr[-300:])
        raise UnreadableSheetError(about.get("refused", TOO_MUCH))
    return Sheet(
        kind=about["kind"],
        encoding=about["encoding"],
        notes=about["notes"],
        name=about["sheet"],
        sheets=[_sheet_head(one) for one in about["sheets"]],
        body=answer,
        body_start=answer.tell(),
    )


def _pour(source: IO[bytes] | bytes, target: IO[bytes], bounds: Limits) -> None:
    """Copy the upload, one byte past the limit at most: the child says that it is too big."""
    if isinstance(source, bytes):
        target.write(source[: (bounds.megabytes << 20) + 1])
        return
    source.seek(0)
    left = (bounds.megabytes << 20) + 1
    while left and (chunk := source.read(min(left, 1 << 20))):
        target.write(chunk)
        left -= len(chunk)


def _first_line(answer: IO[bytes]) -> dict:
    try:
        return json.loads(answer.readline())
    except ValueError:
        return {}


def _sheet_head(about: dict) -> SheetHead:
    return SheetHead(
        name=about["name"],
        is_hidden=about["hidden"],
        row_count=about["rows"],
        rows=[(number, cells) for number, cells in about["head"]],
        merges=[tuple(area) for area in about["merges"]],
    )

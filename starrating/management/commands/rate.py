"""``manage rate``: try a scheme on a table without touching the database."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from starrating.scheme_format import SchemeError, load, read_yaml
from starrating.table_rating import RowError, TableError, TableRater

MOST_SENTENCES = 50


class Command(BaseCommand):
    help = "Apply a scheme to a table: one column per item in; stars, total and what failed out."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--scheme", required=True, type=Path, help="the scheme (YAML)")
        parser.add_argument("--input", required=True, type=Path, help="the rows (CSV)")
        parser.add_argument("--output", required=True, type=Path, help="the results (CSV)")

    def handle(self, *, scheme, input, output, **options):
        rules = self.scheme_in(scheme)
        try:
            with opened_table(input) as rows, replaced(output) as target:
                rated, refused = self.rate_rows(rules, rows, csv.writer(target))
        except (OSError, TableError, csv.Error) as error:
            raise CommandError(f"不能评分：{error}") from error
        self.stdout.write(f"已评 {rated} 行，结果在 {output}。")
        if refused:
            raise CommandError(f"有 {refused} 行不能评分，原因见上和结果表。")

    def scheme_in(self, path):
        """Return the scheme written in the file, or say what is wrong with it."""
        try:
            return load(read_yaml(path.read_text(encoding="utf-8-sig")))
        except SchemeError as error:
            lines = "\n".join(problem.sentence for problem in error.problems)
            raise CommandError(f"方案 {path} 不能用：\n{lines}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"读不到方案 {path}：{error}") from error

    def rate_rows(self, scheme, rows, results):
        """Write a line for every row; return how many were rated and how many refused."""
        head = next(rows, None)
        if head is None:
            raise TableError("表是空的。")
        rater = TableRater(scheme, head)
        if rater.foreign:
            self.stderr.write(f"方案里没有这些列，不看：{'、'.join(rater.foreign)}。")
        if rater.absent:
            self.stderr.write(f"表里没有这些项，按空白算：{'、'.join(rater.absent)}。")
        results.writerow(rater.columns)
        rated = refused = 0
        for row in rows:
            if not row:
                continue
            try:
                results.writerow(rater.rated(row))
                rated += 1
            except RowError as error:
                refused += 1
                sentence = f"第 {rows.line_num} 行：{error}。"
                results.writerow(rater.refused(row, sentence))
                if refused <= MOST_SENTENCES:
                    self.stderr.write(sentence)
        if refused > MOST_SENTENCES:
            self.stderr.write(f"还有 {refused - MOST_SENTENCES} 行，见结果表。")
        return rated, refused


@contextmanager
def opened_table(path: Path) -> Iterator:
    """Yield the rows of a CSV in UTF-8 or GB18030; the encoding is told by the first part."""
    with path.open("rb") as file:
        start = file.read(1 << 20)
    with path.open(encoding=encoding_of(start), newline="") as file:
        yield csv.reader(file)


def encoding_of(start: bytes) -> str:
    """Return ``utf-8-sig`` or, where the bytes are none, ``gb18030``."""
    try:
        start[: start.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


@contextmanager
def replaced(path: Path) -> Iterator:
    """Yield a file that takes the place of ``path`` when all went well."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)

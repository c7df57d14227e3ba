"""``import``: a workbook from the file to the register, against reading it and one COPY.

Ours is the product's own way through its own acts: guard and child process, staging, mapping by
the headings, every rule and key, comparison with the register, a second comparison under lock,
the rows with their tenures, the record that allows the undo.

Two floors. ``import`` stands against python-calamine and a COPY into a table without anything;
``import/register`` against the same read and a COPY into a table with the columns, checks and
indexes of the register, which is what any way of writing those rows has to pay.
"""

import csv
import io
import resource
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from statistics import median
from xml.sax.saxutils import escape

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from python_calamine import CalamineWorkbook
from tablib import Dataset

from accounts.models import Area, User
from benchmarks.databases import execute, fresh_database, settle
from benchmarks.generators import BRANDS, PLACES, pairs
from benchmarks.harness import RUNS, Figure, benchmark, peak_of_children_mb, say, seconds
from members import sheets
from members.actions import imports
from members.credit_code import check_symbol, organisation_check_symbol
from members.models import ImportBatch, MemberUnit, Pharmacy
from members.resources import PharmacyResource

GOAL = 2.0
PEER_GOAL = 20  # times faster than import-export's default
PEER_SIZES = {10_000}
PEAK_MB = 300
HEADINGS = (
    "会员单位",
    "统一社会信用代码",
    "类型",
    "门店名称",
    "片区",
    "地址",
    "电话",
    "药品经营许可证号",
    "许可证有效期至",
    "入会日期",
    "开业日期",
    "来源编号",
)
FIRST_DAY = date(1899, 12, 30)


@benchmark("import", sizes=(10_000, 100_000))
def import_(size: int) -> Iterable[Figure]:
    """Take the same workbook into an empty register, and through both floors, in turns."""
    content = workbook(size)
    ours, bare, register, growth = [], [], [], []
    for _ in range(RUNS):
        with fresh_database("import"):
            settle()
            before = own_peak_mb()
            ours.append(seconds(lambda: through(content, name="示例名册.xlsx")))
            growth.append(own_peak_mb() - before)
            if Pharmacy.objects.count() != size:
                raise RuntimeError("Not every row reached the register.")
            bare.append(seconds(lambda: read_and_copy(content)))
            register.append(seconds(lambda: read_and_copy_register(content)))
    took, peer = median(ours), None
    if size in PEER_SIZES:
        peer = by_import_export(content)
    peak = peak_of_children_mb() + max(growth)
    yield Figure(
        "import", size, took, median(bare), GOAL, peer=peer, peak_mb=peak,
        more={"rows_a_second": round(size / took)},
    )  # fmt: skip
    yield Figure("import/register", size, took, median(register), GOAL)
    yield Figure("import/memory", size, peak, PEAK_MB, 1.0, unit="mb")
    if peer is not None:
        yield Figure("import/peer", size, took, peer, 1 / PEER_GOAL)


def through(content: bytes, *, name: str) -> ImportBatch:
    """Take a file through stage, preview and commit by its guessed columns."""
    by, _ = User.objects.get_or_create(username="bench")
    file = ContentFile(content, name=name)
    batch = imports.upload(file, sheets.kind_named("shops"), by=by, now=timezone.now())
    batch = imports.read(batch)
    now = timezone.now()
    batch = imports.map_columns(batch, batch.mapping, source=batch.source, now=now)
    batch = imports.check(batch, now=now)
    return imports.commit(batch, digest=batch.digest, by=by, now=now)


def own_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- the floors ----------------------------------------------------------------------------------


def read_and_copy(content: bytes) -> None:
    columns = ", ".join(f"c{n} text" for n in range(len(HEADINGS)))
    execute(f"DROP TABLE IF EXISTS bench_floor; CREATE TABLE bench_floor ({columns})")
    copy("bench_floor", read(content))


def read_and_copy_register(content: bytes) -> None:
    """The same cells as rows of the register, keys and tokens made up for nothing."""
    execute("DROP TABLE IF EXISTS bench_register")
    execute("CREATE TABLE bench_register (LIKE members_pharmacy INCLUDING ALL)")
    rows = (
        (n, 1, row[3], "", row[5], row[6], row[7], row[8], row[9], row[10], "active", "示例名册",
         row[11], f"bench{n:011}", row[3], row[5], "abcdef", f"ab cd ef {row[11]}",
         "2026-11-20", "2026-11-20")
        for n, row in enumerate(read(content)[1:])
    )  # fmt: skip
    copy(
        "bench_register (id, unit_id, name, area_id, address, phone, licence_number,"
        " licence_expires_on, joined_on, opened_on, status, source, source_id, public_token,"
        " name_folded, address_folded, name_initials, name_sort, created_at, updated_at)",
        rows,
    )


def read(content: bytes) -> list[list]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def copy(table: str, rows: Iterable[Iterable]) -> None:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN CSV", lines)


def by_import_export(content: bytes) -> float:
    """Time django-import-export as it comes, with companies and sub-districts on file already."""
    say("django-import-export，需要几分钟")
    with fresh_database("import"):
        data = Dataset(*[], headers=list(HEADINGS))
        for row in read(content)[1:]:
            data.append([cell.isoformat() if isinstance(cell, date) else cell for cell in row])
        codes = {row[1]: row[0] for row in read(content)[1:]}
        MemberUnit.objects.bulk_create(
            MemberUnit(name=name, credit_code=code, updated_at=timezone.now())
            for code, name in codes.items()
        )
        areas = sorted({row[HEADINGS.index("片区")] for row in read(content)[1:]})
        Area.objects.bulk_create(
            Area(code=f"SL{n:03}", name=name, order=n) for n, name in enumerate(areas, start=1)
        )
        settle()
        took = seconds(lambda: PharmacyResource().import_data(data, now=timezone.now()))
        if Pharmacy.objects.count() != len(data):
            raise RuntimeError("Not every row reached the register.")
    return took


# -- the workbook --------------------------------------------------------------------------------


def workbook(size: int) -> bytes:
    """Return an .xlsx of ``size`` shops of about ``size`` / 5 companies, as an office has it."""
    sheet = io.StringIO()
    sheet.write('<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
    sheet.write("<sheetData>")
    for number, row in enumerate((HEADINGS, *shops(size)), start=1):
        sheet.write(f'<row r="{number}">')
        for letter, cell in zip("ABCDEFGHIJKL", row, strict=True):
            if isinstance(cell, date):
                days = (cell - FIRST_DAY).days
                sheet.write(f'<c r="{letter}{number}" s="1"><v>{days}</v></c>')
            else:
                sheet.write(
                    f'<c r="{letter}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
                )
        sheet.write("</row>")
    sheet.write("</sheetData></worksheet>")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in PARTS.items():
            made.writestr(name, part)
        made.writestr("xl/worksheets/sheet1.xml", sheet.getvalue())
    return target.getvalue()


def shops(size: int) -> Iterator[tuple]:
    rng = Random(20261102)
    brands, places = pairs(BRANDS), pairs(PLACES)
    made = unit = 0
    while made < size:
        unit += 1
        is_chain = rng.random() < 0.25
        brand = rng.choice(brands)
        company = f"{brand}示例医药连锁有限公司{unit}"
        for branch in range(1, min(rng.randrange(4, 30) if is_chain else 1, size - made) + 1):
            made += 1
            place = rng.choice(places)
            name = f"{brand}示例大药房·{place}{branch}店" if is_chain else f"{brand}示例药店{unit}"
            yield (
                company if is_chain else name,
                credit_code(unit),
                "连锁企业" if is_chain else "单体药店",
                name,
                f"示例{rng.choice(places)}街道",
                f"示例区{place}路{rng.randrange(1, 900)}号{rng.randrange(1, 30)}铺",
                f"0592-{rng.randrange(2_000_000, 8_999_999)}",
                f"示例DA{made:07}",
                date(2027, 1, 1) + timedelta(days=rng.randrange(1500)),
                date(2018, 1, 1) + timedelta(days=rng.randrange(2500)),
                date(2008, 1, 1) + timedelta(days=rng.randrange(6000)),
                f"B{made:06}",
            )


def credit_code(number: int) -> str:
    organisation = f"{number:08}"
    body = f"91000000{organisation}{organisation_check_symbol(organisation)}"
    return body + check_symbol(body)


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
XML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{XML}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{XML}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{XML}.worksheet+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"'
        f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}">'
        '<sheets><sheet name="名册" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{SHEETS}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    ),
}

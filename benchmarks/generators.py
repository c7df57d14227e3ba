"""Invented registers and rating files of any size, from a seed, by COPY.

Every name says 示例. The same size gives the same rows on every machine.
"""

import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection

from accounts.models import Area, RoleGrant, User
from accounts.roles import Role
from activities.enums import ActivityState, CharityCode, CreditUnit
from activities.models import Activity, CharityCredit
from association.models import StoredFile
from benchmarks.databases import execute
from inspections.enums import ViolationState
from inspections.models import Violation
from members.models import MemberUnit, Pharmacy
from members.name_keys import name_keys
from starrating import scheme_format
from starrating.actions import scheme as scheme_actions
from starrating.enums import CycleState, SchemeState
from starrating.item_points import outcome_of
from starrating.models import Cycle, Scheme
from starrating.scheme_shape import Item
from starrating.scheme_shape import Scheme as Rules

SEED = 20261101
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
AREAS = 40
SHEETS = 2000  # different sheets; a register deals them out, each shop has its own papers and keys
BRANDS = (
    "同心百草惠民康宁和顺安泰长青福康益民泰和华康橘井杏林本草悦来仁和济民德济回春宝芝养和"
    "益寿广济保和春晖普济天合善元永安同德瑞康惠仁百和青囊泽民众安颐和丰泽明善恒安厚德启明乐康"
)
PLACES = (
    "滨湖海岸渔港望海沙坡金沙中山站前桥南桥北文化人民新阳东湖湖心学府创业体育青岭茶园集市"
    "水库石桥南门北门东门西门钟楼鼓楼码头车站广场公园花园江滨河东河西城南城北"
)
KINDS = ("示例大药房", "示例药店", "示例药房", "示例连锁药店")


def pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(0, len(run) - 1, 2)]


# -- the register --------------------------------------------------------------------------------


def register(size: int) -> None:
    """Enter ``size`` shops of about ``size`` / 8 companies in forty sub-districts."""
    rng = Random(SEED)
    Area.objects.bulk_create(
        Area(code=f"SL{n:03}", name=f"示例{n}街道", order=n) for n in range(1, AREAS + 1)
    )
    areas = list(Area.objects.order_by("order").values_list("pk", flat=True))
    brands, places = pairs(BRANDS), pairs(PLACES)
    units = max(1, size // 8)
    copy(
        MemberUnit,
        ("id", "name", "kind", "contact_name", "contact_phone",
         "name_folded", "name_initials", "name_sort", "updated_at"),
        (
            (n, name, "chain", "", "", *name_keys(name), NOW)
            for n in range(1, units + 1)
            for name in [f"{brands[n % len(brands)]}示例医药{n}有限公司"]
        ),
    )  # fmt: skip
    copy(
        Pharmacy,
        ("id", "unit_id", "name", "area_id", "address", "phone", "licence_number",
         "licence_expires_on", "joined_on", "opened_on", "status", "source", "source_id",
         "public_token", "address_folded", "created_at", "updated_at",
         "name_folded", "name_initials", "name_sort"),
        _shops(size, units, areas, brands, places, rng),
    )  # fmt: skip
    for model in (MemberUnit, Pharmacy):
        reset_sequence(model)


def _shops(size, units, areas, brands, places, rng) -> Iterator[tuple]:
    for n in range(1, size + 1):
        brand, place = rng.choice(brands), rng.choice(places)
        name = f"{brand}{rng.choice(KINDS)}{place}{n}店"
        address = f"示例{place}路{rng.randrange(1, 999)}号"
        expires = TODAY + timedelta(days=rng.randrange(-60, 1700)) if rng.random() > 0.02 else None
        status = "active" if rng.random() > 0.05 else rng.choice(("paused", "closed"))
        yield (
            n, 1 + n % units, name, rng.choice(areas), address, "", f"示例DA{n:07}", expires,
            date(2020, 1, 1), date(2019, 1, 1), status, "", "", f"bench{n:011}", address, NOW, NOW,
            *name_keys(name),
        )  # fmt: skip


# -- a rating cycle ------------------------------------------------------------------------------


def cycle_of(size: int) -> Cycle:
    """Open a cycle in which every shop of a register of ``size`` has a complete sheet."""
    register(size)
    first, second = (
        User.objects.create(username=f"bench{n}", real_name=f"示例{n}") for n in (1, 2)
    )
    cycle = cycle_by(first)
    sheets = [json.dumps(sheet, ensure_ascii=False) for sheet in _sheets(cycle.scheme.rules)]
    execute("CREATE TEMP TABLE sheet (n int PRIMARY KEY, sheet jsonb)")
    copy_into("sheet", ("n", "sheet"), enumerate(sheets))
    execute(
        "INSERT INTO starrating_assessment (cycle_id, pharmacy_id, state, sheet, sheet_version,"
        " opened_at, submitted_at, submitted_by_id, is_on_behalf, closing_reason,"
        " preview_status, preview_evidence_hash)"
        " SELECT %s, p.id, 'submitted', s.sheet, 1, %s, %s, %s, false, '', '', ''"
        " FROM members_pharmacy p JOIN sheet s ON s.n = p.id %% %s ORDER BY p.id",
        [cycle.pk, NOW, NOW, first.pk, len(sheets)],
    )
    execute("DROP TABLE sheet")
    _good_works(size, first, second)
    _violations(size, first, second)
    return cycle


def cycle_by(by: User, *, state: str = CycleState.REVIEW) -> Cycle:
    """Publish the default scheme with a legal frame; return a cycle on it."""
    document = scheme_format.read_yaml(scheme_format.DEFAULT_SCHEME.read_text(encoding="utf-8"))
    draft = Scheme.objects.filter(title=document["name"]).first() or scheme_actions.load(
        document, title=document["name"], by=None, now=NOW
    )
    scheme = draft if draft.state == SchemeState.PUBLISHED else scheme_actions.publish(
        draft, basis_title="示例理事会决议", basis_number="示例〔2026〕1号", organiser="示例协会",
        valid_from=date(2026, 1, 1), valid_to=date(2028, 12, 31), declares_no_fee=True,
        by=by, now=NOW,
    )  # fmt: skip
    return Cycle.objects.create(
        name="测速年度", scheme=scheme, state=state,
        starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
        entry_closes_on=date(2026, 10, 31), review_closes_on=date(2026, 12, 31),
        valid_from=date(2027, 1, 1), valid_to=date(2027, 12, 31),
        created_at=NOW, created_by=by, opened_at=NOW,
    )  # fmt: skip


def _sheets(rules: Rules) -> Iterator[dict]:
    """Yield sheets as people leave them: self and reviewed values, and marks from papers."""
    rng = Random(SEED + 1)
    at = NOW.isoformat()
    for _ in range(SHEETS):
        sheet = {}
        for dimension in rules.dimensions:
            for item in dimension.items:
                value = _answer(item, rng)
                if item.scorer == "owner":
                    sheet[item.code] = {
                        "self": {"value": value, "at": at, "by": "1"},
                        "reviewed": {"value": value, "at": at, "by": "2"},
                    }
                else:
                    entry = {"value": value, "at": at, "by": "1", "paper": 1}
                    if item.method == "measured":
                        entry["n"] = 60
                    sheet[item.code] = {item.scorer: entry}
        yield sheet


def _answer(item: Item, rng: Random) -> str:
    """Return an answer that fits the item: mostly good, as most shops are."""
    is_good = rng.random() < 0.9
    if item.method == "bool":
        return "符合" if is_good else "不符合"
    if item.method == "level":
        best = max(item.levels, key=lambda level: level.points)
        return (best if is_good else rng.choice(item.levels)).name
    if item.method == "ratio":
        due = rng.randrange(4, 60)
        return f"{due if is_good else rng.randrange(due)}/{due}"
    if item.method == "deduct":
        return "0" if is_good else str(rng.randrange(1, 5))
    if item.method == "measured":
        return rng.choice(("4.9", "4.6")) if item.good == "high" and item.code != "P01" else "0"
    return str(item.full)


def _good_works(size: int, first: User, second: User) -> None:
    """One verified activity a month; each tenth shop takes part in one."""
    activities = [
        Activity.objects.create(
            title=f"示例义诊 {month} 月", bonus=CharityCode.CLINIC, held_on=date(2026, month, 15),
            state=ActivityState.VERIFIED, created_at=NOW, created_by=first, changed_at=NOW,
            recorded_at=NOW, recorded_by=first,
            verified_at=NOW, verified_by=second, verifications=1,
        )
        for month in range(1, 11)
    ]  # fmt: skip
    CharityCredit.objects.bulk_create(
        (
            CharityCredit(
                activity=activities[n // 10 % 10], pharmacy_id=n, code=CharityCode.CLINIC,
                quantity=Decimal(1), unit=CreditUnit.TIMES,
                earned_on=activities[n // 10 % 10].held_on, round=1,
                entered_at=NOW, entered_by=second,
            )
            for n in range(10, size + 1, 10)
        ),
        batch_size=5000,
    )  # fmt: skip


def _violations(size: int, first: User, second: User) -> None:
    """One shop in five hundred has a fact established against it."""
    for n in range(7, size + 1, 500):
        paper = StoredFile.objects.create(
            original_name="示例决定书.pdf", content_type="application/pdf", size=1,
            sha256="0" * 64, path=f"bench/{n}", uploaded_at=NOW, uploaded_by=first,
        )  # fmt: skip
        Violation.objects.create(
            pharmacy_id=n, code="veto/V05", title="从非法渠道购进药品",
            document_number=f"示例罚〔2026〕{n}号", authority="示例局", decided_on=TODAY,
            starts_on=TODAY, facts="示例", paper=paper, state=ViolationState.ESTABLISHED,
            prepared_at=NOW, prepared_by=first, reviewed_at=NOW, reviewed_by=first,
            established_at=NOW, established_by=second, established_reason="示例",
        )  # fmt: skip


def item_rows() -> None:
    """Lay the sheets out as one row an item with its points: what the floor of ``rate`` sums.

    As anybody would who keeps marks in tables: the items with their full marks, and a row for
    each shop and item that points to its item.
    """
    rules = Cycle.objects.select_related("scheme").get().scheme.rules
    execute(
        "CREATE TABLE bench_item (id int PRIMARY KEY, dimension text NOT NULL,"
        " weight numeric NOT NULL, full_points numeric NOT NULL)"
    )
    execute(
        "CREATE TABLE bench_row (assessment_id bigint NOT NULL, item_id int NOT NULL,"
        " points numeric NOT NULL)"
    )
    items = [(dimension, item) for dimension in rules.dimensions for item in dimension.items]
    copy_into(
        "bench_item",
        ("id", "dimension", "weight", "full_points"),
        ((n, d.code, d.full, item.full) for n, (d, item) in enumerate(items)),
    )
    execute("CREATE TEMP TABLE worth (sheet int, item_id int, points numeric)")
    copy_into(
        "worth",
        ("sheet", "item_id", "points"),
        (
            (sheet_number, item_number, outcome.points)
            for sheet_number, sheet in enumerate(_sheets(rules))
            for item_number, (_dimension, item) in enumerate(items)
            for entry in [next(reversed(sheet[item.code].values()))]
            for outcome in [outcome_of(item, entry["value"], entry.get("n"), rules.rounding)]
        ),
    )
    execute(
        "INSERT INTO bench_row SELECT a.id, w.item_id, w.points"
        " FROM starrating_assessment a JOIN worth w ON w.sheet = a.pharmacy_id %% %s"
        " ORDER BY a.id, w.item_id",
        [SHEETS],
    )
    execute("ALTER TABLE bench_row ADD PRIMARY KEY (assessment_id, item_id)")
    execute("DROP TABLE worth")


# -- people and papers ---------------------------------------------------------------------------


def person(role: Role) -> User:
    """Return somebody who holds ``role`` everywhere."""
    user = User.objects.create(username=f"bench-{role.value}", real_name="示例")
    RoleGrant.objects.create(user=user, role=role, granted_at=NOW, confirmed_at=NOW, is_first=True)
    return user


def awards_of(size: int) -> None:
    """Enter an issued result and its award for every shop of a cycle of ``size``."""
    cycle_of(size)
    execute(
        "INSERT INTO starrating_result (assessment_id, version, status, stars, total, base, bonus,"
        " tree, evidence, evidence_hash, scheme_hash, engine_version, reason, issued_at)"
        " SELECT id, 1, 'rated', 3 + id %% 3, 90, 90, 0, '{}', '{}', '', '', 1, '示例', %s"
        " FROM starrating_assessment",
        [NOW],
    )
    execute(
        "INSERT INTO starrating_award (result_id, pharmacy_id, serial, token, stars, holder_name,"
        " valid_from, valid_to, state, state_reason, issued_at)"
        " SELECT r.id, p.id, 'SL-2026-' || lpad(p.id::text, 5, '0'), md5(p.id::text), r.stars,"
        " p.name, '2027-01-01', '2027-12-31', 'valid', '', %s"
        " FROM starrating_result r JOIN starrating_assessment a ON a.id = r.assessment_id"
        " JOIN members_pharmacy p ON p.id = a.pharmacy_id",
        [NOW],
    )


# -- COPY ----------------------------------------------------------------------------------------


def copy(model, columns: tuple[str, ...], rows: Iterable[tuple]) -> None:
    copy_into(model._meta.db_table, columns, rows)


def copy_into(table: str, columns: tuple[str, ...], rows: Iterable[tuple]) -> None:
    lines = io.StringIO()
    for row in rows:
        lines.write("\t".join(_field(value) for value in row) + "\n")
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", lines)


def _field(value) -> str:
    if value is None:
        return "\\N"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def reset_sequence(model) -> None:
    table = model._meta.db_table
    execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
    )
